import { BASE36, credentialHashOf, randomText, type RandomBytes } from "./api-key.ts";

/** How every OAuth client id begins. */
const CLIENT_PREFIX = "tsc-";
/** Characters of its random part: 36^20, so that ids never meet by chance. */
const CLIENT_ID_LENGTH = 20;
/** How every client secret begins, so that secret scanners recognise a leaked one and URLs that carry it are refused. */
const SECRET_PREFIX = "tsr_secret_";
/** Bytes of a secret's random part: 256 bits make a slow hash needless. */
const SECRET_BYTES = 32;

/** The public id of an OAuth client and, where it can keep one, the secret to hand out once with what to keep of it. */
export interface NewOAuthClient {
  readonly clientId: string;
  readonly secret: string;
  /** SHA-256 of the secret, hexadecimal. */
  readonly credentialHash: string;
}

/** Makes a new client's id and secret from a cryptographic source of random bytes. */
export const newOAuthClient = (randomBytes: RandomBytes): NewOAuthClient => {
  const secret = `${SECRET_PREFIX}${Buffer.from(randomBytes(SECRET_BYTES)).toString("base64url")}`;
  const clientId = `${CLIENT_PREFIX}${randomText(BASE36, CLIENT_ID_LENGTH, randomBytes)}`;
  return { clientId, secret, credentialHash: credentialHashOf(secret) };
};

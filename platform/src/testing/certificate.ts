import { generateKeyPairSync, sign } from "node:crypto";

/** A certificate and its key, both PEM. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

const der = (tag: number, ...content: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(content);
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");
const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content);
const oid = (hex: string): Buffer => der(0x06, bytes(hex));

/** ecdsa-with-SHA256 (RFC 5758). */
const ECDSA_SHA256 = sequence(oid("2a8648ce3d040302"));
/** Common name, subjectAltName and basicConstraints (RFC 5280). */
const [COMMON_NAME, ALT_NAME, CONSTRAINTS] = [oid("550403"), oid("551d11"), oid("551d13")];

/** Makes a certificate of one host name, signed by itself and good for this century (X.509 v3, RFC 5280), for local servers of tests. */
export const createTestCertificate = (host: string): TestCertificate => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(host)))));
  const validity = sequence(der(0x17, Buffer.from("200101000000Z")), der(0x18, Buffer.from("20991231235959Z")));
  const altNames = sequence(ALT_NAME, der(0x04, sequence(der(0x82, Buffer.from(host)))));
  const constraints = sequence(CONSTRAINTS, der(0x04, sequence(der(0x01, bytes("ff")))));
  const version = der(0xa0, der(0x02, bytes("02")));
  const serial = der(0x02, bytes("01"));
  const keyInfo = publicKey.export({ type: "spki", format: "der" });
  const extensions = der(0xa3, sequence(altNames, constraints));
  const told = sequence(version, serial, ECDSA_SHA256, name, validity, name, keyInfo, extensions);
  const signature = der(0x03, bytes("00"), sign("sha256", told, privateKey));
  const encoded = sequence(told, ECDSA_SHA256, signature).toString("base64");
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${encoded.replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
};

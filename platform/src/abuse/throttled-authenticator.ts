import { createHash } from "node:crypto";
import { parseApiKey } from "../auth/api-key.ts";
import type { Authenticator } from "../auth/authenticator.ts";
import { createGoodCredentials, presentedFrom } from "../auth/good-credentials.ts";
import { looksLikeJwt } from "../auth/access-token.ts";
import { Refusal } from "../errors/refusal.ts";
import type { ClientAddress } from "../http/client-address.ts";
import type { NowMs } from "../time/clock.ts";
import type { AddressWatch, RefusedCredential } from "./address-watch.ts";
import { throttleRefusal } from "./throttle-refusal.ts";

const CREDENTIAL = /^(?:Bearer|DPoP) +(\S{1,8192}) *$/i;

/** Whether a token says of itself that it is over: clients present one before they fetch the next, and nobody gains by guessing one. */
const isOver = (token: string, nowMs: number): boolean => {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    const ends = typeof claims === "object" && claims !== null && "exp" in claims ? claims.exp : null;
    return typeof ends === "number" && ends * 1_000 <= nowMs;
  } catch {
    // What can't be read says nothing of itself.
    return false;
  }
};

/** What a refused Authorization header was meant as; null when it was no guess. */
export const refusedIn = (header: string, address: string, nowMs: number): RefusedCredential | null => {
  const text = CREDENTIAL.exec(header)?.[1] ?? header;
  const tried = createHash("sha256").update(text).digest("hex");
  if (looksLikeJwt(text)) return isOver(text, nowMs) ? null : { address, keyId: null, token: true, tried };
  return { address, keyId: parseApiKey(text)?.keyId ?? null, token: false, tried };
};

/**
 * An authenticator that tells of refused credentials, and answers addresses that are held back for guessing with 429 and without a look. Credentials that
 * were good from anywhere in the last ten minutes go on working there. A request without a credential is neither held back nor told of.
 */
export const createThrottledAuthenticator = (deps: {
  readonly authenticate: Authenticator;
  readonly watch: AddressWatch;
  readonly clientAddress: ClientAddress;
  readonly nowMs: NowMs;
}): Authenticator => {
  const { authenticate, watch, clientAddress, nowMs } = deps;
  const good = createGoodCredentials(nowMs);
  return async (header, presented) => {
    const address = presentedFrom(presented, clientAddress);
    if (address === null || header === undefined || header.trim() === "") return authenticate(header, presented);
    const asked = watch.throttleOf(address);
    const throttle = asked instanceof Promise ? await asked : asked;
    if (throttle !== null && !good.has(header)) throw throttleRefusal(throttle, nowMs());
    try {
      const caller = await authenticate(header, presented);
      good.note(header);
      return caller;
    } catch (error) {
      const wasRefused = error instanceof Refusal && error.code === "UNAUTHENTICATED";
      const guess = wasRefused ? refusedIn(header, address, nowMs()) : null;
      if (guess !== null) watch.refused(guess);
      throw error;
    }
  };
};

import type { Caller } from "@tessera/contracts/caller";
import { LRUCache } from "lru-cache";
import { refuse, type Refusal } from "../errors/refusal.ts";
import type { NowMs } from "../time/clock.ts";
import { parseApiKey, type PresentedApiKey } from "./api-key.ts";

/** Milliseconds a verified key is taken as still valid: the longest a revoked key can be let in. */
export const VERIFIED_FOR_MS = 5_000;
/** Milliseconds a refused key is taken as still unknown: the longest a new key can be refused. */
export const REFUSED_FOR_MS = 1_000;
/** Verdicts kept per process, about 1 KB each. */
export const MAX_KEPT_VERDICTS = 10_000;
/** Lookups under way at once; a flood of well-formed invented keys is refused above it, not queued on the tenant room. */
export const MAX_LOOKUPS = 200;

/** Asks who stands behind a well-formed key; null when the key is not valid. */
export type VerifyApiKey = (key: PresentedApiKey) => Promise<Caller | null>;

/** Turns an Authorization header into a verified caller; refuses with UNAUTHENTICATED (HTTP 401, `WWW-Authenticate: Bearer`). */
export type Authenticator = (authorizationHeader: string | undefined) => Promise<Caller>;

interface Verdict {
  readonly caller: Caller | null;
  readonly untilMs: number;
}

interface Lookup {
  readonly startedMs: number;
  readonly verdict: Promise<Verdict>;
}

const BEARER = /^Bearer +(\S{1,512}) *$/i;

/** The token of a Bearer header (RFC 6750); refuses anything else with UNAUTHENTICATED. */
const bearerToken = (header: string | undefined): string => {
  if (header === undefined || header.trim() === "")
    throw refuse("UNAUTHENTICATED", "The request carries no credential. Send `Authorization: Bearer <API key>`.");
  const [, token] = BEARER.exec(header) ?? [];
  if (token === undefined)
    throw refuse("UNAUTHENTICATED", "The Authorization header is not of the form `Bearer <API key>`.");
  return token;
};

const invalid = (): Refusal => refuse("UNAUTHENTICATED", "The API key is not valid: unknown, expired or revoked.");

/** Looks a key up once however many ask at the same time; a lookup that is itself as old as a verdict may be is not joined. */
const createLookups = (verifyApiKey: VerifyApiKey, nowMs: NowMs, keep: (hash: string, verdict: Verdict) => void) => {
  const running = new Map<string, Lookup>();
  const start = async (key: PresentedApiKey, startedMs: number): Promise<Verdict> => {
    const caller = await verifyApiKey(key);
    // Counted from the question, not the answer: the store may have been read at any time in between.
    const verdict = { caller, untilMs: startedMs + (caller === null ? REFUSED_FOR_MS : VERIFIED_FOR_MS) };
    keep(key.credentialHash, verdict);
    return verdict;
  };
  return (key: PresentedApiKey): Promise<Verdict> => {
    const startedMs = nowMs();
    const known = running.get(key.credentialHash);
    if (known !== undefined && startedMs - known.startedMs < REFUSED_FOR_MS) return known.verdict;
    if (running.size >= MAX_LOOKUPS)
      throw refuse("OVERLOADED", "Too many credentials are being verified at the moment.", { retryAfterSeconds: 1 });
    const verdict = start(key, startedMs).finally(() => {
      if (running.get(key.credentialHash)?.verdict === verdict) running.delete(key.credentialHash);
    });
    running.set(key.credentialHash, { startedMs, verdict });
    return verdict;
  };
};

/**
 * Builds the authenticator of an edge process. Malformed keys are refused without a lookup; verdicts are kept by the key's SHA-256 for
 * {@link VERIFIED_FOR_MS} or {@link REFUSED_FOR_MS}; a failed lookup is never kept.
 */
export const createAuthenticator = (deps: { verifyApiKey: VerifyApiKey; nowMs: NowMs }): Authenticator => {
  const verdicts = new LRUCache<string, Verdict>({ max: MAX_KEPT_VERDICTS });
  const lookUp = createLookups(deps.verifyApiKey, deps.nowMs, (hash, verdict) => verdicts.set(hash, verdict));
  return async (authorizationHeader) => {
    const key = parseApiKey(bearerToken(authorizationHeader));
    if (key === null) throw refuse("UNAUTHENTICATED", "The credential is not an API key; check for a cut or a typo.");
    const kept = verdicts.get(key.credentialHash);
    const verdict = kept !== undefined && kept.untilMs > deps.nowMs() ? kept : await lookUp(key);
    const { caller } = verdict;
    if (caller === null || (caller.expiresAtMs !== null && caller.expiresAtMs <= deps.nowMs())) throw invalid();
    return caller;
  };
};

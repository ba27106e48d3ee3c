import type { Caller } from "@tessera/contracts/caller";
import { LRUCache } from "lru-cache";
import { refuse } from "../errors/refusal.ts";
import type { NowMs } from "../time/clock.ts";

/** Milliseconds a verified credential is taken as still valid: the longest a revoked one can be let in. */
export const VERIFIED_FOR_MS = 5_000;
/** Milliseconds a refused credential is taken as still unknown: the longest a new one can be refused. */
export const REFUSED_FOR_MS = 1_000;
/** Verdicts kept per process, about 1 KB each. */
export const MAX_KEPT_VERDICTS = 10_000;
/** Lookups under way at once; a flood of well-formed invented credentials is refused above it, not queued on the tenant room. */
export const MAX_LOOKUPS = 200;

interface Verdict {
  readonly caller: Caller | null;
  /** When the question was asked, not answered: the store may have been read at any time in between. */
  readonly askedMs: number;
}

interface Lookup {
  readonly startedMs: number;
  readonly verdict: Promise<Verdict>;
}

/** Answers who stands behind the credential of a hash: from memory when that is young enough, else by asking. */
export type Verdicts = (hash: string, ask: () => Promise<Caller | null>, maxAgeMs?: number) => Promise<Caller | null>;

/**
 * Builds {@link Verdicts}. A credential is looked up once however many ask at the same time; a lookup that is itself too old is not
 * joined; a failed one is never kept. Refuses with OVERLOADED above {@link MAX_LOOKUPS}.
 */
export const createVerdicts = (nowMs: NowMs): Verdicts => {
  const kept = new LRUCache<string, Verdict>({ max: MAX_KEPT_VERDICTS });
  const running = new Map<string, Lookup>();
  const isYoung = ({ caller, askedMs }: Verdict, maxAgeMs: number): boolean =>
    nowMs() - askedMs < Math.min(maxAgeMs, caller === null ? REFUSED_FOR_MS : VERIFIED_FOR_MS);
  const lookUp = (hash: string, ask: () => Promise<Caller | null>, maxAgeMs: number): Promise<Verdict> => {
    const startedMs = nowMs();
    const known = running.get(hash);
    if (known !== undefined && startedMs - known.startedMs < Math.min(maxAgeMs, REFUSED_FOR_MS)) return known.verdict;
    if (running.size >= MAX_LOOKUPS)
      throw refuse("OVERLOADED", "Too many credentials are being verified at the moment.", { retryAfterSeconds: 1 });
    const start = async (): Promise<Verdict> => {
      const verdict = { caller: await ask(), askedMs: startedMs };
      if ((kept.peek(hash)?.askedMs ?? 0) <= startedMs) kept.set(hash, verdict);
      return verdict;
    };
    const verdict = start().finally(() => {
      if (running.get(hash)?.verdict === verdict) running.delete(hash);
    });
    running.set(hash, { startedMs, verdict });
    return verdict;
  };
  return async (hash, ask, maxAgeMs = VERIFIED_FOR_MS) => {
    const known = kept.get(hash);
    const verdict = known !== undefined && isYoung(known, maxAgeMs) ? known : await lookUp(hash, ask, maxAgeMs);
    return verdict.caller;
  };
};

/** What an execution may read of the event store: what is left of the tightest budget it is charged to, counted in rows. */
export interface Allowance {
  /** Rows the execution may still read. */
  readonly rows: number;
  /** Name of the quota that has so little left, as in the RateLimit headers. */
  readonly quota: string;
  /** Rows the quota allows per window. */
  readonly limit: number;
  readonly windowSeconds: number;
  /** When spent rows begin to come back, milliseconds since the epoch. */
  readonly refillsFromMs: number;
  /** When all that is spent now has come back at the latest, milliseconds since the epoch. */
  readonly refilledByMs: number;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** What a refusal for want of budget tells of the budget, whoever found that it does not do. */
export const budgetExtras = ({ rows, quota, limit, windowSeconds, refillsFromMs, refilledByMs }: Allowance) => ({
  quota,
  limit,
  windowSeconds,
  remaining: rows,
  refillsFrom: iso(refillsFromMs),
  refilledBy: iso(refilledByMs),
});

/** Header in which the gateway tells a subgraph in another process what a call may read. */
export const ALLOWANCE_HEADER = "x-tessera-allowance";

const QUOTA = /^[a-z][a-z-]{0,63}$/;

/** An allowance as header text, less what the execution has read so far. */
export const allowanceText = (allowance: Allowance, rowsRead: number): string =>
  [
    Math.max(0, Math.floor(allowance.rows - rowsRead)),
    allowance.quota,
    allowance.limit,
    allowance.windowSeconds,
    allowance.refillsFromMs,
    allowance.refilledByMs,
  ].join(",");

/** Reads header text; null for text that is none. */
export const parseAllowance = (text: string): Allowance | null => {
  const parts = text.split(",");
  const [, quota = ""] = parts;
  const [rows, limit, windowSeconds, refillsFromMs, refilledByMs] = parts.toSpliced(1, 1).map(Number);
  if (parts.length !== 6 || !QUOTA.test(quota)) return null;
  if (![rows, limit, windowSeconds, refillsFromMs, refilledByMs].every((one) => Number.isSafeInteger(one))) return null;
  return {
    rows: rows ?? 0,
    quota,
    limit: limit ?? 0,
    windowSeconds: windowSeconds ?? 0,
    refillsFromMs: refillsFromMs ?? 0,
    refilledByMs: refilledByMs ?? 0,
  };
};

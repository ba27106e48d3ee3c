import { setTimeout as wait } from "node:timers/promises";

/** What one open loop saw. */
export interface Seen {
  readonly asked: number;
  readonly answered: number;
  /** Questions that were not sent because too many were on their way: the rate was above what can be served. */
  readonly left: number;
  /** Milliseconds from when each answered question was due to when its answer was there. */
  readonly latenciesMs: readonly number[];
}

/** Questions on their way at most; beyond it a machine that can't keep up would only be asked to remember. */
const MAX_OPEN = 256;
/** Milliseconds waited for the last answers. */
const PATIENCE_MS = 20_000;

/**
 * Asks at a rate whatever becomes of the answers, and measures each from the moment it was due, so that a slow answer is felt by those due behind it
 * (G. Tene, "How NOT to measure latency", coordinated omission).
 */
export const openLoop = async (
  perSecond: number,
  seconds: number,
  ask: (number: number) => Promise<unknown>,
): Promise<Seen> => {
  const count = Math.max(1, Math.round(perSecond * seconds));
  const latenciesMs: number[] = [];
  const open = new Set<Promise<void>>();
  const startMs = performance.now();
  let left = 0;
  for (let number = 0; number < count; number += 1) {
    const dueMs = startMs + (number * 1_000) / perSecond;
    const early = dueMs - performance.now();
    if (early > 0) await wait(early);
    if (open.size >= MAX_OPEN) {
      left += 1;
      continue;
    }
    const asking = ask(number)
      .then(
        () => void latenciesMs.push(performance.now() - dueMs),
        // Who is asked for more than it can do refuses some; they count as not answered.
        () => undefined,
      )
      .finally(() => open.delete(asking));
    open.add(asking);
  }
  await Promise.race([Promise.all(open), wait(PATIENCE_MS)]);
  return { asked: count, answered: latenciesMs.length, left, latenciesMs };
};

/** The value below which a share of the values lies, by nearest rank; NaN of none. */
export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(values.length * share) - 1)] ?? Number.NaN;

/** What is done together. */
export interface TurnsOptions<Thing, Result> {
  /** Things of one key are done by one turn at a time. */
  readonly keyOf: (thing: Thing) => string;
  /** Does what was asked for, with a result for each in their order; all of it or nothing. */
  readonly work: (things: readonly [Thing, ...Thing[]]) => Promise<readonly Result[]>;
  /** Turns under way, of whatever keys, and things of one. */
  readonly atOnce: number;
  readonly most: number;
}

interface Asked<Thing, Result> {
  readonly thing: Thing;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Does together what is asked for at the same time: what comes while a turn of its key is under way is done by that key's next turn, as one. When a turn fails
 * each of its things is done by itself, so that one that can't be done holds up no other.
 */
export const createTurns = <Thing, Result>(
  options: TurnsOptions<Thing, Result>,
): ((thing: Thing) => Promise<Result>) => {
  const { keyOf, work, atOnce, most } = options;
  const waiting = new Map<string, Asked<Thing, Result>[]>();
  const busy = new Set<string>();

  const take = async (turn: readonly Asked<Thing, Result>[]): Promise<void> => {
    const [first, ...others] = turn;
    if (first === undefined) return;
    try {
      const results = await work([first.thing, ...others.map(({ thing }) => thing)]);
      if (results.length !== turn.length) throw new Error("A turn has a result for each of its things.");
      for (const [place, result] of results.entries()) turn[place]?.resolve(result);
    } catch (error) {
      if (others.length === 0) return first.reject(error);
      for (const one of turn) await take([one]);
    }
  };
  const start = (): void => {
    for (const [key, asked] of waiting) {
      if (busy.size >= atOnce) return;
      if (busy.has(key)) continue;
      const turn = asked.splice(0, most);
      if (asked.length === 0) waiting.delete(key);
      busy.add(key);
      void take(turn).finally(() => {
        busy.delete(key);
        start();
      });
    }
  };
  return (thing) =>
    new Promise((resolve, reject) => {
      const key = keyOf(thing);
      const asked = waiting.get(key) ?? [];
      waiting.set(key, asked);
      asked.push({ thing, resolve, reject });
      // What is asked for in the same moment begins together.
      queueMicrotask(start);
    });
};

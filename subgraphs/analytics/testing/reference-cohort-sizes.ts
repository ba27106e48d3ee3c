/** A computation as it is kept. */
export interface KeptComputation {
  readonly asOfMs: number;
  readonly version: number;
  readonly size: number;
  readonly entered: number;
  readonly left: number;
}

/** What a bucket tells of a cohort, by looking through the whole history for each bucket anew. */
export const referenceSizes = (
  kept: readonly KeptComputation[],
  mayBeForgotten: boolean,
  buckets: readonly { readonly fromMs: number; readonly toMs: number }[],
) =>
  buckets.map(({ fromMs, toMs }) => {
    const until = kept.filter(({ asOfMs }) => asOfMs <= toMs);
    const last = until.find(({ asOfMs }) => asOfMs === Math.max(...until.map((one) => one.asOfMs)));
    const first = (one: KeptComputation): boolean =>
      !kept.some(({ asOfMs, version }) => asOfMs < one.asOfMs && version === one.version);
    const inside = until.filter((one) => one.asOfMs > fromMs && !first(one));
    const sum = (read: (one: KeptComputation) => number): number => inside.reduce((total, one) => total + read(one), 0);
    const allKept = !mayBeForgotten || kept.some(({ asOfMs }) => asOfMs <= fromMs);
    const told = last !== undefined && allKept;
    return {
      size: last?.size ?? null,
      joined: told ? sum(({ entered }) => entered) : null,
      left: told ? sum((one) => one.left) : null,
      ageSeconds: last === undefined ? null : (toMs - last.asOfMs) / 1_000,
    };
  });

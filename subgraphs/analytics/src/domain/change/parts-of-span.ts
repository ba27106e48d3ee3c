import type { TimeRange } from "../time-range.ts";

/** Equal parts of a span, the earliest first; as many milliseconds as parts at least. */
export const partsOf = ({ fromMs, toMs }: TimeRange, count: number): readonly TimeRange[] => {
  const at = (part: number): number => fromMs + Math.round(((toMs - fromMs) * part) / count);
  return Array.from({ length: count }, (_, part) => ({ fromMs: at(part), toMs: at(part + 1) })).filter(
    (part) => part.fromMs < part.toMs,
  );
};

import { z } from "zod";
import { packedNumbers, packNumbers, unpackNumbers } from "./packed.ts";

/** Places of a series that are compared with: a week of five minutes each. */
export const REMEMBERED = 2_016;
/** Values of the longest shape. */
const LONGEST = 20;
const SIZE = REMEMBERED + LONGEST;

/** Reads the latest values of a series. */
export const historySchema = z.object({ seen: z.number().int().min(0), values: packedNumbers(SIZE) });

/** The latest values of a series, as they are kept: how many were ever seen, and those that are remembered, oldest first. */
export type HistoryState = z.infer<typeof historySchema>;

/** The latest values of a series; a gap is NaN. */
export interface History {
  readonly put: (value: number) => void;
  readonly seen: () => number;
  /** The values twice in a row, so that every stretch of them that ends at `latest` or at most {@link REMEMBERED} before is contiguous. */
  readonly ring: Float64Array;
  readonly latest: () => number;
  readonly save: () => HistoryState;
}

/** Remembers as much of a series as shapes are compared with. */
export const createHistory = (saved: HistoryState | null): History => {
  const ring = new Float64Array(2 * SIZE);
  const values = unpackNumbers(saved?.values ?? "").slice(-SIZE);
  let seen = Math.max(0, (saved?.seen ?? 0) - values.length);
  const put = (value: number): void => {
    ring[seen % SIZE] = value;
    ring[(seen % SIZE) + SIZE] = value;
    seen += 1;
  };
  values.forEach(put);
  return {
    put,
    seen: () => seen,
    ring,
    latest: () => ((seen + SIZE - 1) % SIZE) + SIZE,
    save: () => {
      const held = Math.min(seen, SIZE);
      const kept = Array.from({ length: held }, (_, place) => ring[(seen - held + place) % SIZE] ?? Number.NaN);
      return { seen, values: packNumbers(kept) };
    },
  };
};

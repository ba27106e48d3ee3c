import { z } from "zod";
import type { StoredStarts } from "../domain/retention-cells.ts";

const count = z.coerce.number();

const storedStarts = z.object({
  row: count,
  ended: count,
  dimensions: z.array(z.string()),
  marks: z.array(z.tuple([count, count, z.string()])),
});

/** Reads a row of `retentionStatement`; throws when the store's shape is another. */
export const storedStartsOf = (raw: unknown): StoredStarts => {
  const { marks, ...stored } = storedStarts.parse(raw);
  return { ...stored, marks: marks.map(([mark, starts, worth]) => ({ mark, starts, worth: BigInt(worth) })) };
};

const stickinessLine = z.object({ periods: count, units: count });
/** Reads a row of `stickinessStatement`. */
export const stickinessLineOf = (raw: unknown) => stickinessLine.parse(raw);

const lifecycleLine = z.object({ place: count, fresh: count, returning: count, resurrecting: count, dormant: count });
/** Reads a row of `lifecycleStatement`. */
export const lifecycleLineOf = (raw: unknown) => lifecycleLine.parse(raw);

const activeLine = z.object({ place: count, daily: count, weekly: count, monthly: count });
/** Reads a row of `activeUsersStatement`. */
export const activeLineOf = (raw: unknown) => activeLine.parse(raw);

const cohortSize = z.object({ size: count, everybody: count });
/** Reads the row of `cohortSizeStatement`. */
export const cohortSizeOf = (raw: unknown) => cohortSize.parse(raw);

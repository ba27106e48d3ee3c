import { z } from "zod";
import type { RetentionLine } from "../domain/retention-answer.ts";

const count = z.coerce.number();
const counts = z.array(count);
const worths = z.array(z.string().transform(BigInt));

const retentionLine = z.object({
  row: count,
  dimensions: z.array(z.string()),
  size: count,
  eligible: counts,
  returned: counts,
  so_far: counts,
  worth: worths,
  worth_so_far: worths,
});

/** Reads a row of `retentionStatement`; throws when the store's shape is another. */
export const retentionLineOf = (raw: unknown): RetentionLine => {
  const { so_far, worth_so_far, ...line } = retentionLine.parse(raw);
  return { ...line, returnedSoFar: so_far, worthSoFar: worth_so_far };
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

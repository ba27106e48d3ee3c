import { z } from "zod";

/** A hash as the driver gives bytea. */
export const hashColumn: z.ZodType<Uint8Array> = z.instanceof(Uint8Array);

/** Whole numbers as the driver takes them for bigint arrays: as texts. */
export const places = (numbers: readonly number[]): readonly string[] => numbers.map(String);

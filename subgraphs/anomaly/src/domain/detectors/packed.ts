import { z } from "zod";

/** Bytes of a 64-bit number. */
const NUMBER_BYTES = 8;
/** Characters of base64 that three bytes take. */
const CHARACTERS = 4;

/** Numbers as text a third longer than their bytes, each to its last bit, NaN too. */
export const packNumbers = (numbers: readonly number[]): string => {
  const bytes = Float64Array.from(numbers);
  return Buffer.from(bytes.buffer).toString("base64");
};

/** The numbers that were packed; a text that is cut loses the number it was cut in. */
export const unpackNumbers = (packed: string): number[] => {
  const bytes = Buffer.from(packed, "base64");
  const whole = Math.floor(bytes.length / NUMBER_BYTES);
  return Array.from({ length: whole }, (_, place) => bytes.readDoubleLE(place * NUMBER_BYTES));
};

/** Whole numbers from 0 to 255 as text. */
export const packBytes = (numbers: readonly number[]): string => Buffer.from(numbers).toString("base64");

/** The bytes that were packed. */
export const unpackBytes = (packed: string): number[] => [...Buffer.from(packed, "base64")];

/** Reads so many packed numbers at most. */
export const packedNumbers = (most: number): z.ZodString =>
  z.string().max(Math.ceil((most * NUMBER_BYTES) / (CHARACTERS - 1) + 1) * CHARACTERS);

/** What was kept, if it is what its reader keeps; null when it is something else, so that one starts anew. */
export const readKept = <T>(schema: z.ZodType<T>, saved: unknown): T | null => {
  const read = schema.safeParse(saved);
  return read.success ? read.data : null;
};

/** Bytes of what is no text. */
const CELL_BYTES = 8;
/** Bytes of an object or list beside what it holds, and of a text beside its characters. */
const HEAD_BYTES = 16;

/** Bytes a value takes in memory, roughly and rather too many: texts by two bytes a character, everything else by its cells. */
export const weightOf = (value: unknown): number => {
  if (typeof value === "string") return HEAD_BYTES + 2 * value.length;
  if (typeof value !== "object" || value === null) return CELL_BYTES;
  let bytes = HEAD_BYTES;
  for (const member of Object.values(value)) bytes += CELL_BYTES + weightOf(member);
  return bytes;
};

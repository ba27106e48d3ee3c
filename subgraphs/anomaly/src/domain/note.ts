import { refuse } from "@tessera/platform/errors/refusal";

/** Characters a note on an anomaly may have. */
const MAX_NOTE_CHARACTERS = 2_000;

/** Checks a note; an empty one counts as none. Refuses with BAD_INPUT when it is too long. */
export const checkNote = (note: string | null | undefined): string | null => {
  const text = note?.trim() ?? "";
  if (text.length > MAX_NOTE_CHARACTERS)
    throw refuse("BAD_INPUT", `A note has at most ${MAX_NOTE_CHARACTERS.toLocaleString("en")} characters.`, {
      field: "note",
    });
  return text === "" ? null : text;
};

import { refuse } from "@tessera/platform/errors/refusal";

/** RFC 3339 with an offset; what it says must be a day there is. */
const MOMENT = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/** Reads a moment of a query string; null when it is left out, refused with BAD_INPUT when it is none. */
export const momentParameter = (text: string | undefined, field: string): string | null => {
  if (text === undefined) return null;
  if (!MOMENT.test(text) || Number.isNaN(Date.parse(text)))
    throw refuse("BAD_INPUT", `\`${field}\` must be a date and time with an offset, such as 2026-11-20T12:00:00Z.`, {
      field,
    });
  return text;
};

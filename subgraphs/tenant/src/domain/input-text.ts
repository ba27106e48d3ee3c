import { refuse } from "@tessera/platform/errors/refusal";

/** Characters a display name may have. */
export const MAX_NAME_LENGTH = 120;
/** Characters an email address may have (RFC 5321, path length less its brackets). */
export const MAX_EMAIL_LENGTH = 254;
/** Characters an idempotency key may have. */
export const MAX_IDEMPOTENCY_KEY_LENGTH = 200;

const CONTROL = /\p{Cc}|\p{Cs}/u;
const EMAIL = /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)*$/u;

const bounded = (text: string, limit: number, what: string, field: string): string => {
  if (text === "" || text.length > limit)
    throw refuse("BAD_INPUT", `${what} must have 1 to ${limit} characters.`, { field });
  if (CONTROL.test(text)) throw refuse("BAD_INPUT", `${what} must not hold control characters.`, { field });
  return text;
};

/** Reads a display name without the blanks around it; refuses with BAD_INPUT what is empty, too long or not printable. */
export const displayName = (text: string, field: string): string =>
  bounded(text.trim(), MAX_NAME_LENGTH, "The name", field);

/** Reads an email address in lower case; refuses with BAD_INPUT what can't be one. Whether it exists only a message can tell. */
export const emailAddress = (text: string, field: string): string => {
  const email = bounded(text.trim().toLowerCase(), MAX_EMAIL_LENGTH, "The email address", field);
  if (!EMAIL.test(email)) throw refuse("BAD_INPUT", "The email address is not of the form name@domain.", { field });
  return email;
};

/** Reads an idempotency key; null when none was given. Refuses with BAD_INPUT what is empty, too long or not printable. */
export const idempotencyKey = (text: string | null | undefined, field: string): string | null =>
  text === null || text === undefined ? null : bounded(text, MAX_IDEMPOTENCY_KEY_LENGTH, "The idempotency key", field);

/** Characters a description may have. */
export const MAX_DESCRIPTION_LENGTH = 500;

/** Reads a description; empty when none was given. Refuses with BAD_INPUT what is too long or not printable. */
export const descriptionText = (text: string | null | undefined, field: string): string =>
  text === null || text === undefined || text.trim() === ""
    ? ""
    : bounded(text.trim(), MAX_DESCRIPTION_LENGTH, "The description", field);

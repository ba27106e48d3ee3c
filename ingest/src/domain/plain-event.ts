import { eventSchema, type RawEvent } from "./event-schema.ts";
import { MAX_ID_LENGTH, MAX_LABEL_LENGTH, MAX_NAME_LENGTH, MAX_URL_LENGTH } from "./limits.ts";

const fields = eventSchema.properties;

const UUID_LENGTH = 36;
const HYPHEN = 45;
const HEX_DIGITS = new Uint8Array(256);
for (const digit of "0123456789abcdefABCDEF") HEX_DIGITS[digit.charCodeAt(0)] = 1;

const isUuidText = (text: string): boolean => {
  if (text.length !== UUID_LENGTH) return false;
  for (let at = 0; at < UUID_LENGTH; at += 1) {
    const code = text.charCodeAt(at);
    if (at === 8 || at === 13 || at === 18 || at === 23) {
      if (code !== HYPHEN) return false;
    } else if (HEX_DIGITS[code] !== 1) return false;
  }
  return true;
};

const isName = (value: unknown): boolean => {
  if (typeof value !== "string" || value.length === 0 || value.length > MAX_NAME_LENGTH) return false;
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (code < 32 || code === 127) return false;
  }
  return true;
};

/** What a wrong field counts for: the sum over all fields then never is a number of fields. */
const WRONG = -1_000;

/** 1 for a text of at most so many characters or null, 0 for a field that is not there. */
const text = (value: unknown, maxLength: number): number => {
  if (value === undefined) return 0;
  return value === null || (typeof value === "string" && value.length <= maxLength) ? 1 : WRONG;
};

const id = (value: unknown): number => text(value, MAX_ID_LENGTH);
const label = (value: unknown): number => text(value, MAX_LABEL_LENGTH);

type Raw = Readonly<Partial<Record<keyof RawEvent, unknown>>>;

const isRaw = (value: unknown): value is Raw => typeof value === "object" && value !== null && !Array.isArray(value);

const texts = (raw: Raw): number =>
  id(raw.userId) +
  id(raw.anonymousId) +
  id(raw.sessionId) +
  id(raw.correlationId) +
  id(raw.traceId) +
  label(raw.source) +
  label(raw.country) +
  label(raw.region) +
  label(raw.city) +
  label(raw.device) +
  label(raw.os) +
  label(raw.browser) +
  label(raw.utmSource) +
  label(raw.utmMedium) +
  label(raw.utmCampaign) +
  label(raw.utmTerm) +
  label(raw.utmContent) +
  text(raw.url, MAX_URL_LENGTH) +
  text(raw.referrer, MAX_URL_LENGTH);

/** 1 for a field whose value passed its check or is null, 0 for a field that is not there. */
const field = (value: unknown, passes: boolean): number => {
  if (value === undefined) return 0;
  return passes || value === null ? 1 : WRONG;
};

const isVersion = (value: unknown): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= fields.schemaVersion.maximum;

const isAmount = (value: unknown): boolean =>
  typeof value === "string" ? value.length <= fields.revenue.maxLength : Number.isFinite(value);

const others = ({ id: eventId, time, properties, revenue, currency, schemaVersion, synthetic }: Raw): number =>
  field(eventId, typeof eventId === "string" && isUuidText(eventId)) +
  field(
    time,
    typeof time === "string" && time.length >= fields.time.minLength && time.length <= fields.time.maxLength,
  ) +
  field(properties, typeof properties === "object" && !Array.isArray(properties)) +
  field(revenue, isAmount(revenue)) +
  field(currency, typeof currency === "string" && currency.length === fields.currency.maxLength) +
  field(schemaVersion, isVersion(schemaVersion)) +
  field(synthetic, typeof synthetic === "boolean");

/**
 * The event schema once more, by hand and only as yes or no: what passes here passes the schema. Fields are read by name and then counted, so that
 * an unknown one shows without a look-up of every name. An event that does not pass is shown to the schema, which says why (or that it is valid all
 * the same).
 */
export const isPlainEvent = (raw: unknown): raw is RawEvent => {
  if (!isRaw(raw) || !isName(raw.name)) return false;
  let keys = 0;
  for (const _ in raw) keys += 1;
  return keys === 1 + texts(raw) + others(raw);
};

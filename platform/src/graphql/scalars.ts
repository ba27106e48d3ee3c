import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from "graphql";

const bad = (scalar: string, expected: string, value: unknown): GraphQLError =>
  new GraphQLError(`${scalar} must be ${expected}; got ${JSON.stringify(value)?.slice(0, 100) ?? "nothing"}.`, {
    extensions: { code: "BAD_USER_INPUT" },
  });

/** A scalar carried as a string in JSON, checked on the way in by a pattern and a test. */
const stringScalar = (
  name: string,
  expected: string,
  specifiedByURL: string | null,
  accepts: (text: string) => boolean,
): GraphQLScalarType => {
  const parseText = (value: unknown): string => {
    if (typeof value !== "string" || !accepts(value)) throw bad(name, expected, value);
    return value;
  };
  return new GraphQLScalarType({
    name,
    ...(specifiedByURL === null ? {} : { specifiedByURL }),
    serialize: (value) => (value instanceof Date ? value.toISOString() : String(value)),
    parseValue: parseText,
    parseLiteral: (node) => {
      if (node.kind !== Kind.STRING) throw bad(name, `${expected}, written as a string`, valueFromASTUntyped(node));
      return parseText(node.value);
    },
  });
};

const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** Whether a text begins with a day there is, and does not name an hour 24: the engine takes the 30th of February for the 1st of March. */
const isOfCalendar = (text: string): boolean => {
  const day = text.slice(0, "2026-11-20".length);
  const midnight = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(day)) return false;
  return text.slice("2026-11-20T".length, "2026-11-20T12".length) !== "24";
};
const DURATION = /^P(?!$)(?:\d+W|(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?)$/;
const DECIMAL = /^-?\d{1,30}(?:\.\d{1,10})?$/;
const CURSOR = /^[\w.:~=-]{1,512}$/;

/** Names of zones that are remembered as such: about 600 are in the IANA's list, each may be written in small letters or large. */
const MAX_KNOWN_ZONES = 2_000;
const knownZones = new Set<string>();

const isTimeZone = (text: string): boolean => {
  // Asking the engine takes half a millisecond, and nearly every question names a zone.
  if (knownZones.has(text)) return true;
  try {
    if (new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone === "") return false;
  } catch {
    return false;
  }
  if (knownZones.size >= MAX_KNOWN_ZONES) knownZones.clear();
  knownZones.add(text);
  return true;
};

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

const parseBigInt = (value: unknown): bigint => {
  const integral =
    typeof value === "bigint" ||
    (typeof value === "number" && Number.isSafeInteger(value)) ||
    (typeof value === "string" && /^-?\d{1,20}$/.test(value));
  if (!integral) throw bad("BigInt", "a whole number", value);
  return BigInt(value);
};

const bigIntScalar = new GraphQLScalarType({
  name: "BigInt",
  // A JSON number as long as every reader can hold it exactly, a string beyond that.
  serialize: (value) => {
    const whole = parseBigInt(value);
    return whole <= MAX_SAFE && whole >= -MAX_SAFE ? Number(whole) : whole.toString();
  },
  parseValue: parseBigInt,
  parseLiteral: (node) => parseBigInt(node.kind === Kind.INT || node.kind === Kind.STRING ? node.value : null),
});

const jsonScalar = new GraphQLScalarType({
  name: "JSON",
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});

/** Scalars any subgraph may declare; declared ones get these implementations. Shapes: RFC 3339, ISO 8601, IANA zone names. */
export const scalars: Readonly<Record<string, GraphQLScalarType>> = {
  DateTime: stringScalar(
    "DateTime",
    "an RFC 3339 date and time with an offset such as 2026-11-20T12:00:00Z",
    "https://www.rfc-editor.org/rfc/rfc3339",
    (text) => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)) && isOfCalendar(text),
  ),
  Date: stringScalar(
    "Date",
    "an RFC 3339 full date such as 2026-11-20",
    "https://www.rfc-editor.org/rfc/rfc3339",
    (text) => DATE.test(text) && isOfCalendar(text),
  ),
  Duration: stringScalar(
    "Duration",
    "an ISO 8601 duration such as PT5M",
    "https://www.iso.org/iso-8601-date-and-time-format.html",
    (text) => DURATION.test(text),
  ),
  TimeZone: stringScalar(
    "TimeZone",
    "an IANA time zone such as Europe/Berlin",
    "https://www.iana.org/time-zones",
    isTimeZone,
  ),
  Decimal: stringScalar("Decimal", "a decimal number written as a string", null, (text) => DECIMAL.test(text)),
  Cursor: stringScalar("Cursor", "a cursor this service gave out", null, (text) => CURSOR.test(text)),
  BigInt: bigIntScalar,
  JSON: jsonScalar,
};

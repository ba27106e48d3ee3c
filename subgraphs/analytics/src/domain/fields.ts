import { refuse } from "@tessera/platform/errors/refusal";
import { didYouMean } from "./did-you-mean.ts";
import { CLOCK_HANDS, URL_PARTS, type FieldPart } from "./field-parts.ts";
import { zoneClock } from "./zone-clock.ts";

/** What the values of a field are. TEXT that an event does not carry is stored as the empty text. */
export type FieldType = "TEXT" | "ID" | "BOOLEAN" | "INTEGER" | "DECIMAL" | "TIME" | "LIST";

/** A column of the events table. */
export interface ColumnField {
  readonly kind: "COLUMN";
  /** Name in the graph. */
  readonly name: string;
  /** Name in the store. */
  readonly column: string;
  readonly type: FieldType;
}

/** A part of a column: of an address its host, of a moment the hour of the day. */
export interface PartField {
  readonly kind: "PART";
  /** Name in the graph: that of the column's field, a dot and the part's. */
  readonly name: string;
  /** Name of the column in the store. */
  readonly of: string;
  readonly part: FieldPart;
  readonly type: "TEXT" | "INTEGER";
}

/** A path into an event's own properties. */
export interface PropertyField {
  readonly kind: "PROPERTY";
  /** Name in the graph: `properties.` and the path. */
  readonly name: string;
  /** The path as the store names it, `properties.` included. */
  readonly path: string;
}

/** Something of an event that can be filtered and grouped by. */
export type Field = ColumnField | PartField | PropertyField;

const text = (name: string, column: string): ColumnField => ({ kind: "COLUMN", name, column, type: "TEXT" });
const typed = (type: FieldType, name: string, column: string): ColumnField => ({ kind: "COLUMN", name, column, type });

/** Every column of an event by its name in the graph: the closed table from which column names reach SQL. */
export const EVENT_FIELDS: readonly ColumnField[] = [
  typed("ID", "id", "event_id"),
  text("name", "name"),
  typed("TIME", "time", "time"),
  typed("TIME", "receivedAt", "received_at"),
  typed("ID", "batchId", "batch_id"),
  text("userId", "user_id"),
  text("anonymousId", "anonymous_id"),
  text("sessionId", "session_id"),
  text("source", "source"),
  text("country", "country"),
  text("region", "region"),
  text("city", "city"),
  text("device", "device"),
  text("os", "os"),
  text("browser", "browser"),
  text("url", "url"),
  text("referrer", "referrer"),
  text("utmSource", "utm_source"),
  text("utmMedium", "utm_medium"),
  text("utmCampaign", "utm_campaign"),
  text("utmTerm", "utm_term"),
  text("utmContent", "utm_content"),
  typed("DECIMAL", "revenue", "revenue"),
  text("currency", "currency"),
  text("correlationId", "correlation_id"),
  text("traceId", "trace_id"),
  typed("INTEGER", "schemaVersion", "schema_version"),
  typed("BOOLEAN", "synthetic", "synthetic"),
  typed("LIST", "qualityFlags", "quality_flags"),
];

/** Every part of a column by its name in the graph; moments are those of UTC's clock. */
export const PART_FIELDS: readonly PartField[] = [
  ...["url", "referrer"].flatMap((of) =>
    URL_PARTS.map(([name, part]): PartField => ({ kind: "PART", name: `${of}.${name}`, of, part, type: "TEXT" })),
  ),
  ...CLOCK_HANDS.map(([name, hand]): PartField => {
    const part = { kind: "CLOCK", hand, clock: zoneClock("UTC") } as const;
    return { kind: "PART", name: `time.${name}`, of: "time", part, type: "INTEGER" };
  }),
];

const byName: ReadonlyMap<string, ColumnField | PartField> = new Map(
  [...EVENT_FIELDS, ...PART_FIELDS].map((field) => [field.name, field]),
);

/** Fields that name a person: their values are shown, grouped by and searched only with `analytics:personal-data`. */
const PERSONAL_FIELDS: ReadonlySet<string> = new Set(["userId", "anonymousId"]);

/** True for the name of a field that names a person. */
export const isPersonal = (name: string): boolean => PERSONAL_FIELDS.has(name);

/** Longest path into the properties, in characters. */
export const MAX_PATH_LENGTH = 256;
const PATH =
  /^[\p{L}\p{N}_$-](?:[\p{L}\p{N}_$ -]*[\p{L}\p{N}_$-])?(?:\.[\p{L}\p{N}_$-](?:[\p{L}\p{N}_$ -]*[\p{L}\p{N}_$-])?)*$/u;
const PREFIX = "properties.";

/** True for `properties.` and a path that questions can name. */
export const isPropertyName = (name: string): boolean => {
  const path = name.slice(PREFIX.length);
  return name.startsWith(PREFIX) && path.length <= MAX_PATH_LENGTH && PATH.test(path);
};

/** How fields are read: what the caller may see of events, and the zone whose clock parts of moments are of (UTC when left out). */
export interface FieldAccess {
  readonly personalData: boolean;
  readonly timeZone?: string;
}

/** How the fields of a question are read: parts of moments are of its own zone's clock. */
export const accessIn = (
  access: FieldAccess,
  { timeZone }: { readonly timeZone?: string | null | undefined },
): FieldAccess => ({ ...access, timeZone: timeZone ?? "UTC" });

const parseProperty = (name: string, where: string): PropertyField => {
  const path = name.slice(PREFIX.length);
  if (!isPropertyName(name))
    throw refuse(
      "BAD_INPUT",
      "A path into the properties is keys joined by dots; keys are letters, digits, _, $, - and inner spaces.",
      { field: where },
    );
  return { kind: "PROPERTY", name, path: `${PREFIX}${path}` };
};

/** The field as a zone's clock tells it. */
const onClock = (field: ColumnField | PartField, timeZone: string): ColumnField | PartField =>
  field.kind === "PART" && field.part.kind === "CLOCK"
    ? { ...field, part: { ...field.part, clock: zoneClock(timeZone) } }
    : field;

/** Reads a field by its name in the graph; refuses an unknown one with BAD_INPUT and lists the known. */
export const parseField = (name: string, where: string, timeZone = "UTC"): Field => {
  if (name.startsWith(PREFIX)) return parseProperty(name, where);
  const field = byName.get(name);
  if (field === undefined)
    throw refuse(
      "BAD_INPUT",
      `There is no such field.${didYouMean(name, [...byName.keys()])} The fields are ${[...byName.keys()].join(", ")} and \`properties.<path>\`.`,
      { field: where },
    );
  return onClock(field, timeZone);
};

/** Reads a field whose values the answer would reveal; refuses personal data with FORBIDDEN unless the caller may see it. */
export const parseRevealedField = (name: string, where: string, access: FieldAccess): Field => {
  const field = parseField(name, where, access.timeZone);
  if (!access.personalData && PERSONAL_FIELDS.has(field.name))
    throw refuse("FORBIDDEN", `\`${field.name}\` is personal data and needs the permission analytics:personal-data.`, {
      field: where,
      permission: "analytics:personal-data",
    });
  return field;
};

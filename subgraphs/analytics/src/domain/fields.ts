import { refuse } from "@tessera/platform/errors/refusal";
import { didYouMean } from "./did-you-mean.ts";
import type { BaseField, ColumnField, Field, FieldType, PartField, PropertyField } from "./field.ts";
import { CLOCK_HANDS, URL_PARTS, type FieldPart } from "./field-parts.ts";
import { zoneClock } from "./zone-clock.ts";

/** The fields of events that a field is made of: itself, unless it is a tenant's own. */
export const basesOf = (field: Field): readonly BaseField[] => (field.kind === "OWN" ? field.of : [field]);

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

const samePart = (one: FieldPart, other: FieldPart): boolean =>
  one.kind === "CLOCK" && other.kind === "CLOCK"
    ? one.hand === other.hand
    : JSON.stringify(one) === JSON.stringify(other);

/** Name by which events carry a field, whatever a dimension that is this field is called. */
export const sentName = (field: BaseField): string => {
  switch (field.kind) {
    case "PROPERTY":
      return field.path;
    case "COLUMN":
      return EVENT_FIELDS.find(({ column }) => column === field.column)?.name ?? field.name;
    case "PART":
      return PART_FIELDS.find(({ of, part }) => of === field.of && samePart(part, field.part))?.name ?? field.name;
  }
};

/** Fields that name a person: their values are shown, grouped by and searched only with `analytics:personal-data`. */
const PERSONAL_FIELDS: ReadonlySet<string> = new Set(["userId", "anonymousId"]);

/** True for the name of a field that names a person. */
export const isPersonal = (name: string): boolean => PERSONAL_FIELDS.has(name);

/** Longest path into the properties, in characters. */
export const MAX_PATH_LENGTH = 256;
const PATH =
  /^[\p{L}\p{N}_$-](?:[\p{L}\p{N}_$ -]*[\p{L}\p{N}_$-])?(?:\.[\p{L}\p{N}_$-](?:[\p{L}\p{N}_$ -]*[\p{L}\p{N}_$-])?)*$/u;
/** The same as RE2 reads it. */
export const PATH_PATTERN = PATH.source;
const PREFIX = "properties.";

/** True for `properties.` and a path that questions can name. */
export const isPropertyName = (name: string): boolean => {
  const path = name.slice(PREFIX.length);
  return name.startsWith(PREFIX) && path.length <= MAX_PATH_LENGTH && PATH.test(path);
};

/** How fields are read: the zone whose clock parts of moments are of (UTC when left out), and what the tenant's own dimensions are. */
export interface FieldMeanings {
  readonly timeZone?: string;
  /** The field that a dimension of the tenant's own is; refuses with BAD_INPUT, at a place, a name that stands for none. */
  readonly ownField?: (name: string, where: string) => Field;
  /** Why no dimension of the tenant's own can be named where there is no `ownField`. */
  readonly whyNoOwn?: string;
  /** What else can be named at this place beside fields. */
  readonly also?: readonly string[];
}

/** How fields are read by a caller: also what the caller may see of events. */
export interface FieldAccess extends FieldMeanings {
  readonly personalData: boolean;
}

const OWN_PREFIX = "dimensions.";

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

const parseOwn = (name: string, where: string, { ownField, whyNoOwn }: FieldMeanings): Field => {
  if (ownField !== undefined) return ownField(name, where);
  const why = whyNoOwn ?? "dimensions of the tenant's own can't be named here";
  throw refuse("BAD_INPUT", `Name the fields that \`${name}\` is made of: ${why}.`, { field: where });
};

/** True for the name of a column of events or of a part of one. */
export const isFieldName = (name: string): boolean => byName.has(name);

/** Characters of an unknown name that are told again. */
const MAX_TOLD = 128;

/** What events carry under a name of the sender's own is a property, which the name alone does not say. */
const asProperty = (name: string): string =>
  isPropertyName(`${PREFIX}${name}`) ? ` What events carry under a name of your own is \`${PREFIX}${name}\`.` : "";

/** Reads a field by its name in the graph; refuses an unknown one with BAD_INPUT and lists the known. */
export const parseField = (name: string, where: string, meanings: FieldMeanings = {}): Field => {
  if (name.startsWith(PREFIX)) return parseProperty(name, where);
  if (name.startsWith(OWN_PREFIX)) return parseOwn(name, where, meanings);
  const field = byName.get(name);
  if (field === undefined) {
    const known = [...(meanings.also ?? []), ...byName.keys()];
    throw refuse(
      "BAD_INPUT",
      `There is no field \`${name.slice(0, MAX_TOLD)}\`.${didYouMean(name, known)}${asProperty(name)} The fields are ${known.join(", ")} and \`properties.<path>\`.`,
      { field: where },
    );
  }
  return onClock(field, meanings.timeZone ?? "UTC");
};

/** Reads a field whose values the answer would reveal; refuses personal data with FORBIDDEN unless the caller may see it. */
export const parseRevealedField = (name: string, where: string, access: FieldAccess): Field => {
  const field = parseField(name, where, access);
  if (!access.personalData && PERSONAL_FIELDS.has(field.name))
    throw refuse("FORBIDDEN", `\`${field.name}\` is personal data and needs the permission analytics:personal-data.`, {
      field: where,
      permission: "analytics:personal-data",
    });
  return field;
};

import { EVENT_FIELDS } from "../domain/event-schema.ts";
import { nearestName } from "../domain/nearest-name.ts";
import { parseRfc3339 } from "../domain/rfc3339.ts";

/** The columns of one line: their values by name, as read. */
export type Columns = Readonly<Record<string, unknown>>;

type Conversion = "string" | "number" | "boolean";

/** Where a field's value comes from. */
type Source =
  | { readonly kind: "COLUMN"; readonly column: string; readonly conversion: Conversion | null }
  | { readonly kind: "CONSTANT"; readonly value: string }
  | { readonly kind: "TEMPLATE"; readonly text: string; readonly columns: readonly string[] };

/** One `--map`: a field of the event, or `properties.<name>`. */
export interface MappingRule {
  readonly target: string;
  readonly source: Source;
}

/** Raised for a mapping that can't be meant; its message says what to write instead. */
export class MappingError extends Error {
  override readonly name = "MappingError";
}

const PLACE = /\{([^{}]+)\}/g;
const PROPERTY_PREFIX = "properties.";
const CONVERSION = /^(.+):(string|number|boolean)$/;

const isConversion = (text: string | undefined): text is Conversion =>
  text === "string" || text === "number" || text === "boolean";

const sourceOf = (text: string): Source => {
  if (text.startsWith("=")) return { kind: "CONSTANT", value: text.slice(1) };
  if (text.includes("{"))
    return { kind: "TEMPLATE", text, columns: [...text.matchAll(PLACE)].map(([, column = ""]) => column) };
  const [, column, conversion] = CONVERSION.exec(text) ?? [];
  return column !== undefined && isConversion(conversion)
    ? { kind: "COLUMN", column, conversion }
    : { kind: "COLUMN", column: text, conversion: null };
};

/** Reads one rule: `field=column`, `field=column:number`, `field==constant`, `field=text with {column}`. */
export const parseRule = (text: string): MappingRule => {
  const equals = text.indexOf("=");
  if (equals <= 0 || equals === text.length - 1)
    throw new MappingError(`--map ${text}: write field=column, field==constant or field=text with {column}.`);
  const target = text.slice(0, equals);
  const isProperty = target.startsWith(PROPERTY_PREFIX) && target.length > PROPERTY_PREFIX.length;
  if (!isProperty && (!EVENT_FIELDS.includes(target) || target === "properties")) {
    const meant = nearestName(target, EVENT_FIELDS);
    throw new MappingError(
      `--map ${text}: an event has no field "${target}"${meant === null ? "" : `; did you mean "${meant}"`}. Your own fields go to properties.<name>.`,
    );
  }
  return { target, source: sourceOf(text.slice(equals + 1)) };
};

const columnsOf = (source: Source): readonly string[] =>
  source.kind === "COLUMN" ? [source.column] : source.kind === "TEMPLATE" ? source.columns : [];

const numeric = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

const converted = (value: unknown, conversion: Conversion | null): unknown => {
  if (typeof value !== "string" || conversion === null || conversion === "string") return value;
  if (conversion === "number")
    return value.trim() === "" ? undefined : numeric.test(value.trim()) ? Number(value) : value;
  return /^(?:true|yes|1)$/i.test(value) ? true : /^(?:false|no|0)$/i.test(value) ? false : value;
};

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" || typeof value === "boolean" ? String(value) : "";

const valueOf = (source: Source, columns: Columns): unknown => {
  if (source.kind === "CONSTANT") return source.value;
  if (source.kind === "COLUMN") return converted(columns[source.column], source.conversion);
  return source.text.replaceAll(PLACE, (_match, column: string) => textOf(columns[column]));
};

const LOCAL_TIME = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?)?$/;

/** Common spellings of a time as RFC 3339: without an offset it is UTC, ten digits are seconds and thirteen milliseconds since the epoch. */
export const timeText = (value: unknown): unknown => {
  const text = textOf(value).trim();
  if (!Number.isNaN(parseRfc3339(text))) return text;
  const [, date, minutes = "00:00", rest = ":00"] = LOCAL_TIME.exec(text) ?? [];
  if (date !== undefined) return `${date}T${minutes}${rest}Z`;
  if (/^\d{10}$/.test(text)) return new Date(Number(text) * 1_000).toISOString();
  if (/^\d{13}$/.test(text)) return new Date(Number(text)).toISOString();
  return value;
};

const FIELD_CONVERSIONS: Readonly<Record<string, Conversion>> = { schemaVersion: "number", synthetic: "boolean" };

const fieldValue = (field: string, value: unknown): unknown => {
  if (value === "" || value === undefined || value === null) return undefined;
  if (field === "time") return timeText(value);
  if (field === "revenue" && typeof value === "string") return value.trim();
  const conversion = FIELD_CONVERSIONS[field];
  if (conversion !== undefined) return converted(value, conversion);
  return typeof value === "number" ? String(value) : value;
};

/** Turns the columns of a line into an event. */
export type Mapper = (columns: Columns) => Record<string, unknown>;

/**
 * Builds a mapper. Columns that no rule uses and that are named like a field become that field; all others become properties, unless
 * `dropRest`. With `known` columns, a rule that names another one is refused at once.
 */
export const createMapper = (
  rules: readonly MappingRule[],
  options: { readonly dropRest: boolean; readonly known: readonly string[] | null },
): Mapper => {
  const used = new Set(rules.flatMap(({ source }) => columnsOf(source)));
  const { known, dropRest } = options;
  const unknown = known === null ? undefined : [...used].find((column) => !known.includes(column));
  if (unknown !== undefined && known !== null)
    throw new MappingError(
      `There is no column "${unknown}". The columns are ${known.join(", ")}. A constant is written field==constant.`,
    );
  const targets = new Set(rules.map(({ target }) => target));
  const isField = (name: string): boolean => EVENT_FIELDS.includes(name) && name !== "properties" && !targets.has(name);
  return (columns) => {
    const event: Record<string, unknown> = {};
    const properties: Record<string, unknown> = {};
    const set = (target: string, value: unknown): void => {
      if (target.startsWith(PROPERTY_PREFIX)) {
        if (value !== undefined && value !== "") properties[target.slice(PROPERTY_PREFIX.length)] = value;
        return;
      }
      const kept = fieldValue(target, value);
      if (kept !== undefined) event[target] = kept;
    };
    for (const [name, value] of Object.entries(columns)) {
      if (name === "properties" && typeof value === "object" && value !== null) Object.assign(properties, value);
      else if (used.has(name)) continue;
      else if (isField(name)) set(name, value);
      else if (!dropRest) set(`${PROPERTY_PREFIX}${name}`, value);
    }
    for (const { target, source } of rules) set(target, valueOf(source, columns));
    return { ...event, properties };
  };
};

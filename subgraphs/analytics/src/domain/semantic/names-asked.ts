import { isPropertyName } from "../fields.ts";

/** A name of something sent that stands in a question. */
export interface AskedName {
  readonly kind: "PROPERTY" | "EVENT";
  /** The path of a property, or the name of events. */
  readonly name: string;
  readonly where: string;
  /** What computes numbers of it; null where nothing does. */
  readonly numbersBy: string | null;
}

const PREFIX = "properties.";
/** Where events name the group they are of, by its type. */
const GROUPS = `${PREFIX}groups.`;
/** Members of questions whose texts are values or words of people. */
const NO_NAMES: ReadonlySet<string> = new Set([
  ...["eq", "in", "contains", "startsWith", "matches", "name", "title", "description", "label", "formula"],
  ...["cell", "range", "meanings", "people", "timeZone"],
]);
const COMPARISONS = ["gt", "gte", "lt", "lte"] as const;
const OF_NUMBERS: ReadonlySet<string> = new Set(["SUM", "AVG", "MIN", "MAX", "QUANTILES"]);
const FUNCTION = /^(sum|avg|min|max|p[\d.]+|uniques)\((properties\..+)\)$/;

type Member = Readonly<Record<string, unknown>>;

const isMember = (part: unknown): part is Member => typeof part === "object" && part !== null && !Array.isArray(part);

const given = (value: unknown): boolean => value !== undefined && value !== null;

const property = (name: string, where: string, numbersBy: string | null): readonly AskedName[] =>
  isPropertyName(name) ? [{ kind: "PROPERTY", name: name.slice(PREFIX.length), where, numbersBy }] : [];

const eventNames = (values: unknown, where: string): readonly AskedName[] =>
  (Array.isArray(values) ? values : [values]).flatMap((one: unknown, index) =>
    typeof one === "string"
      ? [{ kind: "EVENT", name: one, where: Array.isArray(values) ? `${where}.${index}` : where, numbersBy: null }]
      : [],
  );

/** What computes numbers of the field that a part of a question names. */
const numbersBy = (part: Member): string | null => {
  const comparison = COMPARISONS.find((one) => given(part[one]));
  if (comparison !== undefined) return `\`${comparison}\``;
  const { function: by } = part;
  return typeof by === "string" && OF_NUMBERS.has(by) ? by : null;
};

const namesOfMetric = (metric: unknown, where: string): readonly AskedName[] => {
  if (!isMember(metric) || typeof metric["name"] !== "string") return [];
  const [, by, of] = FUNCTION.exec(metric["name"]) ?? [];
  return of === undefined
    ? []
    : property(of, `${where}.name`, by === "uniques" || by === undefined ? null : `\`${by}\``);
};

const namesOfMember = (part: Member, where: string): readonly AskedName[] =>
  Object.entries(part).flatMap(([key, value]): readonly AskedName[] => {
    const place = where === "" ? key : `${where}.${key}`;
    if (typeof value === "string" && (key === "field" || key === "of")) return property(value, place, numbersBy(part));
    if (key === "events" || (key === "event" && typeof value === "string")) return eventNames(value, place);
    if ((key === "eq" || key === "in") && part["field"] === "name" && given(value)) return eventNames(value, place);
    if (key === "group" && typeof value === "string") return property(`${GROUPS}${value}`, place, null);
    // Of paths it is the fields that make labels, elsewhere a word of people.
    if (key === "label" && Array.isArray(value)) return namesAsked(value, place);
    if (key === "values") return part["dimension"] === "name" ? eventNames(value, place) : [];
    if (key === "metrics" && Array.isArray(value))
      return value.flatMap((one: unknown, index) => namesOfMetric(one, `${place}.${index}`));
    return NO_NAMES.has(key) ? [] : namesAsked(value, place);
  });

/**
 * The properties and names of events that a question names, in order, with where they stand: in fields, measures, dimensions, functions of metrics, and in which
 * events are meant; places are within `where`, or the whole where it is empty. A part that says `allowUnknown` names none.
 */
export const namesAsked = (part: unknown, where: string): readonly AskedName[] => {
  if (typeof part === "string") return property(part, where, null);
  if (Array.isArray(part)) return part.flatMap((one: unknown, index) => namesAsked(one, `${where}.${index}`));
  if (!isMember(part) || part["allowUnknown"] === true) return [];
  return namesOfMember(part, where);
};

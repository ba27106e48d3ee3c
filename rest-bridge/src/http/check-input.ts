import { Compile } from "typebox/compile";
import type { Static, TSchema } from "typebox";
import { refuse } from "@tessera/platform/errors/refusal";

/** One complaint of the validator, in JSON Schema's words. */
interface Complaint {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

const keysOf = (pointer: string): readonly string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

const pathOf = (pointer: string): string => keysOf(pointer).join(".");

const listIn = (params: object, key: string): readonly string[] => {
  const value: unknown = Object.entries(params).find(([name]) => name === key)?.[1];
  return Array.isArray(value) ? value.map(String) : [];
};

const joined = (path: string, name: string | undefined): string =>
  [path, name].filter((part) => part !== undefined && part !== "").join(".");

const memberOf = (schema: unknown, name: string): unknown =>
  typeof schema === "object" && schema !== null ? Reflect.get(schema, name) : undefined;

/** The members that a schema knows at the place that keys lead to; none where it is not told by the schema itself. */
const membersAt = (schema: unknown, keys: readonly string[]): readonly string[] => {
  const choices = memberOf(schema, "anyOf");
  if (Array.isArray(choices)) return choices.flatMap((one: unknown) => membersAt(one, keys));
  const members = memberOf(schema, "properties");
  const [key, ...rest] = keys;
  if (key === undefined) return typeof members === "object" && members !== null ? Object.keys(members) : [];
  return membersAt(memberOf(members, key) ?? memberOf(schema, "items"), rest);
};

/** What a JSON type is called in a sentence. */
const TYPES: Readonly<Record<string, string>> = { array: "a list", object: "an object", integer: "a whole number" };

const whatIsKnown = (schema: TSchema, instancePath: string): string => {
  const known = [...new Set(membersAt(schema, keysOf(instancePath).slice(0, -1)))];
  return known.length === 0 ? "" : ` Known are ${known.map((name) => `\`${name}\``).join(", ")}.`;
};

/** The field a complaint is about, and what is wrong with it. */
const told = (
  { keyword, instancePath, params, message }: Complaint,
  schema: TSchema,
): { field: string; detail: string } => {
  const path = pathOf(instancePath);
  if (keyword === "required") {
    const field = joined(path, listIn(params, "requiredProperties")[0]);
    return { field, detail: `\`${field}\` is missing.` };
  }
  if (keyword === "boolean")
    return { field: path, detail: `\`${path}\` is not known here.${whatIsKnown(schema, instancePath)}` };
  if (keyword === "format" && message.includes("date-time"))
    return { field: path, detail: `\`${path}\` must be a date and time with an offset such as 2026-11-20T12:00:00Z.` };
  const [type] = keyword === "type" && path !== "" ? Object.values(params).map(String) : [];
  if (type !== undefined && TYPES[type] !== undefined)
    return { field: path, detail: `\`${path}\` must be ${TYPES[type]}.` };
  if (keyword === "enum") {
    const allowed = listIn(params, "allowedValues").map((value) => `\`${value}\``);
    return { field: path, detail: `\`${path}\` must be one of ${allowed.join(", ")}.` };
  }
  return { field: path, detail: path === "" ? `The value ${message}.` : `\`${path}\` ${message}.` };
};

/** The deepest complaint says most; the summaries a validator adds at the levels above say less. */
const mostTelling = (complaints: readonly Complaint[]): Complaint | undefined => {
  const depth = ({ instancePath }: Complaint): number => instancePath.split("/").length;
  const telling = complaints.filter(({ keyword }) => keyword !== "additionalProperties" && keyword !== "anyOf");
  return (telling.length > 0 ? telling : complaints).toSorted((a, b) => depth(b) - depth(a))[0];
};

/** Levels of objects and lists a request may have; deeper ones are refused before anything walks them by recursion. */
const MAX_LEVELS = 64;

const isDeeperThan = (input: unknown, levels: number): boolean => {
  let level: unknown[] = [input];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > levels) return true;
    level = level.flatMap((value): unknown[] =>
      typeof value === "object" && value !== null ? Object.values(value) : [],
    );
  }
  return false;
};

/** Makes a parser for input of one schema: answers it typed, or refuses with BAD_INPUT, naming the field. */
export const createInputCheck = <Schema extends TSchema>(schema: Schema): ((input: unknown) => Static<Schema>) => {
  const compiled = Compile(schema);
  return (input) => {
    if (isDeeperThan(input, MAX_LEVELS))
      throw refuse("BAD_INPUT", `The request is nested deeper than ${MAX_LEVELS} levels.`);
    if (compiled.Check(input)) return input;
    const complaint = mostTelling(compiled.Errors(input));
    const { field, detail } =
      complaint === undefined ? { field: "", detail: "The request does not fit its schema." } : told(complaint, schema);
    throw refuse("BAD_INPUT", detail, field === "" ? {} : { field });
  };
};

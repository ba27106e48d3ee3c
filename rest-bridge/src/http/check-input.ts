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

const pathOf = (pointer: string): string =>
  pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");

const listIn = (params: object, key: string): readonly string[] => {
  const value: unknown = Object.entries(params).find(([name]) => name === key)?.[1];
  return Array.isArray(value) ? value.map(String) : [];
};

const joined = (path: string, name: string | undefined): string =>
  [path, name].filter((part) => part !== undefined && part !== "").join(".");

/** The field a complaint is about, and what is wrong with it. */
const told = ({ keyword, instancePath, params, message }: Complaint): { field: string; detail: string } => {
  const path = pathOf(instancePath);
  if (keyword === "required") {
    const field = joined(path, listIn(params, "requiredProperties")[0]);
    return { field, detail: `\`${field}\` is missing.` };
  }
  if (keyword === "boolean") return { field: path, detail: `\`${path}\` is not known here.` };
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
      complaint === undefined ? { field: "", detail: "The request does not fit its schema." } : told(complaint);
    throw refuse("BAD_INPUT", detail, field === "" ? {} : { field });
  };
};

/** A part of a question: what the graph delivers is made of these. */
type Part = string | number | boolean | null | readonly Part[] | { readonly [name: string]: Part };

/** A moment with its offset, which can be written in many ways. */
const MOMENT = /^\d{4}-\d{2}-\d{2}[Tt].*(?:[Zz]|[+-]\d{2}:\d{2})$/;
/** Deeper than any question is nested. */
const MAX_DEPTH = 64;

const isList = (part: Part): part is readonly Part[] => Array.isArray(part);

/** Reads what a question is made of; members that are not given are left out, as those are that are null. */
const partOf = (value: unknown, depth: number): Part => {
  if (depth > MAX_DEPTH) throw new Error("A question is not nested so deep.");
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return value.map((one: unknown) => partOf(one, depth + 1));
  if (typeof value !== "object") throw new Error(`A question holds no ${typeof value}.`);
  const members = Object.entries(value)
    .map(([name, member]) => [name, partOf(member, depth + 1)] as const)
    .filter(([, member]) => member !== null)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members);
};

const sameMoment = (text: string): string => {
  const ms = MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? text : new Date(ms).toISOString();
};

/** Each once, in one order. */
const asSet = (parts: readonly Part[]): readonly Part[] =>
  [...new Map(parts.map((part) => [JSON.stringify(part), part] as const))]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, part]) => part);

type Members = { readonly [name: string]: Part };
const isMembers = (part: Part): part is Members => typeof part === "object" && part !== null && !isList(part);

/** The parts of a filter that is `kind` alone; the filter itself where it is not. */
const partsWithin = (filter: Part, kind: "and" | "or"): readonly Part[] => {
  if (!isMembers(filter)) return [filter];
  const inner = filter[kind];
  return Object.keys(filter).length === 1 && inner !== undefined && isList(inner) ? inner : [filter];
};

const combined = (kind: "and" | "or", parts: readonly Part[]): Part => {
  const all = asSet(parts.flatMap((part) => partsWithin(part, kind)));
  const [only] = all;
  return all.length === 1 && only !== undefined ? only : { [kind]: all };
};

/** One test of a field: a value alone is a list of one. */
const testOf = (field: Part, name: string, value: Part): Part => {
  if (name === "eq") return { field, in: [value] };
  return { field, [name]: name === "in" && isList(value) ? asSet(value) : value };
};

/** A filter's own tests, which all have to pass, as a filter each. */
const testsOf = ({ field = null, ...tests }: Members): Part =>
  combined(
    "and",
    Object.entries(tests).map(([name, value]) => testOf(field, name, value)),
  );

const TESTS: ReadonlySet<string> = new Set([
  ...["eq", "in", "contains", "startsWith", "matches", "gt", "gte", "lt", "lte", "exists"],
]);

const isTests = (members: Members): boolean => {
  const names = Object.keys(members).filter((name) => name !== "field");
  return typeof members["field"] === "string" && names.length > 0 && names.every((name) => TESTS.has(name));
};

/** Members of a question that are moments. */
const MOMENTS: ReadonlySet<string> = new Set(["from", "to", "asOf"]);

/** One spelling for what can be spelled in several ways: parts of `and` and `or`, values of `in`, moments. */
const spelled = (part: Part): Part => {
  if (isList(part)) return part.map(spelled);
  if (!isMembers(part)) return part;
  if (isTests(part)) return testsOf(part);
  const members = Object.fromEntries(
    Object.entries(part).map(([name, member]) => [
      name,
      MOMENTS.has(name) && typeof member === "string" ? sameMoment(member) : spelled(member),
    ]),
  );
  const [[name, inner] = ["", null], ...others] = Object.entries(members);
  if (others.length > 0) return members;
  if ((name === "and" || name === "or") && isList(inner) && inner.length > 0) return combined(name, inner);
  if (name === "not" && isMembers(inner) && Object.keys(inner).length === 1 && inner["not"] !== undefined)
    return inner["not"];
  return members;
};

/**
 * The one spelling of a question: equal for questions that ask the same, in whichever order the parts of `and` and `or` and the values of `in` stand,
 * however a moment is written and whether or not what is left out is said to be null. Unequal questions never share one; lists of which the order is
 * that of the answer keep it.
 */
export const canonicalQuestion = (question: unknown): string => JSON.stringify(spelled(partOf(question, 0)));

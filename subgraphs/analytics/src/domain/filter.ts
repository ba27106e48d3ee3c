import { isUuid } from "@tessera/contracts/ids";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { refuse } from "@tessera/platform/errors/refusal";
import { RE2JS } from "re2js";
import { filterOfParts, type FilterInput, type InCohortInput } from "./filter-input.ts";
import { parseRevealedField, type FieldAccess } from "./fields.ts";
import type { Comparison, Condition, Field, FieldType } from "./field.ts";

/** Every way to compare a number. */
export const COMPARISONS: readonly Comparison[] = ["gt", "gte", "lt", "lte"];

type Maybe<T> = T | null | undefined;

/** Bounds of a filter: what a person writes is far below, and the parameters must fit into one request to the store. */
export const FILTER_LIMITS = {
  depth: 8,
  tests: 100,
  parts: 50,
  values: 1_000,
  characters: 50_000,
  pattern: 1_000,
} as const;

const DECIMAL = /^(-?)0*(\d+)(?:\.(\d*?)0*)?$/;

/** Writes a decimal without leading and trailing zeros, as the store prints it; null when it is none. */
const canonicalDecimal = (value: string): string | null => {
  const [, sign, whole, fraction] = DECIMAL.exec(value) ?? [];
  if (whole === undefined) return null;
  const digits = fraction === undefined || fraction === "" ? whole : `${whole}.${fraction}`;
  return digits === "0" ? "0" : `${sign ?? ""}${digits}`;
};

const canonicalTime = (value: string): string | null => {
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : String(ms);
};

const canonical: Readonly<Record<FieldType, (value: string) => string | null>> = {
  TEXT: (value) => value,
  LIST: (value) => value,
  ID: (value) => (isUuid(value) ? value.toLowerCase() : null),
  BOOLEAN: (value) => (value === "true" || value === "false" ? value : null),
  INTEGER: (value) => (/^\d{1,10}$/.test(value) ? String(Number(value)) : null),
  DECIMAL: canonicalDecimal,
  TIME: canonicalTime,
};

const typeOf = (field: Field): FieldType | "PROPERTY" => (field.kind === "PROPERTY" ? "PROPERTY" : field.type);

interface Budget {
  tests: number;
  characters: number;
}

interface Place {
  readonly where: string;
  readonly depth: number;
  readonly budget: Budget;
  readonly access: FieldAccess;
}

const bad = (where: string, detail: string): Error => refuse("BAD_INPUT", detail, { field: where });

const oneOf = (field: Field, values: readonly string[], where: string): Condition => {
  if (values.length === 0 || values.length > FILTER_LIMITS.values)
    throw bad(
      where,
      `\`in\` takes 1 to ${FILTER_LIMITS.values.toLocaleString("en-US")} values: name more people by a cohort.`,
    );
  const read = field.kind === "PROPERTY" ? canonical.TEXT : canonical[field.type];
  const parsed = values.map((value) => {
    const one = read(value);
    if (one === null) throw bad(where, `\`${field.name}\` can't have a value as given: it is ${typeOf(field)}.`);
    return one;
  });
  return { kind: "ONE_OF", field, values: parsed };
};

const textTest = (
  kind: "CONTAINS" | "STARTS_WITH" | "MATCHES",
  field: Field,
  text: string,
  where: string,
): Condition => {
  if (!["TEXT", "PROPERTY"].includes(typeOf(field))) throw bad(where, `\`${field.name}\` is not text.`);
  return { kind, field, text };
};

/** A pattern in RE2 syntax, which the store runs in time linear in the text; the same grammar reads it here first. */
const patternTest = (field: Field, pattern: string, where: string): Condition => {
  if (pattern.length > FILTER_LIMITS.pattern)
    throw bad(where, `A pattern has at most ${FILTER_LIMITS.pattern} characters.`);
  try {
    RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (error) {
    throw bad(
      where,
      `The pattern is not one of RE2 (look-around and back-references are not in it): ${errorMessage(error)}.`,
    );
  }
  return textTest("MATCHES", field, pattern, where);
};

const compareTest = (field: Field, comparison: Comparison, value: number, where: string): Condition => {
  if (!["DECIMAL", "INTEGER", "PROPERTY"].includes(typeOf(field)))
    throw bad(where, `\`${field.name}\` is not a number.`);
  return { kind: "COMPARE", field, comparison, value };
};

const given = <T>(value: Maybe<T>): value is T => value !== null && value !== undefined;

const testsOf = (input: FilterInput, field: Field, where: string): readonly Condition[] => {
  const tests: Condition[] = [];
  if (given(input.eq)) tests.push(oneOf(field, [input.eq], `${where}.eq`));
  if (given(input.in)) tests.push(oneOf(field, input.in, `${where}.in`));
  if (given(input.contains)) tests.push(textTest("CONTAINS", field, input.contains, `${where}.contains`));
  if (given(input.startsWith)) tests.push(textTest("STARTS_WITH", field, input.startsWith, `${where}.startsWith`));
  if (given(input.matches)) tests.push(patternTest(field, input.matches, `${where}.matches`));
  for (const comparison of COMPARISONS) {
    const value = input[comparison];
    if (given(value)) tests.push(compareTest(field, comparison, value, `${where}.${comparison}`));
  }
  if (given(input.exists)) tests.push({ kind: "EXISTS", field, exists: input.exists });
  return tests;
};

const TESTS = ["eq", "in", "contains", "startsWith", "matches", "gt", "gte", "lt", "lte", "exists"] as const;

const spend = (input: FilterInput, tests: number, { budget, where }: Place): void => {
  budget.tests += tests;
  const texts = [input.field, input.eq, input.contains, input.startsWith, input.matches, ...(input.in ?? [])];
  budget.characters += texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
  if (budget.tests > FILTER_LIMITS.tests)
    throw bad(
      where,
      `A filter holds at most ${FILTER_LIMITS.tests} tests: put several values of one field into \`in\`.`,
    );
  if (budget.characters > FILTER_LIMITS.characters)
    throw bad(where, `The texts of a filter have at most ${FILTER_LIMITS.characters} characters in all.`);
};

const parseTests = (input: FilterInput, place: Place): Condition => {
  const field = parseRevealedField(input.field ?? "", `${place.where}.field`, place.access);
  const tests = testsOf(input, field, place.where);
  spend(input, tests.length, place);
  const [first] = tests;
  if (first === undefined)
    throw bad(
      place.where,
      "A `field` needs a test: eq, in, contains, startsWith, matches, gt, gte, lt, lte or exists.",
    );
  return tests.length === 1 ? first : { kind: "AND", parts: tests };
};

const parseParts = (kind: "AND" | "OR", inputs: readonly FilterInput[], place: Place): Condition => {
  if (inputs.length === 0 || inputs.length > FILTER_LIMITS.parts)
    throw bad(
      `${place.where}.${kind.toLowerCase()}`,
      `\`${kind.toLowerCase()}\` takes 1 to ${FILTER_LIMITS.parts} filters: put several values of one field into \`in\`.`,
    );
  return { kind, parts: inputs.map((input, index) => parse(input, deeper(place, `${kind.toLowerCase()}.${index}`))) };
};

const deeper = (place: Place, step: string): Place => ({
  ...place,
  where: `${place.where}.${step}`,
  depth: place.depth + 1,
});

const parseInCohort = (
  input: FilterInput,
  { cohort, asOf, people, accounts }: InCohortInput,
  place: Place,
): Condition => {
  spend(input, 1, place);
  const found = { people: people ?? null, accounts: accounts ?? null };
  return { kind: "IN_COHORT", cohort: cohort.toLowerCase(), asOf: asOf ?? null, ...found };
};

const parse = (input: FilterInput, from: Place): Condition => {
  const place = { ...from, where: input.at ?? from.where };
  if (place.depth > FILTER_LIMITS.depth)
    throw bad(place.where, `A filter is at most ${FILTER_LIMITS.depth} levels deep.`);
  const shapes = [input.and, input.or, input.not, input.field, input.inCohort, input.parts].filter(given).length;
  if (!given(input.field) && TESTS.some((test) => given(input[test])))
    throw bad(place.where, "A test needs the `field` that it tests.");
  if (shapes !== 1)
    throw bad(
      place.where,
      "A filter is exactly one of `and`, `or`, `not`, `inCohort`, `parts`, or a `field` with its tests.",
    );
  if (given(input.parts)) return parse(filterOfParts(input.parts, `${place.where}.parts`), place);
  if (given(input.and)) return parseParts("AND", input.and, place);
  if (given(input.or)) return parseParts("OR", input.or, place);
  if (given(input.not)) return { kind: "NOT", part: parse(input.not, deeper(place, "not")) };
  if (given(input.inCohort)) return parseInCohort(input, input.inCohort, place);
  return parseTests(input, place);
};

/** Validates a filter; null when none was given. Refuses with BAD_INPUT, or FORBIDDEN for personal data the caller may not see. */
export const parseFilter = (input: Maybe<FilterInput>, where: string, access: FieldAccess): Condition | null =>
  given(input) ? parse(input, { where, depth: 1, budget: { tests: 0, characters: 0 }, access }) : null;

/** Every field a condition looks at. */
export const fieldsOf = (condition: Condition | null): readonly Field[] => {
  if (condition === null) return [];
  if ("parts" in condition) return condition.parts.flatMap(fieldsOf);
  if (condition.kind === "NOT") return fieldsOf(condition.part);
  if (condition.kind !== "IN_COHORT") return [condition.field];
  return condition.accounts === null ? [] : [condition.accounts.field];
};

/** Whether a condition asks who is in a cohort, which no field tells. */
export const asksPeople = (condition: Condition | null): boolean => {
  if (condition === null) return false;
  if ("parts" in condition) return condition.parts.some(asksPeople);
  return condition.kind === "NOT" ? asksPeople(condition.part) : condition.kind === "IN_COHORT";
};

/** The one value a condition holds a field to, whatever else it asks; null when it allows several. */
export const onlyValueOf = (condition: Condition | null, fieldName: string): string | null => {
  if (condition === null) return null;
  if (condition.kind === "AND")
    return condition.parts.reduce<string | null>((found, part) => found ?? onlyValueOf(part, fieldName), null);
  if (condition.kind !== "ONE_OF" || condition.field.name !== fieldName) return null;
  const [value, ...others] = condition.values;
  return value === undefined || others.length > 0 ? null : value;
};

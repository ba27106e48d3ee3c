import { refuse } from "@tessera/platform/errors/refusal";
import { fieldsOfMatcher, parseEventMatcher, type EventMatcher, type EventMatcherInput } from "../event-matcher.ts";
import { refusedWithin } from "../refused-within.ts";
import { DAY_MS, parseDuration } from "../duration.ts";
import { fieldsOf, parseFilter } from "../filter.ts";
import type { FilterInput } from "../filter-input.ts";
import { parseField, type FieldAccess } from "../fields.ts";
import type { Condition, Field } from "../field.ts";
import { namingField } from "../fraud/velocity.ts";
import { TYPE_PATTERNS, type ValueType } from "./value-type.ts";

type Maybe<T> = T | null | undefined;

/** What a value must be, as the graph delivers it; everything that is said holds. */
export interface ValidInput {
  readonly field: string;
  readonly type?: Maybe<ValueType>;
  readonly in?: Maybe<readonly string[]>;
  readonly matches?: Maybe<string>;
  readonly gt?: Maybe<number>;
  readonly gte?: Maybe<number>;
  readonly lt?: Maybe<number>;
  readonly lte?: Maybe<number>;
}

/** Something that is expected of events, as the graph delivers it: exactly one kind. */
export interface ExpectationInput {
  readonly name: string;
  readonly present?: Maybe<{ readonly field: string }>;
  readonly valid?: Maybe<ValidInput>;
  readonly holds?: Maybe<FilterInput>;
  readonly unique?: Maybe<{ readonly fields: readonly string[] }>;
  readonly timely?: Maybe<{ readonly within: string }>;
  readonly atLeast?: Maybe<number>;
}

/** How an expectation is tested: event by event, by how many different keys there are, or by how late events came. */
export type ExpectationTest =
  | { readonly kind: "EACH"; readonly tested: Condition | null; readonly passes: Condition }
  | { readonly kind: "UNIQUE"; readonly fields: readonly Field[] }
  | { readonly kind: "TIMELY"; readonly withinMs: number };

/** Kinds of expectations, by the names of their inputs. */
export const EXPECTATION_KINDS = {
  present: "PRESENT",
  valid: "VALID",
  holds: "HOLDS",
  unique: "UNIQUE",
  timely: "TIMELY",
} as const;
/** One of {@link EXPECTATION_KINDS}. */
export type ExpectationKind = (typeof EXPECTATION_KINDS)[keyof typeof EXPECTATION_KINDS];

/** A validated expectation. */
export interface Expectation {
  readonly name: string;
  readonly kind: ExpectationKind;
  readonly test: ExpectationTest;
  /** The least share of events that pass for it to be met; null: it is only measured. */
  readonly atLeast: number | null;
  /** Which of the question's events it is of; null: all of them. */
  readonly of: EventMatcher | null;
}

/** A kept expectation that a question names: what it expects in the version that is meant, and of which events. */
export interface FoundExpectation {
  readonly expect: ExpectationInput;
  readonly of: EventMatcherInput;
}

/** Bounds of expectations: all of a question are tested by one statement; a key is of few fields; who sends later than a year imports history. */
export const EXPECTATION_LIMITS = {
  expectations: 20,
  nameCharacters: 64,
  keyFields: 5,
  withinMs: 366 * DAY_MS,
} as const;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });
const given = <T>(value: Maybe<T>): value is T => value !== null && value !== undefined;

const conditionAt = (input: FilterInput, where: string, access: FieldAccess): Condition => {
  const condition = parseFilter(input, where, access);
  if (condition === null) throw bad(where, "Say what is expected: the filter says nothing.");
  return condition;
};

const validTest = (input: ValidInput, where: string, access: FieldAccess): ExpectationTest => {
  const { field, type } = input;
  const tests = [input.in, input.matches, input.gt, input.gte, input.lt, input.lte].some(given);
  if (!tests && !given(type))
    throw bad(where, "Say what a value must be: take at least one of type, in, matches, gt, gte, lt and lte.");
  const typed = given(type) ? [conditionAt({ field, matches: TYPE_PATTERNS[type] }, where, access)] : [];
  const plain = tests ? [conditionAt(input, where, access)] : [];
  return {
    kind: "EACH",
    tested: conditionAt({ field, exists: true }, where, access),
    passes: { kind: "AND", parts: [...typed, ...plain] },
  };
};

const uniqueTest = (names: readonly string[], where: string, access: FieldAccess): ExpectationTest => {
  if (names.length < 1 || names.length > EXPECTATION_LIMITS.keyFields)
    throw bad(where, `A key is of 1 to ${EXPECTATION_LIMITS.keyFields} fields.`);
  const again = names.findIndex((name, place) => names.indexOf(name) !== place);
  if (again > 0) throw bad(`${where}.${again}`, `\`${names[again]}\` is named twice: a key has a field once.`);
  const fields = names.map((name, place) =>
    namingField(parseField(name, `${where}.${place}`, access), `${where}.${place}`),
  );
  return { kind: "UNIQUE", fields };
};

const testOf = (input: ExpectationInput, where: string, access: FieldAccess): ExpectationTest => {
  const { present, valid, holds, unique, timely } = input;
  if (given(present)) {
    const passes = conditionAt({ field: present.field, exists: true }, `${where}.present`, access);
    return { kind: "EACH", tested: null, passes };
  }
  if (given(valid)) return validTest(valid, `${where}.valid`, access);
  if (given(holds)) return { kind: "EACH", tested: null, passes: conditionAt(holds, `${where}.holds`, access) };
  if (given(unique)) return uniqueTest(unique.fields, `${where}.unique.fields`, access);
  const within = timely?.within ?? "";
  const bounds = { minMs: 0, maxMs: EXPECTATION_LIMITS.withinMs };
  return { kind: "TIMELY", withinMs: parseDuration(within, `${where}.timely.within`, bounds) };
};

const nameOf = (name: string, where: string, taken: ReadonlySet<string>): string => {
  if (name.trim() === "" || name.length > EXPECTATION_LIMITS.nameCharacters)
    throw bad(where, `A name has 1 to ${EXPECTATION_LIMITS.nameCharacters} characters.`);
  if (taken.has(name)) throw bad(where, `\`${name}\` is the name of an expectation before it: name each differently.`);
  return name;
};

/** Validates one expectation whose name is none of those that are taken; refuses with BAD_INPUT, or FORBIDDEN where personal data that the caller may not see would be tested. */
export const parseExpectation = (
  input: ExpectationInput,
  where: string,
  access: FieldAccess,
  taken: ReadonlySet<string>,
): Expectation => {
  // boundary: the keys of a constant are what its type says.
  const names = Object.keys(EXPECTATION_KINDS) as readonly (keyof typeof EXPECTATION_KINDS)[];
  const [kind, ...others] = names.filter((one) => given(input[one]));
  if (kind === undefined || others.length > 0)
    throw bad(where, `An expectation is exactly one of ${names.join(", ")}: take one for each.`);
  const atLeast = input.atLeast ?? null;
  if (atLeast !== null && !(atLeast >= 0 && atLeast <= 1)) throw bad(`${where}.atLeast`, "A share is from 0 to 1.");
  return {
    name: nameOf(input.name, `${where}.name`, taken),
    ...{ kind: EXPECTATION_KINDS[kind], test: testOf(input, where, access), atLeast, of: null },
  };
};

const parseFound = (
  { expect, of }: FoundExpectation,
  where: string,
  access: FieldAccess,
  taken: ReadonlySet<string>,
): Expectation => {
  try {
    return { ...parseExpectation(expect, where, access, taken), of: parseEventMatcher(of, where, access) };
  } catch (error) {
    // What it says stands elsewhere: the question has its id alone.
    throw refusedWithin(error, () => `${where}.id`);
  }
};

/** Validates what is expected of events, written out and kept, at their places in `where`; refuses with BAD_INPUT, or FORBIDDEN where personal data that the caller may not see would be tested. */
export const parseExpectations = (
  written: readonly ExpectationInput[],
  found: readonly FoundExpectation[],
  where: string,
  access: FieldAccess,
): readonly Expectation[] => {
  const taken = new Set<string>();
  const named = (expectation: Expectation): Expectation => {
    taken.add(expectation.name);
    return expectation;
  };
  return [
    ...written.map((input, place) => named(parseExpectation(input, `${where}.expect.${place}`, access, taken))),
    ...found.map((one, place) => named(parseFound(one, `${where}.kept.${place}`, access, taken))),
  ];
};

const fieldsOfTest = (test: ExpectationTest): readonly Field[] => {
  switch (test.kind) {
    case "EACH":
      return [...fieldsOf(test.tested), ...fieldsOf(test.passes)];
    case "UNIQUE":
      return test.fields;
    case "TIMELY":
      return [parseField("time", "time"), parseField("receivedAt", "receivedAt")];
  }
};

/** Every field that testing looks at. */
export const fieldsOfExpectation = ({ test, of }: Expectation): readonly Field[] => [
  ...(of === null ? [] : fieldsOfMatcher(of)),
  ...fieldsOfTest(test),
];

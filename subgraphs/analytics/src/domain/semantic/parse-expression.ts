import { errorMessage } from "@tessera/platform/errors/error-message";
import { refuse } from "@tessera/platform/errors/refusal";
import { RE2JS } from "re2js";
import { basesOf, parseRevealedField, type FieldAccess } from "../fields.ts";
import type { BaseField, Condition, Field, Otherwise, OwnValue } from "../field.ts";
import { plainFilter, type FilterInput } from "../filter-input.ts";
import { fieldsOf, FILTER_LIMITS, parseFilter } from "../filter.ts";
import { refuseInCohort } from "../in-cohort.ts";
import type { CasesExpression, DimensionExpression, RangesExpression, TextExpression } from "./dimension-expression.ts";

/** Cases of a dimension: a chart of more labels is not readable, and each is a test of every event. */
const MAX_CASES = 50;
/** Characters of a label. */
const MAX_LABEL = 128;
const NUMBERS: readonly string[] = ["DECIMAL", "INTEGER"];

const given = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;
const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** A field of events: dimensions are not made of dimensions, so that what one means is seen at once. */
const baseField = (name: string, where: string, access: FieldAccess): BaseField => {
  const field = parseRevealedField(name, where, access);
  if (field.kind === "OWN") throw bad(where, "A dimension is made of fields of events, not of other dimensions.");
  return field;
};

const textField = (name: string, where: string, access: FieldAccess): BaseField => {
  const field = baseField(name, where, access);
  if (field.kind === "PROPERTY" || field.type === "TEXT") return field;
  throw bad(where, `\`${name}\` is not text: take \`cases\` or \`ranges\`.`);
};

const labelOf = (label: string, where: string): string => {
  if (label === "" || label.length > MAX_LABEL) throw bad(where, `A label has 1 to ${MAX_LABEL} characters.`);
  return label;
};

const otherwiseOf = (label: string | null | undefined, where: string): Otherwise =>
  given(label) ? { kind: "LABEL", label: labelOf(label, where) } : { kind: "NOTHING" };

const patternOf = (pattern: string, where: string): string => {
  if (pattern === "" || pattern.length > FILTER_LIMITS.pattern)
    throw bad(where, `A pattern has 1 to ${FILTER_LIMITS.pattern} characters.`);
  try {
    RE2JS.compile(pattern, RE2JS.DOTALL);
  } catch (error) {
    throw bad(where, `The pattern is not one of RE2: ${errorMessage(error)}.`);
  }
  return pattern;
};

const parseText = (input: TextExpression, where: string, access: FieldAccess): OwnValue => {
  const { extract, trim = false, letters = null } = input;
  if (!given(extract) && !trim && letters === null && !given(input.otherwise))
    throw bad(where, "Say what is made of the text: `extract`, `trim`, `letters` or `otherwise`; else take `field`.");
  return {
    kind: "TEXT",
    of: textField(input.of, `${where}.of`, access),
    extract: given(extract) ? patternOf(extract, `${where}.extract`) : null,
    trim,
    letters,
    otherwise: otherwiseOf(input.otherwise, `${where}.otherwise`),
  };
};

const parseRanges = (input: RangesExpression, where: string, access: FieldAccess): OwnValue => {
  const { bounds, labels } = input;
  const field = baseField(input.of, `${where}.of`, access);
  if (field.kind !== "PROPERTY" && !NUMBERS.includes(field.type))
    throw bad(`${where}.of`, `\`${input.of}\` is not a number.`);
  if (bounds.length === 0 || bounds.length >= MAX_CASES)
    throw bad(`${where}.bounds`, `Ranges have 1 to ${MAX_CASES - 1} bounds between them.`);
  if (bounds.some((bound, index) => !Number.isFinite(bound) || bound <= (bounds[index - 1] ?? -Infinity)))
    throw bad(`${where}.bounds`, "Bounds rise from each to the next.");
  if (labels.length !== bounds.length + 1)
    throw bad(
      `${where}.labels`,
      `${bounds.length} bounds part the numbers into ${bounds.length + 1} ranges: label each.`,
    );
  const named = labels.map((label, index) => labelOf(label, `${where}.labels.${index}`));
  const compare = (comparison: "lt" | "gte", value: number): Condition => ({
    kind: "COMPARE",
    field,
    comparison,
    value,
  });
  return {
    kind: "CASES",
    cases: named.map((label, index) => {
      const bound = bounds[index];
      return { when: bound === undefined ? compare("gte", bounds.at(-1) ?? 0) : compare("lt", bound), label };
    }),
    otherwise: otherwiseOf(input.otherwise, `${where}.otherwise`),
  };
};

/** Conditions of cases, which count towards the bounds of one filter together. */
const conditionsOf = (cases: CasesExpression["cases"], where: string, access: FieldAccess): readonly Condition[] => {
  const or = cases.map(({ when }, index): FilterInput => {
    const at = `${where}.${index}.when`;
    refuseInCohort(when, at);
    return { ...when, at };
  });
  const all = parseFilter({ or, at: where }, where, access);
  if (all?.kind !== "OR") throw new Error("Filters that are or-ed are parsed as that.");
  return all.parts;
};

const parseCases = (input: CasesExpression, where: string, access: FieldAccess): OwnValue => {
  const { cases, otherwise, otherwiseOf: rest } = input;
  if (cases.length === 0 || cases.length > MAX_CASES)
    throw bad(`${where}.cases`, `A dimension has 1 to ${MAX_CASES} cases.`);
  if (given(otherwise) && given(rest))
    throw bad(where, "What no case lets through has a label or a field's text, not both.");
  const conditions = conditionsOf(cases, `${where}.cases`, access);
  return {
    kind: "CASES",
    cases: conditions.map((when, index) => {
      const label = labelOf(cases[index]?.label ?? "", `${where}.cases.${index}.label`);
      return { when, label };
    }),
    otherwise: given(rest)
      ? { kind: "FIELD", field: textField(rest, `${where}.otherwiseOf`, access) }
      : otherwiseOf(otherwise, `${where}.otherwise`),
  };
};

const basesIn = (value: OwnValue): readonly BaseField[] => {
  const { otherwise } = value;
  const all: readonly Field[] = [
    ...(value.kind === "TEXT" ? [value.of] : value.cases.flatMap(({ when }) => fieldsOf(when))),
    ...(otherwise.kind === "FIELD" ? [otherwise.field] : []),
  ];
  return [...new Map(all.flatMap(basesOf).map((field) => [field.name, field])).values()];
};

/**
 * Reads what a dimension is, as the field that `name` stands for: a field as it is, or text that is made of others. Refuses with BAD_INPUT, or FORBIDDEN for
 * personal data the caller may not see, within `where`.
 */
export const parseExpression = (
  expression: DimensionExpression,
  name: string,
  where: string,
  { personalData, timeZone }: FieldAccess,
): Field => {
  // Without what the tenant's own dimensions mean, so that none is made of another.
  const access: FieldAccess = {
    ...{ personalData, whyNoOwn: "dimensions are not made of dimensions, so that what one means is seen at once" },
    ...(timeZone === undefined ? {} : { timeZone }),
  };
  const { field, text, ranges, cases } = expression;
  if ([field, text, ranges, cases].filter(given).length !== 1)
    throw bad(where, "A dimension is exactly one of `field`, `text`, `ranges` and `cases`.");
  if (given(field)) return { ...baseField(field, `${where}.field`, access), name };
  const value = given(text)
    ? parseText(text, `${where}.text`, access)
    : given(ranges)
      ? parseRanges(ranges, `${where}.ranges`, access)
      : parseCases(cases ?? { cases: [] }, `${where}.cases`, access);
  return { kind: "OWN", name, type: "TEXT", value, of: basesIn(value) };
};

/** The expression as it is kept: nothing in it that says nothing. */
export const plainExpression = ({ field, text, ranges, cases }: DimensionExpression): DimensionExpression => ({
  ...(given(field) ? { field } : {}),
  ...(given(text)
    ? {
        text: {
          ...{ of: text.of, trim: text.trim ?? false },
          ...(given(text.extract) ? { extract: text.extract } : {}),
          ...(given(text.letters) ? { letters: text.letters } : {}),
          ...(given(text.otherwise) ? { otherwise: text.otherwise } : {}),
        },
      }
    : {}),
  ...(given(ranges)
    ? {
        ranges: {
          ...{ of: ranges.of, bounds: ranges.bounds, labels: ranges.labels },
          ...(given(ranges.otherwise) ? { otherwise: ranges.otherwise } : {}),
        },
      }
    : {}),
  ...(given(cases)
    ? {
        cases: {
          cases: cases.cases.map(({ when, label }) => ({ when: plainFilter(when, "filter"), label })),
          ...(given(cases.otherwise) ? { otherwise: cases.otherwise } : {}),
          ...(given(cases.otherwiseOf) ? { otherwiseOf: cases.otherwiseOf } : {}),
        },
      }
    : {}),
});

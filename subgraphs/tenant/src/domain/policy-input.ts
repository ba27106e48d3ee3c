import {
  FILTER_ORDERED_COLUMNS,
  FILTER_PREFIX_COLUMNS,
  FILTER_TEXT_COLUMNS,
  MASK_COLUMNS,
  type FilterOrderedColumn,
  type FilterPrefixColumn,
  type FilterTextColumn,
  type Mask,
  type MaskColumn,
} from "@tessera/contracts/data-policy";
import { refuse } from "@tessera/platform/errors/refusal";
import type { ColumnMask, RowCondition } from "./data-policy.ts";
import { propertyCondition, type ConditionOperator, type PropertyInput } from "./property-input.ts";

/** Conditions one policy may have. */
export const MAX_CONDITIONS = 20;
/** Values one condition may name. */
export const MAX_CONDITION_VALUES = 100;
/** Characters a value or a constant may have. */
export const MAX_VALUE_LENGTH = 200;

/** A condition as the caller wrote it; the column is the event's, in lower case. */
export interface ConditionInput {
  readonly column: string;
  readonly operator: ConditionOperator;
  readonly values: readonly string[];
  /** The property that decides, where the column is `properties`. */
  readonly property?: PropertyInput | null | undefined;
}

/** A mask as the caller wrote it. */
export interface MaskInput {
  readonly column: string;
  readonly mask: Mask["kind"];
  readonly value?: string | null | undefined;
}

const named = <Name extends string>(names: readonly Name[]) => {
  const all: ReadonlySet<string> = new Set(names);
  return (text: string): text is Name => all.has(text);
};
const isText: (text: string) => text is FilterTextColumn = named(FILTER_TEXT_COLUMNS);
const isOrdered: (text: string) => text is FilterOrderedColumn = named(FILTER_ORDERED_COLUMNS);
const isPrefixed: (text: string) => text is FilterPrefixColumn = named(FILTER_PREFIX_COLUMNS);
const isMaskable: (text: string) => text is MaskColumn = named(MASK_COLUMNS);

const DECIMAL = /^-?\d{1,14}(\.\d{1,4})?$/;
const CONTROL = /\p{Cc}|\p{Cs}/u;

/** Texts to hold values against, sorted, each once; refuses none, too many, too long and unprintable ones with BAD_INPUT. */
const textValues = (values: readonly string[], field: string): readonly string[] => {
  if (values.length === 0 || values.length > MAX_CONDITION_VALUES)
    throw refuse("BAD_INPUT", `Give 1 to ${MAX_CONDITION_VALUES} values.`, { field });
  if (values.some((value) => value.length > MAX_VALUE_LENGTH || CONTROL.test(value)))
    throw refuse("BAD_INPUT", `A value has at most ${MAX_VALUE_LENGTH} characters, all of them printable.`, { field });
  return [...new Set(values)].toSorted();
};

const textCondition = (column: FilterTextColumn, input: ConditionInput, field: string): RowCondition => {
  const { operator } = input;
  if (operator !== "IN" && operator !== "NOT_IN")
    throw refuse("BAD_INPUT", `${column} is a text: it can be IN or NOT_IN some values, or begin with some.`, {
      field,
    });
  return { kind: "TEXT", column, operator, values: textValues(input.values, field) };
};

const prefixCondition = (column: string, input: ConditionInput, field: string): RowCondition => {
  const { operator } = input;
  if ((operator !== "STARTS_WITH" && operator !== "NOT_STARTS_WITH") || !isPrefixed(column))
    throw refuse("BAD_INPUT", `${column} is no text that could begin with something.`, { field });
  if (input.values.includes(""))
    throw refuse("BAD_INPUT", "Every text begins with the empty one: name longer beginnings.", { field });
  return { kind: "PREFIX", column, operator, values: textValues(input.values, field) };
};

const orderedCondition = (column: FilterOrderedColumn, input: ConditionInput, field: string): RowCondition => {
  const { operator, values } = input;
  const [value, ...rest] = values;
  if ((operator !== "AT_LEAST" && operator !== "LESS_THAN") || value === undefined || rest.length > 0)
    throw refuse("BAD_INPUT", `${column} can be AT_LEAST or LESS_THAN one value.`, { field });
  if (column === "revenue") {
    if (!DECIMAL.test(value))
      throw refuse("BAD_INPUT", "An amount has at most 14 digits and 4 decimals, for example 12.50.", { field });
    return { kind: "ORDERED", column, operator, value };
  }
  const ms = Date.parse(value);
  if (!/^\d{4}-\d{2}-\d{2}T/.test(value) || Number.isNaN(ms))
    throw refuse("BAD_INPUT", "A time is written as in 2026-11-20T12:00:00Z.", { field });
  return { kind: "ORDERED", column, operator, value: new Date(ms).toISOString() };
};

const condition = (input: ConditionInput, field: string): RowCondition => {
  const { column, operator, values, property } = input;
  if (column === "properties" && property !== null && property !== undefined) {
    if (property.type !== "TEXT")
      return { kind: "PROPERTY", condition: propertyCondition(property, operator, values, field) };
    const texts = textValues(values, field);
    return { kind: "PROPERTY", condition: propertyCondition(property, operator, texts, field) };
  }
  if (property !== null && property !== undefined)
    throw refuse("BAD_INPUT", "A property is named for the column PROPERTIES alone.", { field });
  if (operator === "STARTS_WITH" || operator === "NOT_STARTS_WITH") return prefixCondition(column, input, field);
  if (isText(column)) return textCondition(column, input, field);
  if (isOrdered(column)) return orderedCondition(column, input, field);
  const [value] = values;
  if (column === "synthetic" && operator === "IS" && values.length === 1 && (value === "true" || value === "false"))
    return { kind: "SYNTHETIC", value: value === "true" };
  throw refuse(
    "BAD_INPUT",
    `${column} can't be filtered on this way; SYNTHETIC IS "true" or "false", PROPERTIES need a property.`,
    { field },
  );
};

/** Reads the conditions of a policy; refuses wrong ones with BAD_INPUT. */
export const rowConditions = (inputs: readonly ConditionInput[], field: string): readonly RowCondition[] => {
  if (inputs.length > MAX_CONDITIONS)
    throw refuse("BAD_INPUT", `A policy has at most ${MAX_CONDITIONS} conditions.`, { field });
  return inputs.map((input, index) => condition(input, `${field}.${index}`));
};

const maskOf = ({ column, mask, value }: MaskInput, field: string): ColumnMask => {
  if (!isMaskable(column)) throw refuse("BAD_INPUT", `${column} can't be masked.`, { field });
  if (mask !== "NULL" && (column === "revenue" || column === "properties"))
    throw refuse("BAD_INPUT", `${column} is no text: it can be left out (NULL) only.`, { field });
  if ((mask === "CONSTANT") !== (typeof value === "string"))
    throw refuse("BAD_INPUT", "CONSTANT, and nothing else, needs a value.", { field });
  if (mask !== "CONSTANT") return { column, mask: { kind: mask } };
  const text = value ?? "";
  if (text.length > MAX_VALUE_LENGTH || CONTROL.test(text))
    throw refuse("BAD_INPUT", `A constant has at most ${MAX_VALUE_LENGTH} characters, all of them printable.`, {
      field,
    });
  return { column, mask: { kind: "CONSTANT", value: text } };
};

/** Reads the masks of a policy, each column once; refuses wrong ones with BAD_INPUT. */
export const columnMasks = (inputs: readonly MaskInput[], field: string): readonly ColumnMask[] => {
  const masks = inputs.map((input, index) => maskOf(input, `${field}.${index}`));
  if (new Set(masks.map(({ column }) => column)).size < masks.length)
    throw refuse("BAD_INPUT", "A policy masks each column once.", { field });
  return masks;
};

import { refuse } from "@tessera/platform/errors/refusal";
import type {
  BaseField,
  ColumnField,
  Comparison,
  Condition,
  Field,
  OwnField,
  OwnValue,
  PartField,
} from "../domain/field.ts";
import { amongSql } from "./member-sql.ts";
import { partSql } from "./part-sql.ts";
import { propertyNumber, propertyText } from "./property-sql.ts";
import type { Params } from "./params.ts";

/** How a comparison is written. */
export const COMPARISON_SQL: Readonly<Record<Comparison, string>> = { gt: ">", gte: ">=", lt: "<", lte: "<=" };

const textOf = (field: BaseField, params: Params): string =>
  field.kind === "PROPERTY" ? `ifNull(${propertyText(field.path, params)}, '')` : columnSql(field, params);

const otherwiseSql = ({ otherwise }: OwnValue, params: Params): string => {
  switch (otherwise.kind) {
    case "NOTHING":
      return "''";
    case "LABEL":
      return params.place("String", otherwise.label);
    case "FIELD":
      return `toString(${textOf(otherwise.field, params)})`;
  }
};

const LETTERS = { LOWER: "lower", UPPER: "upper" } as const;

/** Text as a dimension makes it: cut out, then trimmed, then in letters of one case; where nothing is left, what it is otherwise. */
const madeText = (value: Extract<OwnValue, { kind: "TEXT" }>, params: Params): string => {
  const { of, extract, trim, letters } = value;
  const sent = `toString(${textOf(of, params)})`;
  const cut = extract === null ? sent : `extract(${sent}, ${params.place("String", extract)})`;
  const trimmed = trim ? `trimBoth(${cut})` : cut;
  const made = letters === null ? trimmed : `${LETTERS[letters]}(${trimmed})`;
  return value.otherwise.kind === "NOTHING" ? made : `if(${made} = '', ${otherwiseSql(value, params)}, ${made})`;
};

/** A dimension of a tenant's own: text, empty where it is missing. */
const ownSql = ({ value }: OwnField, params: Params): string => {
  if (value.kind === "TEXT") return madeText(value, params);
  const cases = value.cases.flatMap(({ when, label }) => [conditionSql(when, params), params.place("String", label)]);
  return `multiIf(${[...cases, otherwiseSql(value, params)].join(", ")})`;
};

/** A column, a part of one, or what a tenant has made of such and of properties. */
export const columnSql = (field: ColumnField | PartField | OwnField, params: Params): string => {
  if (field.kind === "OWN") return ownSql(field, params);
  return field.kind === "PART" ? partSql(field, params) : field.column;
};

const columnOneOf = (field: ColumnField | PartField | OwnField, values: readonly string[], params: Params): string => {
  const texts = (): string => params.place("Array(String)", values);
  const column = columnSql(field, params);
  switch (field.type) {
    case "TEXT":
      return `${column} IN ${texts()}`;
    case "ID":
      return `${column} IN ${params.place("Array(UUID)", values)}`;
    case "BOOLEAN":
    case "INTEGER":
      return `toString(${column}) IN ${texts()}`;
    case "DECIMAL":
      return `ifNull(toString(${column}) IN ${texts()}, 0)`;
    case "TIME":
      return `toUnixTimestamp64Milli(${column}) IN ${params.place("Array(Int64)", values.map(Number))}`;
    case "LIST":
      return `hasAny(${column}, ${texts()})`;
  }
};

const oneOf = (field: Field, values: readonly string[], params: Params): string =>
  field.kind !== "PROPERTY"
    ? columnOneOf(field, values, params)
    : `ifNull(${propertyText(field.path, params)} IN ${params.place("Array(String)", values)}, 0)`;

const textTest = (test: "position" | "startsWith" | "match", field: Field, text: string, params: Params): string => {
  const value =
    field.kind !== "PROPERTY" ? columnSql(field, params) : `ifNull(${propertyText(field.path, params)}, '')`;
  const found = `${test}(${value}, ${params.place("String", text)})`;
  const matches = test === "position" ? `${found} > 0` : found;
  return field.kind !== "PROPERTY" ? matches : `(${exists(field, params)} AND ${matches})`;
};

const compare = (field: Field, comparison: Comparison, value: number, params: Params): string => {
  const number =
    field.kind !== "PROPERTY" ? `toFloat64(${columnSql(field, params)})` : propertyNumber(field.path, params);
  return `ifNull(${number} ${COMPARISON_SQL[comparison]} ${params.place("Float64", value)}, 0)`;
};

const exists = (field: Field, params: Params): string => {
  if (field.kind === "PROPERTY") return `isNotNull(${propertyText(field.path, params)})`;
  switch (field.type) {
    case "TEXT":
      return `${columnSql(field, params)} != ''`;
    case "DECIMAL":
      return `isNotNull(${columnSql(field, params)})`;
    case "LIST":
      return `notEmpty(${columnSql(field, params)})`;
    case "ID":
    case "TIME":
    case "BOOLEAN":
    case "INTEGER":
      return "1";
  }
};

/** An event of nobody known, or that names no account, is of no cohort: nobody is among any members. */
const inCohort = ({ people, accounts }: Extract<Condition, { kind: "IN_COHORT" }>, params: Params): string => {
  if (people === null)
    throw refuse("BAD_INPUT", "`inCohort` can't be asked here: take a filter on fields of the events.", {
      field: "filter.inCohort",
    });
  return amongSql({ accounts, sql: people }, params);
};

/** Writes a condition as an expression that is 1 or 0, never null, so that NOT is the plain complement. */
export const conditionSql = (condition: Condition, params: Params): string => {
  switch (condition.kind) {
    case "AND":
    case "OR":
      return `(${condition.parts.map((part) => conditionSql(part, params)).join(` ${condition.kind} `)})`;
    case "NOT":
      return `NOT (${conditionSql(condition.part, params)})`;
    case "ONE_OF":
      return oneOf(condition.field, condition.values, params);
    case "CONTAINS":
      return textTest("position", condition.field, condition.text, params);
    case "STARTS_WITH":
      return textTest("startsWith", condition.field, condition.text, params);
    case "MATCHES":
      return textTest("match", condition.field, condition.text, params);
    case "COMPARE":
      return compare(condition.field, condition.comparison, condition.value, params);
    case "IN_COHORT":
      return inCohort(condition, params);
    case "EXISTS":
      return condition.exists ? exists(condition.field, params) : `NOT (${exists(condition.field, params)})`;
  }
};

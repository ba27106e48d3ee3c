import type { ColumnField, Field, PartField } from "../domain/fields.ts";
import type { Params } from "./params.ts";
import { partSql } from "./part-sql.ts";

/** A property as nullable text: null where the event does not carry it. The path is a parameter that the store quotes itself. */
export const propertyText = (path: string, params: Params): string =>
  `CAST(${params.place("Identifier", path)}, 'Nullable(String)')`;

/** A property as a finite number: JSON numbers, and texts that are a number from end to end; null otherwise. */
export const propertyNumber = (path: string, params: Params): string => {
  const number = `toFloat64OrNull(${propertyText(path, params)})`;
  return `if(isFinite(${number}), ${number}, NULL)`;
};

/** A column, or a part of one. */
export const columnSql = (field: ColumnField | PartField, params: Params): string =>
  field.kind === "PART" ? partSql(field, params) : field.column;

/** The expression a field is grouped by; its cells are read by `dimensionColumn`. */
export const groupExpression = (field: Field, params: Params): string => {
  if (field.kind === "PROPERTY") return propertyText(field.path, params);
  if (field.kind === "PART") return partSql(field, params);
  switch (field.type) {
    case "TEXT":
      return field.column;
    case "ID":
    case "DECIMAL":
      return `toString(${field.column})`;
    case "BOOLEAN":
      return `toUInt8(${field.column})`;
    case "INTEGER":
      return field.column;
    case "TIME":
      return `toUnixTimestamp64Milli(${field.column})`;
    case "LIST":
      return `arrayStringConcat(${field.column}, ',')`;
  }
};

/** The expression groups of a field are ordered by, given the alias of its group expression: missing values last, numbers as numbers. */
export const groupOrder = (field: Field, alias: string, direction: "ASC" | "DESC"): string => {
  if (field.kind === "PROPERTY") return `${alias} ${direction} NULLS LAST`;
  if (field.type === "TEXT" || field.type === "LIST") return `${alias} = '' ASC, ${alias} ${direction}`;
  if (field.type === "DECIMAL") return `toDecimal128OrNull(${alias}, 4) ${direction} NULLS LAST`;
  return `${alias} ${direction}`;
};

import type { Field } from "../domain/field.ts";
import { columnSql } from "./condition-sql.ts";
import type { Params } from "./params.ts";
import { propertyText } from "./property-sql.ts";

/** The expression a field is grouped by; its cells are read by `dimensionColumn`. */
export const groupExpression = (field: Field, params: Params): string => {
  if (field.kind === "PROPERTY") return propertyText(field.path, params);
  if (field.kind === "PART" || field.kind === "OWN") return columnSql(field, params);
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

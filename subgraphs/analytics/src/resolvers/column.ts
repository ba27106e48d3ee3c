import type { ColumnResolvers } from "../generated/resolvers.ts";

const TYPES = {
  TEXT: "TextColumn",
  INTEGER: "IntegerColumn",
  NUMBER: "NumberColumn",
  DECIMAL: "DecimalColumn",
  BOOLEAN: "BooleanColumn",
  TIME: "TimeColumn",
} as const;

/** Resolvers of `Column`. */
export const Column: ColumnResolvers = {
  __resolveType: ({ kind }) => TYPES[kind],
};

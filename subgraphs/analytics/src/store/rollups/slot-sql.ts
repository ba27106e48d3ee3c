import type { Field } from "../../domain/field.ts";
import type { NumberSource, UniquesOf } from "../../domain/measures.ts";
import { groupExpression } from "../group-sql.ts";
import { numberOf } from "../measure-sql.ts";
import type { Params } from "../params.ts";

/** Registers (as a power of two) of the sketches of distinct values: as many as the table of rollups is made for. */
const ROLLUP_SKETCH_BITS = 14;
/** What merges sketches of distinct values to one. */
export const SKETCH_MERGE = `uniqCombined64MergeState(${ROLLUP_SKETCH_BITS})`;

/** A field as the text that keeps its values apart in a rollup's key: of properties, which may be missing, empty when they are, else `=` and the value. */
export const keySql = (field: Field, params: Params): string => {
  const value = groupExpression(field, params);
  return field.kind === "PROPERTY" ? `ifNull(concat('=', ${value}), '')` : `toString(${value})`;
};

/** The value of an event that is counted once, as a number, and whether it has one. */
const counted = (of: UniquesOf, params: Params): { readonly value: string; readonly given: string } => {
  if (of.kind === "PERSONS") return { value: "person", given: "person != 0" };
  if (of.kind === "SESSIONS") return { value: "cityHash64(session_id)", given: "session_id != ''" };
  const value = groupExpression(of.field, params);
  const textual = of.field.kind !== "PROPERTY" && ["TEXT", "LIST"].includes(of.field.type);
  return {
    value: `cityHash64(ifNull(toString(${value}), ''))`,
    given: textual ? `${value} != ''` : `isNotNull(${value})`,
  };
};

/** The sketch of distinct values that events make. */
export const sketchSql = (of: UniquesOf, params: Params): string => {
  const { value, given } = counted(of, params);
  return `uniqCombined64StateIf(${ROLLUP_SKETCH_BITS})(${value}, ${given})`;
};

/** The digest of numbers that events make; whatever levels are asked of it. */
export const digestSql = (of: NumberSource, params: Params): string => {
  const number = `toFloat64(${numberOf(of, null, params)})`;
  return `quantilesTDigestStateIf(0.5)(ifNull(${number}, 0), isNotNull(${number}))`;
};

/** What events make of the four columns of a number. */
export const numberSql = (of: NumberSource, params: Params) => {
  const number = numberOf(of, null, params);
  return {
    sum: `sum(ifNull(${number}, 0))`,
    count: `count(${number})`,
    min: `min(${number})`,
    max: `max(${number})`,
  } as const;
};

import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { CorrelationPattern, KeyField, Operand } from "../../domain/correlation/rule.ts";
import type { Field } from "../../domain/field.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { anyNameSql, behaviourRange, matcherSql } from "../behaviour-sql.ts";
import { groupExpression } from "../group-sql.ts";
import { propertyNumber, propertyText } from "../property-sql.ts";
import { createParams, type Params } from "../params.ts";
import { sinceSql, untilSql } from "../time-sql.ts";

/** Stored batches that are read together, and the times their events lie between, both inclusive. */
export interface BatchGroup {
  readonly batchIds: readonly string[];
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
}

/** A field as text, the same for equal values wherever they stand: empty or null for what the event does not carry. */
const textSql = (field: Field, params: Params): string => {
  if (field.kind === "PROPERTY") return propertyText(field.path, params);
  const value = groupExpression(field, params);
  return field.type === "BOOLEAN" ? `if(${value} = 1, 'true', 'false')` : `toString(${value})`;
};

const keyText = (key: KeyField, params: Params): string =>
  key.kind === "PERSON" ? "if(person = 0, '', toString(person))" : `ifNull(${textSql(key.field, params)}, '')`;

/** The hash of an event's key under a part; empty when it is none of the part, or lacks a value of the key. */
const partKey = ({ matcher, key }: CorrelationPattern["parts"][number], params: Params): string => {
  const texts = key.map((one) => keyText(one, params));
  const present = texts.map((text) => `${text} != ''`).join(" AND ");
  return `if(${matcherSql(matcher, params)} AND ${present}, lower(hex(sipHash128(${texts.join(", ")}))), '')`;
};

const numberSql = (field: Field, params: Params): string => {
  if (field.kind === "PROPERTY") return propertyNumber(field.path, params);
  const value = groupExpression(field, params);
  return field.type === "DECIMAL" ? `toFloat64OrNull(${value})` : `toFloat64(${value})`;
};

const operandSql = ({ field, as }: Operand, params: Params): string => {
  if (as === "NUMBER") return numberSql(field, params);
  const text = textSql(field, params);
  return `if(ifNull(${text}, '') = '', NULL, lower(hex(sipHash128(ifNull(${text}, '')))))`;
};

/** Only events of some part of the pattern, by what the store's index can tell. */
const partsWhere = ({ parts }: CorrelationPattern, params: Params): readonly string[] => {
  const matchers = parts.map(({ matcher }) => matcher);
  const any = matchers.map((matcher) => matcherSql(matcher, params)).join(" OR ");
  return [...anyNameSql(matchers, params), `(${any})`];
};

const seenColumns = ({ parts, operands }: CorrelationPattern, params: Params): string =>
  [
    "toString(event_id) AS id",
    "toUnixTimestamp64Milli(time) AS time_ms",
    "toUnixTimestamp64Milli(received_at) AS received_ms",
    "sequence",
    `[${parts.map((part) => partKey(part, params)).join(", ")}] AS keys`,
    ...operands.map((operand, index) => `${operandSql(operand, params)} AS v${index}`),
  ].join(", ");

/** The events of stored batches that are of some part of a pattern. */
export const seenInBatchesStatement = (
  pattern: CorrelationPattern,
  { batchIds, minTimeMs, maxTimeMs }: BatchGroup,
  tenantId: string,
): StoreStatement => {
  const params = createParams();
  const where = [
    `tenant_id = ${params.place("String", tenantId)}`,
    sinceSql(minTimeMs, params),
    untilSql(maxTimeMs, params, true),
    `batch_id IN ${params.place("Array(UUID)", batchIds)}`,
    ...partsWhere(pattern, params),
  ];
  const text = `SELECT ${seenColumns(pattern, params)} FROM events WHERE ${where.join(" AND ")}`;
  return { name: "correlated-in-batches", text, params: params.values };
};

/** The events of a range that are of some part of a pattern, in the order of (time, sequence, id). */
export const seenInRangeStatement = (
  pattern: CorrelationPattern,
  range: TimeRange,
  tenantId: string,
): StoreStatement => {
  const params = createParams();
  const where = [behaviourRange("events", range, tenantId, params), ...partsWhere(pattern, params)];
  const text = [
    `SELECT ${seenColumns(pattern, params)} FROM events WHERE ${where.join(" AND ")}`,
    "ORDER BY time_ms, sequence, id",
  ].join("\n");
  return { name: "correlated-in-range", text, params: params.values };
};

/** A range cut into pieces of equal length. */
export interface Pieces extends TimeRange {
  readonly pieceMs: number;
}

/** How many events of each piece of a range are of some part of a pattern; pieces without any are left out. */
export const seenSizesStatement = (pattern: CorrelationPattern, pieces: Pieces, tenantId: string): StoreStatement => {
  const params = createParams();
  const where = [behaviourRange("events", pieces, tenantId, params), ...partsWhere(pattern, params)];
  const [from, step] = [params.place("Int64", pieces.fromMs), params.place("Int64", pieces.pieceMs)];
  const text = [
    `SELECT intDiv(toUnixTimestamp64Milli(time) - ${from}, ${step}) AS piece, count() AS events`,
    `FROM events WHERE ${where.join(" AND ")} GROUP BY piece ORDER BY piece`,
  ].join("\n");
  return { name: "correlated-sizes", text, params: params.values };
};

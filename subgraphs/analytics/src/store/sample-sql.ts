import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { Measure } from "../domain/measures.ts";
import type { Sample } from "../domain/sampling.ts";
import { measureOfEvents } from "./measure-sql.ts";
import { linesOfEvents, orderSql, type OlapRequest } from "./olap-sql.ts";
import { createParams, type Params } from "./params.ts";
import { keyAliases, keySelects, partWhere } from "./source-sql.ts";

/** What one person adds to a measure. */
const ofPerson = (measure: Measure, request: OlapRequest, params: Params): string => {
  if (measure.formula.kind === "UNIQUES") return "toUInt8(person != 0)";
  return measureOfEvents(measure, request.query.measures, 0, params).order;
};

/**
 * The estimate of a total T = sum of y over persons from a sample that takes each person with probability p (Horvitz and Thompson, 1952):
 * sum(y) / p over the sample, with the variance (1 - p) / p^2 * sum(y^2). Events of nobody known are all read, so they are added as they are.
 */
const estimated = (measure: Measure, y: string, p: string): { readonly select: string; readonly order: string } => {
  const sampled = `sumIf(toFloat64(${y}), person != 0) / ${p}`;
  const whole = measure.formula.kind === "UNIQUES" ? "0" : `sumIf(toFloat64(${y}), person = 0)`;
  const sum = `${whole} + ${sampled}`;
  if (measure.type === "INTEGER") return { select: `toInt64(round(${sum}))`, order: sum };
  if (measure.type === "DECIMAL") return { select: `toString(toDecimal128(${sum}, 4))`, order: sum };
  return { select: sum, order: sum };
};

const errorOf = (y: string, p: string): string =>
  `sqrt((1 - ${p}) * sumIf(toFloat64(${y}) * toFloat64(${y}), person != 0)) / ${p}`;

/**
 * Groups and totals estimated from a sample of persons, in the shape of `olapStatement`, with the standard errors `e0` ... of the measures and
 * the sampled persons `persons` beside. A person's events in several groups are one draw for the totals: their squares are of the person's whole sum.
 */
export const sampleStatement = (request: OlapRequest, sample: Sample, tenantId: string): StoreStatement => {
  const params = createParams();
  const { query, limit, lines } = request;
  const p = params.place("Float64", sample.fraction);
  const aliases = keyAliases(query);
  const [first] = aliases;
  const inRange = partWhere({ table: "events", ...query.range }, query.filter, tenantId, params);
  const where = [
    inRange,
    `person < ${params.place("UInt64", sample.firstOutside)}`,
    ...linesOfEvents(query, lines, params),
  ].join(" AND ");
  const values = query.measures.map((measure, index) => `${ofPerson(measure, request, params)} AS y${index}`);
  const grouped = first === undefined ? "person" : `GROUPING SETS ((${aliases.join(", ")}, person), (person))`;
  const total = first === undefined ? "toUInt8(1)" : `grouping(${first})`;
  const inner = [
    `SELECT ${[`${total} AS total`, ...keySelects(query, "events", params), "person", ...values].join(", ")}`,
    `FROM ${sample.table} WHERE ${where} GROUP BY ${grouped}`,
  ].join("\n");
  const measures = query.measures.map((measure, index) => estimated(measure, `y${index}`, p));
  const outer = [
    "total",
    ...aliases,
    ...measures.map(({ select }, index) => `${select} AS m${index}`),
    ...query.measures.map((_measure, index) => `${errorOf(`y${index}`, p)} AS e${index}`),
    "countIf(person != 0) AS persons",
  ];
  const text = [
    `SELECT ${outer.join(", ")}`,
    `FROM (${inner})`,
    `GROUP BY ${["total", ...aliases].join(", ")}`,
    `ORDER BY total DESC${first === undefined ? "" : `, ${orderSql(request, measures)}`}`,
    `LIMIT ${params.place("UInt64", limit + 2)}`,
  ].join("\n");
  return { name: "olap-sample", text, params: params.values };
};

/** The engine's own estimate of the rows a statement would read, by its index; nothing is read for it. */
export const estimateOf = ({ name, text, params }: StoreStatement): StoreStatement => ({
  name: `${name}-estimate`,
  text: `EXPLAIN ESTIMATE ${text}`,
  params,
});

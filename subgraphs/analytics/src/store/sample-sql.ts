import type { StoreStatement } from "@tessera/platform/store/event-store";
import type { Estimation, Estimator, PersonSum } from "../domain/estimators.ts";
import type { Measure } from "../domain/measures.ts";
import type { Drawing, Sample } from "../domain/sampling.ts";
import { arithmeticSql } from "./arithmetic-sql.ts";
import { conditionSql } from "./condition-sql.ts";
import { numberOf, type MeasureSql } from "./measure-sql.ts";
import { coarserSets } from "./olap-sets-sql.ts";
import { linesOfEvents, orderSql, type OlapRequest } from "./olap-sql.ts";
import { createParams, type Params } from "./params.ts";
import { keyAliases, keySelects, partWhere } from "./source-sql.ts";
import { momentSql } from "./time-sql.ts";

const numbersOf = ({ name, formula, filter }: Measure, params: Params): string => {
  if (formula.kind === "COUNT" || formula.kind === "UNIQUES" || formula.kind === "FORMULA")
    throw new Error(`${name} computes over no numbers.`);
  return numberOf(formula.of, filter, params);
};

/** What one unit adds to a sum. */
const ofUnit = ({ kind, measure }: PersonSum, params: Params): string => {
  const passed = measure.filter === null ? [] : [conditionSql(measure.filter, params)];
  switch (kind) {
    case "EVENTS":
      return passed.length === 0 ? "count()" : `countIf(${passed.join("")})`;
    case "TOTAL":
      return `ifNull(sum(${numbersOf(measure, params)}), 0)`;
    case "NUMBERS":
      return `count(${numbersOf(measure, params)})`;
    case "PERSON":
      return `countIf(${["person != 0", ...passed].join(" AND ")}) > 0`;
    case "SESSIONS":
      return `uniqExactIf(session_id, ${["session_id != ''", ...passed].join(" AND ")})`;
  }
};

/** Which events are in a sample; of those alone that pass everything else. */
export const drawnSql = (
  { query, lines }: Pick<OlapRequest, "query" | "lines">,
  sample: Sample,
  tenantId: string,
  params: Params,
): string => {
  const sampled = sample.table === "events_sample";
  const days = (["fromMs", "toMs"] as const).map((end) => `toDate(${momentSql(query.range[end], params)})`);
  return [
    partWhere({ table: "events", ...query.range }, query.filter, tenantId, params),
    // The sample is in order of days, which the store does not conclude from the time.
    ...(sampled ? [`toDate(time) >= ${days[0]}`, `toDate(time) <= ${days[1]}`] : []),
    `${sampled ? "unit" : "person"} < ${params.place("UInt64", sample.firstOutside)}`,
    ...linesOfEvents(query, lines, params),
  ].join(" AND ");
};

/** The units of a sample in each group, in each coarser one and over all of them: what each adds to the sums (`y0` ...) and its numbers (`v0` ...), by its key `u`. */
const unitsSql = (request: OlapRequest, { sample, estimation }: Drawing, tenantId: string, params: Params): string => {
  const { query } = request;
  const aliases = keyAliases(query);
  const keyed = aliases.length > 0;
  const columns = [
    `${keyed ? `grouping(${aliases.join(", ")})` : "toUInt8(0)"} AS total`,
    ...keySelects(query, "events", params),
    `${sample.table === "events_sample" ? "unit" : "person"} AS u`,
    "max(person != 0) AS known",
    ...estimation.sums.map((sum, place) => `toFloat64(${ofUnit(sum, params)}) AS y${place}`),
    ...estimation.values.map((measure, place) => `groupArray(toFloat64(${numbersOf(measure, params)})) AS v${place}`),
  ];
  const sets = [aliases.join(", "), ...coarserSets(request)].map((set) => (set === "" ? "(u)" : `(${set}, u)`));
  const grouped = keyed ? `GROUPING SETS (${sets.join(", ")})` : "u";
  return `SELECT ${columns.join(", ")} FROM ${sample.table} WHERE ${drawnSql(request, sample, tenantId, params)} GROUP BY ${grouped}`;
};

/**
 * Groups of the units: sums weighted by one over the probability of being drawn (Horvitz and Thompson, 1952), and for each pair what its products add to a variance, which is
 * w (w - 1) a b for a unit that is drawn with probability 1 / w independently of all others. Events of nobody known are all read where units are persons: their weight is 1.
 */
const groupsSql = (request: OlapRequest, drawing: Drawing, tenantId: string, params: Params): string => {
  const { sample, estimation } = drawing;
  const drawn = params.place("Float64", 1 / sample.fraction);
  const weight = sample.table === "events_sample" ? drawn : `if(u = 0, 1., ${drawn})`;
  const list = (of: readonly string[]): string => (of.length === 0 ? "emptyArrayFloat64()" : `[${of.join(", ")}]`);
  const columns = [
    "total",
    ...keyAliases(request.query),
    `${list(estimation.sums.map((_sum, place) => `sum(${weight} * y${place})`))} AS sums`,
    `${list(estimation.pairs.map(([one, other]) => `sum(${weight} * (${weight} - 1) * y${one} * y${other})`))} AS products`,
    "countIf(known) AS persons",
    "count() AS units",
    ...estimation.values.map((_measure, place) => `groupArray((v${place}, ${weight})) AS g${place}`),
  ];
  const keys = ["total", ...keyAliases(request.query)].join(", ");
  return `SELECT ${columns.join(", ")} FROM (${unitsSql(request, drawing, tenantId, params)}) GROUP BY ${keys}`;
};

/** Names for the numbers behind quantiles: in order with their weights (`s`), the weights up to each (`c`) and of all (`t`). */
const orderedValues = (place: number): readonly string[] => [
  `arraySort(one -> one.1, arrayFlatten(arrayMap(of -> arrayMap(number -> (number, of.2), of.1), g${place}))) AS s${place}`,
  `arrayCumSum(arrayMap(one -> one.2, s${place})) AS c${place}`,
  `if(empty(c${place}), 0., c${place}[-1]) AS t${place}`,
];

/** The least number with at least a part of all weights at or below it; a billionth less, since weights are added up in floating point. */
const valueAt = (place: number, level: string): string =>
  `s${place}[greatest(1, arrayFirstIndex(upTo -> upTo >= ${level} * t${place} * (1 - 1e-9), c${place}))].1`;

/**
 * A quantile, the standard error of its rank with persons drawn as wholes, and that of its value: half the distance between the values an error of the rank away on
 * both sides (Woodruff, 1952).
 */
const quantileSql = (
  { values, level }: Extract<Estimator, { kind: "QUANTILE" }>,
  index: number,
  params: Params,
): readonly string[] => {
  const [place, at] = [values, params.place("Float64", level)];
  const below = `arrayCount(number -> number <= q${index}, of.1)`;
  return [
    `${valueAt(place, at)} AS q${index}`,
    `arraySum(of -> of.2 * ${below}, g${place}) / t${place} AS f${index}`,
    `sqrt(arraySum(of -> of.2 * (of.2 - 1) * pow(${below} - f${index} * length(of.1), 2), g${place})) / t${place} AS r${index}`,
    `(${valueAt(place, `least(1., ${at} + r${index})`)} - ${valueAt(place, `greatest(0., ${at} - r${index})`)}) / 2 AS e${index}`,
  ];
};

/** A measure's estimate out of its group's sums. */
const estimateSql = (measure: Measure, estimator: Estimator, index: number, params: Params): MeasureSql => {
  const sum = (place: number): string => `sums[${place + 1}]`;
  switch (estimator.kind) {
    case "SUM": {
      const order = sum(estimator.sum);
      if (measure.type === "INTEGER") return { select: `toInt64(round(${order}))`, order };
      return { select: measure.type === "DECIMAL" ? `toString(toDecimal128(${order}, 4))` : order, order };
    }
    case "RATIO": {
      const ratio = `${sum(estimator.of)} / nullIf(${sum(estimator.by)}, 0)`;
      return { select: ratio, order: ratio };
    }
    case "QUANTILE": {
      const value = `if(t${estimator.values} = 0, NULL, q${index})`;
      return { select: value, order: value };
    }
    case "FORMULA": {
      const value = arithmeticSql(estimator.of, params);
      return { select: value, order: value };
    }
  }
};

const quantilesOf = ({ estimators }: Estimation) =>
  estimators.flatMap((estimator, index) => (estimator.kind === "QUANTILE" ? [{ estimator, index }] : []));

/**
 * Groups, fewer of them and totals estimated from a sample, in the shape of `olapSetsStatement`, with the `sums` and `products` that standard errors are computed from, those of quantiles (`ranks` and
 * `spreads`), and the sampled persons and units (`persons`, `units`) beside. A person's events in several groups are one draw for the totals.
 */
export const sampleStatement = (request: OlapRequest, drawing: Drawing, tenantId: string): StoreStatement => {
  const params = createParams();
  const { query, limit } = request;
  const { estimation } = drawing;
  const aliases = keyAliases(query);
  const from = groupsSql(request, drawing, tenantId, params);
  const quantiles = quantilesOf(estimation);
  const named = [
    ...estimation.values.flatMap((_measure, place) => orderedValues(place)),
    ...quantiles.flatMap(({ estimator, index }) => quantileSql(estimator, index, params)),
  ];
  const measures = query.measures.flatMap((measure, index) => {
    const estimator = estimation.estimators[index];
    return estimator === undefined ? [] : [estimateSql(measure, estimator, index, params)];
  });
  const ofQuantiles = (name: string): string =>
    `[${quantiles.map(({ estimator: { values }, index }) => `if(t${values} = 0, NULL, ${name}${index})`).join(", ")}]`;
  const columns = [
    "total",
    ...aliases,
    ...measures.map(({ select }, index) => `${select} AS m${index}`),
    ...["sums", "products", `${ofQuantiles("r")} AS ranks`, `${ofQuantiles("e")} AS spreads`, "persons", "units"],
  ];
  const text = [
    ...(named.length === 0 ? [] : [`WITH ${named.join(",\n")}`]),
    `SELECT ${columns.join(", ")}`,
    `FROM (${from})`,
    `ORDER BY total DESC${aliases.length === 0 ? "" : `, ${orderSql(request, measures)}`}`,
    `LIMIT ${params.place("UInt64", limit + 1)} BY total`,
  ].join("\n");
  return { name: "olap-sample", text, params: params.values };
};

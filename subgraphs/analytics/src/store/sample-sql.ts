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

/** The levels of the quantiles that are taken of the numbers at one place of `values`. */
interface QuantilesAt {
  readonly place: number;
  readonly levels: readonly number[];
}

type Quantile = Extract<Estimator, { kind: "QUANTILE" }>;

const quantilesOf = ({ estimators }: Estimation): readonly Quantile[] =>
  estimators.flatMap((estimator) => (estimator.kind === "QUANTILE" ? [estimator] : []));

const levelsAt = (estimation: Estimation): readonly QuantilesAt[] =>
  estimation.values.map((_measure, place) => ({
    place,
    levels: [...new Set(quantilesOf(estimation).flatMap(({ values, level }) => (values === place ? [level] : [])))],
  }));

/** The least number with at least a part of all weights at or below it; a billionth less, since weights are added up in floating point. */
const valueAt = (place: number, level: string): string =>
  `n${place}[greatest(1, arrayFirstIndex(upTo -> upTo >= ${level} * t${place} * (1 - 1e-9), c${place}))]`;

/**
 * What quantiles of the numbers at a place are made of, each step of what the steps before it name: the numbers in order (`n`) with the weights up to each (`c`) and of all (`t`); the quantiles (`q`); for each how
 * many of each unit's numbers are at or below it (`b`, beside the units' weights `w` and lengths `l`) and the part of all that is (`f`); the standard errors of the ranks with persons drawn as wholes (`r`), and those of the
 * values (`e`): half the distance between the values an error of the rank away on both sides (Woodruff, 1952).
 */
const quantileSteps = ({ place, levels }: QuantilesAt, params: Params): readonly (readonly string[])[] => {
  const at = `[${levels.map((level) => params.place("Float64", level)).join(", ")}]`;
  const of = (name: string): string => `${name}${place}`;
  const spread = `(${valueAt(place, "least(1., level + r)")} - ${valueAt(place, "greatest(0., level - r)")}) / 2`;
  return [
    [
      `arraySort(one -> one.1, arrayFlatten(arrayMap(of -> arrayMap(number -> (number, of.2), of.1), ${of("g")}))) AS ${of("s")}`,
    ],
    [`${of("s")}.1 AS ${of("n")}`, `arrayCumSum(${of("s")}.2) AS ${of("c")}`],
    [`if(empty(${of("c")}), 0., ${of("c")}[-1]) AS ${of("t")}`],
    [`arrayMap(level -> ${valueAt(place, "level")}, ${at}) AS ${of("q")}`],
    [
      `arrayMap(quantile -> arrayMap(of -> arrayCount(number -> number <= quantile, of.1), ${of("g")}), ${of("q")}) AS ${of("b")}`,
      `${of("g")}.2 AS ${of("w")}`,
      `arrayMap(of -> length(of.1), ${of("g")}) AS ${of("l")}`,
    ],
    [
      `arrayMap(below -> arraySum((weight, n) -> weight * n, ${of("w")}, below) / ${of("t")}, ${of("b")}) AS ${of("f")}`,
    ],
    [
      `arrayMap((below, part) -> sqrt(arraySum((weight, n, all) -> weight * (weight - 1) * pow(n - part * all, 2), ${of("w")}, below, ${of("l")})) / ${of("t")}, ${of("b")}, ${of("f")}) AS ${of("r")}`,
    ],
    [`arrayMap((level, r) -> ${spread}, ${at}, ${of("r")}) AS ${of("e")}`],
  ];
};

/** Groups with what quantiles are made of: a statement around it for each step, since names that stand for one another in one statement are laid out anew wherever they stand (125 ms for three quantiles, 45 so). */
const withQuantiles = (groups: string, quantiles: readonly QuantilesAt[], params: Params): string => {
  const steps = quantiles.map((one) => quantileSteps(one, params));
  return (steps[0] ?? []).reduce(
    (from, _step, index) => `SELECT *, ${steps.flatMap((one) => one[index] ?? []).join(", ")} FROM (${from})`,
    groups,
  );
};

/** A measure's estimate out of its group's sums. */
const estimateSql = (
  measure: Measure,
  estimator: Estimator,
  quantile: (estimator: Quantile) => string,
  params: Params,
): MeasureSql => {
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
      const value = quantile(estimator);
      return { select: value, order: value };
    }
    case "FORMULA": {
      const value = arithmeticSql(estimator.of, params);
      return { select: value, order: value };
    }
  }
};

/**
 * Groups, fewer of them and totals estimated from a sample, in the shape of `olapSetsStatement`, with the `sums` and `products` that standard errors are computed from, those of quantiles (`ranks` and
 * `spreads`), and the sampled persons and units (`persons`, `units`) beside. A person's events in several groups are one draw for the totals.
 */
export const sampleStatement = (request: OlapRequest, drawing: Drawing, tenantId: string): StoreStatement => {
  const params = createParams();
  const { query, limit } = request;
  const { estimation } = drawing;
  const aliases = keyAliases(query);
  const levels = levelsAt(estimation);
  const from = withQuantiles(groupsSql(request, drawing, tenantId, params), levels, params);
  const ofQuantile =
    (name: string) =>
    ({ values, level }: Quantile): string =>
      `if(t${values} = 0, NULL, ${name}${values}[${(levels[values]?.levels.indexOf(level) ?? 0) + 1}])`;
  const measures = query.measures.flatMap((measure, index) => {
    const estimator = estimation.estimators[index];
    return estimator === undefined ? [] : [estimateSql(measure, estimator, ofQuantile("q"), params)];
  });
  const ofQuantiles = (name: string): string => `[${quantilesOf(estimation).map(ofQuantile(name)).join(", ")}]`;
  const columns = [
    "total",
    ...aliases,
    ...measures.map(({ select }, index) => `${select} AS m${index}`),
    ...["sums", "products", `${ofQuantiles("r")} AS ranks`, `${ofQuantiles("e")} AS spreads`, "persons", "units"],
  ];
  const text = [
    `SELECT ${columns.join(", ")}`,
    `FROM (${from})`,
    `ORDER BY total DESC${aliases.length === 0 ? "" : `, ${orderSql(request, measures)}`}`,
    `LIMIT ${params.place("UInt64", limit + 1)} BY total`,
  ].join("\n");
  return { name: "olap-sample", text, params: params.values };
};

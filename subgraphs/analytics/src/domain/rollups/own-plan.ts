import type { DataPolicy } from "@tessera/contracts/data-policy";
import { basesOf, sentName } from "../fields.ts";
import type { BaseField, Condition, Field, OwnField, OwnValue } from "../field.ts";
import { asksPeople, fieldsOf, onlyValueOf } from "../filter.ts";
import type { Measure, NumberSource } from "../measures.ts";
import { approximationOf, tellsHand, type OwnTable, type Plan, type PlanPart } from "../planner.ts";
import type { AnalyticQuery } from "../query.ts";
import { EVENT_SKETCH_BITS } from "../sketch-error.ts";
import { isMonday, wholeSteps, wholeWeeks, type TimeRange } from "../time-range.ts";
import { conjuncts } from "./compile-rollup.ts";
import type { OwnColumn, OwnReading } from "./own-reading.ts";
import type { CompiledRollup } from "./rollup.ts";

/** A rollup that is complete, as questions are planned onto it. */
export interface ReadyRollup {
  readonly name: string;
  readonly buildId: string;
  readonly rollup: CompiledRollup;
  /** Rows for each event, as measured; null where that is not known. */
  readonly rowsPerEvent: number | null;
}

/** A plan that reads a tenant's own rollup, or why there is none. */
export type OwnPlan =
  | { readonly table: OwnTable; readonly plan: Plan; readonly reason: null }
  | { readonly table: OwnTable; readonly plan: null; readonly reason: string };

/** Parts of a range that are read one by one; ranges that wait to be counted are joined until there are no more. */
const MAX_PARTS = 9;

const sameField = (one: Field, other: BaseField): boolean => one.kind !== "OWN" && sentName(one) === sentName(other);

/** One spelling of a test: lists of values in order. */
const spelling = (condition: Condition): string =>
  JSON.stringify(condition.kind === "ONE_OF" ? { ...condition, values: condition.values.toSorted() } : condition);

/** A field of events in the rollup's columns; null when the rollup does not hold it. */
const baseOnRollup = (
  { dimensions, grainMs }: CompiledRollup,
  field: BaseField,
  range: TimeRange,
): BaseField | null => {
  if (field.kind === "PART" && field.part.kind === "CLOCK")
    return tellsHand(grainMs, field.part, range) ? { ...field, of: "bucket" } : null;
  const place = dimensions.findIndex((dimension) => sameField(dimension, field));
  if (place < 0) return null;
  const { name } = field;
  if (field.kind === "PROPERTY") return { kind: "PROPERTY", name, path: `p${place}` };
  if (field.type === "BOOLEAN")
    return { kind: "COLUMN", name, column: `CAST(toUInt8OrZero(k${place}), 'Bool')`, type: "BOOLEAN" };
  if (field.type === "INTEGER") return { kind: "COLUMN", name, column: `toUInt32OrZero(k${place})`, type: "INTEGER" };
  return { kind: "COLUMN", name, column: `k${place}`, type: "TEXT" };
};

/** A tenant's own dimension made of the rollup's columns, which hold all that it is made of. */
const ownOnRollup = (rollup: CompiledRollup, value: OwnValue, range: TimeRange): OwnValue => {
  const held = (field: BaseField): BaseField => baseOnRollup(rollup, field, range) ?? field;
  const otherwise =
    value.otherwise.kind === "FIELD" ? { ...value.otherwise, field: held(value.otherwise.field) } : value.otherwise;
  return value.kind === "TEXT"
    ? { ...value, of: held(value.of), otherwise }
    : {
        ...value,
        cases: value.cases.map(({ when, label }) => ({ when: rewritten(rollup, when, range), label })),
        otherwise,
      };
};

/** Where a rollup holds a tenant's own dimension that means the same, whatever it is called and whichever version it is; -1 where it holds none. */
const ownPlace = ({ dimensions }: CompiledRollup, { value }: OwnField): number => {
  const meant = JSON.stringify(value);
  return dimensions.findIndex((one) => one.kind === "OWN" && JSON.stringify(one.value) === meant);
};

/** A field of the question in the rollup's columns; null when the rollup holds neither it nor all it is made of. */
const onRollup = (rollup: CompiledRollup, field: Field, range: TimeRange): Field | null => {
  if (field.kind !== "OWN") return baseOnRollup(rollup, field, range);
  const place = ownPlace(rollup, field);
  if (place >= 0) return { kind: "COLUMN", name: field.name, column: `k${place}`, type: "TEXT" };
  const of = field.of.flatMap((base) => baseOnRollup(rollup, base, range) ?? []);
  return of.length < field.of.length ? null : { ...field, of, value: ownOnRollup(rollup, field.value, range) };
};

const rewritten = (rollup: CompiledRollup, condition: Condition, range: TimeRange): Condition => {
  if ("parts" in condition)
    return { ...condition, parts: condition.parts.map((part) => rewritten(rollup, part, range)) };
  if (condition.kind === "NOT") return { ...condition, part: rewritten(rollup, condition.part, range) };
  if (condition.kind === "IN_COHORT") return condition;
  return { ...condition, field: onRollup(rollup, condition.field, range) ?? condition.field };
};

interface Found {
  readonly place: number;
  readonly currency: string | null;
}

/** Which of the held numbers a measure is of, and to which currency its rows are held. */
const numbersAt = (
  held: readonly NumberSource[],
  of: NumberSource,
  query: AnalyticQuery,
  byCurrency: boolean,
): Found | null => {
  const place = held.findIndex((one) => JSON.stringify(one) === JSON.stringify(of));
  if (place >= 0) return { place, currency: null };
  if (of.kind === "PROPERTY") return null;
  const wanted = of.currency ?? onlyValueOf(query.filter, "currency");
  const pinned = held.findIndex((one) => one.kind === "REVENUE" && one.currency === wanted);
  // The question's own filter lets no other currency through.
  if (of.currency === null && wanted !== null && pinned >= 0) return { place: pinned, currency: null };
  const all = held.findIndex((one) => one.kind === "REVENUE" && one.currency === null);
  return byCurrency && of.currency !== null && all >= 0 ? { place: all, currency: of.currency } : null;
};

const columnOf = (
  rollup: CompiledRollup,
  query: AnalyticQuery,
  { name, formula, filter }: Measure,
): OwnColumn | string => {
  if (filter !== null) return `${name} is of those events that pass a filter of its own.`;
  const byCurrency = rollup.dimensions.some((field) => field.name === "currency");
  switch (formula.kind) {
    case "COUNT":
    case "FORMULA":
      return { kind: formula.kind };
    case "UNIQUES": {
      if (formula.exact) return `${name} is to be exact; the rollup holds sketches.`;
      const place = rollup.uniques.findIndex((of) => JSON.stringify(of) === JSON.stringify(formula.of));
      return place < 0
        ? `${name} counts values the rollup holds no sketch of.`
        : { kind: "UNIQUES", slot: `u${place}`, of: formula.of };
    }
    case "QUANTILE": {
      if (formula.exact) return `${name} is to be exact; the rollup holds digests.`;
      const found = numbersAt(rollup.quantiles, formula.of, query, byCurrency);
      return found === null
        ? `${name} needs each event's value; the rollup holds no distribution of it.`
        : { kind: "QUANTILE", slot: `q${found.place}`, of: formula.of, level: formula.level, currency: found.currency };
    }
    case "SUM":
    case "AVG":
    case "MIN":
    case "MAX": {
      const { kind, of } = formula;
      const [held, letter] = of.kind === "REVENUE" ? [rollup.revenues, "r" as const] : [rollup.numbers, "x" as const];
      const found = numbersAt(held, of, query, byCurrency);
      return found === null
        ? `${name} needs each event's value; the rollup holds no sums of it.`
        : { kind, slot: `${letter}${found.place}`, of, currency: found.currency };
    }
  }
};

/** What a rollup does not hold: a field, or the dimension that it holds as it means in another version. */
const heldName = ({ dimensions }: CompiledRollup, { kind, name }: Field): string =>
  kind === "OWN" && dimensions.some((one) => one.name === name) ? `${name} as it is in the version asked for` : name;

/** What is left of a question's filter beside the rollup's own tests, each of which it must ask too; why not, when one is not asked. */
const restOf = (rollup: CompiledRollup, query: AnalyticQuery): readonly Condition[] | string => {
  const asked = conjuncts(query.filter);
  const own = new Set(rollup.filter.map(spelling));
  const spelled = new Set(asked.map(spelling));
  const missing = rollup.filter.find((condition) => !spelled.has(spelling(condition)));
  if (missing !== undefined) {
    const names = fieldsOf(missing).map(({ name }) => name);
    return `It holds only events that pass a test of ${names.join(", ")}, which the question does not ask.`;
  }
  const rest = asked.filter((condition) => !own.has(spelling(condition)));
  const foreign = rest.flatMap(fieldsOf).find((field) => onRollup(rollup, field, query.range) === null);
  return foreign === undefined ? rest : `It does not hold ${heldName(rollup, foreign)}, which is filtered on.`;
};

const readingOf = ({ buildId, rollup, rowsPerEvent }: ReadyRollup, query: AnalyticQuery): OwnReading | string => {
  const { range } = query;
  const dimensions = query.dimensions.map((field) => onRollup(rollup, field, range));
  const foreign = query.dimensions.find((_field, index) => dimensions[index] === null);
  if (foreign !== undefined) return `It does not hold ${heldName(rollup, foreign)}, which is grouped by.`;
  const rest = restOf(rollup, query);
  if (typeof rest === "string") return rest;
  const columns: OwnColumn[] = [];
  for (const measure of query.measures) {
    const column = columnOf(rollup, query, measure);
    if (typeof column === "string") return column;
    columns.push(column);
  }
  const currency = rollup.dimensions.findIndex(({ name }) => name === "currency");
  const asksCurrency = columns.some((column) => "currency" in column && column.currency !== null);
  return {
    ...{ buildId, grainMs: rollup.grainMs, width: rollup.dimensions.length, rowsPerEvent, columns },
    dimensions: dimensions.flatMap((field) => (field === null ? [] : [field])),
    filter: rest.length === 0 ? null : { kind: "AND", parts: rest.map((one) => rewritten(rollup, one, range)) },
    properties: rollup.dimensions.flatMap(({ kind }, place) =>
      kind === "PROPERTY" ? [{ name: `p${place}`, column: `k${place}` }] : [],
    ),
    currency: asksCurrency ? `k${currency}` : null,
  };
};

/** Ranges in order, none touching another. */
const joined = (ranges: readonly TimeRange[]): readonly TimeRange[] => {
  const found: TimeRange[] = [];
  for (const range of ranges.toSorted((one, other) => one.fromMs - other.fromMs)) {
    const last = found.at(-1);
    if (last === undefined || range.fromMs > last.toMs) found.push(range);
    else found[found.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, range.toMs) };
  }
  return found;
};

/** Joins ranges across the smallest gaps until there are no more than some. */
const atMost = (ranges: readonly TimeRange[], max: number): readonly TimeRange[] => {
  if (ranges.length <= max) return ranges;
  const gaps = ranges.slice(1).map(({ fromMs }, place) => fromMs - (ranges[place]?.toMs ?? fromMs));
  const kept = new Set(
    gaps
      .map((gap, place) => ({ gap, place }))
      .toSorted((one, other) => other.gap - one.gap)
      .slice(0, max - 1)
      .map(({ place }) => place),
  );
  const found: TimeRange[] = [];
  ranges.forEach((range, place) => {
    const last = found.at(-1);
    if (last !== undefined && !kept.has(place - 1)) found[found.length - 1] = { fromMs: last.fromMs, toMs: range.toMs };
    else found.push(range);
  });
  return found;
};

const partsOf = (
  table: OwnTable,
  middle: TimeRange,
  range: TimeRange,
  waiting: readonly TimeRange[],
  stepMs: number,
) => {
  const whole = waiting
    .map(({ fromMs, toMs }) => ({
      fromMs: Math.max(middle.fromMs, Math.floor(fromMs / stepMs) * stepMs),
      toMs: Math.min(middle.toMs, (Math.floor(toMs / stepMs) + 1) * stepMs),
    }))
    .filter(({ fromMs, toMs }) => fromMs < toMs);
  const edges = [
    { fromMs: range.fromMs, toMs: middle.fromMs },
    { fromMs: middle.toMs, toMs: range.toMs },
  ].filter(({ fromMs, toMs }) => fromMs < toMs);
  const events = atMost(joined([...edges, ...whole]), (MAX_PARTS - 1) / 2);
  const parts: PlanPart[] = [];
  let atMs = range.fromMs;
  for (const part of events) {
    if (atMs < part.fromMs) parts.push({ table, fromMs: atMs, toMs: part.fromMs });
    parts.push({ table: "events", ...part });
    atMs = part.toMs;
  }
  if (atMs < range.toMs) parts.push({ table, fromMs: atMs, toMs: range.toMs });
  return parts;
};

/** Buckets that weeks take the place of, from which on reading them apart pays: a statement's further part takes as long as merging some forty sketches of each group. */
const MIN_BUCKETS_MERGED = 48;

const isClock = (field: Field): boolean => field.kind === "PART" && field.part.kind === "CLOCK";

/**
 * The weeks of a plan's parts that are read as weeks: where distinct values are counted, whose sketches take long to be merged, of events in buckets that no week is
 * cut by. Without sketches buckets are added up as fast.
 */
const weeksOf = (
  parts: readonly PlanPart[],
  { buckets, dimensions, filter }: AnalyticQuery,
  { columns, grainMs }: OwnReading,
): readonly TimeRange[] => {
  const sketched = columns.some(({ kind }) => kind === "UNIQUES");
  if (!sketched || !columns.every(({ kind }) => kind === "UNIQUES" || kind === "COUNT" || kind === "FORMULA"))
    return [];
  if ([...dimensions, ...fieldsOf(filter)].flatMap(basesOf).some(isClock)) return [];
  const cuts = buckets?.startsMs.filter((ms) => !isMonday(ms)) ?? [];
  return parts.flatMap((part) => {
    const weeks = part.table === "events" ? null : wholeWeeks(part);
    if (weeks === null || (weeks.toMs - weeks.fromMs) / grainMs < MIN_BUCKETS_MERGED) return [];
    return cuts.some((ms) => ms > weeks.fromMs && ms < weeks.toMs) ? [] : [weeks];
  });
};

/**
 * Plans a question onto a tenant's own rollup, or says why it can't be. `waiting` are the times, both inclusive, of events that are stored and that the
 * rollup may not count yet: every bucket they touch is read from single events, so that it does not matter when they are counted.
 */
export const planOwn = (
  ready: ReadyRollup,
  query: AnalyticQuery,
  policy: DataPolicy | null,
  waiting: readonly TimeRange[],
): OwnPlan => {
  const table: OwnTable = `rollups.${ready.name}`;
  const no = (reason: string): OwnPlan => ({ table, plan: null, reason });
  if (policy !== null) return no("A data policy holds for the asker; a tenant's own rollups are of all its events.");
  if (asksPeople(query.filter)) return no("It does not hold persons, whose cohort is filtered on.");
  const own = readingOf(ready, query);
  if (typeof own === "string") return no(own);
  const { grainMs, grain } = ready.rollup;
  const step = grain === "DAY" ? "UTC day" : grain.toLowerCase();
  const middle = wholeSteps(query.range, grainMs);
  if (middle === null) return no(`The range holds no whole ${step}.`);
  const cut = query.buckets?.startsMs.find((ms) => ms > middle.fromMs && ms < middle.toMs && ms % grainMs !== 0);
  if (cut !== undefined) return no(`A bucket begins at ${new Date(cut).toISOString()}, inside a ${step}.`);
  const parts = partsOf(table, middle, query.range, waiting, grainMs);
  if (parts.every((part) => part.table === "events"))
    return no(`Every ${step} of the range has events that were stored just now and are not in it yet.`);
  const approximations = query.measures.flatMap((measure) => approximationOf(measure, EVENT_SKETCH_BITS));
  const weeks = weeksOf(parts, query, own);
  const reading = weeks.length === 0 ? own : { ...own, weeks };
  return {
    table,
    plan: { rollup: table, own: reading, sketchBits: EVENT_SKETCH_BITS, parts, rejected: [], approximations },
    reason: null,
  };
};

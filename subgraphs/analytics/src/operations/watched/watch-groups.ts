import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../../domain/access.ts";
import type { Granularity } from "../../domain/calendar.ts";
import { cellsOf, emptyCells, type Column } from "../../domain/columns.ts";
import { measureInputAt, shownMeasures, MAX_MEASURES, type Measure, type MeasureInput } from "../../domain/measures.ts";
import { parseOlapQuestion } from "../../domain/olap-question.ts";
import type { Provenance } from "../../domain/provenance.ts";
import { MAX_OLAP_ROWS, mixesCurrencies, type OlapInput } from "../../domain/query.ts";
import type { AskedOlap } from "../../domain/semantic/asked-question.ts";
import type { DefinitionUse } from "../../domain/semantic/definition.ts";
import { isoTime } from "../../domain/zone.ts";
import {
  groupKey,
  mostSeries,
  type WatchedGroup,
  type WatchedLine,
  type WatchedPoint,
  type WatchedReading,
} from "../../domain/watched/watched-series.ts";
import { neverFalls } from "../../domain/watched/never-falls.ts";
import { chooseName, refuseUnusedParts, type WatchedValueInput } from "../../domain/watched/watched-value.ts";
import { rangeOfBuckets, type WatchedWindow } from "../../domain/watched/watched-window.ts";
import type { BudgetDeps } from "../answer-within-budget.ts";
import { queryOlap, type OlapAnswer } from "../query-olap.ts";
import { readHeaviest } from "./read-heaviest.ts";
import { resolveQuestion, type ResolveDeps } from "../semantic/resolve-question.ts";

/** What reading the groups of a question over time needs. */
export type WatchGroupsDeps = BudgetDeps & ResolveDeps & { readonly nowMs: NowMs };

/** A grouped question to watch, and what of it. */
export interface GroupsToWatch {
  readonly caller: Caller;
  /** The question; its range, buckets, order and bounds are those of the window. */
  readonly asked: Omit<AskedOlap, "range">;
  readonly pins: readonly DefinitionUse[];
  /** Where the question stands in what was sent. */
  readonly where: string;
  readonly value: WatchedValueInput;
  readonly window: WatchedWindow;
  /** From when on events weigh in which series are kept; null: from the window's beginning. */
  readonly heaviestFromMs: number | null;
  readonly maxSeries: number;
  readonly signal: AbortSignal | undefined;
}

/** Column that counts the events a value is of. */
const SAMPLES = "watched_samples";
/** Digits of a difference that are told: those beyond are what adding up numbers of floating point leaves. */
const EXACT_DIGITS = 12;

const cellsIn = (column: Column | undefined): ReturnType<typeof cellsOf> =>
  column === undefined ? [] : cellsOf(column);

const asNumber = (cell: string | number | boolean | null | undefined): number | null =>
  cell === null || cell === undefined || typeof cell === "boolean" ? null : Number(cell);

/** What is asked of the store, and what of its answer is watched. */
interface Plan {
  readonly input: OlapInput;
  readonly valueName: string;
  readonly measure: Measure;
  /** What the number is over no events. */
  readonly empty: number | null;
  readonly counted: boolean;
  /** Whether numbers of several groups together are their sum: revenue of several currencies is none. */
  readonly additive: boolean;
  readonly dimensions: readonly string[];
}

const plan = async (deps: WatchGroupsDeps, watched: GroupsToWatch): Promise<Plan> => {
  const { caller, asked, pins, where, value, window } = watched;
  refuseUnusedParts(value, null);
  const { timeZone } = window;
  const bare = { ...asked, timeZone, range: rangeOfBuckets(window.buckets) };
  const { input } = await resolveQuestion<AskedOlap>(deps, caller, bare, where, { pins });
  const { query } = parseOlapQuestion({ ...input, granularity: "NONE" }, accessOf(caller)).asked;
  const shown = shownMeasures(query.measures);
  const names = shown.map(([{ name }]) => name);
  const valueName = chooseName(value, names, null);
  const [measure, index] = shown.find(([{ name }]) => name === valueName) ?? [];
  if (measure === undefined || index === undefined) throw new Error("A chosen measure is one of the question's.");
  const counted = shown.length < MAX_MEASURES;
  const filter = measureInputAt(input.measures, index)?.filter ?? null;
  const samples: MeasureInput = { name: SAMPLES, function: "COUNT", filter };
  return {
    input: { ...input, limit: MAX_OLAP_ROWS, measures: counted ? [...input.measures, samples] : input.measures },
    ...{ valueName, measure, counted },
    empty: asNumber(emptyCells(query.measures)[index]),
    additive: ["COUNT", "SUM"].includes(measure.formula.kind) && !mixesCurrencies(query, measure),
    dimensions: query.dimensions.map(({ name }) => name),
  };
};

/** One row of an answer: a group in a bucket. */
interface Row {
  readonly group: WatchedGroup;
  readonly atMs: number;
  readonly value: number | null;
  readonly samples: number | null;
}

const rowsOf = (
  { columns, rowCount }: Pick<OlapAnswer, "columns" | "rowCount">,
  { valueName, dimensions }: Pick<Plan, "valueName" | "dimensions">,
): readonly Row[] => {
  const named = (role: Column["role"], name: string) =>
    cellsIn(columns.find((column) => column.role === role && column.name === name));
  const times = cellsIn(columns.find(({ role }) => role === "TIME"));
  const groups = dimensions.map((name) => ({ name, cells: named("DIMENSION", name) }));
  const [values, samples] = [named("MEASURE", valueName), named("MEASURE", SAMPLES)];
  return Array.from({ length: rowCount }, (_, row) => {
    const time = times[row];
    return {
      group: groups.map(({ name, cells }) => {
        const cell = cells[row] ?? null;
        return { name, value: cell === null ? null : String(cell) };
      }),
      atMs: typeof time === "string" ? Date.parse(time) : 0,
      value: asNumber(values[row]),
      samples: asNumber(samples[row]),
    };
  });
};

/** How heavy each group is: by the number itself where it adds up, else by its events. */
const weightsOf = (rows: readonly Row[], additive: boolean): ReadonlyMap<string, number> => {
  const weights = new Map<string, number>();
  for (const { group, value, samples } of rows) {
    const key = groupKey(group);
    weights.set(key, (weights.get(key) ?? 0) + Math.abs((additive ? value : samples) ?? 0));
  }
  return weights;
};

/** Rows laid out by group; some groups are there whether they have rows or not. */
const linesOf = (rows: readonly Row[], groups: readonly WatchedGroup[]): readonly WatchedLine[] => {
  const lines = new Map<string, WatchedLine>();
  for (const group of groups) lines.set(groupKey(group), { group, points: new Map() });
  for (const { group, atMs, value, samples } of rows) {
    const key = groupKey(group);
    const line = lines.get(key) ?? { group, points: new Map() };
    line.points.set(atMs, { value, samples });
    lines.set(key, line);
  }
  return [...lines.values()];
};

/** Groups that were read, and what became of those that were not. */
type ReadGroups = Pick<WatchedReading, "lines" | "weights" | "rest" | "fewest" | "more" | "provenances">;

/** What all groups hold together but those that were read, by bucket. */
const restOf = (whole: readonly Row[], lines: readonly WatchedLine[], empty: WatchedPoint): WatchedReading["rest"] =>
  new Map(
    whole.map(({ atMs, ...all }) => {
      const read = lines.flatMap(({ points }) => points.get(atMs) ?? []);
      const without = (name: "value" | "samples"): number =>
        Number(((all[name] ?? 0) - read.reduce((sum, point) => sum + (point[name] ?? 0), 0)).toPrecision(EXACT_DIGITS));
      const samples = all.samples === null ? null : without("samples");
      return [atMs, samples === 0 ? empty : { value: without("value"), samples }];
    }),
  );

/** Has the store find the heaviest groups, where they are more than one answer holds. */
const readFew = async (deps: WatchGroupsDeps, watched: GroupsToWatch, planned: Plan): Promise<ReadGroups> => {
  const { caller, window, signal } = watched;
  const { input, valueName, additive, counted, empty } = planned;
  const read = await readHeaviest(deps, {
    ...{ caller, input, window, signal },
    ...{ weighedBy: additive || !counted ? valueName : SAMPLES, whole: additive },
    ...{ sinceMs: watched.heaviestFromMs ?? window.fromMs, most: mostSeries(window, watched.maxSeries) },
  });
  const heaviest = rowsOf(read.weighed, planned);
  const lines = linesOf(
    read.answers.flatMap((answer) => rowsOf(answer, planned)),
    heaviest.map(({ group }) => group),
  );
  const whole = read.whole === null ? [] : rowsOf(read.whole, { ...planned, dimensions: [] });
  return {
    ...{ lines, weights: lines.map((_line, index) => lines.length - index), provenances: read.provenances },
    rest: restOf(whole, lines, { value: empty, samples: counted ? 0 : null }),
    ...{ fewest: read.count, more: read.more },
  };
};

/** Reads every group; null where they are more than one answer holds. */
const readAll = async (
  deps: WatchGroupsDeps,
  watched: GroupsToWatch,
  planned: Plan,
): Promise<{ readonly read: ReadGroups | null; readonly provenances: readonly Provenance[] }> => {
  const { caller, window, heaviestFromMs, signal } = watched;
  const { input, additive, dimensions } = planned;
  const provenances: Provenance[] = [];
  const ask = async (range: OlapInput["range"], granularity: Granularity): Promise<OlapAnswer> => {
    const answer = await queryOlap(deps)(caller, { ...input, range, granularity }, signal);
    provenances.push(answer.provenance);
    return answer;
  };
  const answer = await ask(rangeOfBuckets(window.buckets), window.granularity);
  if (answer.hasMore) return { read: null, provenances };
  const rows = rowsOf(answer, planned);
  let weighing = rows;
  if (heaviestFromMs !== null && dimensions.length > 0) {
    const since = await ask({ from: isoTime(heaviestFromMs), to: isoTime(window.toMs) }, "NONE");
    if (since.hasMore) return { read: null, provenances };
    weighing = rowsOf(since, planned);
  }
  const weights = weightsOf(weighing, additive);
  const lines = linesOf(rows, dimensions.length === 0 ? [[]] : []);
  return {
    provenances,
    read: {
      ...{ lines, provenances, rest: new Map(), fewest: lines.length, more: false },
      weights: lines.map(({ group }) => weights.get(groupKey(group)) ?? 0),
    },
  };
};

/** Reads the groups of a grouped question in every bucket, from the cheapest table that can answer it as asked: all of them, or the heaviest where they are very many. */
export const watchGroups = async (deps: WatchGroupsDeps, watched: GroupsToWatch): Promise<WatchedReading> => {
  const { window } = watched;
  const planned = await plan(deps, watched);
  const { measure, counted, additive, valueName } = planned;
  const all = await readAll(deps, watched, planned);
  const read = all.read ?? (await readFew(deps, watched, planned));
  const provenances = all.read === null ? [...all.provenances, ...read.provenances] : read.provenances;
  const nowMs = deps.nowMs();
  return {
    ...{ ...read, provenances, additive, valueName, unknownMs: new Set() },
    rising: neverFalls(measure.formula, planned.input) && provenances.every(({ sampling }) => sampling === null),
    empty: { value: planned.empty, samples: counted ? 0 : null },
    incompleteMs: new Set(window.buckets.filter(({ toMs }) => toMs > nowMs).map(({ fromMs }) => fromMs)),
  };
};

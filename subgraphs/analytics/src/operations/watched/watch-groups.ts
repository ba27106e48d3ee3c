import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../../domain/access.ts";
import type { Granularity } from "../../domain/calendar.ts";
import { cellsOf, emptyCells, type Column } from "../../domain/columns.ts";
import { measureInputAt, shownMeasures, MAX_MEASURES, type Measure, type MeasureInput } from "../../domain/measures.ts";
import { parseOlapQuestion } from "../../domain/olap-question.ts";
import type { Provenance } from "../../domain/provenance.ts";
import { MAX_OLAP_ROWS, type OlapInput } from "../../domain/query.ts";
import type { AskedOlap } from "../../domain/semantic/asked-question.ts";
import type { DefinitionUse } from "../../domain/semantic/definition.ts";
import { isoTime } from "../../domain/zone.ts";
import {
  groupKey,
  type WatchedGroup,
  type WatchedLine,
  type WatchedReading,
} from "../../domain/watched/watched-series.ts";
import { neverFalls } from "../../domain/watched/never-falls.ts";
import { chooseName, refuseUnusedParts, type WatchedValueInput } from "../../domain/watched/watched-value.ts";
import { rangeOfBuckets, type WatchedBucket, type WatchedWindow } from "../../domain/watched/watched-window.ts";
import type { BudgetDeps } from "../answer-within-budget.ts";
import { queryOlap, type OlapAnswer } from "../query-olap.ts";
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
  readonly signal: AbortSignal | undefined;
}

/** Column that counts the events a value is of. */
const SAMPLES = "watched_samples";
/** Times one question is put to the store: buckets are read together until they have more rows than an answer may. */
const MAX_ASKS = 64;

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

const rowsOf = ({ columns, rowCount }: OlapAnswer, { valueName, dimensions }: Plan): readonly Row[] => {
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

const tooMany = (where: string): Error =>
  refuse(
    "BAD_INPUT",
    `More than ${MAX_OLAP_ROWS.toLocaleString("en-US")} groups have events in one bucket: filter the question, or group it by fewer fields.`,
    { field: `${where}.dimensions` },
  );

/** Puts a plan to the store for some buckets at a time. */
const asker = (deps: WatchGroupsDeps, watched: GroupsToWatch, { input }: Plan) => {
  const provenances: Provenance[] = [];
  const { caller, window, where, signal } = watched;
  const ask = async (range: OlapInput["range"], granularity: Granularity): Promise<OlapAnswer> => {
    if (provenances.length >= MAX_ASKS)
      throw refuse(
        "BAD_INPUT",
        "So many series of so many buckets are more than one answer holds: move `from` and `to` together.",
        {
          field: "input.from",
        },
      );
    const answer = await queryOlap(deps)(caller, { ...input, range, granularity }, signal);
    provenances.push(answer.provenance);
    return answer;
  };
  const readBuckets = async (buckets: readonly WatchedBucket[]): Promise<readonly OlapAnswer[]> => {
    const answer = await ask(rangeOfBuckets(buckets), window.granularity);
    if (!answer.hasMore) return [answer];
    if (buckets.length === 1) throw tooMany(where);
    const middle = Math.ceil(buckets.length / 2);
    return [...(await readBuckets(buckets.slice(0, middle))), ...(await readBuckets(buckets.slice(middle)))];
  };
  return { provenances, readBuckets, ask };
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

const linesOf = (rows: readonly Row[], ungrouped: boolean): readonly WatchedLine[] => {
  const lines = new Map<string, WatchedLine>();
  if (ungrouped) lines.set(groupKey([]), { group: [], points: new Map() });
  for (const { group, atMs, value, samples } of rows) {
    const key = groupKey(group);
    const line = lines.get(key) ?? { group, points: new Map() };
    line.points.set(atMs, { value, samples });
    lines.set(key, line);
  }
  return [...lines.values()];
};

/** Reads every group of a grouped question in every bucket, from the cheapest table that can answer it as asked. */
export const watchGroups = async (deps: WatchGroupsDeps, watched: GroupsToWatch): Promise<WatchedReading> => {
  const { window, heaviestFromMs, where } = watched;
  const planned = await plan(deps, watched);
  const { measure, counted, dimensions, valueName } = planned;
  const { provenances, readBuckets, ask } = asker(deps, watched, planned);
  const additive = measure.formula.kind === "COUNT" || measure.formula.kind === "SUM";
  const answers = await readBuckets(window.buckets);
  const rows = answers.flatMap((answer) => rowsOf(answer, planned));
  const lines = linesOf(rows, dimensions.length === 0);
  let weighing: readonly Row[] = rows;
  if (heaviestFromMs !== null && dimensions.length > 0) {
    const since = await ask({ from: isoTime(heaviestFromMs), to: isoTime(window.toMs) }, "NONE");
    if (since.hasMore) throw tooMany(where);
    weighing = rowsOf(since, planned);
  }
  const weights = weightsOf(weighing, additive);
  const nowMs = deps.nowMs();
  return {
    ...{ lines, additive, valueName, provenances, more: false },
    rising: neverFalls(measure.formula, planned.input) && provenances.every(({ sampling }) => sampling === null),
    weights: lines.map(({ group }) => weights.get(groupKey(group)) ?? 0),
    empty: { value: planned.empty, samples: counted ? 0 : null },
    incompleteMs: new Set(window.buckets.filter(({ toMs }) => toMs > nowMs).map(({ fromMs }) => fromMs)),
  };
};

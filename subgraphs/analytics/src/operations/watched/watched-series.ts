import type { Caller } from "@tessera/contracts/caller";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import { refuseDrawn } from "../../domain/asked-sample.ts";
import type { Granularity } from "../../domain/calendar.ts";
import type { Provenance } from "../../domain/provenance.ts";
import { togetherFrom } from "../../domain/provenance-together.ts";
import type { AskedOlap, AskedTimeSeries } from "../../domain/semantic/asked-question.ts";
import { keepHeaviest, type KeptSeries, type WatchedReading } from "../../domain/watched/watched-series.ts";
import type { WatchedValueInput } from "../../domain/watched/watched-value.ts";
import {
  parseWatchedWindow,
  rangeOfBuckets,
  toldMoment,
  WATCHED_LIMITS,
  type WatchedWindow,
} from "../../domain/watched/watched-window.ts";
import { checkQuestion, type CheckDeps, type WidgetQuestionInput } from "../dashboards/check-question.ts";
import { toldRange } from "../../domain/asked-range.ts";
import type { FindKeptDeps } from "../quality/find-kept.ts";
import { withExpectations } from "../semantic/saved-expectations.ts";
import type { AskPinned } from "../semantic/run-saved-query.ts";
import { groupedOrOther, type GroupedQuestion } from "./grouped-question.ts";
import { watchBehaviour, type WatchBehaviourDeps } from "./watch-behaviour.ts";
import { watchGroups, type WatchGroupsDeps } from "./watch-groups.ts";

/** What answering a question as series needs. */
export type WatchDeps = CheckDeps &
  FindKeptDeps &
  WatchGroupsDeps &
  WatchBehaviourDeps & { readonly askPinned: AskPinned };

/** A question as series, as the graph delivers it. */
export interface WatchedSeriesInput {
  readonly question: WidgetQuestionInput;
  readonly value?: WatchedValueInput | null | undefined;
  readonly from: string;
  readonly to: string;
  readonly granularity: Granularity;
  readonly timeZone?: string;
  readonly maxSeries?: number;
  readonly heaviestFrom?: string | null | undefined;
}

/** A question's answer as series, as in the SDL. */
export interface WatchedSeriesAnswer extends KeptSeries {
  readonly range: { readonly from: string; readonly to: string };
  readonly buckets: readonly string[];
  readonly ends: readonly string[];
  readonly complete: readonly boolean[];
  readonly rising: boolean;
  /** Null where there is no bucket. */
  readonly value: string | null;
  readonly emptyValue: number | null;
  readonly hasMore: boolean;
  /** Null where nothing had to be read. */
  readonly provenance: Provenance | null;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const maxSeriesOf = (asked: number | undefined): number => {
  const most = asked ?? WATCHED_LIMITS.series;
  if (Number.isInteger(most) && most >= 1 && most <= WATCHED_LIMITS.series) return most;
  throw bad("input.maxSeries", `An answer has 1 to ${WATCHED_LIMITS.series.toLocaleString("en-US")} series.`);
};

const heaviestFromOf = (text: string | null | undefined, { fromMs }: WatchedWindow): number | null => {
  if (text === null || text === undefined) return null;
  const ms = Date.parse(text);
  if (ms <= fromMs) return ms;
  throw bad("input.heaviestFrom", "`heaviestFrom` is no later than the first bucket.");
};

const filled = (value: unknown): boolean =>
  value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0);

/** A grouped question without what says how its rows are laid out; what would change the numbers themselves is refused. */
export const groupsOf = (input: GroupedQuestion["question"], where: string): Omit<AskedOlap, "range"> => {
  // boundary: the two questions differ in which of these names they have.
  const asked = input as Partial<AskedOlap> & Partial<AskedTimeSeries>;
  for (const part of ["having", "pivot"] as const)
    if (filled(asked[part]))
      throw bad(`${where}.${part}`, `\`${part}\` is about the rows of one answer: a series has none, leave it out.`);
  refuseDrawn(asked, "A series is watched exactly", where);
  const { measures = [], metrics = [], segments = [], filter = null, approximate } = asked;
  return {
    ...{ measures, metrics, segments, filter, dimensions: asked.dimensions ?? asked.splitBy ?? [] },
    ...(approximate === undefined ? {} : { approximate }),
  };
};

/** Gives a refusal of a question that was put together here the place it has in what was sent. */
export const atPlace = async <T>(where: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { field } = error.extras;
    const own = [
      "input.question",
      "input.value",
      "input.where",
      "input.from",
      "input.to",
      "input.granularity",
      "input.maxSeries",
    ];
    if (field === undefined || !field.startsWith("input.") || own.some((name) => field.startsWith(name))) throw error;
    throw refuse(error.code, error.message, { ...error.extras, field: `${where}.${field.slice(6)}` }, error);
  }
};

interface Asking {
  readonly caller: Caller;
  readonly value: WatchedValueInput;
  readonly window: WatchedWindow;
  readonly maxSeries: number;
  readonly heaviestFromMs: number | null;
  readonly signal: AbortSignal | undefined;
}

const read = async (deps: WatchDeps, asking: Asking, asked: WidgetQuestionInput): Promise<WatchedReading> => {
  const checked = await checkQuestion(deps)(asking.caller, asked, "input.question");
  const found = await groupedOrOther(deps, asking.caller, checked);
  switch (found.kind) {
    case "GROUPED": {
      const { question, pins, where } = found;
      return atPlace(where, () => watchGroups(deps, { ...asking, asked: groupsOf(question, where), pins, where }));
    }
    case "PATHS":
    case "ATTRIBUTION":
    case "FUNNEL":
    case "RETENTION":
    case "STICKINESS":
    case "LIFECYCLE":
    case "ACTIVE_USERS":
    case "SESSION_METRICS":
    case "VELOCITY":
    case "RINGS":
    case "EVENT_QUALITY":
    case "DRIFT":
    case "COHORT_SIZES":
    case "API_EXECUTIONS": {
      const { kind, pins, where, savedQueryId } = found;
      const { input } = await withExpectations(deps, asking.caller, found, where);
      const ask = pins.length === 0 ? deps.ask : { ...deps.ask, ...deps.askPinned(pins) };
      return atPlace(where, () =>
        watchBehaviour({ ...deps, ask }, { ...asking, kind, input, where, saved: savedQueryId !== null }),
      );
    }
  }
};

/** The answer where no whole bucket lies: there is nothing to read. */
const nothingBetween = (window: WatchedWindow): WatchedSeriesAnswer => {
  const moment = toldMoment(window, window.fromMs);
  return {
    ...{ range: { from: moment, to: moment }, buckets: [], ends: [], complete: [], value: null, emptyValue: null },
    rising: false,
    ...{ series: [], others: null, seriesCount: 0, hasMore: false, provenance: null },
  };
};

/**
 * Answers any question that has a number over time as series, one for each of its groups, one value for each whole bucket of a range. Refuses with BAD_INPUT
 * what can't be made one, and everything the question itself would be refused for.
 */
export const watchedSeries =
  (deps: WatchDeps) =>
  async (caller: Caller, input: WatchedSeriesInput, signal?: AbortSignal): Promise<WatchedSeriesAnswer> => {
    const window = parseWatchedWindow(input);
    const maxSeries = maxSeriesOf(input.maxSeries);
    const heaviestFromMs = heaviestFromOf(input.heaviestFrom, window);
    const asking = { caller, value: input.value ?? {}, window, maxSeries, heaviestFromMs, signal };
    const reading = window.buckets.length === 0 ? null : await read(deps, asking, input.question);
    if (reading === null) return nothingBetween(window);
    const { buckets, timeZone } = window;
    return {
      ...keepHeaviest(window, reading, maxSeries),
      range: toldRange(rangeOfBuckets(buckets), timeZone),
      buckets: buckets.map(({ fromMs }) => toldMoment(window, fromMs)),
      ends: buckets.map(({ toMs }) => toldMoment(window, toMs)),
      complete: buckets.map(({ fromMs }) => !reading.incompleteMs.has(fromMs)),
      rising: reading.rising,
      value: reading.valueName,
      emptyValue: reading.empty.value,
      hasMore: reading.more,
      provenance: togetherFrom(reading.provenances),
    };
  };

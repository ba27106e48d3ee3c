import { refuse } from "@tessera/platform/errors/refusal";
import type { QuestionInput, QuestionKind } from "../../domain/dashboards/question.ts";
import { DAY_MS, parseDuration } from "../../domain/duration.ts";
import type { Provenance } from "../../domain/provenance.ts";
import { readRingsBucket, readVelocityBucket } from "../../domain/watched/read-fraud-bucket.ts";
import { readBreakdown, readFunnelBucket } from "../../domain/watched/read-funnel-bucket.ts";
import {
  readActiveUsers,
  readLifecycle,
  readRetentionBucket,
  readSessions,
  readStickinessBucket,
  type ReadPoint,
} from "../../domain/watched/read-watched.ts";
import { groupKey, type WatchedLine, type WatchedReading } from "../../domain/watched/watched-series.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { rangeOfBuckets } from "../../domain/watched/watched-window.ts";
import { isoTime } from "../../domain/zone.ts";
import type { AskQuestion } from "../dashboards/dashboard-data.ts";
import { eachBucket, type Ask, type BehaviourKind, type BehaviourToWatch, type Read } from "./each-bucket.ts";
import { watchCohortSizes } from "./watch-cohort.ts";
import { watchApiExecutions } from "./watch-executions.ts";
import { watchAttribution, watchPaths } from "./watch-journeys.ts";
import { watchDrift, watchEventQuality } from "./watch-quality.ts";

/** What watching behaviour needs: the questions as the graph's own fields ask them. */
export interface WatchBehaviourDeps {
  readonly ask: Readonly<Record<Exclude<QuestionKind, "SAVED_QUERY">, AskQuestion>>;
  readonly nowMs: () => number;
}

/** Groups that the questions of behaviour tell apart at most. */
const MAX_GROUPS = 100;
/** Entities that `velocity` tells at most. */
const MAX_FAST_ENTITIES = 1_000;
/** Days that `activeUsers` tells at most. */
const MAX_DAYS = 400;
/** Longest window of a funnel, as its own parser has it. */
const MAX_FUNNEL_WINDOW_MS = 3_660 * DAY_MS;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });
const fieldsOf = (input: QuestionInput, name: string): readonly string[] => {
  const value = input[name];
  return Array.isArray(value) ? value.map(String) : [];
};

/** A funnel is asked about those who entered in a bucket, over all the time its window gives them. */
const watchFunnel = async (watched: BehaviourToWatch, ask: Ask, nowMs: number): Promise<Read> => {
  const { input, where, value, window, maxSeries } = watched;
  refuseUnusedParts(value, "step");
  const name = chooseName(value, VALUE_NAMES.FUNNEL, "conversionRate");
  const text = input["window"];
  if (typeof text !== "string")
    throw bad(
      `${where}.window`,
      "A funnel that is watched has a `window`: without one, those who entered in a bucket never had all their time.",
    );
  const windowMs = parseDuration(text, `${where}.window`, { minMs: 1, maxMs: MAX_FUNNEL_WINDOW_MS });
  const breakdown = readBreakdown(input["breakdown"]);
  const first = Math.min(MAX_GROUPS, maxSeries);
  const asked = breakdown?.field === undefined ? input["breakdown"] : { ...breakdown.asked, first };
  const rest = { ...input, dropOffs: null, correlation: null, attribution: null, trend: null, breakdown: asked };
  const read = await eachBucket(watched, async ({ fromMs, toMs }) => {
    const [range, entriesBefore] = [{ from: isoTime(fromMs), to: isoTime(toMs + windowMs) }, isoTime(toMs)];
    const answer = await ask({ ...rest, timeZone: window.timeZone, range, entriesBefore });
    const complete = toMs + windowMs <= nowMs;
    return readFunnelBucket(answer, name, { step: value.step ?? null, breakdown, atMs: fromMs, complete });
  });
  return { ...read, additive: breakdown?.field !== undefined && name !== "conversionRate" };
};

const watchRetention = async (watched: BehaviourToWatch, ask: Ask): Promise<Read> => {
  const { input, value, window, maxSeries } = watched;
  refuseUnusedParts(value, "period");
  const name = chooseName(value, VALUE_NAMES.RETENTION, "rate");
  const ofCohorts = fieldsOf(input, "cohorts").length > 0;
  const names = ofCohorts ? ["cohort"] : fieldsOf(input, "splitBy");
  const rest = { ...input, timeZone: window.timeZone, asOf: null, maxGroups: Math.min(MAX_GROUPS, maxSeries) };
  const read = await eachBucket(watched, async (bucket) => {
    const answer = await ask({ ...rest, range: rangeOfBuckets([bucket]) });
    return readRetentionBucket(answer, name, value.period ?? 1, { names, atMs: bucket.fromMs });
  });
  // A start has one value of a field, a person may be in several cohorts.
  return { ...read, additive: !ofCohorts && name !== "rate" };
};

const watchStickiness = (watched: BehaviourToWatch, ask: Ask): Promise<Read> => {
  const { input, value, window } = watched;
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.STICKINESS, "mean");
  return eachBucket(watched, async (bucket) => {
    const answer = await ask({ ...input, timeZone: window.timeZone, range: rangeOfBuckets([bucket]) });
    return { points: readStickinessBucket(answer, name, bucket.fromMs), more: false };
  });
};

const watchLifecycle = async (watched: BehaviourToWatch, ask: Ask): Promise<Read> => {
  const { input, value, window } = watched;
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.LIFECYCLE, null);
  const { granularity, timeZone, buckets } = window;
  // What explains a series asks the saved question as it is, in which the period is no other.
  if (watched.saved && (input["period"] ?? "WEEK") !== granularity)
    throw bad(
      "input.granularity",
      "A saved life cycle is watched by the periods that it is told of: take its `period`.",
    );
  if (granularity !== "DAY" && granularity !== "WEEK")
    throw bad("input.granularity", "Life cycles are told by calendar periods: take DAY or WEEK.");
  const answer = await ask({ ...input, timeZone, period: granularity, range: rangeOfBuckets(buckets) });
  return { points: readLifecycle(answer, name), more: false };
};

const watchActiveUsers = async (watched: BehaviourToWatch, ask: Ask): Promise<Read> => {
  const { input, value, window } = watched;
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.ACTIVE_USERS, "daily");
  const { granularity, timeZone, buckets } = window;
  if (granularity !== "DAY") throw bad("input.granularity", "Active users are told by calendar day: take DAY.");
  if (buckets.length > MAX_DAYS)
    throw bad("input.from", `At most ${MAX_DAYS} days: move \`from\` and \`to\` together.`);
  const answer = await ask({ ...input, timeZone, range: rangeOfBuckets(buckets) });
  return { points: readActiveUsers(answer, name), more: false };
};

const watchSessions = async (watched: BehaviourToWatch, ask: Ask, nowMs: number): Promise<Read> => {
  const { input, value, window, maxSeries } = watched;
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.SESSION_METRICS, "sessions");
  const { granularity, timeZone, buckets } = window;
  const answer = await ask({
    ...{ ...input, timeZone, granularity, pages: 0, first: Math.min(MAX_GROUPS, maxSeries) },
    range: rangeOfBuckets(buckets),
  });
  const ended = buckets.findLast(({ toMs }) => toMs <= nowMs)?.toMs ?? 0;
  return readSessions(answer, name, fieldsOf(input, "breakdown"), ended);
};

const watchVelocity = (watched: BehaviourToWatch, ask: Ask): Promise<Read> => {
  const { input, value, window, maxSeries } = watched;
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.VELOCITY, "entities");
  const first = name === "entities" ? 1 : Math.min(MAX_FAST_ENTITIES, maxSeries);
  return eachBucket(watched, async (bucket) => {
    const answer = await ask({ ...input, timeZone: window.timeZone, first, range: rangeOfBuckets([bucket]) });
    return readVelocityBucket(answer, name, { field: String(input["by"]), atMs: bucket.fromMs });
  });
};

const watchRings = (watched: BehaviourToWatch, ask: Ask): Promise<Read> => {
  const { input, value, window } = watched;
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.RINGS, "rings");
  return eachBucket(watched, async (bucket) => {
    const answer = await ask({ ...input, timeZone: window.timeZone, first: 1, range: rangeOfBuckets([bucket]) });
    return { points: readRingsBucket(answer, name, bucket.fromMs), more: false };
  });
};

const WATCHERS = {
  FUNNEL: watchFunnel,
  RETENTION: watchRetention,
  STICKINESS: watchStickiness,
  LIFECYCLE: watchLifecycle,
  ACTIVE_USERS: watchActiveUsers,
  SESSION_METRICS: watchSessions,
  ATTRIBUTION: watchAttribution,
  PATHS: watchPaths,
  VELOCITY: watchVelocity,
  RINGS: watchRings,
  EVENT_QUALITY: watchEventQuality,
  DRIFT: watchDrift,
  COHORT_SIZES: watchCohortSizes,
  API_EXECUTIONS: watchApiExecutions,
} as const satisfies Record<BehaviourKind, (watched: BehaviourToWatch, ask: Ask, nowMs: number) => Promise<Read>>;

/** Numbers of behaviour that are 0 where nobody did anything; all others are unknown there. */
const COUNTS: ReadonlySet<string> = new Set([
  ...["converted", "entered", "reached", "returned", "eligible", "size", "total", "fresh", "returning", "resurrecting"],
  ...["dormant", "daily", "weekly", "monthly", "sessions", "people", "events", "pageViews", "bounced", "engaged"],
  ...["entities", "peak", "rings", "members", "largest", "tested", "passed", "failed", "samples"],
  ...["credit", "value", "conversions", "paths", "units", "unreached", "transitions", "dropOffs"],
]);

const put = (lines: Map<string, WatchedLine & { weight: number }>, one: ReadPoint): void => {
  const { group, atMs, point } = one;
  const key = groupKey(group);
  const line = lines.get(key) ?? { group, points: new Map(), weight: 0 };
  line.points.set(atMs, point);
  line.weight += one.weight ?? point.samples ?? 0;
  lines.set(key, line);
};

/** Reads numbers of behaviour in every bucket; groups weigh by those who are counted in them. */
export const watchBehaviour = async (deps: WatchBehaviourDeps, watched: BehaviourToWatch): Promise<WatchedReading> => {
  const { caller, kind, signal, window, value } = watched;
  const provenances: Provenance[] = [];
  const ask: Ask = async (input) => {
    // boundary: every answer of these questions carries its provenance.
    const answer = (await deps.ask[kind](caller, input, signal, undefined)) as { readonly provenance: Provenance };
    provenances.push(answer.provenance);
    return answer;
  };
  const nowMs = deps.nowMs();
  const read = await WATCHERS[kind](watched, ask, nowMs);
  const { points, more, rising = false, additive = false, empty, incompleteMs = [], moreMs = [] } = read;
  const lines = new Map<string, WatchedLine & { weight: number }>();
  for (const point of points) put(lines, point);
  const unfinished = points.filter(({ complete }) => !complete).map(({ atMs }) => atMs);
  const ahead = window.buckets.filter(({ toMs }) => toMs > nowMs).map(({ fromMs }) => fromMs);
  const valueName = value.name ?? VALUE_NAMES[kind][0];
  const all = [...lines.values()];
  return {
    ...{ lines: all, more, valueName, provenances, additive, rising },
    ...{ fewest: read.fewest ?? 0, rest: read.rest ?? new Map(), unknownMs: new Set(moreMs) },
    weights: all.map(({ weight }) => weight),
    empty: { value: empty === undefined && COUNTS.has(valueName) ? 0 : (empty ?? null), samples: 0 },
    incompleteMs: new Set([...unfinished, ...incompleteMs, ...ahead]),
  };
};

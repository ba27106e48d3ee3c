import type { Caller } from "@tessera/contracts/caller";
import type { RuleId } from "@tessera/contracts/ids";
import { parseRuleId } from "@tessera/contracts/ids";
import type { AskAnalytics } from "@tessera/contracts/watched-series";
import { refuse } from "@tessera/platform/errors/refusal";
import { eachOf } from "@tessera/platform/runtime/each-of";
import type { NowMs } from "@tessera/platform/time/clock";
import { freshAlert, type AlertSignal } from "../domain/alerts/alert-state.ts";
import { scoreEpisodes, type KnownIncident, type SimulationScore } from "../domain/alerts/simulation.ts";
import { historyOf } from "../domain/detectors/create-detector.ts";
import { windowAt } from "../domain/evaluation.ts";
import { judgedByOf } from "../domain/feedback/check-feedback.ts";
import { decisionsOf } from "../domain/feedback/feedback.ts";
import { learnedOf, type Learned } from "../domain/feedback/learned.ts";
import {
  compareWithFeedback,
  simulateWithFeedback,
  type LearnedEpisode,
  type SimulationFeedback,
} from "../domain/feedback/simulated-feedback.ts";
import type { Metric } from "../domain/metric.ts";
import { changeRule, type RuleChangeInput } from "../domain/rule-change.ts";
import { checkRuleDefinition } from "../domain/rule-definition.ts";
import type { Rule, RuleDefinition } from "../domain/rule.ts";
import { fingerprintOf, type JudgedSeries, type Series, type SeriesGroup } from "../domain/rules/series.ts";
import { signalsOf } from "../domain/rules/step-series.ts";
import { bucketOfReading } from "../domain/rules/metric-bucket.ts";
import { questionAsked } from "../domain/rules/question-asked.ts";
import { bucketsPerTurn, turnOf } from "../domain/rules/watch-plan.ts";
import { BUCKET_MS, type WatchedQuestionRule } from "../domain/rules/watch.ts";
import type { FeedbackStore } from "../store/feedback/feedback-store.ts";
import type { MetricStore } from "../store/metric-store.ts";
import type { RuleStore } from "../store/rule-store.ts";
import type { OnObjective } from "./objectives/on-objective.ts";
import type { ReadCalendar } from "./calendars/calendar-operations.ts";
import type { Judge } from "./judging.ts";
import { soundOf } from "./silences/silence-operations.ts";

/** Questions one simulation asks, each of a turn's buckets: what is learnt beforehand is among them, which is half of it for the detector that is taken unless another is named. */
const MAX_TURNS = 40;
/** Series one simulation follows, the heaviest: each is judged bucket by bucket while somebody waits. */
export const MAX_SIMULATED_SERIES = 50;
/** Evaluations of a metric that one simulation makes again, and readings it asks of the event store at the same time. */
const MAX_EVALUATIONS = 200;
const PARALLEL_READINGS = 4;
/** Episodes that are told one by one; all are counted and scored. */
const MAX_TOLD_EPISODES = 500;
/** Incidents to score by. */
const MAX_INCIDENTS = 500;

/** What is to be simulated: a rule as it stands or with changes, or one that is not there yet; and over which time. */
export interface SimulationAsked {
  readonly rule?: string | null | undefined;
  readonly change?: RuleChangeInput | null | undefined;
  readonly draft?: Parameters<typeof checkRuleDefinition>[0] | null | undefined;
  readonly from: string;
  readonly to: string;
  readonly incidents: readonly { readonly from: string; readonly until: string }[];
}

/** An episode, with the series it would have been of. */
export interface EpisodeOfSeries extends LearnedEpisode {
  readonly group: SeriesGroup;
}

/** What a rule would have said. */
export interface RuleSimulation {
  readonly fromMs: number;
  readonly toMs: number;
  readonly buckets: number;
  readonly seriesCount: number;
  readonly episodeCount: number;
  /** The first of them, oldest first. */
  readonly episodes: readonly EpisodeOfSeries[];
  readonly tellings: number;
  readonly score: SimulationScore;
  /** How it compares with past feedback; null of a draft. */
  readonly feedback: SimulationFeedback | null;
}

/** What simulating a rule needs. */
export interface SimulateDeps {
  readonly rules: Pick<RuleStore, "find">;
  readonly askAnalytics: AskAnalytics;
  readonly readCalendar: ReadCalendar;
  readonly metrics: Pick<MetricStore, "read">;
  readonly feedback: Pick<FeedbackStore, "ofRule">;
  readonly onObjective: OnObjective;
  readonly judge: Judge;
  readonly nowMs: NowMs;
}

const bad = (field: string, message: string): Error => refuse("BAD_INPUT", message, { field });

/** What is to be simulated; the rule it is of, null of a draft. */
interface Simulated {
  readonly definition: RuleDefinition;
  readonly rule: Rule | null;
}

const definitionOf = async (deps: SimulateDeps, caller: Caller, asked: SimulationAsked): Promise<Simulated> => {
  const { rule: id = null, change = null, draft = null } = asked;
  if ((id === null) === (draft === null) || (draft !== null && change !== null))
    throw bad("rule", "Name a `rule`, with a `change` or as it stands, or give a `draft`.");
  if (draft !== null)
    return {
      definition: soundOf(checkRuleDefinition({ ...(await deps.onObjective.made(caller, draft, "draft")) })),
      rule: null,
    };
  const ruleId = parseRuleId(id ?? "");
  const rule = ruleId === null ? null : await deps.rules.find(caller.tenantId, ruleId);
  if (rule === null) throw refuse("NOT_FOUND", "The tenant has no such rule.", { field: "rule" });
  if (change === null) return { definition: rule, rule };
  const changed = changeRule(rule, await deps.onObjective.changed(caller, rule, change, "change"));
  if (changed.kind === "SAVE") return { definition: changed.definition, rule };
  if (changed.kind === "STALE") throw bad("change.expectedVersion", "The rule was changed since it was read.");
  return soundOf({ valid: false, problems: changed.problems });
};

const spanOf = ({ from, to }: SimulationAsked, nowMs: number): { readonly fromMs: number; readonly toMs: number } => {
  const [fromMs, toMs] = [Date.parse(from), Math.min(Date.parse(to), nowMs)];
  if (!(fromMs < toMs)) throw bad("to", "The end lies after the beginning, and the beginning in the past.");
  return { fromMs, toMs };
};

const incidentsOf = ({ incidents }: SimulationAsked): readonly KnownIncident[] => {
  if (incidents.length > MAX_INCIDENTS) throw bad("incidents", `At most ${MAX_INCIDENTS} incidents are compared with.`);
  return incidents.map(({ from, until }, place) => {
    const [fromMs, untilMs] = [Date.parse(from), Date.parse(until)];
    if (!(fromMs < untilMs)) throw bad(`incidents.${place}.until`, "An incident ends after it begins.");
    return { fromMs, untilMs };
  });
};

/** A series as it is followed: what its detector has learnt, and what its alert is to be told. */
interface Followed {
  readonly series: JudgedSeries;
  readonly signals: readonly AlertSignal[];
}

/** What the alert of a judged series is told, when each of its buckets had ended. */
const signalsIn = ({ outcomes }: JudgedSeries): readonly AlertSignal[] =>
  outcomes.flatMap((outcome) => {
    const atMs = outcome.kind === "GONE" ? outcome.untilMs : outcome.bucket.untilMs;
    return signalsOf([outcome], atMs).map(({ signal }) => signal);
  });

const NO_RULE = "00000000-0000-0000-0000-000000000000";

/** One question: the buckets from one moment to another are judged and put to what was found before. */
const turn = async (
  deps: SimulateDeps,
  caller: Caller,
  definition: RuleDefinition & { readonly watch: WatchedQuestionRule },
  followed: ReadonlyMap<string, Followed>,
  span: { readonly fromMs: number; readonly toMs: number; readonly warmUntilMs: number; readonly since: number },
): Promise<{ readonly followed: ReadonlyMap<string, Followed>; readonly untilMs: number | null }> => {
  const { watch, detector } = definition;
  const maxSeries = Math.min(watch.maxSeries, MAX_SIMULATED_SERIES);
  const asked = questionAsked(watch, { ...span, heaviestFromMs: span.since, maxSeries });
  const answer = await deps.askAnalytics.watchedSeries(caller, asked);
  const known = [...followed.values()].map(({ series }): Series => ({
    ...series,
    alert: freshAlert(span.since),
    anomalyId: null,
  }));
  // boundary: an id that names no rule, since the rule may not be there yet; series are told apart by their groups alone.
  const { toJudge, judgedUntilMs } = turnOf(
    { id: NO_RULE as RuleId },
    watch,
    known,
    answer,
    await deps.readCalendar(caller.tenantId, watch, answer),
  );
  const next = new Map(followed);
  for (const judged of await deps.judge(detector, toJudge, span.warmUntilMs)) {
    const before = next.get(judged.fingerprint)?.signals ?? [];
    next.set(judged.fingerprint, { series: judged, signals: [...before, ...signalsIn(judged)] });
  }
  return { followed: next, untilMs: judgedUntilMs };
};

const replayed = async (
  deps: SimulateDeps,
  caller: Caller,
  definition: RuleDefinition & { readonly watch: WatchedQuestionRule },
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<ReadonlyMap<string, Followed>> => {
  const bucketMs = BUCKET_MS[definition.watch.granularity];
  const learntFromMs = fromMs - historyOf(definition.detector, bucketMs) * bucketMs;
  const most = bucketsPerTurn(definition.watch);
  const turns = Math.ceil((toMs - learntFromMs) / bucketMs / most);
  if (turns > MAX_TURNS)
    throw bad(
      "to",
      `With what the detector learns beforehand, at most ${MAX_TURNS * most} buckets are replayed: take a shorter time or longer buckets.`,
    );
  let followed: ReadonlyMap<string, Followed> = new Map();
  for (let at = learntFromMs; at < toMs;) {
    const span = {
      fromMs: at,
      toMs: Math.min(toMs, at + most * bucketMs),
      warmUntilMs: fromMs,
      since: learntFromMs,
    };
    const turned = await turn(deps, caller, definition, followed, span);
    ({ followed } = turned);
    if (turned.untilMs === null) break;
    at = Math.max(turned.untilMs, at + bucketMs);
  }
  return followed;
};

/** A metric of the rule's own: each of its evaluations is made again, over the window that ended then. */
const replayMetric = async (
  { metrics, judge }: SimulateDeps,
  caller: Caller,
  { metric, detector, evaluationIntervalSeconds }: RuleDefinition & { readonly metric: Metric },
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<ReadonlyMap<string, Followed>> => {
  const intervalMs = evaluationIntervalSeconds * 1_000;
  const count = Math.floor((toMs - fromMs) / intervalMs);
  if (count > MAX_EVALUATIONS)
    throw bad(
      "to",
      `At most ${MAX_EVALUATIONS} evaluations of a metric are made again: take a shorter time, or let the rule watch a question.`,
    );
  const ends = Array.from({ length: Math.max(0, count) }, (_, place) => fromMs + (place + 1) * intervalMs);
  const readings = await eachOf(ends, PARALLEL_READINGS, (untilMs) =>
    metrics.read(caller, metric, windowAt(untilMs, metric.windowMs)),
  );
  const buckets = readings.map(bucketOfReading);
  const series = { fingerprint: "", group: [], recent: [], seenAtMs: fromMs, detector: undefined };
  const judged = buckets.length === 0 ? [] : await judge(detector, [{ series, buckets }], 0);
  return new Map(judged.map((one) => [one.fingerprint, { series: one, signals: signalsIn(one) }]));
};

/** What people said of a rule's anomalies, and what it has taught of the series as they are simulated. */
const feedbackOf = async ({ feedback, nowMs }: SimulateDeps, { definition, rule }: Simulated) => {
  if (rule === null) return { decisions: [], learned: new Map<string, Learned>() };
  const decisions = decisionsOf(await feedback.ofRule(rule.tenantId, rule.id, 0));
  return { decisions, learned: learnedOf(decisions, judgedByOf(definition), nowMs()) };
};

/** What a rule would have said over a past time: its question is asked as the caller, its detector judges, and its alerts are told so; nothing is kept, and nobody is told. */
export const simulateRule =
  (deps: SimulateDeps) =>
  async (caller: Caller, asked: SimulationAsked): Promise<RuleSimulation> => {
    const meant = await definitionOf(deps, caller, asked);
    const { definition, rule } = meant;
    const { watch, alerting } = definition;
    const span = spanOf(asked, deps.nowMs());
    const incidents = incidentsOf(asked);
    const { decisions, learned } = await feedbackOf(deps, meant);
    const followed =
      watch.kind === "METRIC"
        ? await replayMetric(deps, caller, { ...definition, metric: watch.metric }, span)
        : await replayed(deps, caller, { ...definition, watch }, span);
    const series = [...followed.values()].map(({ series: { group }, signals }) => {
      const fingerprint = rule === null ? "" : fingerprintOf(rule.id, group);
      const { simulated, episodes } = simulateWithFeedback(
        ...([alerting, signals, span.toMs, learned.get(fingerprint) ?? null] as const),
      );
      return {
        ...{ buckets: signals.length, simulated },
        episodes: episodes.map((one) => ({ ...one, group, fingerprint })),
      };
    });
    const episodes = series.flatMap((one) => one.episodes).toSorted((a, b) => a.fromMs - b.fromMs);
    return {
      ...span,
      buckets: Math.max(0, ...series.map(({ buckets }) => buckets)),
      seriesCount: series.length,
      episodeCount: episodes.length,
      episodes: episodes.slice(0, MAX_TOLD_EPISODES),
      tellings: series.reduce((sum, { simulated }) => sum + simulated.tellings, 0),
      score: scoreEpisodes(episodes, incidents, span.toMs),
      feedback: rule === null ? null : compareWithFeedback(episodes, decisions, span),
    };
  };

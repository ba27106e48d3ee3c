import type { AskAnalytics } from "@tessera/contracts/watched-series";
import type { AccessOfSubject } from "@tessera/platform/auth/access-of-subject";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { NowMs } from "@tessera/platform/time/clock";
import { historyOf } from "../domain/detectors/create-detector.ts";
import { nextTurnMs, windowAt } from "../domain/evaluation.ts";
import { withCourse } from "../domain/explain/course.ts";
import type { Metric } from "../domain/metric.ts";
import type { Rule } from "../domain/rule.ts";
import { bucketOfReading } from "../domain/rules/metric-bucket.ts";
import { closesAtMs } from "../domain/rules/open-bucket.ts";
import { questionAsked } from "../domain/rules/question-asked.ts";
import { fingerprintOf } from "../domain/rules/series.ts";
import { signalsOf } from "../domain/rules/step-series.ts";
import { sumUp } from "../domain/rules/sum-up.ts";
import { planTurn, turnOf } from "../domain/rules/watch-plan.ts";
import { BUCKET_MS, MAX_SERIES, type WatchedQuestionRule } from "../domain/rules/watch.ts";
import type { Claimed, EvaluationEnd } from "../store/evaluation-store.ts";
import type { MetricStore } from "../store/metric-store.ts";
import { withImpacts, type ReadImpacts } from "./explain/read-impacts.ts";
import type { ReadCalendar } from "./calendars/calendar-operations.ts";
import type { Judge } from "./judging.ts";
import { authorNow } from "./rules-author.ts";
import { tellSeries, untold, type TellSeriesDeps } from "./tell-series.ts";

/** What evaluating a rule works with. */
export interface EvaluateRuleDeps extends TellSeriesDeps {
  readonly metrics: MetricStore;
  readonly askAnalytics: AskAnalytics;
  readonly accessOfSubject: AccessOfSubject;
  readonly readCalendar: ReadCalendar;
  readonly readImpacts: ReadImpacts;
  readonly judge: Judge;
  readonly nowMs: NowMs;
}

/** What a turn found, before it is settled. */
type Found = Pick<EvaluationEnd, "judged" | "judgedUntilMs" | "warmUntilMs" | "seriesSeen"> & {
  /** Whether there is more to judge at once. */
  readonly behind: boolean;
};

/** A metric of the rule's own: one series, whose bucket is the window that ends now. */
const watchMetric = async (
  { metrics, judge }: EvaluateRuleDeps,
  { rule, series }: Claimed,
  metric: Metric,
  nowMs: number,
): Promise<Found> => {
  const window = windowAt(nowMs, metric.windowMs);
  const reading = await metrics.read(wholeTenant(rule.tenantId), metric, window);
  const fingerprint = fingerprintOf(rule.id, []);
  const fresh = { fingerprint, group: [], recent: [], seenAtMs: window.fromMs, detector: undefined };
  const known = series.find((one) => one.fingerprint === fingerprint) ?? fresh;
  const toJudge = [{ series: known, buckets: [bucketOfReading(reading)] }];
  return {
    ...{ judged: await judge(rule.detector, toJudge, 0), judgedUntilMs: window.toMs, warmUntilMs: null, seriesSeen: 1 },
    behind: false,
  };
};

/** A question: the buckets since the last judged one, of every series. */
const watchQuestion = async (
  deps: EvaluateRuleDeps,
  { rule, series }: Claimed,
  watch: WatchedQuestionRule,
  nowMs: number,
): Promise<Found> => {
  const caller = await authorNow(deps.accessOfSubject, rule);
  const plan = planTurn(rule, watch, historyOf(rule.detector, BUCKET_MS[watch.granularity]), nowMs);
  const { warmUntilMs } = plan;
  const answer = await deps.askAnalytics.watchedSeries(caller, questionAsked(watch, plan));
  const turn = turnOf(rule, watch, series, answer, await deps.readCalendar(rule.tenantId, watch, answer));
  return {
    judged: await deps.judge(rule.detector, turn.toJudge, warmUntilMs),
    judgedUntilMs: turn.judgedUntilMs ?? rule.judgedUntilMs,
    ...{ warmUntilMs, seriesSeen: turn.seriesSeen, behind: plan.behind && turn.judgedUntilMs !== null },
  };
};

/** Since when the rule has been in breach: from the first bucket that was, until one is judged and is not. */
const breachedSince = (rule: Rule, evaluation: EvaluationEnd["evaluation"]): number | null => {
  if (evaluation === null || evaluation.outcome === "INSUFFICIENT_DATA" || evaluation.outcome === "LEARNING")
    return rule.breachedSinceMs;
  return evaluation.outcome === "BREACHED" ? (rule.breachedSinceMs ?? evaluation.window.toMs) : null;
};

/**
 * When the rule has its next turn: on the grid of its interval, one that came early leaves the grid as it is; of a live rule that watches a question also when the bucket ends that is
 * open now.
 */
const turnAfter = (rule: Rule, judgedUntilMs: number | null, nowMs: number): number => {
  const { nextEvaluationAtMs: dueMs, evaluationIntervalSeconds, live, watch } = rule;
  const turnMs = dueMs > nowMs ? dueMs : nextTurnMs(dueMs, evaluationIntervalSeconds, nowMs);
  if (!live || watch.kind === "METRIC") return turnMs;
  const closesMs = closesAtMs({ judgedUntilMs }, watch);
  return closesMs === null || closesMs <= nowMs ? turnMs : Math.min(turnMs, closesMs);
};

/** Evaluates a claimed rule: reads what it watches, has its detectors judge, and says what is to be settled. */
export const evaluateRule =
  (deps: EvaluateRuleDeps) =>
  async (claimed: Claimed): Promise<EvaluationEnd> => {
    const nowMs = deps.nowMs();
    const { rule } = claimed;
    const { watch } = rule;
    const { behind, judged, ...found } =
      watch.kind === "METRIC"
        ? await watchMetric(deps, claimed, watch.metric, nowMs)
        : await watchQuestion(deps, claimed, watch, nowMs);
    const tell = await tellSeries(deps, rule, nowMs);
    const impacts = await deps.readImpacts(rule, judged);
    const evaluation = sumUp(judged);
    return {
      ...{ ...found, judged, evaluation, breachedSinceMs: breachedSince(rule, evaluation) },
      ...{ keep: MAX_SERIES, nextEvaluationAtMs: behind ? nowMs : turnAfter(rule, found.judgedUntilMs, nowMs) },
      // Time has passed as well: who is to be reminded is reminded at the rule's turn.
      settle: (held, series, one) => {
        const signals = withImpacts(signalsOf(one.outcomes, nowMs, rule.live), impacts);
        return withCourse(one, tell(held, series, [...signals, untold({ kind: "TICK", atMs: nowMs })], one.recent));
      },
    };
  };

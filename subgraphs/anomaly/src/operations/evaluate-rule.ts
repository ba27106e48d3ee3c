import type { AskAnalytics } from "@tessera/contracts/watched-series";
import type { AccessOfSubject } from "@tessera/platform/auth/access-of-subject";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { NowMs } from "@tessera/platform/time/clock";
import { historyOf } from "../domain/detectors/create-detector.ts";
import { nextTurnMs, windowAt } from "../domain/evaluation.ts";
import { withCourse } from "../domain/explain/course.ts";
import type { Metric } from "../domain/metric.ts";
import type { Rule } from "../domain/rule.ts";
import { judgeRule } from "../domain/rules/judge-rule.ts";
import { fingerprintOf } from "../domain/rules/series.ts";
import type { SettleSeries } from "../domain/rules/settle-series.ts";
import { signalsOf, type Told } from "../domain/rules/step-series.ts";
import { withFeedback } from "../domain/feedback/told-feedback.ts";
import { contextSignal } from "../domain/silences/told-silences.ts";
import { sumUp } from "../domain/rules/sum-up.ts";
import { hourOfWeek, planTurn, turnOf } from "../domain/rules/watch-plan.ts";
import { BUCKET_MS, MAX_SERIES, type WatchedQuestionRule } from "../domain/rules/watch.ts";
import type { Claimed, EvaluationEnd } from "../store/evaluation-store.ts";
import type { MetricStore } from "../store/metric-store.ts";
import { withImpacts, type ReadImpacts } from "./explain/read-impacts.ts";
import type { ReadLearned } from "./feedback/feedback-operations.ts";
import type { ReadSilences } from "./silences/silence-operations.ts";
import type { ReadCalendar } from "./calendars/calendar-operations.ts";
import { authorNow } from "./rules-author.ts";

/** What evaluating a rule works with. */
export interface EvaluateRuleDeps {
  readonly metrics: MetricStore;
  readonly askAnalytics: AskAnalytics;
  readonly accessOfSubject: AccessOfSubject;
  readonly readCalendar: ReadCalendar;
  readonly settleSeries: SettleSeries;
  readonly readSilences: ReadSilences;
  readonly readLearned: ReadLearned;
  readonly readImpacts: ReadImpacts;
  readonly nowMs: NowMs;
}

/** What a turn found, before it is settled. */
type Found = Pick<EvaluationEnd, "judged" | "judgedUntilMs" | "warmUntilMs" | "seriesSeen"> & {
  /** Whether there is more to judge at once. */
  readonly behind: boolean;
};

const iso = (ms: number): string => new Date(ms).toISOString();

/** A metric of the rule's own: one series, whose bucket is the window that ends now. */
const watchMetric = async (
  { metrics }: EvaluateRuleDeps,
  { rule, series }: Claimed,
  metric: Metric,
  nowMs: number,
): Promise<Found> => {
  const window = windowAt(nowMs, metric.windowMs);
  const { value, samples } = await metrics.read(wholeTenant(rule.tenantId), metric, window);
  const fingerprint = fingerprintOf(rule.id, []);
  const fresh = { fingerprint, group: [], recent: [], seenAtMs: window.fromMs, detector: undefined };
  const { fromMs: atMs, toMs: untilMs } = window;
  const observation = { atMs, untilMs, value, samples, hourOfWeek: hourOfWeek("UTC", atMs), calendar: null };
  const known = series.find((one) => one.fingerprint === fingerprint) ?? fresh;
  const toJudge = [{ series: known, buckets: [{ kind: "HELD", observation }] }] as const;
  return {
    ...{ judged: judgeRule(rule.detector, toJudge, 0), judgedUntilMs: untilMs, warmUntilMs: null, seriesSeen: 1 },
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
  const { granularity, timeZone, question, value, maxSeries } = watch;
  const plan = planTurn(rule, watch, historyOf(rule.detector, BUCKET_MS[granularity]), nowMs);
  const { fromMs, toMs, warmUntilMs, heaviestFromMs } = plan;
  const heaviestFrom = heaviestFromMs === null ? null : iso(heaviestFromMs);
  const asked = { question, value, granularity, timeZone, maxSeries, heaviestFrom, from: iso(fromMs), to: iso(toMs) };
  const answer = await deps.askAnalytics.watchedSeries(caller, asked);
  const turn = turnOf(rule, watch, series, answer, await deps.readCalendar(rule.tenantId, watch, answer));
  return {
    judged: judgeRule(rule.detector, turn.toJudge, warmUntilMs),
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

const untold = (signal: Told["signal"]): Told => ({ signal, bucket: null, actor: null });

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
    const [silences, taught] = await Promise.all([
      deps.readSilences(rule.tenantId, nowMs),
      deps.readLearned(rule, nowMs),
    ]);
    const impacts = await deps.readImpacts(rule, judged);
    const evaluation = sumUp(judged);
    const nextMs = nextTurnMs(rule.nextEvaluationAtMs, rule.evaluationIntervalSeconds, nowMs);
    return {
      ...{ ...found, judged, evaluation, breachedSinceMs: breachedSince(rule, evaluation) },
      ...{ keep: MAX_SERIES, nextEvaluationAtMs: behind ? nowMs : nextMs },
      // Time has passed as well: who is to be reminded is reminded at the rule's turn.
      settle: (held, series, one) => {
        const { outcomes, recent } = one;
        const told = [...withImpacts(signalsOf(outcomes, nowMs), impacts), untold({ kind: "TICK", atMs: nowMs })];
        const signals = told.map(({ signal }) => signal);
        const context = contextSignal(
          held.alerting,
          { ...series, labels: held.labels, rule: held.name },
          signals,
          silences,
        );
        const learned = taught.get(series.fingerprint) ?? null;
        const all = context === null ? told : [untold(context), ...told];
        const taken = withFeedback(held.alerting, { alert: series.alert, learned, recent }, all, untold);
        return withCourse(one, deps.settleSeries(held, series, taken));
      },
    };
  };

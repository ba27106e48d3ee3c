import { step } from "../domain/alerts/alert-machine.ts";
import { freshAlert } from "../domain/alerts/alert-state.ts";
import type { Rule } from "../domain/rule.ts";
import { certainOf, closesAtMs, endOfBucket, settledEarly, type SettledEarly } from "../domain/rules/open-bucket.ts";
import { questionAsked } from "../domain/rules/question-asked.ts";
import type { Series } from "../domain/rules/series.ts";
import { signalsOf, type Told } from "../domain/rules/step-series.ts";
import { heaviestFromOf } from "../domain/rules/watch-plan.ts";
import type { WatchedQuestionRule } from "../domain/rules/watch.ts";
import type { Claimed } from "../store/evaluation-store.ts";
import type { LookEnd } from "../store/live-store.ts";
import type { EvaluateRuleDeps } from "./evaluate-rule.ts";
import { authorNow } from "./rules-author.ts";
import { tellSeries } from "./tell-series.ts";

/** Least milliseconds between the beginnings of two looks at one rule, whoever looks: events that come meanwhile are seen by the next together. */
export const LOOK_PAUSE_MS = 250;
/** A rule rests so many times as long as the last look at it took: costly questions are asked less often, none more than a quarter of the time. */
const REST_PER_LOOK = 3;
/** Milliseconds until the next look at a rule of whose open bucket nothing is certain; each change of it is looked at anew. */
const UNCERTAIN_REST_MS = 600_000;

/** What a look at a live rule comes to: that it needs a whole turn, or what is certain of its bucket that has not ended. */
export type Look = { readonly kind: "TURN" } | { readonly kind: "LOOKED"; readonly end: LookEnd };

/** What is certain of the open bucket; null where nothing can be. */
const certainNow = async (
  deps: EvaluateRuleDeps,
  rule: Rule & { readonly judgedUntilMs: number },
  watch: WatchedQuestionRule,
  known: ReadonlyMap<string, Series>,
): Promise<readonly SettledEarly[] | null> => {
  const { breach, clear } = certainOf(rule.detector);
  if (!breach && !clear) return null;
  const caller = await authorNow(deps.accessOfSubject, rule);
  const fromMs = rule.judgedUntilMs;
  const span = { fromMs, toMs: endOfBucket(watch, fromMs), heaviestFromMs: heaviestFromOf(rule, watch, fromMs) };
  const answer = await deps.askAnalytics.watchedSeries(caller, questionAsked(watch, span));
  if (!answer.rising) return null;
  return settledEarly({ ...rule, watch }, known, answer, await deps.readCalendar(rule.tenantId, watch, answer));
};

/** The signal of a bucket that has not ended. */
const earlyTold = ({ bucket }: SettledEarly, nowMs: number): readonly Told[] =>
  signalsOf([{ kind: "JUDGED", bucket }], nowMs, true);

/** Whether what is certain leads an alert on: what does not is put down with its bucket, when that has ended. */
const leadsOn = ({ alerting }: Rule, series: Series | undefined, early: SettledEarly, nowMs: number): boolean => {
  const before = series?.alert ?? freshAlert(nowMs);
  return earlyTold(early, nowMs).some(({ signal }) => step(alerting, before, signal).transitions.length > 0);
};

/**
 * Looks at a live rule between its turns. What its buckets that have ended say is for a whole turn; of the one that has not, alerts are told what stays true whatever comes, and
 * nothing is learnt.
 */
export const lookLive =
  (deps: EvaluateRuleDeps) =>
  async ({ rule, series }: Claimed): Promise<Look> => {
    const startedMs = deps.nowMs();
    const { watch, judgedUntilMs } = rule;
    if (watch.kind === "METRIC" || judgedUntilMs === null) return { kind: "TURN" };
    if ((closesAtMs(rule, watch) ?? 0) <= startedMs) return { kind: "TURN" };
    const known = new Map(series.map((one) => [one.fingerprint, one]));
    const certain = await certainNow(deps, { ...rule, judgedUntilMs }, watch, known);
    const nowMs = deps.nowMs();
    const settled = (certain ?? []).filter((early) => leadsOn(rule, known.get(early.fingerprint), early, nowMs));
    const tell = settled.length === 0 ? null : await tellSeries(deps, rule, nowMs);
    const restMs = certain === null ? UNCERTAIN_REST_MS : REST_PER_LOOK * (nowMs - startedMs);
    return {
      kind: "LOOKED",
      end: {
        ...{ settled, nowMs, nextLookAtMs: Math.max(startedMs + LOOK_PAUSE_MS, nowMs + restMs) },
        settle: (held, before, early) => {
          if (tell === null) throw new Error("Nothing was to be told.");
          return tell(held, before, earlyTold(early, nowMs), []);
        },
      },
    };
  };

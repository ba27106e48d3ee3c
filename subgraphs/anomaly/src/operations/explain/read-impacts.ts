import type { AskAnalytics } from "@tessera/contracts/watched-series";
import type { AccessOfSubject } from "@tessera/platform/auth/access-of-subject";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { eachOf } from "@tessera/platform/runtime/each-of";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { asksForImpact, impactIn, impactOfFinding, isBreach, type Impact } from "../../domain/explain/impact.ts";
import type { Rule } from "../../domain/rule.ts";
import { changeAsked } from "../../domain/rules/change-asked.ts";
import type { JudgedBucket, JudgedSeries } from "../../domain/rules/series.ts";
import type { Told } from "../../domain/rules/step-series.ts";
import { authorNow } from "../rules-author.ts";

/** Breaches of one turn whose impact is asked for, the worst first: each costs up to 13 questions of the tenant's budget. */
const MAX_ASKED = 8;
/** Impacts of one turn that are asked for at a time. */
const AT_ONCE = 2;
/** Milliseconds one turn waits for impacts: a fraction of its lease. */
const PATIENCE_MS = 20_000;

/** What reading impacts works with. */
export interface ReadImpactsDeps {
  readonly askAnalytics: AskAnalytics;
  readonly accessOfSubject: AccessOfSubject;
  readonly logger: Logger;
}

/** Impacts of judged buckets. */
export type Impacts = ReadonlyMap<JudgedBucket, Impact>;

/** Tells how far the breaches of a turn reach. */
export type ReadImpacts = (rule: Rule, judged: readonly JudgedSeries[]) => Promise<Impacts>;

const breachesOf = ({ alerting }: Rule, judged: readonly JudgedSeries[]) =>
  judged.flatMap(({ group, outcomes }) =>
    outcomes.flatMap((outcome) =>
      outcome.kind === "JUDGED" && isBreach(outcome.bucket, alerting) ? [{ group, bucket: outcome.bucket }] : [],
    ),
  );

/**
 * Builds {@link ReadImpacts}. Numbers of people tell it by themselves; of other questions it is asked as the rule's author where severities go by it, of the 8 worst breaches of a turn. What is not
 * known is left out: a severity goes by the score alone then, and the turn goes on.
 */
export const createReadImpacts =
  ({ askAnalytics, accessOfSubject, logger }: ReadImpactsDeps): ReadImpacts =>
  async (rule, judged) => {
    const { watch, alerting } = rule;
    const breaches = breachesOf(rule, judged);
    const told = breaches.flatMap(({ bucket }) => {
      const impact = impactOfFinding(watch, bucket);
      return impact === null ? [] : [[bucket, impact] as const];
    });
    if (breaches.length === 0 || !asksForImpact(watch, alerting)) return new Map(told);
    const worst = breaches.toSorted((one, other) => other.bucket.finding.score - one.bucket.finding.score);
    const caller = await authorNow(accessOfSubject, rule);
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const asked = await eachOf(worst.slice(0, MAX_ASKED), AT_ONCE, async ({ group, bucket }) => {
      const { atMs: fromMs, untilMs: toMs } = bucket;
      const change = changeAsked(rule, { group, window: { fromMs, toMs } });
      if (change === null) return [];
      try {
        return [[bucket, impactIn(alerting, await askAnalytics.impactOf(caller, change, signal))] as const];
      } catch (error) {
        logger.warn({ ruleId: rule.id, error: errorMessage(error) }, "The impact of a breach is not known.");
        return [];
      }
    });
    return new Map(asked.flat());
  };

/** Signals of buckets with the impacts that are known of them. */
export const withImpacts = (told: readonly Told[], impacts: Impacts): readonly Told[] =>
  told.map((one) => {
    const impact = one.bucket === null ? undefined : impacts.get(one.bucket);
    if (impact === undefined || one.signal.kind !== "FINDING") return one;
    return { ...one, signal: { ...one.signal, impact: impact.amount }, impact };
  });

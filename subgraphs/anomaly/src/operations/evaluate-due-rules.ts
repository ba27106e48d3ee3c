import { parseAnomalyId, type AnomalyId } from "@tessera/contracts/ids";
import { Refusal } from "@tessera/platform/errors/refusal";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { Metrics } from "@tessera/platform/telemetry/metrics";
import type { NowMs } from "@tessera/platform/time/clock";
import { conclude } from "../domain/anomaly.ts";
import { judge, nextTurnMs, windowAt } from "../domain/evaluation.ts";
import type { Rule } from "../domain/rule.ts";
import type { Claim, EvaluationStore } from "../store/evaluation-store.ts";
import type { MetricStore } from "../store/metric-store.ts";

/** Rules a worker claims at once; with MAX_PARALLEL_READINGS of at most five seconds each they are done within their lease. */
export const MAX_CLAIMED_RULES = 32;
/** Readings a worker asks of the event store at the same time, so that callers find the store free. */
const MAX_PARALLEL_READINGS = 4;
/** Milliseconds after which another worker may take over a claimed rule: twice what a batch can take. */
export const LEASE_MS = 90_000;

/** What the evaluator works with. */
export interface EvaluatorDeps {
  readonly evaluations: EvaluationStore;
  readonly metrics: MetricStore;
  readonly telemetry: Metrics;
  readonly logger: Logger;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

const newAnomalyId = (newId: () => string): AnomalyId => {
  const id = parseAnomalyId(newId());
  if (id === null) throw new Error("The source of ids gave no UUID.");
  return id;
};

const failureOf = (error: unknown): string =>
  error instanceof Refusal ? error.message : "The evaluation could not be completed.";

const evaluateRule = async (deps: EvaluatorDeps, claim: Claim, rule: Rule): Promise<string> => {
  const nowMs = deps.nowMs();
  const nextEvaluationAtMs = nextTurnMs(rule.nextEvaluationAtMs, rule.evaluationIntervalSeconds, nowMs);
  try {
    const reading = await deps.metrics.read(
      wholeTenant(rule.tenantId),
      rule.metric,
      windowAt(nowMs, rule.metric.windowMs),
    );
    const evaluation = judge(reading, rule.condition);
    return await deps.evaluations.settle(claim, {
      evaluation,
      nextEvaluationAtMs,
      anomalyId: newAnomalyId(deps.newId),
      conclude: ({ breachedSinceMs, condition }, open) =>
        conclude({ breachedSinceMs, open: open?.standing ?? null }, evaluation, condition),
    });
  } catch (error) {
    deps.logger.warn({ ruleId: rule.id, error: errorMessage(error) }, "A rule could not be evaluated.");
    await deps.evaluations.fail(claim, failureOf(error), nextEvaluationAtMs);
    return "FAILED";
  }
};

const evaluateClaim = async (deps: EvaluatorDeps, claim: Claim): Promise<string> => {
  const rule = await deps.evaluations.load(claim);
  return rule === null ? "LEASE_LOST" : evaluateRule(deps, claim, rule);
};

/**
 * Claims the rules that are due, of whatever tenant, evaluates each in its own tenant's scope and answers how many it claimed. Safe beside any
 * number of others: a rule is leased to one, and only the holder of the lease can settle.
 */
export const evaluateDueRules = (deps: EvaluatorDeps) => {
  const evaluated = deps.telemetry.counter("tessera_anomaly_evaluations_total", "Rule evaluations by what followed.", [
    "consequence",
  ]);
  return async (): Promise<number> => {
    const nowMs = deps.nowMs();
    const claims = await deps.evaluations.claimDueAcrossTenants(nowMs, nowMs + LEASE_MS, MAX_CLAIMED_RULES);
    const waiting = claims.values();
    const work = async (): Promise<void> => {
      for (const claim of waiting) {
        try {
          evaluated.inc({ consequence: await evaluateClaim(deps, claim) });
        } catch (error) {
          // The lease ends by itself and the rule is tried again; the other claims go on.
          deps.logger.error({ ruleId: claim.ruleId, error: errorMessage(error) }, "An evaluation was not kept.");
          evaluated.inc({ consequence: "FAILED" });
        }
      }
    };
    await Promise.all(Array.from({ length: MAX_PARALLEL_READINGS }, work));
    return claims.length;
  };
};

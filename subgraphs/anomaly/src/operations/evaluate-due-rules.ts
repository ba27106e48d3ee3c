import { Refusal } from "@tessera/platform/errors/refusal";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { Metrics } from "@tessera/platform/telemetry/metrics";
import { eachOf } from "@tessera/platform/runtime/each-of";
import { createHeldLeases, LEASE_MS, type HeldLeases } from "@tessera/platform/runtime/held-leases";
import { nextTurnMs } from "../domain/evaluation.ts";
import type { Rule } from "../domain/rule.ts";
import type { Claim, EvaluationStore } from "../store/evaluation-store.ts";
import { evaluateRule, type EvaluateRuleDeps } from "./evaluate-rule.ts";
import { readOnce } from "./read-once.ts";
import { AuthorGone } from "./rules-author.ts";

/** Rules a worker claims at once: what one that dies holds is another's when their leases have ended, and no statement claims for longer than it takes. */
export const MAX_CLAIMED_RULES = 32;
/** Readings a worker asks of the event store at the same time, so that callers find the store free. */
const MAX_PARALLEL_READINGS = 4;
/** What the evaluator works with. */
export interface EvaluatorDeps extends EvaluateRuleDeps {
  readonly evaluations: EvaluationStore;
  readonly telemetry: Metrics;
  readonly logger: Logger;
}

const failureOf = (error: unknown): { readonly code: string; readonly message: string } => {
  if (error instanceof Refusal || error instanceof AuthorGone) return { code: error.code, message: error.message };
  return { code: "INTERNAL", message: "The evaluation could not be completed." };
};

const fail = async (deps: EvaluatorDeps, claim: Claim, rule: Rule, error: unknown): Promise<string> => {
  deps.logger.warn({ ruleId: rule.id, error: errorMessage(error) }, "A rule could not be evaluated.");
  const nextMs = nextTurnMs(rule.nextEvaluationAtMs, rule.evaluationIntervalSeconds, deps.nowMs());
  await deps.evaluations.fail(claim, failureOf(error), nextMs);
  return "FAILED";
};

/** Evaluates a claimed rule and settles what follows, or keeps why it failed; answers what it came to. */
export const evaluateClaim = async (deps: EvaluatorDeps, claim: Claim): Promise<string> => {
  const claimed = await deps.evaluations.load(claim);
  if (claimed === null) return "LEASE_LOST";
  try {
    const settlement = await deps.evaluations.settle(claim, await evaluateRule(deps)(claimed));
    if (settlement.kind === "LEASE_LOST") return "LEASE_LOST";
    return settlement.transitions > 0 ? "CHANGED" : "UNCHANGED";
  } catch (error) {
    return fail(deps, claim, claimed.rule, error);
  }
};

/** Leases of the rules that a process evaluates or looks at, renewed until each is settled. */
export const leasesOfRules = ({
  evaluations,
  nowMs,
  logger,
}: Pick<EvaluatorDeps, "evaluations" | "nowMs" | "logger">): HeldLeases<Claim> =>
  createHeldLeases<Claim>({
    ...{ nowMs, renew: evaluations.renewAcrossTenants },
    onTrouble: (error) =>
      logger.warn({ error: errorMessage(error) }, "Leases of claimed rules can't be renewed; trying again."),
  });

/**
 * Claims the rules that are due, of whatever tenant, evaluates each in its own tenant's scope and answers how many it claimed. Safe beside any
 * number of others: a rule is leased to one, and only the holder of the lease can settle.
 */
export const evaluateDueRules = (deps: EvaluatorDeps) => {
  const evaluated = deps.telemetry.counter("tessera_anomaly_evaluations_total", "Rule evaluations by what followed.", [
    "consequence",
  ]);
  const leases = leasesOfRules(deps);
  return async (): Promise<number> => {
    const nowMs = deps.nowMs();
    const leaseUntilMs = nowMs + LEASE_MS;
    const claims = await deps.evaluations.claimDueAcrossTenants(nowMs, leaseUntilMs, MAX_CLAIMED_RULES);
    const held = claims.map((claim) => ({ claim, lease: leases.hold(claim, leaseUntilMs) }));
    const [silences, escalations] = [readOnce(deps.readSilences), readOnce(deps.readEscalations)];
    const read = { readSilences: silences.read, readEscalations: escalations.read };
    await eachOf(held, MAX_PARALLEL_READINGS, async ({ claim, lease }) => {
      try {
        // Whoever stood still for longer than its lease begins nothing: somebody else has.
        const consequence = lease.isOwn() ? await evaluateClaim({ ...deps, ...read }, claim) : "LEASE_LOST";
        // What opened or ended may inhibit the alerts of the rules after it.
        if (consequence === "CHANGED") silences.forget(claim.tenantId);
        evaluated.inc({ consequence });
      } catch (error) {
        // The lease ends by itself and the rule is tried again; the other claims go on.
        deps.logger.error({ ruleId: claim.ruleId, error: errorMessage(error) }, "An evaluation was not kept.");
        evaluated.inc({ consequence: "FAILED" });
      } finally {
        leases.release(claim);
      }
    });
    return claims.length;
  };
};

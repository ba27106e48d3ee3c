import type { TenantId } from "@tessera/contracts/ids";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { LEASE_MS } from "@tessera/platform/runtime/held-leases";
import type { Claim } from "../store/evaluation-store.ts";
import type { LiveClaims, LiveStore } from "../store/live-store.ts";
import { evaluateClaim, leasesOfRules, type EvaluatorDeps } from "./evaluate-due-rules.ts";
import { lookLive, LOOK_PAUSE_MS } from "./look-live.ts";

/** Milliseconds that a rule which can't be looked at rests: why not is kept with the rule at its next turn. */
const FAILED_REST_MS = 10_000;
/** Rules that rest no longer than this are asked for again until they can be looked at; others wait for the next events. */
const SOON_MS = 30_000;

/** What looking at live rules works with. */
export interface LiveDeps extends EvaluatorDeps {
  readonly live: LiveStore;
}

/** Looks at live rules, of whatever tenants, by claims that are safe beside any number of others. */
export interface LiveLooker {
  /** Claims rules of tenants whose events were stored. */
  claim(tenantIds: readonly TenantId[], limit: number): Promise<LiveClaims>;
  /** Looks at a claimed rule; true when its tenant is to be looked at again, whatever events come. */
  look(claim: Claim): Promise<boolean>;
}

/** Builds {@link LiveLooker}. */
export const lookAtLiveRules = (deps: LiveDeps): LiveLooker => {
  const { live, logger, nowMs } = deps;
  const leases = leasesOfRules(deps);
  const looked = deps.telemetry.counter("tessera_anomaly_live_looks_total", "Looks at live rules by what followed.", [
    "consequence",
  ]);
  const rest = async (claim: Claim): Promise<void> => {
    const now = nowMs();
    await live.settle(claim, {
      ...{ settled: [], nowMs: now, nextLookAtMs: now + FAILED_REST_MS },
      settle: () => {
        throw new Error("Nothing is settled.");
      },
    });
  };
  const lookAt = async (claim: Claim): Promise<string> => {
    const claimed = await live.load(claim);
    if (claimed === null) return "LEASE_LOST";
    const look = await lookLive(deps)(claimed);
    if (look.kind === "TURN") {
      const consequence = await evaluateClaim(deps, claim);
      // After its turn a question has a bucket that is open; a metric has been read up to now.
      return claimed.rule.watch.kind === "QUESTION" && consequence !== "FAILED" ? "TURN" : consequence;
    }
    const settlement = await live.settle(claim, look.end);
    if (settlement.kind === "LEASE_LOST") return "LEASE_LOST";
    return settlement.transitions > 0 ? "CHANGED" : "UNCHANGED";
  };
  return {
    claim: (tenantIds, limit) => {
      const now = nowMs();
      const times = { nowMs: now, soonMs: now + SOON_MS, nextLookAtMs: now + LOOK_PAUSE_MS };
      return live.claimAcrossTenants(tenantIds, { ...times, leaseUntilMs: now + LEASE_MS }, limit);
    },
    look: async (claim) => {
      leases.hold(claim, nowMs() + LEASE_MS);
      try {
        const consequence = await lookAt(claim);
        looked.inc({ consequence });
        return consequence === "TURN";
      } catch (error) {
        logger.warn({ ruleId: claim.ruleId, error: errorMessage(error) }, "A live rule could not be looked at.");
        looked.inc({ consequence: "FAILED" });
        await rest(claim).catch((again: unknown) =>
          logger.warn({ ruleId: claim.ruleId, error: errorMessage(again) }, "A look's lease ends by itself."),
        );
        return false;
      } finally {
        leases.release(claim);
      }
    },
  };
};

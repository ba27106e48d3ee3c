import type { Tier } from "@tessera/contracts/features";
import type { RuleProblem } from "../checked.ts";
import type { RuleDefinition } from "../rule.ts";

/** Rules of a tenant that may be live at a time: each is asked as often as events come, up to four times a second. */
export const LIVE_RULES_OF_TIER: Readonly<Record<Tier, number>> = { FREE: 2, TEAM: 10, BUSINESS: 50, ENTERPRISE: 200 };

/** What is wrong with a rule that is to be live, by itself; null where nothing is. */
export const problemWithLive = ({ live, watch, alerting }: RuleDefinition): RuleProblem | null => {
  if (!live || watch.kind === "QUESTION" || (alerting.fire.k === 1 && alerting.clear.k === 1)) return null;
  return {
    field: "live",
    message:
      "A metric of a live rule is read as often as events come, so that counting readings says nothing: let `alerting.fire.k` and `alerting.clear.k` be 1, and say how long by `minimumDuration` and `quiet`; or watch a `question`.",
  };
};

/** What is wrong where a tenant of a tier has as many live rules as it may. */
export const tooManyLive = (limit: number): RuleProblem => ({
  field: "live",
  message: `At most ${limit} rules of the tenant are live at a time in its tier: let another one rest from being live, or take a larger tier.`,
});

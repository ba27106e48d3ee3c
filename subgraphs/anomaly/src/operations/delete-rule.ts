import type { Caller } from "@tessera/contracts/caller";
import { parseRuleId } from "@tessera/contracts/ids";
import type { NowMs } from "@tessera/platform/time/clock";
import type { RuleStore } from "../store/rule-store.ts";

/** Deletes a rule of the caller's tenant and resolves its open anomaly; false when there is no such rule. */
export const deleteRule =
  (deps: { rules: RuleStore; nowMs: NowMs }) =>
  async (caller: Caller, id: string): Promise<boolean> => {
    const ruleId = parseRuleId(id);
    if (ruleId === null) return false;
    const resolution = { cause: "RULE_DELETED", atMs: deps.nowMs(), by: caller.subject, note: null } as const;
    return deps.rules.remove(caller.tenantId, ruleId, resolution);
  };

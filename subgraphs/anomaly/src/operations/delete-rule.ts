import type { Caller } from "@tessera/contracts/caller";
import { parseRuleId } from "@tessera/contracts/ids";
import type { NowMs } from "@tessera/platform/time/clock";
import type { RuleStore } from "../store/rule-store.ts";

/** Deletes a rule of the caller's tenant and ends its anomalies; false when there is no such rule. */
export const deleteRule =
  (deps: { rules: RuleStore; nowMs: NowMs }) =>
  async (caller: Caller, id: string): Promise<boolean> => {
    const ruleId = parseRuleId(id);
    if (ruleId === null) return false;
    return deps.rules.remove(caller.tenantId, ruleId, { by: caller.subject, note: null, atMs: deps.nowMs() });
  };

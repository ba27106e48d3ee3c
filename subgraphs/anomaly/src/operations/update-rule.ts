import type { Caller } from "@tessera/contracts/caller";
import { parseRuleId } from "@tessera/contracts/ids";
import type { NowMs } from "@tessera/platform/time/clock";
import { changeRule, type RuleChangeInput } from "../domain/rule-change.ts";
import type { ChangedRule } from "../domain/rule.ts";
import type { RuleStore } from "../store/rule-store.ts";

/** Changes a rule of the caller's tenant; its next evaluation follows at once. */
export const updateRule =
  (deps: { rules: RuleStore; nowMs: NowMs }) =>
  async (caller: Caller, id: string, input: RuleChangeInput): Promise<ChangedRule> => {
    const ruleId = parseRuleId(id);
    if (ruleId === null) return { kind: "NOT_FOUND" };
    return deps.rules.change(caller.tenantId, ruleId, (rule) => changeRule(rule, input), deps.nowMs());
  };

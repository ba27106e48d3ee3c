import type { Caller } from "@tessera/contracts/caller";
import { parseRuleId } from "@tessera/contracts/ids";
import type { Rule } from "../domain/rule.ts";
import type { RuleStore } from "../store/rule-store.ts";

/** A rule of the caller's tenant that is not deleted; null when there is none with this id. */
export const findRule =
  (deps: { rules: RuleStore }) =>
  async (caller: Caller, id: string): Promise<Rule | null> => {
    const ruleId = parseRuleId(id);
    return ruleId === null ? null : deps.rules.find(caller.tenantId, ruleId);
  };

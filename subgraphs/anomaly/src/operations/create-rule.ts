import type { Caller } from "@tessera/contracts/caller";
import { parseRuleId } from "@tessera/contracts/ids";
import type { NowMs } from "@tessera/platform/time/clock";
import { checkRuleDefinition } from "../domain/rule-definition.ts";
import type { CreatedRule, RuleProblem } from "../domain/rule.ts";
import type { RuleStore } from "../store/rule-store.ts";

/** What became of `createRule`. */
export type CreateRuleOutcome = CreatedRule | { readonly kind: "REJECTED"; readonly problems: readonly RuleProblem[] };

/** Makes a rule for the caller's tenant. A name is taken once, so a repeated call can't make the rule twice. */
export const createRule =
  (deps: { rules: RuleStore; nowMs: NowMs; newId: () => string }) =>
  async (caller: Caller, input: object): Promise<CreateRuleOutcome> => {
    const checked = checkRuleDefinition(input);
    if (!checked.valid) return { kind: "REJECTED", problems: checked.problems };
    const id = parseRuleId(deps.newId());
    if (id === null) throw new Error("The source of ids gave no UUID.");
    return deps.rules.create(caller.tenantId, id, checked.value, deps.nowMs());
  };

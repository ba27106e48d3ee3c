import type { Caller } from "@tessera/contracts/caller";
import { parseRuleId } from "@tessera/contracts/ids";
import type { NowMs } from "@tessera/platform/time/clock";
import type { RuleProblem } from "../domain/checked.ts";
import { checkRuleDefinition } from "../domain/rule-definition.ts";
import type { CreatedRule, RuleAuthor, RuleDefinition } from "../domain/rule.ts";
import type { RuleStore } from "../store/rule-store.ts";
import { authorIn } from "./rules-author.ts";
import { tryCalendar, tryQuestion, type TryDeps } from "./try-question.ts";

/** What became of `createRule`. */
export type CreateRuleOutcome = CreatedRule | { readonly kind: "REJECTED"; readonly problems: readonly RuleProblem[] };

/** Nobody: metrics of rules' own are of the whole tenant. */
const NOBODY: RuleAuthor = { author: null, authorPermissions: [] };

/** As whom a rule is evaluated that somebody has just written. */
export const authorOf = (caller: Caller, { watch }: RuleDefinition): RuleAuthor =>
  watch.kind === "METRIC" ? NOBODY : authorIn(caller);

/** Makes a rule for the caller's tenant. A name is taken once, so a repeated call can't make the rule twice. */
export const createRule =
  (deps: TryDeps & { rules: RuleStore; nowMs: NowMs; newId: () => string }) =>
  async (caller: Caller, input: object): Promise<CreateRuleOutcome> => {
    const checked = checkRuleDefinition({ ...input });
    if (!checked.valid) return { kind: "REJECTED", problems: checked.problems };
    const definition = checked.value;
    const author = authorOf(caller, definition);
    await tryCalendar(deps, caller, definition);
    await tryQuestion(deps, caller, definition);
    const id = parseRuleId(deps.newId());
    if (id === null) throw new Error("The source of ids gave no UUID.");
    return deps.rules.create(caller.tenantId, id, { definition, author }, deps.nowMs());
  };

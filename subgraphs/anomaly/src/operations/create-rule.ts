import type { Caller } from "@tessera/contracts/caller";
import type { Tier } from "@tessera/contracts/features";
import { parseRuleId, type TenantId } from "@tessera/contracts/ids";
import type { NowMs } from "@tessera/platform/time/clock";
import type { RuleProblem } from "../domain/checked.ts";
import { checkRuleDefinition } from "../domain/rule-definition.ts";
import type { CreatedRule, RuleAuthor, RuleDefinition } from "../domain/rule.ts";
import { LIVE_RULES_OF_TIER, tooManyLive } from "../domain/rules/live-rules.ts";
import type { RuleStore } from "../store/rule-store.ts";
import type { OnObjective } from "./objectives/on-objective.ts";
import { authorIn } from "./rules-author.ts";
import { tryCalendar, tryQuestion, type TryDeps } from "./try-question.ts";

/** What became of `createRule`. */
export type CreateRuleOutcome = CreatedRule | { readonly kind: "REJECTED"; readonly problems: readonly RuleProblem[] };

/** Nobody: metrics of rules' own are of the whole tenant. */
const NOBODY: RuleAuthor = { author: null, authorPermissions: [] };

/** As whom a rule is evaluated that somebody has just written. */
export const authorOf = (caller: Caller, { watch }: RuleDefinition): RuleAuthor =>
  watch.kind === "METRIC" ? NOBODY : authorIn(caller);

/** Tells the tier of a tenant. */
export type TierOf = (tenantId: TenantId) => Promise<Tier>;

/** How many rules of a tenant may be live; none where that does not matter, since this one is not to be. */
export const maxLiveOf = async (tierOf: TierOf, tenantId: TenantId, { live }: RuleDefinition): Promise<number> =>
  live ? LIVE_RULES_OF_TIER[await tierOf(tenantId)] : 0;

/** Makes a rule for the caller's tenant. A name is taken once, so a repeated call can't make the rule twice. */
export const createRule =
  (deps: TryDeps & { rules: RuleStore; tierOf: TierOf; onObjective: OnObjective; nowMs: NowMs; newId: () => string }) =>
  async (caller: Caller, input: object): Promise<CreateRuleOutcome> => {
    const checked = checkRuleDefinition({ ...(await deps.onObjective.made(caller, input, "input")) });
    if (!checked.valid) return { kind: "REJECTED", problems: checked.problems };
    const definition = checked.value;
    const author = authorOf(caller, definition);
    await tryCalendar(deps, caller, definition);
    await tryQuestion(deps, caller, definition, input);
    const id = parseRuleId(deps.newId());
    if (id === null) throw new Error("The source of ids gave no UUID.");
    const maxLive = await maxLiveOf(deps.tierOf, caller.tenantId, definition);
    const created = await deps.rules.create(caller.tenantId, id, { definition, author, maxLive }, deps.nowMs());
    if (created.kind === "TOO_MANY_LIVE") return { kind: "REJECTED", problems: [tooManyLive(created.limit)] };
    if (created.kind !== "SAVED") return created;
    const change = { by: caller.subject, note: null, atMs: deps.nowMs() };
    return { kind: "SAVED", rule: await deps.onObjective.kept(created.rule, change) };
  };

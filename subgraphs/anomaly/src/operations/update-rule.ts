import type { Caller } from "@tessera/contracts/caller";
import { parseRuleId } from "@tessera/contracts/ids";
import type { NowMs } from "@tessera/platform/time/clock";
import { changeRule, type RuleChangeInput } from "../domain/rule-change.ts";
import type { ChangedRule } from "../domain/rule.ts";
import { tooManyLive } from "../domain/rules/live-rules.ts";
import type { RuleStore } from "../store/rule-store.ts";
import { authorOf, maxLiveOf, type TierOf } from "./create-rule.ts";
import type { OnObjective } from "./objectives/on-objective.ts";
import { tryCalendar, tryQuestion, type TryDeps } from "./try-question.ts";

/** Changes a rule of the caller's tenant; its next evaluation follows at once. Who changes a rule is who its question is asked for from then on. */
export const updateRule =
  (deps: TryDeps & { rules: RuleStore; tierOf: TierOf; onObjective: OnObjective; nowMs: NowMs }) =>
  async (caller: Caller, id: string, asked: RuleChangeInput): Promise<ChangedRule> => {
    const ruleId = parseRuleId(id);
    const rule = ruleId === null ? null : await deps.rules.find(caller.tenantId, ruleId);
    if (ruleId === null || rule === null) return { kind: "NOT_FOUND" };
    const input = await deps.onObjective.changed(caller, rule, asked, "input");
    const decision = changeRule(rule, input);
    if (decision.kind === "REJECT") return { kind: "REJECTED", problems: decision.problems };
    if (decision.kind === "STALE") return { kind: "STALE", rule };
    const author = authorOf(caller, decision.definition);
    await tryCalendar(deps, caller, decision.definition);
    if (decision.restart) await tryQuestion(deps, caller, decision.definition, asked);
    const change = { by: caller.subject, note: null, atMs: deps.nowMs() };
    const decide = (held: typeof rule) => changeRule(held, input);
    const maxLive = await maxLiveOf(deps.tierOf, caller.tenantId, decision.definition);
    const changed = await deps.rules.change(caller.tenantId, ruleId, { decide, author, maxLive }, change);
    if (changed.kind === "TOO_MANY_LIVE") return { kind: "REJECTED", problems: [tooManyLive(changed.limit)] };
    return changed.kind === "SAVED"
      ? { kind: "SAVED", rule: await deps.onObjective.kept(changed.rule, change) }
      : changed;
  };

import type { Caller } from "@tessera/contracts/caller";
import { parseRuleId } from "@tessera/contracts/ids";
import { checkPage, pageOf, type Page, type PageArguments } from "../domain/page.ts";
import type { Rule } from "../domain/rule.ts";
import type { RuleStore } from "../store/rule-store.ts";

/** One page of the rules of the caller's tenant, newest first. */
export const listRules =
  (deps: { rules: RuleStore }) =>
  async (caller: Caller, asked: PageArguments): Promise<Page<Rule>> => {
    const page = checkPage(asked, parseRuleId);
    return pageOf(await deps.rules.page(caller.tenantId, { ...page, first: page.first + 1 }), page);
  };

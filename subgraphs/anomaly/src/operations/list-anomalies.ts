import type { Caller } from "@tessera/contracts/caller";
import { parseAnomalyId, parseRuleId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Severity } from "../domain/alerts/alert.ts";
import type { Anomaly, AnomalyState } from "../domain/anomaly.ts";
import { checkPage, pageOf, type Page, type PageArguments } from "../domain/page.ts";
import type { AnomalyStore } from "../store/anomaly-store.ts";

/** Which page of which anomalies a caller asks for. */
export interface AnomaliesArguments extends PageArguments {
  readonly state?: AnomalyState | null | undefined;
  readonly active?: boolean;
  readonly severity?: Severity | null | undefined;
  readonly ruleId?: string | null | undefined;
}

/** One page of the anomalies of the caller's tenant, newest first. */
export const listAnomalies =
  (deps: { anomalies: AnomalyStore }) =>
  async (caller: Caller, asked: AnomaliesArguments): Promise<Page<Anomaly>> => {
    const page = checkPage(asked, parseAnomalyId);
    const ruleId = typeof asked.ruleId === "string" ? parseRuleId(asked.ruleId) : null;
    if (typeof asked.ruleId === "string" && ruleId === null)
      throw refuse("BAD_INPUT", "A rule's id is a UUID.", { field: "ruleId" });
    const { state = null, active = false, severity = null } = asked;
    const filter = { state, active, severity, ruleId };
    return pageOf(await deps.anomalies.page(caller.tenantId, { ...page, first: page.first + 1 }, filter), page);
  };

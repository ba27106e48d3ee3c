import type { Caller } from "@tessera/contracts/caller";
import { parseIncidentId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Severity } from "../../domain/alerts/alert.ts";
import { incidentMetricsOf, type IncidentMetrics } from "../../domain/incidents/incident-metrics.ts";
import { checkIncidentPolicies, type SavedPolicies, type SetPolicies } from "../../domain/incidents/incident-policy.ts";
import type { Incident, IncidentState } from "../../domain/incidents/incident.ts";
import { checkPage, pageOf, type Page, type PageArguments } from "../../domain/page.ts";
import type { IncidentStore } from "../../store/incidents/incident-store.ts";
import type { PolicyStore } from "../../store/incidents/policy-store.ts";
import { soundOf } from "../silences/silence-operations.ts";

/** What reading incidents needs. */
export interface ReadIncidentDeps {
  readonly incidents: IncidentStore;
  readonly policies: PolicyStore;
  readonly nowMs: NowMs;
}

/** Which page of which incidents is asked for. */
export interface IncidentsArguments extends PageArguments {
  readonly state?: IncidentState | null | undefined;
  readonly active?: boolean;
  readonly severity?: Severity | null | undefined;
  readonly policy?: string | null | undefined;
}

/** Longest time that metrics are told of: as long as incidents are kept. */
const MAX_RANGE_MS = 400 * 86_400_000;
/** Incidents that metrics are made of at most. */
const MAX_MEASURED = 10_000;
const OPEN_STATES: readonly IncidentState[] = ["TRIGGERED", "ACKNOWLEDGED", "MITIGATED"];

/** A time that metrics are asked of, and of which policy. */
export interface MetricsAsked {
  readonly from: string;
  readonly to: string;
  readonly policy?: string | null | undefined;
}

const measure =
  ({ incidents, nowMs }: ReadIncidentDeps) =>
  async ({ tenantId }: Caller, { from, to, policy }: MetricsAsked): Promise<IncidentMetrics> => {
    const [fromMs, untilMs] = [Date.parse(from), Date.parse(to)];
    if (!(untilMs > fromMs) || untilMs - fromMs > MAX_RANGE_MS)
      throw refuse("BAD_INPUT", "Ask of a time that ends after it begins, at most 400 days later.", { field: "to" });
    const found = await incidents.openedWithin(tenantId, { fromMs, untilMs }, MAX_MEASURED + 1);
    if (found.length > MAX_MEASURED)
      throw refuse(
        "BAD_INPUT",
        `More than ${MAX_MEASURED.toLocaleString("en")} incidents were opened in this time: ask of a shorter one.`,
        { field: "to" },
      );
    const asked = policy ?? null;
    return incidentMetricsOf(asked === null ? found : found.filter((one) => one.policy === asked), nowMs());
  };

/** Everything that is asked of incidents and their policies, ready to be called. */
export const createIncidentReads = (deps: ReadIncidentDeps) => ({
  listIncidents: async (caller: Caller, asked: IncidentsArguments): Promise<Page<Incident>> => {
    const page = checkPage(asked, parseIncidentId);
    const { state = null, active = false, severity = null, policy = null } = asked;
    const states = state === null ? (active ? OPEN_STATES : null) : [state];
    return pageOf(await deps.incidents.page(caller.tenantId, page, { states, severity, policy }), page);
  },
  incidentMetrics: measure(deps),
  incidentPolicies: ({ tenantId }: Caller): Promise<SavedPolicies> => deps.policies.read(tenantId),
  setIncidentPolicies: (caller: Caller, version: number, policies: readonly object[]): Promise<SetPolicies> => {
    const checked = checkIncidentPolicies(policies);
    const sound = soundOf(
      checked.valid
        ? checked
        : { valid: false, problems: checked.problems.map((one) => ({ ...one, field: `policies.${one.field}` })) },
    );
    return deps.policies.set(caller.tenantId, { version, policies: sound, by: caller.subject, atMs: deps.nowMs() });
  },
});

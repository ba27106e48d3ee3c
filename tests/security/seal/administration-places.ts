import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { TesseraClient } from "../../testing/tessera-client.ts";
import { exampleOf, type OwnThings } from "../examples.ts";

/** How one place of the administration that takes an id is asked about a thing. */
interface AdministrationPlace {
  readonly own: (things: OwnThings) => Promise<string> | string;
  readonly variables: (id: string) => Record<string, unknown>;
}

const nobody: OwnThings = {
  ...{ mark: "m", tenantId: "", eventId: "", batchId: "", jobId: "", userId: "", apiKeyId: "" },
  ...{
    ruleId: "",
    ...{ anomalyId: "", incidentId: "" },
    cohortId: "",
    savedQueryId: "",
    dashboardId: "",
    dashboardCommentId: "",
    dashboardLinkId: "",
    ...{ reportId: "", reportRunId: "", webhookEndpointId: "", webhookMessageId: "" },
    ...{ silenceId: "", inhibitionId: "", onCallScheduleId: "", onCallOverrideId: "", eventCalendarId: "" },
    objectiveId: "",
    channelId: "",
    correlationRuleId: "",
    ...{ rollupId: "", expectationId: "" },
    executionId: "",
    oauthClientId: "",
    trustedIssuerId: "",
  },
};

const QUERIES = [
  ...["usage", "ledgerHours", "limits", "limitForecast", "tenantSettings", "tenantHistory", "scaleRequests"],
  ...["simulateInvoice", "chargeback", "tenantHealth", "securityEvents", "throttles"],
];

const asTenant = (field: string): [string, AdministrationPlace] => [
  `Query.${field}(tenantId)`,
  {
    own: ({ tenantId }) => tenantId,
    variables: (tenantId) => ({ ...exampleOf(`Query.${field}`, nobody), tenantId }),
  },
];

const scaled = z.object({ scaleTenant: z.object({ id: z.string(), state: z.literal("PENDING") }) });

/** Asks for more than may be had without approval, and answers the request's id. */
const pendingRequest = async (client: TesseraClient): Promise<string> => {
  const text = "mutation ($input: ScaleTenantInput!) { scaleTenant(input: $input) { id state } }";
  const input = { queryMemoryBytes: 16 * 1024 ** 3, concurrentQueries: 512, reason: "sealed" };
  return (await client.ask(scaled, text, { input })).scaleTenant.id;
};

/** Places of the administration that name a tenant or one of its things; all but operators see other tenants as unknown. */
export const administrationPlaces = (client: () => TesseraClient): Readonly<Record<string, AdministrationPlace>> => ({
  ...Object.fromEntries(QUERIES.map(asTenant)),
  "Mutation.setTenantSettings(input.tenantId)": {
    own: ({ tenantId }) => tenantId,
    variables: (tenantId) => ({ input: { tenantId, settings: [{ key: "weekStartsOn", value: "MONDAY" }] } }),
  },
  "Mutation.setLimits(input.tenantId)": {
    own: ({ tenantId }) => tenantId,
    variables: (tenantId) => ({
      input: { tenantId, limits: [{ metric: "JOBS", scope: "API_KEY", scopeId: "0000000000000000", hard: 50 }] },
    }),
  },
  "Mutation.scaleTenant(input.tenantId)": {
    own: ({ tenantId }) => tenantId,
    // Costs no more than before, so that it holds at once; another number each time, so that it changes something.
    variables: (tenantId) => ({
      input: {
        tenantId,
        concurrentQueries: 1 + (Number.parseInt(randomUUID().slice(0, 4), 16) % 60),
        reason: "sealed",
      },
    }),
  },
  "Mutation.decideScaleRequest(input.id)": {
    own: () => pendingRequest(client()),
    variables: (id) => ({ input: { id, approve: false } }),
  },
});

/** Places where an id is the caller's own word, or which only operators may fill in at all. */
export const administrationWords: Readonly<Record<string, string>> = {
  "Mutation.decideScaleRequest(input.tenantId)": "goes with the request's id, which is asked for apart",
  "Mutation.setLimits(input.limits.scopeId)": "a key or person whose use within the tenant is counted; never looked up",
  "Mutation.setTeam(input.members.id)": "whose use within the tenant is added up; never looked up",
  "Query.securityEvents(filter.sourceId)":
    "a key, person or address as the tenant's own events name it; never looked up",
  "Mutation.liftThrottle(input.id)":
    "no operation makes a throttle; subgraphs/tenant/src/abuse.db.test.ts asks as another tenant",
  "Mutation.liftThrottle(input.tenantId)":
    "goes with the throttle's id; subgraphs/tenant/src/abuse.db.test.ts asks as another tenant",
  "Mutation.createTenant(input.organisationId)": "operators alone",
  "Mutation.suspendTenant(input.tenantId)": "operators alone",
  "Mutation.resumeTenant(input.tenantId)": "operators alone",
  "Mutation.deleteTenant(input.tenantId)": "operators alone",
  "Mutation.setTenantTier(input.tenantId)": "operators alone",
  "Mutation.setBillingPlan(input.tenantId)": "operators alone",
  "Mutation.grantCredit(input.tenantId)": "operators alone",
};

import { afterAll, describe, expect, it } from "@jest/globals";
import { OperationTypeNode } from "graphql";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { isErrorCode } from "@tessera/platform/errors/error-codes";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import type { Queues } from "@tessera/platform/queue/queues";
import type { Resources } from "@tessera/platform/runtime/resources";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { createMetrics } from "@tessera/platform/telemetry/metrics";
import { everyFeature, noQuotas } from "@tessera/platform/testing/every-feature";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { createAnalyticsSubgraph } from "@tessera/subgraph-analytics/subgraph";
import { createAnomalySubgraph } from "@tessera/subgraph-anomaly/subgraph";
import { createGovernanceSubgraph } from "@tessera/subgraph-governance/subgraph";
import { createMlSubgraph } from "@tessera/subgraph-ml/subgraph";
import { createTenantSubgraph } from "@tessera/subgraph-tenant/subgraph";
import { operationText, rootFields, type Selection } from "./api-schema.ts";
import { exampleOf } from "./examples.ts";

/** What a store might say of itself when it fails, and what no caller may ever read. */
const SECRET = "password hunter2 of tessera_reader at 10.1.2.3";

const fail = (): Promise<never> => Promise.reject(new Error(SECRET));
const failNow = (): never => {
  throw new Error(SECRET);
};

/** A pool whose every connection fails as it is made, Prisma's included. */
const pool = new TenantPool("postgresql://nobody@127.0.0.1:1/none", {
  stream: () => {
    throw new Error(SECRET);
  },
});
const eventLog: EventLog = {
  ...{ append: fail, appendWith: fail, appendAllWith: fail, head: fail, start: fail, stop: fail },
  ...{ follow: failNow, followAcrossTenants: failNow },
};
const resources: Resources = {
  pool,
  eventLog,
  sql: { run: fail, transaction: fail, runAcrossTenants: fail, transactionAcrossTenants: fail },
  eventStore: { query: fail, native: fail, ping: fail, close: fail },
  logger: createLogger("test", "silent"),
  metrics: createMetrics(),
  nowMs: () => Date.now(),
  newId: () => "00000000-0000-7000-8000-000000000000",
};
const queues: Queues = {
  queue: () => ({ enqueue: fail }),
  worker: () => ({ start: fail, stop: fail }),
  ping: fail,
  stop: fail,
};
const longQueries = { stream: failNow, insert: fail, fill: fail, eraseTenant: fail, rewrite: fail, close: fail };

const rooms: readonly Subgraph[] = [
  createAnalyticsSubgraph(resources, {
    ...{ ingest: { ingest: fail }, queues, longQueries },
    features: everyFeature,
    quotas: noQuotas,
    shareLinks: { issue: fail, end: fail },
    accessOfSubject: fail,
    askExecutions: { executionNumbers: fail },
    keyRing: null,
  }),
  createAnomalySubgraph(resources, {
    ...{ keyRing: null, mailRelay: null, requests: { send: fail, check: fail } },
    ...{ askAnalytics: { watchedSeries: fail, impactOf: fail }, accessOfSubject: fail, tierOf: fail },
  }),
  createGovernanceSubgraph(resources, { auditSecrets: ["a secret of at least thirty-two characters"] }),
  createMlSubgraph(resources),
  createTenantSubgraph(resources, { apiKeyPepper: "a pepper of at least thirty-two characters" }),
];
const roomOf = (coordinate: string): Subgraph => {
  const [type = "", field = ""] = coordinate.split(".");
  const found = rooms.find(({ schema }) => {
    const named = schema.getType(type);
    return named !== undefined && "getFields" in named && Object.hasOwn(named.getFields(), field);
  });
  if (found === undefined) throw new Error(`No room answers ${coordinate}.`);
  return found;
};

const id = "00000000-0000-4000-8000-000000000001";
const own = {
  ...{ mark: "failing", tenantId: id, eventId: id, batchId: id, jobId: id, userId: id },
  ...{ apiKeyId: "0123456789abcdef", oauthClientId: "tsc-00000000000000000000", trustedIssuerId: id },
  ...{
    ruleId: id,
    ...{ anomalyId: id, incidentId: id },
    cohortId: id,
    savedQueryId: id,
    dashboardId: id,
    dashboardCommentId: id,
    reportId: id,
    reportRunId: id,
    dashboardLinkId: "0123456789abcdef",
    correlationRuleId: id,
    ...{ rollupId: id, expectationId: id },
    channelId: id,
    ...{ webhookEndpointId: id, webhookMessageId: `msg_${id}` },
    ...{ silenceId: id, inhibitionId: id, onCallScheduleId: id, onCallOverrideId: id, eventCalendarId: id },
    objectiveId: id,
    executionId: id,
  },
};
const caller = callerWith(freshTenantId(), TENANT_PERMISSIONS);
/** The caller is known without asking any store, and that it is no share link; a schedule is tried as it was said. */
const NEEDS_NO_STORE = [
  "Query.whoAmI",
  "Query.auditKeys",
  "Query.sharedDashboard",
  "Query.previewOnCall",
  "Query.previewEventCalendar",
  "Query.webhookEventTypes",
];
/** Themselves told without asking any store; what is below them is not. */
const ASKS_BELOW: Readonly<Record<string, Selection>> = {
  "Query.funnelOfPath": { depth: 1 },
  "Query.group": "{ traits { name } }",
  "Query.behind": "{ counts { events } }",
};

describe("a store that fails with its secrets on its lips", () => {
  afterAll(() => pool.end());

  const asked = rootFields.filter(
    ({ kind, coordinate }) => kind !== OperationTypeNode.SUBSCRIPTION && !NEEDS_NO_STORE.includes(coordinate),
  );

  it.each(asked.map((root) => ({ name: root.coordinate, root })))(
    "$name: tells a code and nothing else",
    async ({ root }) => {
      const variables = exampleOf(root.coordinate, own);
      const { errors = [] } = await askSubgraph(
        roomOf(root.coordinate),
        caller,
        operationText(root, variables, ASKS_BELOW[root.coordinate] ?? { depth: 0 }),
        variables,
      );
      expect(errors).not.toHaveLength(0);
      for (const error of errors) {
        expect(isErrorCode(error.extensions?.["code"])).toBe(true);
        expect(JSON.stringify(error)).not.toMatch(/hunter2|tessera_reader|10\.1\.2\.3|\.ts/);
      }
    },
  );
});

import { randomUUID } from "node:crypto";
import { EXECUTION_RECORDED, type ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import type { LogConsumer } from "@tessera/platform/events/log-consumer";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import { executionEntry } from "@tessera/platform/executions/execution-record";
import { askSubgraph, callerWith, type SubgraphAnswer } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { signingKeysOf } from "@tessera/platform/integrity/signing-key";
import { createSealer, type Sealer } from "../jobs/sealer.ts";
import { createAuditOperations, type AuditOperations } from "../operations.ts";
import { AUDIT_CONSUMER, recordExecutions } from "../reactions/record-executions.ts";
import { createAuditStore } from "../store/audit-store.ts";
import { createExecutionStore } from "../store/execution-store.ts";
import { createNodeStore } from "../store/node-store.ts";
import { createSealStore } from "../store/seal-store.ts";
import { createGovernanceSubgraph } from "../subgraph.ts";

/** The secret of the room's seals. */
export const AUDIT_SECRET = "the audit secret of tests, long enough";

/** The audit log over the engines of the test run, with a clock the test moves. */
export interface AuditRoom {
  readonly engines: TestResources;
  readonly subgraph: Subgraph;
  readonly audit: AuditOperations;
  readonly consumer: LogConsumer;
  readonly sealer: Sealer;
  readonly clock: { ms: number };
  /** Appends executions to the event log, as the gateway does. */
  tell(executions: readonly ExecutionRecorded[]): Promise<void>;
  /** Lets the consumer take what was told until the tenant has so many records. */
  record(tenantId: TenantId, count: number): Promise<void>;
  /** Appends so many records at once, without the event log. */
  append(tenantId: TenantId, count: number, more?: Partial<ExecutionRecorded>): Promise<readonly ExecutionRecorded[]>;
  ask(tenantId: TenantId, source: string, variables?: object, held?: readonly Permission[]): Promise<SubgraphAnswer>;
  close(): Promise<void>;
}

/** An execution of a tenant; parts may be given. */
export const execution = (tenantId: TenantId, more: Partial<ExecutionRecorded> = {}): ExecutionRecorded => ({
  executionId: randomUUID(),
  tenantId,
  subject: { kind: "API_KEY", id: "0000000000000000" },
  grantId: null,
  kind: "QUERY",
  operationName: "Asked",
  documentId: `sha256:${"0".repeat(64)}`,
  fields: ["Query.olap"],
  objects: [],
  transport: "http",
  clientAddress: "192.0.2.1",
  decision: "ALLOWED",
  code: null,
  usage: {
    ...{ costPoints: 12, rowsRead: 1_000, bytesRead: 65_536, storeMs: 1.25, elapsedMs: 3.5 },
    ...{ responseBytes: 512, events: 0, subscriptionSeconds: 0 },
  },
  traceId: "0af7651916cd43dd8448eb211c80319c",
  startedAtMs: Date.now(),
  ...more,
});

/** Opens an {@link AuditRoom}. */
export const openAuditRoom = (bounds?: { maxSealed: number; maxVerified: number }): AuditRoom => {
  const clock = { ms: Date.now() };
  const engines = openTestResources({ nowMs: () => clock.ms });
  const { resources } = engines;
  const { sql, eventLog, nowMs } = resources;
  const stores = { records: createAuditStore(sql), seals: createSealStore(sql), nodes: createNodeStore(sql) };
  const keys = signingKeysOf([AUDIT_SECRET], "tessera audit seal");
  const source = { consumer: AUDIT_CONSUMER, topic: EXECUTION_RECORDED };
  const audit = createAuditOperations({
    ...{ ...stores, sql, keys, nowMs, source, executions: createExecutionStore(sql) },
    ...(bounds === undefined ? {} : { bounds }),
  });
  const subgraph = createGovernanceSubgraph(resources, { auditSecrets: [AUDIT_SECRET] });
  const consumer = recordExecutions({ ...resources, append: audit.appendRecords });
  const countOf = async (tenantId: TenantId): Promise<number> => {
    const text = "SELECT count(*)::int AS count FROM audit_record WHERE tenant_id = $1";
    const { rows } = await engines.owner.query<{ count: number }>(text, [tenantId]);
    return rows[0]?.count ?? 0;
  };
  return {
    ...{ engines, subgraph, audit, consumer, clock },
    sealer: createSealer({ ...resources, ...stores, sealLog: audit.sealLog }),
    tell: (executions) => eventLog.append(executions.map(executionEntry)),
    // Other tests' transactions on the same server can hold entries back for a moment.
    record: async (tenantId, count) => {
      while ((await countOf(tenantId)) < count) await consumer.drain();
    },
    append: async (tenantId, count, more = {}) => {
      const made = Array.from({ length: count }, () => execution(tenantId, more));
      await sql.transaction(tenantId, (transaction) => audit.appendRecords(transaction, tenantId, made));
      return made;
    },
    ask: (tenantId, query, variables = {}, held = ["audit:read"]) =>
      askSubgraph(subgraph, callerWith(tenantId, held), query, { ...variables }),
    close: () => engines.close(),
  };
};

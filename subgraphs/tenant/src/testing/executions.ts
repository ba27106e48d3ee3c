import { randomUUID } from "node:crypto";
import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import type { TenantId } from "@tessera/contracts/ids";
import type { LogAppend } from "@tessera/platform/events/event-log";
import { executionEntry } from "@tessera/platform/executions/execution-record";

/** Parts of an execution that a test names; the rest is that of a small query by an API key. */
export type ExecutionParts = Partial<Omit<ExecutionRecorded, "usage">> & {
  readonly usage?: Partial<ExecutionRecorded["usage"]>;
};

/** An execution of a tenant as it is told. */
export const executionOf = (tenantId: TenantId, parts: ExecutionParts = {}): ExecutionRecorded => ({
  executionId: randomUUID(),
  tenantId,
  subject: { kind: "API_KEY", id: "0000000000000000" },
  kind: "QUERY",
  operationName: "Dashboard",
  documentId: null,
  fields: ["Query.olap"],
  objects: [],
  transport: "http",
  grantId: null,
  clientAddress: null,
  decision: "ALLOWED",
  code: null,
  traceId: "0".repeat(32),
  startedAtMs: Date.parse("2026-11-20T12:00:00.000Z"),
  ...parts,
  usage: {
    ...{ costPoints: 1, rowsRead: 0, bytesRead: 0, storeMs: 0, elapsedMs: 0, responseBytes: 0, events: 0 },
    subscriptionSeconds: 0,
    ...parts.usage,
  },
});

/** The log's entry that tells of an execution. */
export const entryOf = (execution: ExecutionRecorded, dedupeKey: string = execution.executionId): LogAppend => ({
  ...executionEntry(execution),
  dedupeKey,
});

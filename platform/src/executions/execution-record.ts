import { SUBJECT_KINDS } from "@tessera/contracts/caller";
import { EXECUTION_RECORDED, type ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { LogAppend } from "../events/event-log.ts";

const tenantId = z.string().transform((text, context) => {
  const parsed = parseTenantId(text);
  if (parsed === null) context.addIssue("not a tenant id");
  return parsed ?? z.NEVER;
});
const measure = z.number().nonnegative();

/**
 * Milliseconds that records gather in the event log before who keeps them looks for more: with those in the journal less than a second, and half of
 * the statements at any rate.
 */
export const EXECUTIONS_GATHER_MS = 500;

/** Parses the record of an execution as it stands in the journal and in the event log. */
export const executionRecord = z.object({
  executionId: z.uuid(),
  tenantId,
  subject: z.object({ kind: z.enum(SUBJECT_KINDS), id: z.string() }),
  grantId: z.string().nullable(),
  kind: z.enum(["QUERY", "MUTATION", "SUBSCRIPTION", "INGEST", "JOB", "EXPORT", "ADMINISTRATION"]),
  operationName: z.string().nullable(),
  documentId: z.string().nullable(),
  fields: z.array(z.string()),
  objects: z.array(z.string()),
  page: z.string().max(64).optional(),
  transport: z.enum(["http", "websocket", "rest", "in-process"]),
  clientAddress: z.string().nullable(),
  decision: z.enum(["ALLOWED", "REFUSED", "FAILED"]),
  code: z.string().nullable(),
  usage: z.object({
    costPoints: measure,
    rowsRead: measure,
    bytesRead: measure,
    storeMs: measure,
    elapsedMs: measure,
    responseBytes: measure,
    events: measure,
    subscriptionSeconds: measure,
  }),
  traceId: z.string(),
  startedAtMs: z.number(),
}) satisfies z.ZodType<ExecutionRecorded>;

/** The event log's entry that tells of an execution; keyed by its id, so that telling it twice is the same as once. */
export const executionEntry = (record: ExecutionRecorded): LogAppend => ({
  tenantId: record.tenantId,
  topic: EXECUTION_RECORDED,
  dedupeKey: record.executionId,
  payload: record,
});

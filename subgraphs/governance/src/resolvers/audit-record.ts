import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import { auditEntryOf, type AuditEntry } from "../domain/audit-entry.ts";
import { formatPlace } from "../domain/audit-filter.ts";
import { hashText, type AuditRecord as Stored } from "../domain/audit-record.ts";
import type {
  AuditRecordConnectionResolvers,
  AuditRecordEdgeResolvers,
  AuditRecordResolvers,
  AuditTransport,
} from "../generated/resolvers.ts";
import { canonicalRecord } from "../operations/hash-record.ts";
import { timeText } from "./time-text.ts";

const transports = {
  http: "HTTP",
  websocket: "WEBSOCKET",
  rest: "REST",
  "in-process": "IN_PROCESS",
} as const satisfies Readonly<Record<ExecutionRecorded["transport"], AuditTransport>>;

/** What a record tells; throws when somebody changed it into what no execution is, which verifyAudit names. */
const entryOf = ({ entry, sequence }: Stored): AuditEntry => {
  const read = auditEntryOf(entry);
  if (read === null) throw new Error(`The audit record at ${sequence} is no execution.`);
  return read;
};
const cursorOf = (record: Stored): string =>
  formatPlace({ startedAtMs: entryOf(record).startedAtMs, sequence: record.sequence });
const cursorOrNull = (record: Stored | undefined): string | null => (record === undefined ? null : cursorOf(record));

/** One record of the audit log. */
export const AuditRecord: AuditRecordResolvers = {
  executionId: (record) => entryOf(record).executionId,
  sequence: ({ sequence }) => sequence,
  recordedAt: ({ recordedAtMs }) => timeText(recordedAtMs),
  startedAt: (record) => timeText(entryOf(record).startedAtMs),
  subject: (record) => entryOf(record).subject,
  grantId: (record) => entryOf(record).grantId,
  kind: (record) => entryOf(record).kind,
  operationName: (record) => entryOf(record).operationName,
  documentId: (record) => entryOf(record).documentId,
  fields: (record) => entryOf(record).fields,
  objects: (record) => entryOf(record).objects,
  transport: (record) => transports[entryOf(record).transport],
  clientAddress: (record) => entryOf(record).clientAddress,
  decision: (record) => entryOf(record).decision,
  code: (record) => entryOf(record).code,
  usage: (record) => entryOf(record).usage,
  traceId: (record) => entryOf(record).traceId,
  previousHash: ({ previousHash }) => hashText(previousHash),
  hash: ({ hash }) => hashText(hash),
  canonical: (record) => canonicalRecord(record),
};

/** A page of records. */
export const AuditRecordConnection: AuditRecordConnectionResolvers = {
  nodes: ({ items }) => items,
  edges: ({ items }) => items,
  pageInfo: ({ items, hasNext, hasPrevious }) => ({
    hasNextPage: hasNext,
    hasPreviousPage: hasPrevious,
    startCursor: cursorOrNull(items[0]),
    endCursor: cursorOrNull(items.at(-1)),
  }),
};

/** A record in its page. */
export const AuditRecordEdge: AuditRecordEdgeResolvers = {
  node: (record) => record,
  cursor: cursorOf,
};

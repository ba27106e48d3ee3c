import { Type } from "typebox";
import { from } from "../../http/graphql-annotation.ts";
import type { RouteDescription } from "../../http/route-description.ts";

const text = (maxLength: number, description: string) => Type.Optional(Type.String({ maxLength, description }));

/** Kinds of work, as REST writes them. */
export const KINDS = ["query", "mutation", "subscription", "ingest", "job", "export", "administration"] as const;
/** What came of an execution, as REST writes it. */
export const DECISIONS = ["allowed", "refused", "failed"] as const;

const query = Type.Object(
  {
    from: text(40, "The execution began at this moment or later."),
    to: text(40, "The execution began before this moment."),
    subject_id: text(200, "Id of who did it."),
    field: text(200, "A root field of the operation, for example Query.olap."),
    kind: Type.Optional(Type.Enum([...KINDS], { description: "What kind of work it was." })),
    decision: Type.Optional(Type.Enum([...DECISIONS], { description: "What came of it." })),
    code: text(100, "Code of its first error."),
    object_id: text(200, "Id of something it was asked about."),
    trace_id: text(32, "W3C trace id."),
    first: Type.Optional(Type.String({ pattern: "^[0-9]{1,4}$", default: "50", description: "How many, 1 to 1,000." })),
    after: text(200, "Goes on after this cursor."),
  },
  { additionalProperties: false },
);
const body = Type.Unknown();
const field = (name: string) => from(`AuditRecord.${name}`);
const usage = (name: string) => Type.Number(from(`AuditUsage.${name}`));
const nullableText = (name: string) => Type.Union([Type.String(), Type.Null()], field(name));

const record = Type.Object(
  {
    execution_id: Type.String(field("executionId")),
    sequence: Type.Integer(field("sequence")),
    recorded_at: Type.String(field("recordedAt")),
    started_at: Type.String(field("startedAt")),
    subject: Type.Object(
      { kind: Type.String(from("AuditSubject.kind")), id: Type.String(from("AuditSubject.id")) },
      field("subject"),
    ),
    kind: Type.Enum([...KINDS], field("kind")),
    operation_name: nullableText("operationName"),
    document_id: nullableText("documentId"),
    fields: Type.Array(Type.String(), field("fields")),
    objects: Type.Array(Type.String(), field("objects")),
    transport: Type.String(field("transport")),
    client_address: nullableText("clientAddress"),
    decision: Type.Enum([...DECISIONS], field("decision")),
    code: nullableText("code"),
    usage: Type.Object(
      {
        cost_points: usage("costPoints"),
        rows_read: usage("rowsRead"),
        bytes_read: usage("bytesRead"),
        store_ms: usage("storeMs"),
        elapsed_ms: usage("elapsedMs"),
        response_bytes: usage("responseBytes"),
        events: usage("events"),
        subscription_seconds: usage("subscriptionSeconds"),
      },
      field("usage"),
    ),
    trace_id: Type.String(field("traceId")),
    previous_hash: Type.String(field("previousHash")),
    hash: Type.String(field("hash")),
  },
  { title: "AuditRecord" },
);

/** GET /api/v2/audit. */
export const auditLogDescription = {
  method: "get",
  path: "/api/v2/audit",
  operationId: "listAuditRecords",
  tag: "Audit",
  summary: "What callers of the tenant did",
  graphql: "Query.auditLog",
  query,
  body,
  answers: {
    200: {
      description: "A page of records, the newest start first.",
      schema: Type.Object(
        {
          records: Type.Array(record, { description: "The records." }),
          next_cursor: Type.Union([Type.String(), Type.Null()], {
            description: "Send it as `after` for the next page; null when there is none.",
          }),
        },
        { title: "AuditLogAnswer" },
      ),
    },
  },
  refusals: ["BAD_INPUT", "QUERY_TIMEOUT"],
  authenticated: true,
} as const satisfies RouteDescription<typeof query, typeof body>;

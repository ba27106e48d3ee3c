import type { TenantId } from "../ids.ts";
import type { Subject } from "../caller.ts";

/** Topic on which {@link ExecutionRecorded} is told. */
export const EXECUTION_RECORDED = "execution.recorded";

/** What kind of work an execution was. */
export type ExecutionKind = "QUERY" | "MUTATION" | "SUBSCRIPTION" | "INGEST" | "JOB" | "EXPORT" | "ADMINISTRATION";

/** What came of an execution: done, refused before it began, or failed on the way. */
export type ExecutionDecision = "ALLOWED" | "REFUSED" | "FAILED";

/** What an execution used; zero where a measure does not apply. */
export interface ExecutionUsage {
  /** Points the gateway priced the operation at before it ran. */
  readonly costPoints: number;
  /** Rows and bytes the event store read, and milliseconds it worked. */
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly storeMs: number;
  /** Milliseconds from the request to its answer. */
  readonly elapsedMs: number;
  /** Bytes of the answer's body. */
  readonly responseBytes: number;
  /** Events that ingest accepted. */
  readonly events: number;
  /** Seconds a subscription was open. */
  readonly subscriptionSeconds: number;
}

/**
 * Told once for every execution of an API operation, reads too, whatever came of it; the one source of the audit log and of the usage ledger,
 * which both key it by `executionId`. It holds names and ids, never a payload.
 */
export interface ExecutionRecorded {
  /** A UUID made when the operation began. */
  readonly executionId: string;
  readonly tenantId: TenantId;
  readonly subject: Subject;
  /** The grant under which an operator acted in the tenant; null for the tenant's own people and programs. */
  readonly grantId: string | null;
  readonly kind: ExecutionKind;
  /** Name of the operation, or of the route for work that is none of GraphQL; null for an anonymous operation. */
  readonly operationName: string | null;
  /** `sha256:<hex>` of the document; null where there is none. */
  readonly documentId: string | null;
  /** Root fields as `Query.olap`, in the order of the document, at most 40. */
  readonly fields: readonly string[];
  /** Ids the root fields were asked about, at most 20, each at most 200 characters. */
  readonly objects: readonly string[];
  /** Which page of which list was read, as a hash of the document and its cursors; absent for a first page and for what has none. */
  readonly page?: string | undefined;
  readonly transport: "http" | "websocket" | "rest" | "in-process";
  /** Address the request came from; null when it came from the platform itself. */
  readonly clientAddress: string | null;
  readonly decision: ExecutionDecision;
  /** Code of the first error, from the error table; null when there was none. */
  readonly code: string | null;
  readonly usage: ExecutionUsage;
  /** W3C trace id, 32 hex digits. */
  readonly traceId: string;
  /** When the operation began, milliseconds since the epoch. */
  readonly startedAtMs: number;
}

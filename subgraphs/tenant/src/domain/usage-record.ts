import type { ExecutionDecision, ExecutionKind, ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import type { Subject } from "@tessera/contracts/caller";

/** Days single records are kept; sums by hour and day stay for ever. Thirteen months, so that any month can be compared with the year before. */
export const RECORDS_KEPT_DAYS = 400;
/** Characters of an operation's name that are kept. */
const MAX_OPERATION_LENGTH = 100;
/** Characters of a subject's id that are kept. */
const MAX_SUBJECT_LENGTH = 200;
/** Most of any measure one execution can use: what the ledger's columns hold, a thousand times beyond anything seen. */
const MAX_MEASURE = 2 ** 53 - 1;
/** Root fields that answer with something predicted by a model. */
const PREDICTION_FIELDS: ReadonlySet<string> = new Set(["Query.recommendations"]);

/** One line of the ledger: what one execution used. Amounts of time in milliseconds or seconds have three decimals. */
export interface UsageRecord {
  readonly executionId: string;
  readonly startedAtMs: number;
  readonly subject: Subject;
  readonly kind: ExecutionKind;
  /** Empty for an anonymous operation. */
  readonly operation: string;
  readonly decision: ExecutionDecision;
  readonly costPoints: number;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly storeMs: number;
  readonly elapsedMs: number;
  readonly responseBytes: number;
  readonly events: number;
  readonly subscriptionSeconds: number;
  /** Root fields of the execution that answer with something predicted. */
  readonly predictions: number;
}

const whole = (amount: number): number => Math.min(MAX_MEASURE, Math.round(amount));
const thousandths = (amount: number): number => Math.min(MAX_MEASURE, Math.round(amount * 1_000)) / 1_000;

/** The line of the ledger that a told execution becomes; the same execution always becomes the same line. */
export const usageRecordOf = (told: ExecutionRecorded): UsageRecord => ({
  executionId: told.executionId.toLowerCase(),
  startedAtMs: told.startedAtMs,
  subject: { kind: told.subject.kind, id: told.subject.id.slice(0, MAX_SUBJECT_LENGTH) },
  kind: told.kind,
  operation: (told.operationName ?? "").slice(0, MAX_OPERATION_LENGTH),
  decision: told.decision,
  costPoints: thousandths(told.usage.costPoints),
  rowsRead: whole(told.usage.rowsRead),
  bytesRead: whole(told.usage.bytesRead),
  storeMs: thousandths(told.usage.storeMs),
  elapsedMs: thousandths(told.usage.elapsedMs),
  responseBytes: whole(told.usage.responseBytes),
  events: whole(told.usage.events),
  subscriptionSeconds: thousandths(told.usage.subscriptionSeconds),
  predictions: told.fields.filter((field) => PREDICTION_FIELDS.has(field)).length,
});

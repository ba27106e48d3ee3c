import { ClickHouseError } from "@clickhouse/client";
import { errorMessage } from "../errors/error-message.ts";
import { refuse, type Refusal } from "../errors/refusal.ts";
import { budgetExtras, type Allowance } from "../executions/allowance.ts";

/** ClickHouse error types that a caller can do something about, with the refusal they become. */
const known = {
  TIMEOUT_EXCEEDED: ["QUERY_TIMEOUT", "The query ran longer than its time limit."],
  TOO_SLOW: ["QUERY_TIMEOUT", "The query would run longer than its time limit."],
  SOCKET_TIMEOUT: ["QUERY_TIMEOUT", "The query ran longer than its time limit."],
  MEMORY_LIMIT_EXCEEDED: ["QUERY_TOO_COSTLY", "The query needs more memory than one query may use."],
  TOO_MANY_ROWS_OR_BYTES: ["RESULT_TOO_LARGE", "The query reads or returns more rows than one query may."],
  TOO_MANY_ROWS: ["RESULT_TOO_LARGE", "The query reads or returns more rows than one query may."],
  QUERY_WAS_CANCELLED: ["QUERY_CANCELLED", "The query was cancelled."],
  QUERY_WAS_CANCELLED_BY_CLIENT: ["QUERY_CANCELLED", "The query was cancelled."],
  TOO_MANY_SIMULTANEOUS_QUERIES: ["OVERLOADED", "The event store is running as many queries as it may."],
} as const;

const isKnown = (type: string | undefined): type is keyof typeof known =>
  type !== undefined && Object.hasOwn(known, type);

const CONNECTION_TROUBLE =
  /ECONNREFUSED|ECONNRESET|EPIPE|socket hang up|ENOTFOUND|EHOSTUNREACH|UND_ERR_(?:SOCKET|CONNECT_TIMEOUT|CLOSED|DESTROYED)/;
/** The official client's words, and undici's codes, for an answer that does not come in time. */
const NO_ANSWER_IN_TIME = /Timeout error|UND_ERR_(?:HEADERS|BODY)_TIMEOUT/;

/** The refusal of a query that would read more rows than its execution may; null when the error is another one. */
export const overAllowance = (thrown: unknown, allowance: Allowance | null): Refusal | null => {
  if (allowance === null || !(thrown instanceof ClickHouseError) || thrown.type !== "TOO_MANY_ROWS") return null;
  const has = `the quota "${allowance.quota}" has ${allowance.rows} of ${allowance.limit} left`;
  const detail = `The query would read more rows than its budget allows: ${has}. Narrow the time range, or ask again when rows have come back.`;
  return refuse("QUERY_TOO_COSTLY", detail, budgetExtras(allowance), thrown);
};

/** Gives an error of the event store its meaning: a refusal where the caller can act, the error itself otherwise. */
export const storeError = (thrown: unknown): unknown => {
  if (thrown instanceof ClickHouseError && isKnown(thrown.type)) {
    const [code, detail] = known[thrown.type];
    return refuse(code, detail, code === "OVERLOADED" ? { retryAfterSeconds: 1 } : {}, thrown);
  }
  const text = errorMessage(thrown);
  if (/abort/i.test(text)) return refuse("QUERY_CANCELLED", "The query was cancelled.", {}, thrown);
  if (NO_ANSWER_IN_TIME.test(text))
    return refuse("QUERY_TIMEOUT", "The query ran longer than its time limit.", {}, thrown);
  if (CONNECTION_TROUBLE.test(text))
    return refuse("DEPENDENCY_UNAVAILABLE", "The event store is not reachable.", { retryAfterSeconds: 2 }, thrown);
  return thrown;
};

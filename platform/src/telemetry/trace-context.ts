import { randomUUID } from "node:crypto";

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/;
const NO_TRACE = "0".repeat(32);

/** A new W3C trace id: the 32 hex digits of a random UUID, for which node keeps random bytes in stock, so that a request waits for none. */
export const newTraceId = (): string => randomUUID().replaceAll("-", "");

/** The trace id of a W3C `traceparent` header, or a new one when it is missing or malformed. */
export const traceIdOf = (traceparent: string | string[] | undefined): string => {
  const [, traceId] = TRACEPARENT.exec(typeof traceparent === "string" ? traceparent : "") ?? [];
  return traceId === undefined || traceId === NO_TRACE ? newTraceId() : traceId;
};

/** A `traceparent` header that carries a trace id on to another process, with a new span id. */
export const traceparentOf = (traceId: string): string => `00-${traceId}-${newTraceId().slice(-16)}-01`;

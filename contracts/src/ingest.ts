import type { Caller } from "./caller.ts";
import type { BatchId, EventId } from "./ids.ts";

/** What became of one event of an ingest request; `index` is its place in the request, from 0. */
export type IngestOutcome =
  | { readonly kind: "ACCEPTED"; readonly index: number; readonly eventId: EventId; readonly batchId: BatchId }
  | { readonly kind: "DUPLICATE"; readonly index: number; readonly eventId: EventId }
  | {
      readonly kind: "REJECTED";
      readonly index: number;
      /** JSON Pointer (RFC 6901) to the part of the event that is wrong. */
      readonly path: string;
      readonly code: string;
      readonly reason: string;
    };

/** Outcome of a whole ingest request, one entry per event, in the request's order. */
export interface IngestReceipt {
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly outcomes: readonly IngestOutcome[];
}

/** The write path as others see it: answers only after the store holds the accepted events durably. */
export interface IngestPort {
  /** Takes raw (not yet validated) events as parsed JSON; throws a refusal (429, 503) under backpressure. */
  ingest(caller: Caller, events: readonly unknown[]): Promise<IngestReceipt>;
}

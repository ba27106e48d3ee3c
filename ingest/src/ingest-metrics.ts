import type { IngestReceipt } from "@tessera/contracts/ingest";
import type { Metrics } from "@tessera/platform/telemetry/metrics";
import type { Admission } from "./admission.ts";
import type { KnownIds } from "./dedupe/known-ids.ts";

/** What the write path tells Prometheus. */
export interface IngestMetrics {
  /** Counts the outcomes of one request. */
  count(receipt: IngestReceipt): void;
  /** Measures one batch from the journal to the answer of the store. */
  timeInsert<T>(rows: number, work: () => Promise<T>): Promise<T>;
}

/** Registers the write path's metrics. */
export const createIngestMetrics = (
  metrics: Metrics,
  parts: { readonly admission: Admission; readonly known: KnownIds; readonly active: () => boolean },
): IngestMetrics => {
  const events = metrics.counter("tessera_ingest_events_total", "Events by what became of them", ["outcome"]);
  const rowsStored = metrics.counter("tessera_ingest_rows_inserted_total", "Rows sent to the event store");
  const insertSeconds = metrics.seconds("tessera_ingest_insert_seconds", "Seconds one batch takes to be durable");
  const inFlight = metrics.gauge("tessera_ingest_events_in_flight", "Events taken in and not answered yet");
  const filterBytes = metrics.gauge("tessera_ingest_filter_bytes", "Memory of the filter of known event ids");
  const writer = metrics.gauge("tessera_ingest_writer", "1 while this process is the writer");
  const observe = (): void => {
    inFlight.set(parts.admission.events);
    filterBytes.set(parts.known.filterBytes);
    writer.set(parts.active() ? 1 : 0);
  };
  return {
    count: (receipt) => {
      if (receipt.accepted > 0) events.inc({ outcome: "accepted" }, receipt.accepted);
      if (receipt.duplicate > 0) events.inc({ outcome: "duplicate" }, receipt.duplicate);
      if (receipt.rejected > 0) events.inc({ outcome: "rejected" }, receipt.rejected);
      observe();
    },
    timeInsert: async (rows, work) => {
      observe();
      const end = insertSeconds.startTimer();
      try {
        return await work();
      } finally {
        end();
        rowsStored.inc(rows);
      }
    },
  };
};

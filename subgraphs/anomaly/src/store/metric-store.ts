import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { Reading, Window } from "../domain/evaluation.ts";
import type { Metric } from "../domain/metric.ts";
import { metricStatement } from "./metric-query.ts";

/** Seconds one reading may take: a rule that needs longer would hold up the others. */
export const MAX_READING_SECONDS = 5;

/** Reads metrics from the event store. */
export interface MetricStore {
  read(reader: DataReader, metric: Metric, window: Window, signal?: AbortSignal): Promise<Reading>;
}

// A mean over nothing comes as null; 64-bit counts come as text.
const readingRow = z.object({ value: z.number().nullable(), samples: z.coerce.number() });

/** Builds {@link MetricStore} over the tenant-bound event store. */
export const createMetricStore = (eventStore: EventStore): MetricStore => ({
  read: async (reader, metric, window, signal) => {
    const options = { maxSeconds: MAX_READING_SECONDS, ...(signal === undefined ? {} : { signal }) };
    const statement = metricStatement(metric, window);
    const { rows } = await eventStore.query(reader, statement, (row) => readingRow.parse(row), options);
    const [row] = rows;
    if (row === undefined) throw new Error("The event store gave no reading.");
    return { value: row.value, samples: row.samples, window };
  },
});

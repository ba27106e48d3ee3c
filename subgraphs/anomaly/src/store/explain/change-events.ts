import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, StoreStatement } from "@tessera/platform/store/event-store";
import { propertyText } from "@tessera/platform/store/property-path";
import { z } from "zod";
import type { ChangeEvent, ChangeSource } from "../../domain/explain/change-source.ts";
import type { Window } from "../../domain/evaluation.ts";

/** Events of one source that are looked at for one anomaly: one every ten minutes for two weeks, of which none says anything. */
export const MAX_CHANGE_EVENTS = 2_000;

/** Reads the events that sources say are changes. */
export interface ChangeEventStore {
  /** Those of a source in a span, the newest first; null where there are more than {@link MAX_CHANGE_EVENTS}. */
  eventsOf(
    reader: DataReader,
    source: ChangeSource,
    span: Window,
    signal?: AbortSignal,
  ): Promise<readonly ChangeEvent[] | null>;
}

const eventRow = z
  .object({
    ...{ id: z.string(), title: z.string(), link: z.string(), labels: z.array(z.string()) },
    ...{ at: z.coerce.number(), received: z.coerce.number() },
  })
  .transform(({ at: atMs, received: receivedAtMs, ...same }): ChangeEvent => ({ ...same, atMs, receivedAtMs }));

/** Builds the query that reads a source's events in a span. */
const statementOf = ({ event, title, link, labels }: ChangeSource, { fromMs, toMs }: Window): StoreStatement => {
  const textOf = (path: typeof title): string => (path === null ? "''" : propertyText(path));
  const values = labels.map(({ property }) => textOf(property));
  return {
    name: "anomaly-change-events",
    text: `SELECT toString(event_id) AS id, toUnixTimestamp64Milli(time) AS at, toUnixTimestamp64Milli(received_at) AS received,
        ${textOf(title)} AS title, ${textOf(link)} AS link, [${values.join(", ")}]::Array(String) AS labels
      FROM events
      WHERE toStartOfHour(time) >= toStartOfHour(fromUnixTimestamp64Milli({from:Int64}, 'UTC')) AND toStartOfHour(time) <= toStartOfHour(fromUnixTimestamp64Milli({to:Int64}, 'UTC'))
        AND time >= fromUnixTimestamp64Milli({from:Int64}) AND time < fromUnixTimestamp64Milli({to:Int64}) AND name = {event:String}
      ORDER BY time DESC, event_id LIMIT {most:UInt64}`,
    params: { from: fromMs, to: toMs, event, most: MAX_CHANGE_EVENTS + 1 },
  };
};

/** Builds {@link ChangeEventStore}. */
export const createChangeEventStore = (eventStore: Pick<EventStore, "query">): ChangeEventStore => ({
  eventsOf: async (reader, source, span, signal) => {
    const { rows } = await eventStore.query(
      reader,
      statementOf(source, span),
      (row) => eventRow.parse(row),
      signal === undefined ? {} : { signal },
    );
    return rows.length > MAX_CHANGE_EVENTS ? null : rows;
  },
});

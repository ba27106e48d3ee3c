import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryAnswer } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { Reading, ReadBy, ReadReach, ReadSlice } from "../../domain/change/reading.ts";
import type { EventsSource } from "../behaviour-sql.ts";
import { entriesStatement, reachStatement, slicesStatement } from "./slices-sql.ts";

/** Where events are read, but for the tenant, who is the reader's. */
export type SlicesPlace = Omit<EventsSource, "tenantId">;

/** Units of numbers whose change is explained, read from the event store for one reader each. */
export interface SlicesStore {
  /** What units come to, together and by each field that they are not held to; one value more than `most` tells that there are more. */
  slices(
    reader: DataReader,
    asked: { readonly reading: Reading; readonly by: ReadBy; readonly place: SlicesPlace; readonly most: number },
    signal?: AbortSignal,
  ): Promise<QueryAnswer<ReadSlice>>;
  /** Whom and how much money the events of counted units concern, as one row. */
  reach(
    reader: DataReader,
    asked: { readonly reading: Reading; readonly by: ReadBy; readonly place: SlicesPlace },
    signal?: AbortSignal,
  ): Promise<QueryAnswer<ReadReach>>;
  /** Ids of events that units are told apart by, the last of the fields: the newest of each stretch of time, and of all. */
  entries(
    reader: DataReader,
    asked: {
      readonly reading: Reading;
      readonly by: ReadBy;
      readonly place: SlicesPlace;
      readonly edgesMs: readonly number[];
    },
    signal?: AbortSignal,
  ): Promise<QueryAnswer<string>>;
}

const number = z.number();
const sliceRow = z
  .object({ field: number, value_of: z.string(), told: number, bases: number, many: number, among: number })
  .transform(({ field, value_of, told, bases, many, among }): ReadSlice => ({
    ...{ field: field < 0 ? null : field, value: value_of, sum: told, base: bases, units: many, seen: among },
  }));
const reachRow = z
  .object({ people: number, among: number, revenue: z.record(z.string(), number) })
  .transform(({ people, among, revenue }): ReadReach => ({
    ...{ people, seen: among },
    revenue: new Map(Object.entries(revenue).filter(([code, sum]) => code !== "" && sum !== 0)),
  }));
const entryRow = z.object({ id: z.string() });

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** Builds {@link SlicesStore} over the tenant-bound event store. */
export const createSlicesStore = (store: Pick<EventStore, "query">): SlicesStore => {
  const at = (reader: DataReader, place: SlicesPlace): EventsSource => ({ ...place, tenantId: reader.tenantId });
  return {
    slices: (reader, { reading, by, place, most }, signal) =>
      store.query(
        reader,
        slicesStatement(reading, at(reader, place), by, most),
        (raw) => sliceRow.parse(raw),
        optionsOf(signal),
      ),
    reach: (reader, { reading, by, place }, signal) =>
      store.query(
        reader,
        reachStatement(reading, at(reader, place), by),
        (raw) => reachRow.parse(raw),
        optionsOf(signal),
      ),
    entries: (reader, { reading, by, place, edgesMs }, signal) =>
      store.query(
        reader,
        entriesStatement(reading, at(reader, place), by, edgesMs),
        (raw) => entryRow.parse(raw).id,
        optionsOf(signal),
      ),
  };
};

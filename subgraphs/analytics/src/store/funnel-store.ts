import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, NativeAnswer, QueryAnswer } from "@tessera/platform/store/event-store";
import type { BehindUnit, UnitEvent } from "../domain/funnel/funnel-cell.ts";
import type { Funnel } from "../domain/funnel/funnel.ts";
import type { EventBits } from "../domain/funnel/packed-events.ts";
import type { UnitSlice } from "../domain/funnel/unit-slice.ts";
import { funnelListsStatement } from "./funnel-lists-sql.ts";
import { candidateOf, funnelSizeOf } from "./funnel-rows.ts";
import { funnelEventsStatement, unitEventOf } from "./behind/funnel-behind-sql.ts";
import { rowsEstimate, type RowsEstimate } from "./rows-estimate.ts";
import {
  funnelBoundStatement,
  funnelCandidatesStatement,
  funnelSizeStatement,
  funnelUnitsStatement,
  lookedAt,
  type FunnelSource,
} from "./funnel-sql.ts";

/** Where and how a funnel is read, but for the tenant, who is the reader's. */
export type FunnelPlace = Omit<FunnelSource, "tenantId"> & {
  /** How events are packed; null where they are read in columns. */
  readonly packed: EventBits | null;
};

/** Every question a funnel asks of the event store; each is for one reader, and stops when its signal is aborted. */
export interface FunnelStore {
  /** At most how many events there are to look at, as one row; told cheaply, and not to readers whom a policy hides rows from. */
  bound(reader: DataReader, funnel: Funnel, place: FunnelPlace, signal?: AbortSignal): Promise<QueryAnswer<number>>;
  /** How many events of a slice of the units there are to look at, as one row. */
  size(
    reader: DataReader,
    funnel: Funnel,
    place: FunnelPlace,
    slice: UnitSlice,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<number>>;
  /** About how many rows of all units there are to read, by the store's index. */
  estimate(reader: DataReader, funnel: Funnel, place: FunnelPlace, signal?: AbortSignal): Promise<number>;
  /** The event names a correlation tries, by what the units of a slice do. */
  candidates(
    reader: DataReader,
    funnel: Funnel,
    place: FunnelPlace,
    slice: UnitSlice,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<string>>;
  /** The events of a slice of the units as lists of numbers, which hold nothing but moments and marks; places in a batch may be too great for them. */
  lists(
    reader: DataReader,
    funnel: Funnel,
    place: FunnelPlace,
    slice: UnitSlice & { readonly bits: EventBits },
    signal?: AbortSignal,
  ): Promise<NativeAnswer>;
  /** Which event each of some units is listed by. */
  eventsOf(
    reader: DataReader,
    funnel: Funnel,
    place: FunnelPlace,
    listed: readonly BehindUnit[],
    signal?: AbortSignal,
  ): Promise<QueryAnswer<UnitEvent>>;
  /** The events of a slice of the units in columns, a unit's one behind the other. */
  units(
    reader: DataReader,
    funnel: Funnel,
    place: FunnelPlace,
    slice: UnitSlice,
    signal?: AbortSignal,
  ): Promise<NativeAnswer>;
}

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** Builds {@link FunnelStore} over the tenant-bound event store. */
export const createFunnelStore = (
  store: Pick<EventStore, "query" | "native">,
  estimateBy: RowsEstimate = rowsEstimate,
): FunnelStore => {
  const sourceOf = ({ tenantId }: DataReader, place: FunnelPlace): FunnelSource => ({ ...place, tenantId });
  const estimate = estimateBy(store);
  return {
    bound: (reader, funnel, place, signal) =>
      store.query(reader, funnelBoundStatement(funnel, sourceOf(reader, place)), funnelSizeOf, optionsOf(signal)),
    size: (reader, funnel, place, slice, signal) =>
      store.query(reader, funnelSizeStatement(funnel, sourceOf(reader, place), slice), funnelSizeOf, optionsOf(signal)),
    estimate: (reader, funnel, place, signal) => {
      const matchers = lookedAt(funnel, sourceOf(reader, place));
      return estimate(reader, { table: place.table, range: place.read, matchers }, signal);
    },
    candidates: (reader, funnel, place, slice, signal) => {
      const statement = funnelCandidatesStatement(funnel, sourceOf(reader, place), slice);
      return store.query(reader, statement, candidateOf, optionsOf(signal));
    },
    lists: (reader, funnel, place, { bits, ...slice }, signal) =>
      store.native(reader, funnelListsStatement(funnel, sourceOf(reader, place), slice, bits), optionsOf(signal)),
    eventsOf: (reader, funnel, place, listed, signal) => {
      const statement = funnelEventsStatement(funnel, sourceOf(reader, place), listed);
      return store.query(reader, statement, unitEventOf, optionsOf(signal));
    },
    units: (reader, funnel, place, slice, signal) =>
      store.native(reader, funnelUnitsStatement(funnel, sourceOf(reader, place), slice), optionsOf(signal)),
  };
};

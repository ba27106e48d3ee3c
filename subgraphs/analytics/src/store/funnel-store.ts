import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryAnswer, QueryStatistics } from "@tessera/platform/store/event-store";
import type { Funnel } from "../domain/funnel/funnel.ts";
import type { EventBits, PackedEvents } from "../domain/funnel/packed-events.ts";
import type { UnitColumns } from "../domain/funnel/unit-columns.ts";
import type { UnitSlice } from "../domain/funnel/unit-slice.ts";
import { funnelListsStatement } from "./funnel-lists-sql.ts";
import { candidateOf, funnelSizeOf, packedEventsOf, unitColumnsOf } from "./funnel-rows.ts";
import {
  funnelBoundStatement,
  funnelCandidatesStatement,
  funnelSizeStatement,
  funnelUnitsStatement,
  type FunnelSource,
} from "./funnel-sql.ts";

/** Where and how a funnel is read, but for the tenant, who is the reader's. */
export type FunnelPlace = Omit<FunnelSource, "tenantId"> & {
  /** How events are packed; null where they are read in columns. */
  readonly packed: EventBits | null;
};

/** The events of a slice of the units, with what reading them cost: packed where nothing but their moments and marks is asked about, else in columns. */
export interface UnitsAnswer {
  readonly events:
    | { readonly kind: "PACKED"; readonly packed: PackedEvents }
    | { readonly kind: "COLUMNS"; readonly columns: UnitColumns };
  readonly statistics: Pick<QueryStatistics, "rowsRead" | "bytesRead" | "elapsedMs">;
}

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
  /** The event names a correlation tries. */
  candidates(
    reader: DataReader,
    funnel: Funnel,
    place: FunnelPlace,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<string>>;
  /** The events of a slice of the units, a unit's one behind the other. */
  units(
    reader: DataReader,
    funnel: Funnel,
    place: FunnelPlace,
    slice: UnitSlice,
    signal?: AbortSignal,
  ): Promise<UnitsAnswer>;
}

/** What two statements for one slice cost. */
const together = (one: UnitsAnswer["statistics"], other: UnitsAnswer["statistics"]): UnitsAnswer["statistics"] => ({
  rowsRead: one.rowsRead + other.rowsRead,
  bytesRead: one.bytesRead + other.bytesRead,
  elapsedMs: one.elapsedMs + other.elapsedMs,
});

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** Builds {@link FunnelStore} over the tenant-bound event store. */
export const createFunnelStore = (store: Pick<EventStore, "query" | "columns">): FunnelStore => {
  const sourceOf = ({ tenantId }: DataReader, place: FunnelPlace): FunnelSource => ({ ...place, tenantId });
  const units: FunnelStore["units"] = async (reader, funnel, place, slice, signal) => {
    const source = sourceOf(reader, place);
    const bits = place.packed;
    const lists =
      bits === null
        ? null
        : await store.columns(reader, funnelListsStatement(funnel, source, slice, bits), optionsOf(signal));
    const packed = lists === null || bits === null ? null : packedEventsOf(lists, bits);
    if (lists !== null && packed !== null) return { events: { kind: "PACKED", packed }, statistics: lists.statistics };
    const answer = await store.columns(reader, funnelUnitsStatement(funnel, source, slice), optionsOf(signal));
    return {
      events: { kind: "COLUMNS", columns: unitColumnsOf(answer, funnel, place.candidates.length) },
      statistics: lists === null ? answer.statistics : together(lists.statistics, answer.statistics),
    };
  };
  return {
    bound: (reader, funnel, place, signal) =>
      store.query(reader, funnelBoundStatement(funnel, sourceOf(reader, place)), funnelSizeOf, optionsOf(signal)),
    size: (reader, funnel, place, slice, signal) =>
      store.query(reader, funnelSizeStatement(funnel, sourceOf(reader, place), slice), funnelSizeOf, optionsOf(signal)),
    candidates: (reader, funnel, place, signal) =>
      store.query(reader, funnelCandidatesStatement(funnel, sourceOf(reader, place)), candidateOf, optionsOf(signal)),
    units,
  };
};

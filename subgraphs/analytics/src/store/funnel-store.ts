import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryAnswer, QueryStatistics } from "@tessera/platform/store/event-store";
import type { Funnel } from "../domain/funnel/funnel.ts";
import type { UnitColumns } from "../domain/funnel/unit-columns.ts";
import type { UnitSlice } from "../domain/funnel/unit-slice.ts";
import { candidateOf, funnelSizeOf, unitColumnsOf } from "./funnel-rows.ts";
import {
  funnelBoundStatement,
  funnelCandidatesStatement,
  funnelSizeStatement,
  funnelUnitsStatement,
  type FunnelSource,
} from "./funnel-sql.ts";

/** Where a funnel is read, but for the tenant, who is the reader's. */
export type FunnelPlace = Omit<FunnelSource, "tenantId">;

/** The events of a slice of the units, with what reading them cost. */
export interface UnitColumnsAnswer {
  readonly columns: UnitColumns;
  readonly statistics: QueryStatistics;
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
  /** The events of a slice of the units, in order of their units. */
  units(
    reader: DataReader,
    funnel: Funnel,
    place: FunnelPlace,
    slice: UnitSlice,
    signal?: AbortSignal,
  ): Promise<UnitColumnsAnswer>;
}

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** Builds {@link FunnelStore} over the tenant-bound event store. */
export const createFunnelStore = (store: Pick<EventStore, "query" | "columns">): FunnelStore => {
  const sourceOf = ({ tenantId }: DataReader, place: FunnelPlace): FunnelSource => ({ ...place, tenantId });
  return {
    bound: (reader, funnel, place, signal) =>
      store.query(reader, funnelBoundStatement(funnel, sourceOf(reader, place)), funnelSizeOf, optionsOf(signal)),
    size: (reader, funnel, place, slice, signal) =>
      store.query(reader, funnelSizeStatement(funnel, sourceOf(reader, place), slice), funnelSizeOf, optionsOf(signal)),
    candidates: (reader, funnel, place, signal) =>
      store.query(reader, funnelCandidatesStatement(funnel, sourceOf(reader, place)), candidateOf, optionsOf(signal)),
    units: async (reader, funnel, place, slice, signal) => {
      const statement = funnelUnitsStatement(funnel, sourceOf(reader, place), slice);
      const answer = await store.columns(reader, statement, optionsOf(signal));
      return {
        columns: unitColumnsOf(answer, funnel, place.candidates.length),
        statistics: answer.statistics,
      };
    },
  };
};

import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryAnswer } from "@tessera/platform/store/event-store";
import type { Funnel } from "../domain/funnel/funnel.ts";
import type { UnitRow } from "../domain/funnel/tally.ts";
import type { UnitSlice } from "../domain/funnel/unit-slice.ts";
import { candidateOf, funnelSizeOf, unitRowOf } from "./funnel-rows.ts";
import {
  funnelCandidatesStatement,
  funnelSizeStatement,
  funnelUnitsStatement,
  type FunnelSource,
} from "./funnel-sql.ts";

/** Where a funnel is read, but for the tenant, who is the reader's. */
export type FunnelPlace = Omit<FunnelSource, "tenantId">;

/** Every question a funnel asks of the event store; each is for one reader, and stops when its signal is aborted. */
export interface FunnelStore {
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
  /** The units of a slice that may have entered, with their events. */
  units(
    reader: DataReader,
    funnel: Funnel,
    place: FunnelPlace,
    slice: UnitSlice,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<UnitRow>>;
}

/** Times and marks are whole numbers below 2^53: as numbers they travel and are read faster than as texts. */
const EXACT_NUMBERS = { output_format_json_quote_64bit_integers: 0 } as const;

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** Builds {@link FunnelStore} over the tenant-bound event store. */
export const createFunnelStore = (store: Pick<EventStore, "query">): FunnelStore => {
  const sourceOf = ({ tenantId }: DataReader, place: FunnelPlace): FunnelSource => ({ ...place, tenantId });
  return {
    size: (reader, funnel, place, slice, signal) =>
      store.query(reader, funnelSizeStatement(funnel, sourceOf(reader, place), slice), funnelSizeOf, optionsOf(signal)),
    candidates: (reader, funnel, place, signal) =>
      store.query(reader, funnelCandidatesStatement(funnel, sourceOf(reader, place)), candidateOf, optionsOf(signal)),
    units: (reader, funnel, place, slice, signal) =>
      store.query(
        reader,
        funnelUnitsStatement(funnel, sourceOf(reader, place), slice),
        (row) => unitRowOf(row, funnel, place.candidates.length),
        { ...optionsOf(signal), settings: EXACT_NUMBERS },
      ),
  };
};

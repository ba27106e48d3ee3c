import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, NativeAnswer, QueryAnswer } from "@tessera/platform/store/event-store";
import type { BehindUnit, UnitEvent } from "../domain/funnel/funnel-cell.ts";
import type { UnitSlice } from "../domain/funnel/unit-slice.ts";
import type { PathEvents } from "../domain/paths/paths.ts";
import { unitEventOf } from "./behind/funnel-behind-sql.ts";
import { pathStepsStatement } from "./behind/path-behind-sql.ts";
import {
  pathLabelsStatement,
  pathUnitsStatement,
  readMatchers,
  type FrequentLabels,
  type PathsPart,
  type PathsSource,
} from "./paths-sql.ts";
import { rowsEstimate, type RowsEstimate } from "./rows-estimate.ts";

/** Where paths are read, but for the tenant, who is the reader's. */
export type PathsPlace = Omit<PathsSource, "tenantId">;

/** A label as the store knows it: its text, the hash it travels as, and the events that are looked at in all. */
export interface StoredLabel {
  readonly label: string;
  readonly code: number;
  readonly events: number;
}

/** What a question to `paths` asks of the event store; each is for one reader, and stops when its signal is aborted. */
export interface PathsStore {
  /** About how many rows of all units there are to read, by the store's index. */
  estimate(reader: DataReader, events: PathEvents, place: PathsPlace, signal?: AbortSignal): Promise<number>;
  /** The labels of most events, the most frequent first. */
  labels(
    reader: DataReader,
    events: PathEvents,
    place: PathsPlace,
    slice: UnitSlice,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<StoredLabel>>;
  /** The events of a slice of the units in columns, in order of their units; labels whose codes are `frequent` travel as their place in it, from 1. */
  units(
    reader: DataReader,
    events: PathEvents,
    place: PathsPlace,
    part: PathsPart,
    signal?: AbortSignal,
  ): Promise<NativeAnswer>;
  /** The events of some units at the moments of the steps they are listed by, in the order in which paths were followed, by the labels they were followed by. */
  stepsOf(
    reader: DataReader,
    events: PathEvents,
    place: PathsPlace,
    steps: { readonly frequent: FrequentLabels; readonly listed: readonly BehindUnit[] },
    signal?: AbortSignal,
  ): Promise<QueryAnswer<UnitEvent>>;
}

const objectOf = (raw: unknown): object => {
  if (typeof raw === "object" && raw !== null) return raw;
  throw new Error("The event store answered a row that is no object.");
};

const labelOf = (given: unknown): StoredLabel => {
  const raw = objectOf(given);
  const label: unknown = Reflect.get(raw, "label");
  const code: unknown = Reflect.get(raw, "code");
  const events: unknown = Reflect.get(raw, "events");
  if (typeof label !== "string" || typeof code !== "number" || typeof events !== "number")
    throw new Error("The event store answered no label.");
  return { label, code, events };
};

/** Codes are whole numbers below 2^53: as numbers they are read as they are. */
const EXACT_NUMBERS = { output_format_json_quote_64bit_integers: 0 } as const;

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** Builds {@link PathsStore} over the tenant-bound event store. */
export const createPathsStore = (
  store: Pick<EventStore, "query" | "native">,
  estimateBy: RowsEstimate = rowsEstimate,
): PathsStore => {
  const sourceOf = ({ tenantId }: DataReader, place: PathsPlace): PathsSource => ({ ...place, tenantId });
  const estimate = estimateBy(store);
  return {
    estimate: (reader, events, { table }, signal) =>
      estimate(reader, { table, range: events.range, matchers: readMatchers(events) }, signal),
    labels: (reader, events, place, slice, signal) =>
      store.query(reader, pathLabelsStatement(events, sourceOf(reader, place), slice), labelOf, {
        ...optionsOf(signal),
        settings: EXACT_NUMBERS,
      }),
    units: (reader, events, place, part, signal) =>
      store.native(reader, pathUnitsStatement(events, sourceOf(reader, place), part), optionsOf(signal)),
    stepsOf: (reader, events, place, steps, signal) =>
      store.query(reader, pathStepsStatement(events, sourceOf(reader, place), steps), unitEventOf, optionsOf(signal)),
  };
};

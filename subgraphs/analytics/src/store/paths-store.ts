import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryAnswer } from "@tessera/platform/store/event-store";
import type { UnitSlice } from "../domain/funnel/unit-slice.ts";
import type { PathUnitRow } from "../domain/paths/follow.ts";
import type { PathEvents } from "../domain/paths/paths.ts";
import { pathLabelsStatement, pathUnitsStatement, type PathsSource } from "./paths-sql.ts";

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
  /** The labels of most events, the most frequent first. */
  labels(
    reader: DataReader,
    events: PathEvents,
    place: PathsPlace,
    slice: UnitSlice,
    signal?: AbortSignal,
  ): Promise<QueryAnswer<StoredLabel>>;
  /** The units of a slice that have a path; labels whose codes are `frequent` travel as their place in it, from 1. */
  units(
    reader: DataReader,
    events: PathEvents,
    place: PathsPlace,
    part: { readonly slice: UnitSlice; readonly frequent: readonly number[] },
    signal?: AbortSignal,
  ): Promise<QueryAnswer<PathUnitRow>>;
}

const numbersOf = (raw: object, key: string): readonly number[] => {
  const value: unknown = Reflect.get(raw, key);
  if (Array.isArray(value) && value.every((one): one is number => typeof one === "number")) return value;
  throw new Error(`The event store answered a row whose \`${key}\` is no list of numbers.`);
};

const objectOf = (raw: unknown): object => {
  if (typeof raw === "object" && raw !== null) return raw;
  throw new Error("The event store answered a row that is no object.");
};

/** Reads a row of `pathUnitsStatement`; throws when the store's shape is another. Written by hand: an answer has up to millions of events. */
const unitRowOf = (given: unknown): PathUnitRow => {
  const raw = objectOf(given);
  return {
    cut: Reflect.get(raw, "cut") === 1,
    times: numbersOf(raw, "t"),
    codes: numbersOf(raw, "c"),
    marks: numbersOf(raw, "m"),
  };
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

/** Times, codes and marks are whole numbers below 2^53: as numbers they travel and are read faster than as texts. */
const EXACT_NUMBERS = { output_format_json_quote_64bit_integers: 0 } as const;

const optionsOf = (signal: AbortSignal | undefined) => ({
  ...(signal === undefined ? {} : { signal }),
  settings: EXACT_NUMBERS,
});

/** Builds {@link PathsStore} over the tenant-bound event store. */
export const createPathsStore = (store: Pick<EventStore, "query">): PathsStore => {
  const sourceOf = ({ tenantId }: DataReader, place: PathsPlace): PathsSource => ({ ...place, tenantId });
  return {
    labels: (reader, events, place, slice, signal) =>
      store.query(reader, pathLabelsStatement(events, sourceOf(reader, place), slice), labelOf, optionsOf(signal)),
    units: (reader, events, place, { slice, frequent }, signal) =>
      store.query(
        reader,
        pathUnitsStatement(events, sourceOf(reader, place), slice, frequent),
        unitRowOf,
        optionsOf(signal),
      ),
  };
};

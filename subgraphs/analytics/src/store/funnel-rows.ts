import type { NativeColumns } from "@tessera/platform/store/native-columns";
import type { Funnel } from "../domain/funnel/funnel.ts";
import type { EventBits, PackedEvents } from "../domain/funnel/packed-events.ts";
import type { NumberColumn, TextColumn, UnitColumns } from "../domain/funnel/unit-columns.ts";

/** What is asked beside moments and marks. */
type Asked = Pick<Funnel, "breakdown" | "dropOffs" | "correlation" | "attribution" | "entries">;

const missing = (name: string): Error =>
  new Error(`The event store answered without the column \`${name}\` that was asked for.`);

const numbers = ({ columns }: NativeColumns, name: string): NumberColumn => {
  const column = columns.get(name);
  if (column?.kind !== "NUMBERS") throw missing(name);
  return column.values;
};

const texts = ({ columns }: NativeColumns, name: string): TextColumn => {
  const column = columns.get(name);
  if (column?.kind !== "TEXTS") throw missing(name);
  return column;
};

const words = ({ columns }: NativeColumns, name: string): Uint32Array => {
  const column = columns.get(name);
  if (column?.kind !== "WORDS") throw missing(name);
  return column.words;
};

const NO_EVENTS: UnitColumns = {
  ...{ rows: 0, units: new Uint32Array(), times: new Uint32Array(), marks: new Uint32Array() },
  ...{ values: null, names: null, candidates: null, fieldValues: [], labels: null },
};

/** Reads the columns of `funnelUnitsStatement`; throws when the store's shape is another. */
export const unitColumnsOf = (given: NativeColumns, funnel: Asked, candidates: number): UnitColumns => {
  if (given.rows === 0) return NO_EVENTS;
  return {
    rows: given.rows,
    units: words(given, "unit"),
    times: numbers(given, "at"),
    marks: numbers(given, "mark"),
    values: funnel.breakdown === null ? null : texts(given, "v"),
    names: funnel.dropOffs === null ? null : texts(given, "n"),
    candidates: candidates === 0 ? null : numbers(given, "c"),
    fieldValues: [...(funnel.correlation?.fields ?? []), ...(funnel.entries?.fields ?? [])].map((_field, index) =>
      texts(given, `f${index}`),
    ),
    labels: funnel.attribution === null ? null : texts(given, "l"),
  };
};

/** Reads the lists of `funnelListsStatement`; null where an event had a place in its batch that did not fit. Throws when the store's shape is another. */
export const packedEventsOf = (given: NativeColumns, bits: EventBits): PackedEvents | null => {
  if (given.rows === 0) return { bits, ends: new Uint32Array(), words: new Uint32Array() };
  if (numbers(given, "wide").includes(1)) return null;
  const column = given.columns.get("events");
  if (column?.kind !== "LISTS") throw missing("events");
  return { bits, ends: column.ends, words: column.words };
};

/** Reads the number of a row of `funnelSizeStatement`. */
export const funnelSizeOf = (raw: unknown): number => {
  const events: unknown = typeof raw === "object" && raw !== null ? Reflect.get(raw, "events") : null;
  if (typeof events !== "number") throw new Error("The event store answered no number of events.");
  return events;
};

/** Reads the name of a row of `funnelCandidatesStatement`. */
export const candidateOf = (raw: unknown): string => {
  const name: unknown = typeof raw === "object" && raw !== null ? Reflect.get(raw, "name") : null;
  if (typeof name !== "string") throw new Error("The event store answered no name of an event.");
  return name;
};

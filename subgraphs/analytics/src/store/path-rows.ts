import type { NativeColumns } from "@tessera/platform/store/native-columns";
import type { TextColumn } from "../domain/funnel/unit-columns.ts";
import type { PathColumns } from "../domain/paths/path-columns.ts";

const numbersOf = ({ columns }: NativeColumns, name: string): PathColumns["times"] => {
  const column = columns.get(name);
  if (column?.kind === "NUMBERS") return column.values;
  throw new Error(`The event store answered without the column \`${name}\` that was asked for.`);
};

const textsOf = ({ columns }: NativeColumns, name: string): TextColumn => {
  const column = columns.get(name);
  if (column?.kind === "TEXTS") return column;
  throw new Error(`The event store answered without the column \`${name}\` that was asked for.`);
};

const NO_EVENTS: PathColumns = {
  ...{ rows: 0, units: new Uint32Array(), times: new Uint32Array(), codes: new Uint32Array(), marks: new Uint8Array() },
  ...{ cut: null, values: [] },
};

/** Reads the columns of `pathUnitsStatement`, with those of so many fields; throws when the store's shape is another. */
export const pathColumnsOf = (given: NativeColumns, fields: number): PathColumns => {
  if (given.rows === 0) return NO_EVENTS;
  const units = given.columns.get("unit");
  if (units?.kind !== "WORDS") throw new Error("The event store answered no units.");
  return {
    ...{ rows: given.rows, units: units.words, times: numbersOf(given, "at"), codes: numbersOf(given, "c") },
    ...{ marks: numbersOf(given, "mark"), cut: given.columns.has("cut") ? numbersOf(given, "cut") : null },
    values: Array.from({ length: fields }, (_field, index) => textsOf(given, `f${index}`)),
  };
};

import type { Funnel } from "../domain/funnel/funnel.ts";
import type { UnitRow } from "../domain/funnel/tally.ts";

const listOf = <T>(row: object, key: string, holds: (value: unknown) => value is T): readonly T[] => {
  const value: unknown = Reflect.get(row, key);
  if (Array.isArray(value) && value.every(holds)) return value;
  throw new Error(`The event store answered a row whose \`${key}\` is not the list that was asked for.`);
};

const isNumber = (value: unknown): value is number => typeof value === "number";
const isText = (value: unknown): value is string => typeof value === "string";

/** Reads a row of `funnelUnitsStatement`; throws when the store's shape is another. Written by hand: an answer has up to millions of events. */
export const unitRowOf = (raw: unknown, funnel: Funnel, candidates: number): UnitRow => {
  if (typeof raw !== "object" || raw === null) throw new Error("The event store answered a row that is no object.");
  return {
    cut: Reflect.get(raw, "cut") === 1,
    times: listOf(raw, "t", isNumber),
    marks: listOf(raw, "m", isNumber),
    values: funnel.breakdown === null ? [] : listOf(raw, "v", isText),
    following: funnel.dropOffs === null ? [] : listOf(raw, "n", isText),
    candidates: candidates === 0 ? [] : listOf(raw, "c", isNumber),
    fieldValues: (funnel.correlation?.fields ?? []).map((_field, index) => listOf(raw, `f${index}`, isText)),
  };
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

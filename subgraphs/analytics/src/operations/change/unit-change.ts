import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../../domain/access.ts";
import { behaviourSource } from "../../domain/behaviour-source.ts";
import { partsOf } from "../../domain/change/parts-of-span.ts";
import type { Reading, ReadBy, ReadSlice } from "../../domain/change/reading.ts";
import type { SliceCondition } from "../../domain/change/slice-filter.ts";
import type { Quantity, Values } from "../../domain/change/slice-measure.ts";
import { accessIn } from "../../domain/access-in.ts";
import type { Field } from "../../domain/field.ts";
import { parseField, parseRevealedField } from "../../domain/fields.ts";
import { provenanceOf, type Cost, type Provenance } from "../../domain/provenance.ts";
import type { FilterInput } from "../../domain/filter-input.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import type { SlicesStore } from "../../store/change/slices-store.ts";
import type { BehaviourChange, ReadImpact } from "./behaviour-change.ts";

/** What reading units needs. */
export interface UnitChangeDeps {
  readonly slices: SlicesStore;
  readonly nowMs: NowMs;
}

/** Units of one span, ready to be read. */
export interface UnitsOfSpan {
  readonly reading: Reading;
  /** Every field that reading them looks at. */
  readonly fields: readonly Field[];
  /** Where their events are read. */
  readonly reach: TimeRange;
  /** Where the events lie that they are told apart by. */
  readonly entries: TimeRange;
  /** Periods of the span: the number is their mean. */
  readonly periods: number;
  /** What finding them has cost. */
  readonly costs: readonly Cost[];
  /** Where else was looked to find them; left out where nowhere. */
  readonly beside?: readonly TimeRange[];
}

/** A number that adds up over units, each with one event by which it is told apart. */
export interface CountedUnits {
  readonly caller: Caller;
  readonly name: string;
  readonly timeZone: string;
  readonly held: readonly SliceCondition[];
  readonly span: TimeRange;
  /** RATIO: each unit adds to both parts of one; AMONG: it counts some of those it looks at; SUM: it counts all. */
  readonly adds: "RATIO" | "AMONG" | "SUM";
  readonly impact: "COUNTED" | "EVENTS" | null;
  readonly units: (span: TimeRange, signal: AbortSignal | undefined) => Promise<UnitsOfSpan>;
}

/** Values of a field that are told of one span. */
const MOST_VALUES = 1_000;

const quantityOf = ({ adds }: CountedUnits, rows: readonly ReadSlice[], periods: number): Quantity => {
  const sum = (read: (row: ReadSlice) => number): number => rows.reduce((total, row) => total + read(row), 0);
  const [value, units] = [sum((row) => row.sum) / periods, sum((row) => row.units)];
  if (adds === "RATIO") return { value, base: sum(({ base }) => base) / periods, units };
  return { value, base: null, units, ...(adds === "AMONG" ? { seen: sum(({ seen }) => seen) } : {}) };
};

const valuesOf = (change: CountedUnits, rows: readonly ReadSlice[], periods: number): Values => ({
  cut: rows.length > MOST_VALUES,
  values: new Map(
    rows
      .slice(0, MOST_VALUES)
      .map((row) => [row.value === "" ? null : row.value, quantityOf(change, [row], periods)] as const),
  ),
});

const heldOf = (conditions: readonly SliceCondition[]): ReadBy["held"] =>
  conditions.map(({ values }) => values.map((value) => value ?? ""));

/** The id of no event. */
const NO_EVENT = "00000000-0000-0000-0000-000000000000";

/** The filter of the events of some ids, which may be none. */
export const onlyEvents = (ids: readonly string[]): FilterInput => ({
  ...{ field: "id", in: ids.length === 0 ? [NO_EVENT] : ids },
});

/** A change of a number of units, read from the event store: a span at once, by all dimensions together. */
export const unitChange = (deps: UnitChangeDeps, change: CountedUnits): BehaviourChange => {
  const { caller, name, held, span, timeZone, units } = change;
  const access = accessIn(accessOf(caller), { timeZone });
  const fieldsOf = (names: readonly string[]): readonly Field[] =>
    names.map((one, at) => parseRevealedField(one, `input.dimensions.${at}`, access));
  const known = new Map<string, Promise<UnitsOfSpan>>();
  /** Units of a span are found once, whatever they are taken apart by. */
  const found = async (one: TimeRange, signal: AbortSignal | undefined): Promise<UnitsOfSpan> => {
    const key = `${one.fromMs} ${one.toMs}`;
    const before = known.get(key);
    if (before !== undefined) return { ...(await before), costs: [], beside: [] };
    const finding = units(one, signal);
    known.set(key, finding);
    return finding;
  };
  const placed = async (one: TimeRange, own: readonly Field[], signal: AbortSignal | undefined) => {
    const all = await found(one, signal);
    const { table, rejected } = behaviourSource([...all.fields, ...own], caller.dataPolicy);
    const provenance = (cost: Cost): Provenance =>
      provenanceOf(
        { parts: [all.reach, ...(all.beside ?? [])].map((part) => ({ table, ...part })), rejected, approximations: [] },
        ...([[...all.costs, cost], deps.nowMs(), timeZone, caller.dataPolicy] as const),
      );
    return { ...all, place: { table, reach: all.reach }, provenance };
  };
  const impact: ReadImpact = async (one, signal) => {
    const by = { fields: fieldsOf(held.map(({ dimension }) => dimension)), held: heldOf(held) };
    const { reading, place, provenance } = await placed(one, [...by.fields, parseField("currency", "input")], signal);
    const { rows, statistics } = await deps.slices.reach(caller, { reading, by, place }, signal);
    const { people = 0, seen = 0, revenue = new Map<string, number>() } = rows[0] ?? {};
    return { people, units: seen, revenue, provenance: provenance(statistics) };
  };
  return {
    ...{ kind: "BEHAVIOUR", name, way: null, held, impact: change.impact === "EVENTS" ? impact : change.impact },
    read: async ({ span: one, conditions, dimensions, signal }) => {
      const fields = fieldsOf([...conditions.map(({ dimension }) => dimension), ...dimensions]);
      const { reading, place, periods, provenance } = await placed(one, fields, signal);
      const by = { fields, held: heldOf(conditions) };
      const { rows, statistics } = await deps.slices.slices(caller, { reading, by, place, most: MOST_VALUES }, signal);
      const of = (field: number | null): readonly ReadSlice[] => rows.filter((row) => row.field === field);
      return {
        whole: quantityOf(change, of(null), periods),
        values: dimensions.map((_dimension, index) => valuesOf(change, of(index), periods)),
        ...{ reached: [], provenance: provenance(statistics) },
      };
    },
    behind: async (conditions, count, signal) => {
      const fields = [...fieldsOf(conditions.map(({ dimension }) => dimension)), parseField("id", "input")];
      const { reading, place, entries } = await placed(span, fields, signal);
      const edgesMs = partsOf(entries, count).map(({ fromMs }) => fromMs);
      const asked = { reading, by: { fields, held: heldOf(conditions) }, place, edgesMs };
      const { rows } = await deps.slices.entries(caller, asked, signal);
      return { filter: onlyEvents(rows), span: entries };
    },
  };
};

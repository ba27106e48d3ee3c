import { runInNewContext } from "node:vm";
import type { Granularity } from "../src/domain/calendar.ts";
import type { MeasureInput } from "../src/domain/measures.ts";
import type { OlapInput } from "../src/domain/query.ts";
import { numberOf, passes, textOf } from "./reference-filter.ts";
import type { TestEvent } from "./test-events.ts";

/** A value of the reference's answer: text of a dimension, or a number of a measure. */
export type ReferenceValue = string | number | null;

/** A group of the reference's answer. */
export interface ReferenceRow {
  /** Local reading of the bucket on the zone's clock, see {@link bucketLabel}; null without buckets. */
  readonly label: string | null;
  readonly dimensions: readonly (string | null)[];
  readonly measures: readonly ReferenceValue[];
}

const two = (value: number): string => String(value).padStart(2, "0");

/** Making a clock's format costs a hundred times what reading it does. */
const clocks = new Map<string, Intl.DateTimeFormat>();

const clockOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "longOffset",
  });
  clocks.set(timeZone, made);
  return made;
};

/** The calendar bucket a moment lies in, read off the wall clock of its zone: `2026-03`, `2026-03-29`, `2026-03-29T02+02:00` ... . */
export const bucketLabel = (ms: number, granularity: Granularity, timeZone: string): string => {
  const parts = new Map(
    clockOf(timeZone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? "";
  const [year, month, day] = [part("year"), part("month"), part("day")];
  const offset = part("timeZoneName").replace("GMT", "");
  const date = `${year}-${month}-${day}`;
  switch (granularity) {
    case "NONE":
      return "";
    case "MINUTE":
      return `${date}T${part("hour")}:${part("minute")}${offset}`;
    case "HOUR":
      return `${date}T${part("hour")}${offset}`;
    case "DAY":
      return date;
    case "WEEK": {
      const at = new Date(`${date}T00:00:00Z`);
      at.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % 7));
      return at.toISOString().slice(0, 10);
    }
    case "MONTH":
      return `${year}-${month}`;
    case "QUARTER":
      return `${year}-${two(Math.floor((Number(month) - 1) / 3) * 3 + 1)}`;
    case "YEAR":
      return year;
  }
};

const SCALE = 10_000n;
const scaled = (text: string): bigint => {
  const [, sign, whole = "0", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const digits = BigInt(whole) * SCALE + BigInt(fraction.padEnd(4, "0"));
  return sign === "-" ? -digits : digits;
};
const unscaled = (value: bigint): string => {
  const digits = value < 0n ? -value : value;
  const text = `${digits / SCALE}.${String(digits % SCALE).padStart(4, "0")}`.replace(/\.?0+$/, "");
  return value < 0n ? `-${text}` : text;
};

const person = (event: TestEvent): string | null => {
  if ((event.userId ?? "") !== "") return `user ${event.userId}`;
  return (event.anonymousId ?? "") === "" ? null : `visitor ${event.anonymousId}`;
};

const uniques = (events: readonly TestEvent[], of: string, timeZone: string): number => {
  const value = (event: TestEvent): string | null => {
    if (of === "persons") return person(event);
    return textOf(event, of === "sessions" ? "sessionId" : of, timeZone);
  };
  return new Set(events.map(value).filter((one) => one !== null)).size;
};

/** The quantile with linear interpolation between closest ranks, as spreadsheets and NumPy compute it. */
const quantile = (numbers: readonly number[], level: number): number | null => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * level;
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low === undefined || high === undefined ? null : low + (high - low) * (place - Math.floor(place));
};

const decimalMeasure = (events: readonly TestEvent[], input: MeasureInput): ReferenceValue => {
  const amounts = events.flatMap(({ revenue }) => (revenue === undefined ? [] : [scaled(revenue)]));
  const sum = amounts.reduce((total, amount) => total + amount, 0n);
  if (input.function === "SUM") return unscaled(sum);
  if (amounts.length === 0) return null;
  if (input.function === "AVG") return Number(sum) / 10_000 / amounts.length;
  const ordered = amounts.toSorted((a, b) => (a < b ? -1 : 1));
  return unscaled((input.function === "MIN" ? ordered[0] : ordered.at(-1)) ?? 0n);
};

const numberMeasure = (numbers: readonly number[], input: MeasureInput): ReferenceValue => {
  const sum = numbers.reduce((total, number) => total + number, 0);
  if (input.function === "SUM") return sum;
  if (numbers.length === 0) return null;
  if (input.function === "AVG") return sum / numbers.length;
  return input.function === "MIN" ? Math.min(...numbers) : Math.max(...numbers);
};

/** The values of one measure over some events, one per column it makes. */
const referenceMeasure = (
  all: readonly TestEvent[],
  input: MeasureInput,
  timeZone: string,
): readonly ReferenceValue[] => {
  const currency = input.currency ?? null;
  const events = currency === null ? all : all.filter((event) => event.currency === currency);
  if (input.function === "COUNT") return [events.length];
  if (input.function === "UNIQUES") return [uniques(events, input.of ?? "", timeZone)];
  const numbers = events.map((event) => numberOf(event, input.of ?? "")).filter((number) => number !== null);
  if (input.function === "QUANTILES") return (input.levels ?? []).map((level) => quantile(numbers, level));
  return [input.of === "revenue" ? decimalMeasure(events, input) : numberMeasure(numbers, input)];
};

/** A formula by its plain meaning: JavaScript's arithmetic over the named values; null for what is missing or no finite number. */
export const referenceFormula = (formula: string, named: ReadonlyMap<string, ReferenceValue>): ReferenceValue => {
  let missing = false;
  const text = formula.replaceAll(/[A-Za-z_]\w*/g, (name) => {
    const value = named.get(name) ?? null;
    missing ||= value === null;
    return `(${Number(value)})`;
  });
  const result: unknown = missing ? null : runInNewContext(text);
  return typeof result === "number" && Number.isFinite(result) ? result : null;
};

/** The values of all measures over some events, by the columns they make. */
const referenceMeasures = (
  events: readonly TestEvent[],
  inputs: readonly MeasureInput[],
  timeZone: string,
): readonly ReferenceValue[] => {
  const named = new Map<string, ReferenceValue>();
  return inputs.flatMap((input) => {
    const { filter = null, formula = null, name = null } = input;
    const passed = filter === null ? events : events.filter((event) => passes(event, filter, timeZone));
    const values = formula === null ? referenceMeasure(passed, input, timeZone) : [referenceFormula(formula, named)];
    const [value = null] = values;
    if (name !== null && values.length === 1) named.set(name, value);
    return values;
  });
};

/** The groups of an `olap` question, unordered and unlimited, computed in the plainest way. */
export const referenceGroups = (events: readonly TestEvent[], input: OlapInput): readonly ReferenceRow[] => {
  const { granularity = "NONE", timeZone = "UTC", dimensions = [] } = input;
  const [from, to] = [Date.parse(input.range.from), Date.parse(input.range.to)];
  const groups = new Map<
    string,
    { label: string | null; dimensions: readonly (string | null)[]; events: TestEvent[] }
  >();
  for (const event of events) {
    if (event.timeMs < from || event.timeMs >= to || !passes(event, input.filter ?? null, timeZone)) continue;
    const label = granularity === "NONE" ? null : bucketLabel(event.timeMs, granularity, timeZone);
    const values = dimensions.map((field) => textOf(event, field, timeZone));
    const key = JSON.stringify([label, values]);
    const group = groups.get(key) ?? { label, dimensions: values, events: [] };
    group.events.push(event);
    groups.set(key, group);
  }
  if (groups.size === 0 && granularity === "NONE" && dimensions.length === 0)
    return [{ label: null, dimensions: [], measures: referenceMeasures([], input.measures, timeZone) }];
  return [...groups.values()].map((group) => ({
    label: group.label,
    dimensions: group.dimensions,
    measures: referenceMeasures(group.events, input.measures, timeZone),
  }));
};

/** Every measure over all events of a question. */
export const referenceTotals = (events: readonly TestEvent[], input: OlapInput): readonly ReferenceValue[] =>
  referenceGroups(events, { ...input, granularity: "NONE", dimensions: [] })[0]?.measures ?? [];

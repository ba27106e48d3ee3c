import type { RetentionInput } from "../src/domain/retention.ts";
import { eventsByUnit, isMatch, periodNumber, unitOf } from "./reference-behaviour.ts";
import { numberOf, textOf } from "./reference-filter.ts";
import type { TestEvent } from "./test-events.ts";

/** Numbers of one row of one group, by column. */
export interface ReferenceRow {
  readonly dimensions: readonly (string | null)[];
  readonly row: number;
  readonly size: number;
  readonly eligible: readonly number[];
  readonly returned: readonly number[];
  readonly soFar: readonly number[];
  readonly value: readonly number[];
  readonly cumulative: readonly number[];
}

type Whole = Required<Omit<RetentionInput, "value" | "unit" | "brackets" | "asOf" | "sample" | "fast" | "meanings">> &
  Pick<RetentionInput, "value" | "unit" | "brackets"> & { readonly asOf: string };

const LENGTH_MS = { DAY: 86_400_000, WEEK: 604_800_000, MONTH: Number.NaN } as const;

const worthOf = (event: TestEvent, value: RetentionInput["value"]): number => {
  if (value === null || value === undefined) return 0;
  if ((value.of ?? "revenue") !== "revenue") return Math.round((numberOf(event, value.of ?? "") ?? 0) * 10_000);
  return event.currency === value.currency ? Math.round(Number(event.revenue ?? 0) * 10_000) : 0;
};

interface Start {
  readonly id: string;
  readonly ms: number;
  readonly order: number;
  readonly dimensions: readonly string[];
}

const earlier = (a: Start, b: Start): number =>
  a.ms - b.ms || a.order - b.order || (JSON.stringify(a.dimensions) < JSON.stringify(b.dimensions) ? -1 : 1);

const startsOf = (own: readonly TestEvent[], input: Whole, orderOf: (event: TestEvent) => number): readonly Start[] => {
  const [fromMs, toMs] = [Date.parse(input.range.from), Date.parse(input.range.to)];
  const all = own
    .filter((event) => isMatch(event, input.start))
    .map((event) => ({
      id: event.id,
      ms: event.timeMs,
      order: orderOf(event),
      dimensions: input.splitBy.map((field) => textOf(event, field) ?? ""),
    }))
    .toSorted(earlier);
  const inRange = all.filter(({ ms }) => ms >= fromMs && ms < toMs);
  if (input.startAt === "FIRST_IN_RANGE") return inRange.slice(0, 1);
  if (input.startAt === "FIRST_EVER") return all.slice(0, 1).filter((start) => inRange.includes(start));
  const place = ({ ms }: Start): number => periodNumber(ms, input.period, input.timeZone);
  return inRange.filter((start, index) => inRange.findIndex((other) => place(other) === place(start)) === index);
};

/** A start, and of each column whether its periods have ended, which return events count, and which lie before its end. */
interface ToldStart {
  readonly startId: string;
  readonly row: number;
  readonly dimensions: readonly string[];
  readonly cells: readonly {
    readonly eligible: boolean;
    readonly back: boolean;
    readonly counted: readonly TestEvent[];
    readonly before: readonly TestEvent[];
  }[];
}

/** Every start of a question about retention, with what its definition says of it, event by event. */
export const referenceStarts = (events: readonly TestEvent[], input: Whole): readonly ToldStart[] => {
  const asOfMs = Date.parse(input.asOf);
  const orders = new Map(events.map((event, index) => [event.id, index]));
  const known = events.filter(({ timeMs }) => timeMs < asOfMs);
  const bounds = input.brackets ?? Array.from({ length: input.periods + 1 }, (_, index) => index);
  const columns = bounds.slice(0, -1).map((from, index) => ({ from, to: bounds[index + 1] ?? 0 }));
  const number = (ms: number): number => periodNumber(ms, input.period, input.timeZone);
  return [...eventsByUnit(known, (event) => unitOf(event, input.unit)).values()].flatMap((own) =>
    startsOf(own, input, (event) => orders.get(event.id) ?? 0).map((start) => {
      const periodOf = (ms: number): number =>
        input.clock === "CALENDAR"
          ? number(ms) - number(start.ms)
          : Math.floor((ms - start.ms) / LENGTH_MS[input.period]);
      const returns = own.filter((event) => event.timeMs >= start.ms && isMatch(event, input.returning));
      return {
        startId: start.id,
        row: number(start.ms) - number(Date.parse(input.range.from)),
        dimensions: start.dimensions,
        cells: columns.map(({ from, to }) => {
          const counts = {
            EXACT: (period: number) => period >= from && period < to,
            ON_OR_AFTER: (period: number) => period >= from,
            ON_OR_BEFORE: (period: number) => period < to && (from === 0 || period > 0),
          }[input.kind];
          const counted = returns.filter((event) => counts(periodOf(event.timeMs)));
          const eligible =
            input.clock === "CALENDAR"
              ? number(asOfMs) >= number(start.ms) + to
              : start.ms + to * LENGTH_MS[input.period] <= asOfMs;
          const before = returns.filter((event) => periodOf(event.timeMs) < to);
          return { eligible, counted, before, back: counted.length >= input.minimum };
        }),
      };
    }),
  );
};

/** Retention as its definition says, event by event. */
export const referenceRetention = (events: readonly TestEvent[], input: Whole): readonly ReferenceRow[] => {
  const rows = new Map<string, ReferenceRow>();
  for (const start of referenceStarts(events, input)) {
    const { row, dimensions } = start;
    const key = JSON.stringify([row, dimensions]);
    const zero = start.cells.map(() => 0);
    const before = rows.get(key) ?? {
      ...{ row, size: 0, eligible: zero, returned: zero, soFar: zero, value: zero, cumulative: zero },
      dimensions: dimensions.map((text) => (text === "" ? null : text)),
    };
    const sum = (list: readonly TestEvent[]) => list.reduce((total, event) => total + worthOf(event, input.value), 0);
    const cells = start.cells.map(({ eligible, back, counted, before: sofar }) => ({
      eligible: eligible ? 1 : 0,
      returned: eligible && back ? 1 : 0,
      soFar: back ? 1 : 0,
      value: eligible ? sum(counted) : 0,
      cumulative: eligible ? sum(sofar) : 0,
    }));
    const plus = (name: "eligible" | "returned" | "soFar" | "value" | "cumulative") =>
      before[name].map((total, index) => total + (cells[index]?.[name] ?? 0));
    rows.set(key, {
      ...before,
      size: before.size + 1,
      eligible: plus("eligible"),
      returned: plus("returned"),
      soFar: plus("soFar"),
      value: plus("value"),
      cumulative: plus("cumulative"),
    });
  }
  return [...rows.values()];
};

import type { Cell } from "./columns.ts";
import { formatDuration } from "./duration.ts";
import type { Group } from "./olap-answer.ts";
import type { Provenance } from "./provenance.ts";
import { bucketWidthMs, MAX_TOP_NAMES } from "./realtime.ts";
import type { AnalyticQuery } from "./query.ts";
import { formatInZone, isoTime } from "./zone.ts";

/** Amount in one currency; null currency where events carried none. */
export interface Money {
  readonly currency: string | null;
  readonly amount: string;
}

/** How often an event name occurred. */
export interface NameCount {
  readonly name: string;
  readonly events: number;
  readonly users: number;
}

/** What happened within the timeframe, as in the SDL. */
export interface RealtimeMetrics {
  readonly timeframe: string;
  readonly from: string;
  readonly to: string;
  readonly events: number;
  readonly users: number;
  readonly sessions: number;
  readonly revenue: readonly Money[];
  /** The most frequent names, at most {@link MAX_TOP_NAMES}. */
  readonly names: readonly NameCount[];
  readonly eventsPerSecond: number;
  readonly series: {
    readonly bucketWidth: string;
    readonly buckets: readonly string[];
    readonly events: readonly number[];
    readonly users: readonly number[];
  };
  readonly asOf: string;
  readonly cursor: string;
  readonly provenance: Provenance;
}

/** A group of the realtime question: over everything, of one bucket, one currency or one name. */
export interface RealtimeGroup extends Group {
  readonly part: "TOTAL" | "BUCKET" | "CURRENCY" | "NAME";
}

const whole = (cell: Cell | undefined): number => Number(cell ?? 0);

const moneyOf = ({ dimensions, measures }: RealtimeGroup): Money => ({
  currency: dimensions[0] === "" ? null : String(dimensions[0] ?? ""),
  amount: String(measures[3] ?? "0"),
});

/** Puts the groups of the realtime question (measures: events, users, sessions, revenue) into one answer. */
export const realtimeAnswer = (
  query: AnalyticQuery,
  groups: readonly RealtimeGroup[],
  cursor: string,
  provenance: Provenance,
): RealtimeMetrics => {
  const { fromMs, toMs } = query.range;
  const of = (part: RealtimeGroup["part"]): readonly RealtimeGroup[] => groups.filter((group) => group.part === part);
  const [events, users, sessions] = of("TOTAL")[0]?.measures ?? [];
  const starts = query.buckets?.startsMs ?? [];
  const buckets = new Map(of("BUCKET").map(({ bucketMs, measures }) => [bucketMs, measures]));
  return {
    timeframe: formatDuration(toMs - fromMs),
    from: isoTime(fromMs),
    to: isoTime(toMs),
    events: whole(events),
    users: whole(users),
    sessions: whole(sessions),
    revenue: of("CURRENCY")
      .map(moneyOf)
      .filter(({ amount }) => amount !== "0")
      .toSorted((a, b) => ((a.currency ?? "") < (b.currency ?? "") ? -1 : 1)),
    names: of("NAME")
      .slice(0, MAX_TOP_NAMES)
      .map(({ dimensions, measures }) => ({
        name: String(dimensions[1] ?? ""),
        events: whole(measures[0]),
        users: whole(measures[1]),
      })),
    eventsPerSecond: whole(events) / ((toMs - fromMs) / 1_000),
    series: {
      bucketWidth: formatDuration(bucketWidthMs(toMs - fromMs)),
      buckets: starts.map((start) => formatInZone(start, query.offsetAt)),
      events: starts.map((start) => whole(buckets.get(start)?.[0])),
      users: starts.map((start) => whole(buckets.get(start)?.[1])),
    },
    asOf: isoTime(toMs),
    cursor,
    provenance,
  };
};

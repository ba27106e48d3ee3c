import { z } from "zod";
import { refuse } from "@tessera/platform/errors/refusal";
import { lessTold, type WatchedGroup, type WatchedPoint } from "./watched-series.ts";
import type { VALUE_NAMES } from "./watched-value.ts";

type Name<Kind extends keyof typeof VALUE_NAMES> = (typeof VALUE_NAMES)[Kind][number];

/** A series' point in one bucket, and whether the bucket had all it will have. */
export interface ReadPoint {
  readonly group: WatchedGroup;
  readonly atMs: number;
  readonly point: WatchedPoint;
  readonly complete: boolean;
  /** How heavy it is; its samples where this is left out. */
  readonly weight?: number;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field: `input.value.${field}` });
const maybe = z.number().nullable();

const cells = z.object({
  size: z.number(),
  eligible: z.array(z.number()),
  returned: z.array(z.number()),
  rate: z.array(maybe),
  complete: z.array(z.boolean()),
});
const retentionShape = z.object({
  columns: z.array(z.object({ from: z.number(), to: z.number() })),
  hasMoreGroups: z.boolean(),
  groups: z.array(
    z.object({ dimensions: z.array(z.string().nullable()), cohortId: z.string().nullable(), total: cells }),
  ),
  total: cells,
});

/** Reads the retention of those who began in one bucket, group by group, and of numbers that add up what groups hold together that were not told. */
export const readRetentionBucket = (
  answer: unknown,
  name: Name<"RETENTION">,
  period: number,
  { names, atMs }: { readonly names: readonly string[]; readonly atMs: number },
): {
  readonly points: readonly ReadPoint[];
  readonly more: boolean;
  readonly fewest: number;
  readonly rest: WatchedPoint | null;
} => {
  const { columns, groups, hasMoreGroups, total: all } = retentionShape.parse(answer);
  const index = columns.findIndex(({ from }) => from === period);
  if (index < 0)
    throw bad(
      "period",
      `The question has no column from period ${period}: ${columns.map(({ from }) => from).join(", ")}.`,
    );
  const pointOf = (total: z.infer<typeof cells>): WatchedPoint => {
    const eligible = total.eligible[index] ?? 0;
    const numbers = {
      ...{ eligible, size: total.size },
      ...{ rate: total.rate[index] ?? null, returned: total.returned[index] ?? 0 },
    };
    return { value: numbers[name], samples: eligible };
  };
  const points = groups.map(({ dimensions, cohortId, total }): ReadPoint => {
    const group = names.map((field, place) => ({ name: field, value: cohortId ?? dimensions[place] ?? null }));
    return { group, atMs, point: pointOf(total), complete: total.complete[index] ?? false };
  });
  const rest =
    hasMoreGroups && name !== "rate"
      ? lessTold(
          pointOf(all),
          points.map(({ point }) => point),
        )
      : null;
  return { points, more: hasMoreGroups, fewest: groups.length + (hasMoreGroups ? 1 : 0), rest };
};

const stickinessShape = z.object({ mean: maybe, total: z.number(), complete: z.boolean() });

/** Reads on how many periods of one bucket units were active. */
export const readStickinessBucket = (answer: unknown, name: Name<"STICKINESS">, atMs: number): readonly ReadPoint[] => {
  const { mean, total, complete } = stickinessShape.parse(answer);
  return [{ group: [], atMs, point: { value: name === "mean" ? mean : total, samples: total }, complete }];
};

const listed = (
  times: readonly string[],
  complete: readonly boolean[],
  values: readonly (number | null)[],
): readonly ReadPoint[] =>
  times.map((time, index) => ({
    ...{ group: [], atMs: Date.parse(time), complete: complete[index] ?? false },
    point: { value: values[index] ?? null, samples: null },
  }));

const lifecycleShape = z.object({
  starts: z.array(z.string()),
  complete: z.array(z.boolean()),
  ...{ fresh: z.array(z.number()), returning: z.array(z.number()) },
  ...{ resurrecting: z.array(z.number()), dormant: z.array(maybe) },
});

/** Reads who is new, came again or stayed away, by period. */
export const readLifecycle = (answer: unknown, name: Name<"LIFECYCLE">): readonly ReadPoint[] => {
  const read = lifecycleShape.parse(answer);
  return listed(read.starts, read.complete, read[name]);
};

const activeShape = z.object({
  days: z.array(z.string()),
  complete: z.array(z.boolean()),
  ...{ daily: z.array(z.number()), weekly: z.array(z.number()), monthly: z.array(z.number()), ratio: z.array(maybe) },
});

/** Reads who was active, by day. */
export const readActiveUsers = (answer: unknown, name: Name<"ACTIVE_USERS">): readonly ReadPoint[] => {
  const read = activeShape.parse(answer);
  return listed(read.days, read.complete, read[name]);
};

const counted = {
  ...{ sessions: z.number(), people: z.number(), events: z.number(), eventsPerSession: maybe, pageViews: z.number() },
  ...{ pagesPerSession: maybe, meanDurationSeconds: maybe, meanActiveSeconds: maybe, bounced: z.number() },
  ...{ bounceRate: maybe, engaged: z.number(), engagementRate: maybe, converted: maybe, conversionRate: maybe },
  revenue: z.string().nullable(),
  revenuePerSession: maybe,
};
const sessionsShape = z.object({
  buckets: z.array(z.string()),
  series: z.array(z.object(counted)),
  groups: z.array(z.object({ values: z.array(z.string().nullable()), series: z.array(z.object(counted)) })),
  groupCount: z.number(),
});
/** Numbers of sessions that add up over groups: a session is in one, a person may be in several. */
const ADDED_UP: ReadonlySet<Name<"SESSION_METRICS">> = new Set([
  ...(["sessions", "events", "pageViews", "bounced", "engaged", "converted", "revenue"] as const),
]);

/**
 * Reads numbers of sessions by the bucket they start in, group by group, and of numbers that add up what groups hold together that were not told. A session goes on after its bucket, so
 * `completeBeforeMs` is told by whoever asks.
 */
export const readSessions = (
  answer: unknown,
  name: Name<"SESSION_METRICS">,
  names: readonly string[],
  completeBeforeMs: number,
): {
  readonly points: readonly ReadPoint[];
  readonly more: boolean;
  readonly fewest: number;
  readonly additive: boolean;
  readonly rest: ReadonlyMap<number, WatchedPoint>;
} => {
  const { buckets, series, groups, groupCount } = sessionsShape.parse(answer);
  const atMsOf = (index: number): number => Date.parse(buckets[index] ?? "");
  const pointOf = (one: (typeof series)[number]): WatchedPoint => {
    const value = one[name];
    return { value: value === null ? null : Number(value), samples: one.sessions };
  };
  const all = names.length === 0 ? [{ values: [], series }] : groups;
  const points = all.flatMap(({ values, series: of }) =>
    of.map((one, index): ReadPoint => {
      const [atMs, group] = [
        atMsOf(index),
        names.map((field, place) => ({ name: field, value: values[place] ?? null })),
      ];
      return { group, atMs, complete: atMs < completeBeforeMs, point: pointOf(one) };
    }),
  );
  const [more, additive] = [names.length > 0 && groupCount > groups.length, ADDED_UP.has(name)];
  const left = series.map((one, index): [number, WatchedPoint] => {
    const told = groups.flatMap(({ series: of }) => of.slice(index, index + 1)).map(pointOf);
    return [atMsOf(index), lessTold(pointOf(one), told)];
  });
  return { points, more, fewest: groupCount, additive, rest: new Map(more && additive ? left : []) };
};

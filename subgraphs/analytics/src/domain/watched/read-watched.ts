import { z } from "zod";
import { refuse } from "@tessera/platform/errors/refusal";
import type { WatchedGroup, WatchedPoint } from "./watched-series.ts";
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

const retentionShape = z.object({
  columns: z.array(z.object({ from: z.number(), to: z.number() })),
  hasMoreGroups: z.boolean(),
  groups: z.array(
    z.object({
      dimensions: z.array(z.string().nullable()),
      cohortId: z.string().nullable(),
      total: z.object({
        size: z.number(),
        eligible: z.array(z.number()),
        returned: z.array(z.number()),
        rate: z.array(maybe),
        complete: z.array(z.boolean()),
      }),
    }),
  ),
});

/** Reads the retention of those who began in one bucket, group by group. */
export const readRetentionBucket = (
  answer: unknown,
  name: Name<"RETENTION">,
  period: number,
  { names, atMs }: { readonly names: readonly string[]; readonly atMs: number },
): { readonly points: readonly ReadPoint[]; readonly more: boolean } => {
  const { columns, groups, hasMoreGroups } = retentionShape.parse(answer);
  const index = columns.findIndex(({ from }) => from === period);
  if (index < 0)
    throw bad(
      "period",
      `The question has no column from period ${period}: ${columns.map(({ from }) => from).join(", ")}.`,
    );
  const points = groups.map(({ dimensions, cohortId, total }): ReadPoint => {
    const eligible = total.eligible[index] ?? 0;
    const numbers = {
      ...{ eligible, size: total.size },
      ...{ rate: total.rate[index] ?? null, returned: total.returned[index] ?? 0 },
    };
    return {
      group: names.map((field, place) => ({ name: field, value: cohortId ?? dimensions[place] ?? null })),
      atMs,
      point: { value: numbers[name], samples: eligible },
      complete: total.complete[index] ?? false,
    };
  });
  return { points, more: hasMoreGroups };
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

/** Reads numbers of sessions by the bucket they start in, group by group; a session goes on after its bucket, so `completeBeforeMs` is told by whoever asks. */
export const readSessions = (
  answer: unknown,
  name: Name<"SESSION_METRICS">,
  names: readonly string[],
  completeBeforeMs: number,
): { readonly points: readonly ReadPoint[]; readonly more: boolean } => {
  const { buckets, series, groups, groupCount } = sessionsShape.parse(answer);
  const all = names.length === 0 ? [{ values: [], series }] : groups;
  const points = all.flatMap(({ values, series: of }) =>
    of.flatMap((one, index): readonly ReadPoint[] => {
      const atMs = Date.parse(buckets[index] ?? "");
      const value = one[name];
      return [
        {
          group: names.map((field, place) => ({ name: field, value: values[place] ?? null })),
          ...{ atMs, complete: atMs < completeBeforeMs },
          point: { value: value === null ? null : Number(value), samples: one.sessions },
        },
      ];
    }),
  );
  return { points, more: names.length > 0 && groupCount > groups.length };
};

import { isUuid } from "@tessera/contracts/ids";
import { parseDurationMs } from "@tessera/platform/time/duration";
import { z } from "zod";
import { metricSchema } from "../metric-definition.ts";
import { metricDefinitionOf, type Metric } from "../metric.ts";
import { isZone } from "../zone-clock.ts";

/** Widths of buckets that can be watched. */
export const BUCKET_WIDTHS = ["MINUTE", "HOUR", "DAY", "WEEK"] as const;
/** One of {@link BUCKET_WIDTHS}. */
export type BucketWidth = (typeof BUCKET_WIDTHS)[number];

/** Milliseconds a bucket has: of days and weeks, where clocks do not change in it. */
export const BUCKET_MS: Readonly<Record<BucketWidth, number>> = {
  ...{ MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000, WEEK: 604_800_000 },
};

/** Series one rule may have: each has a state of its own that is read and written with every bucket. */
export const MAX_SERIES = 1_000;
/** Longest time late data are waited for: a month, which is what a retention of 30 days takes. */
const MAX_DELAY_MS = 31 * 86_400_000;
/** Characters a question may have as JSON: it is kept with every rule. */
const MAX_QUESTION_CHARACTERS = 50_000;

/** A question of the analytics room to watch, as it was sent, and how it is asked. */
export interface WatchedQuestionRule {
  readonly kind: "QUESTION";
  /** One question by the name of its field. */
  readonly question: Readonly<Record<string, unknown>>;
  readonly value: {
    readonly name?: string | null | undefined;
    readonly step?: number | null | undefined;
    readonly period?: number | null | undefined;
    readonly model?: string | null | undefined;
    readonly from?: string | null | undefined;
    readonly to?: string | null | undefined;
  } | null;
  readonly granularity: BucketWidth;
  readonly timeZone: string;
  /** How long after its end a bucket is judged, for data that come late. */
  readonly delayMs: number;
  readonly maxSeries: number;
  /** The event calendar that tells which buckets are holidays and known events; null: there are none. */
  readonly calendar: string | null;
  /** The objective whose question it is; null: the question was asked as it is. */
  readonly objective: string | null;
}

/** What a rule watches: a metric of its own over a sliding window, or any question bucket by bucket. */
export type Watch = { readonly kind: "METRIC"; readonly metric: Metric } | WatchedQuestionRule;

const duration = z.string().transform((text, context): number => {
  const ms = parseDurationMs(text);
  if (ms !== null && ms >= 0 && ms <= MAX_DELAY_MS) return ms;
  context.addIssue({
    code: "custom",
    message: "Give an ISO 8601 duration from PT0S to P31D, without years and months.",
  });
  return z.NEVER;
});

const questionSchema = z.record(z.string(), z.unknown()).transform((question, context) => {
  const given = Object.entries(question).filter(([, input]) => input !== null && input !== undefined);
  if (given.length !== 1) context.addIssue({ code: "custom", message: "A rule watches exactly one question." });
  if (JSON.stringify(given).length > MAX_QUESTION_CHARACTERS)
    context.addIssue({
      code: "custom",
      message: `A question has at most ${MAX_QUESTION_CHARACTERS} characters as JSON.`,
    });
  return Object.fromEntries(given);
});

/** Reads what a rule watches of the analytics room, in the form its author gives. */
export const watchedQuestionSchema = z
  .object({
    question: questionSchema,
    value: z
      .object({
        ...{ name: z.string().nullish(), step: z.number().int().nullish(), period: z.number().int().nullish() },
        ...{ model: z.string().nullish(), from: z.string().nullish(), to: z.string().nullish() },
      })
      .nullish()
      .transform((value) => value ?? null),
    granularity: z.enum(BUCKET_WIDTHS),
    timeZone: z.string().refine(isZone, "Name a time zone of the IANA list, such as Europe/Berlin.").default("UTC"),
    delay: duration.prefault("PT0S"),
    maxSeries: z.number().int().min(1).max(MAX_SERIES).default(MAX_SERIES),
    calendar: z
      .string()
      .refine(isUuid, "Give the id of an event calendar, a UUID.")
      .nullish()
      .transform((id) => id?.toLowerCase() ?? null),
    objective: z
      .string()
      .refine(isUuid)
      .nullish()
      .transform((id) => id?.toLowerCase() ?? null),
  })
  .transform(({ delay, ...same }): WatchedQuestionRule => ({ kind: "QUESTION", ...same, delayMs: delay }));

const watchSchema = z.union([
  z.object({ kind: z.literal("METRIC"), metric: metricSchema }),
  z.looseObject({ kind: z.literal("QUESTION") }).transform((rest, context): WatchedQuestionRule => {
    const read = watchedQuestionSchema.safeParse(rest);
    if (read.success) return read.data;
    context.addIssue({ code: "custom", message: "is no question" });
    return z.NEVER;
  }),
]);

/** Reads what a rule watches from the form {@link watchDefinitionOf} writes; throws ZodError when it is broken. */
export const readWatch = (stored: unknown): Watch => watchSchema.parse(stored);

/** What a rule watches in the form that is kept. */
export const watchDefinitionOf = (watch: Watch): Readonly<Record<string, unknown>> => {
  if (watch.kind === "METRIC") return { kind: "METRIC", metric: metricDefinitionOf(watch.metric) };
  const { delayMs, ...same } = watch;
  return { ...same, delay: `PT${delayMs / 1_000}S` };
};

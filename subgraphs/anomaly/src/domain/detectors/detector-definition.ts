import { z } from "zod";
import type { Checked } from "../rule-definition.ts";
import { amount, calendar, calendarOfBounds, distance, minimumSamples, sides } from "./definition-parts.ts";

/** Buckets a window may reach back: a week of five minutes each. */
const MAX_WINDOW = 2_016;
/** Buckets the baseline of an average may reach back: its mean is made anew with each bucket. */
const MAX_BASELINE = 500;
/** Periods whose median a change may be compared with. */
const MAX_PERIODS = 8;

const bound = { kind: z.literal("STATIC"), minimumSamples, calendar: calendarOfBounds };
const staticSchema = z.discriminatedUnion("side", [
  z.strictObject({ ...bound, side: z.literal("ABOVE"), high: amount }),
  z.strictObject({ ...bound, side: z.literal("BELOW"), low: amount }),
  z
    .strictObject({ ...bound, side: z.literal("OUTSIDE"), low: amount, high: amount })
    .refine(({ low, high }) => low < high, {
      path: ["low"],
      error: "The lower bound must be less than the upper one.",
    }),
]);

const changeSchema = z.strictObject({
  kind: z.literal("CHANGE"),
  ...{ minimumSamples, calendar, sides },
  /** What a bucket is compared with. */
  since: z.enum(["BUCKETS_AGO", "DAY_AGO", "WEEK_AGO", "YEAR_AGO"]),
  /** How many buckets ago, with BUCKETS_AGO. */
  buckets: z.number().int().min(1).max(MAX_WINDOW).default(1),
  /** Periods of which the median is compared with: the same time of the last so many days, for example. */
  periods: z.number().int().min(1).max(MAX_PERIODS).default(1),
  unit: z.enum(["ABSOLUTE", "PERCENT"]),
  /** The greatest normal change, in units or in hundredths of what was. */
  by: distance.positive(),
  /** Units below which no change is too great, however many hundredths it is. */
  atLeast: distance.default(0),
});

const robustZSchema = z.strictObject({
  kind: z.literal("ROBUST_Z"),
  ...{ minimumSamples, calendar, sides },
  /** Buckets before the judged one whose median and deviation are taken. */
  window: z.number().int().min(10).max(MAX_WINDOW).default(120),
  /** Robust standard deviations that are normal; Iglewicz and Hoaglin recommend 3.5. */
  threshold: z.number().min(1).max(100).default(3.5),
  /** The least standard deviation that is believed in, in units: keeps what hardly varies from being told for a trifle. */
  minimumDeviation: distance.default(0),
});

const ewmaSchema = z.strictObject({
  kind: z.literal("EWMA"),
  ...{ minimumSamples, calendar, sides },
  /** What the latest value weighs in the average; the smaller, the smaller and slower a shift is found. */
  lambda: z.number().min(0.01).max(1).default(0.2),
  /** Standard deviations of the average that are normal. */
  limit: z.number().min(1).max(100).default(3),
  /** Buckets before the judged one whose mean and deviation are usual. */
  baseline: z.number().int().min(10).max(MAX_BASELINE).default(120),
  /** The least standard deviation that is believed in, in units. */
  minimumDeviation: distance.default(0),
});

const automaticSchema = z.strictObject({
  kind: z.literal("AUTOMATIC"),
  ...{ minimumSamples, calendar, sides },
  /** Divides the threshold of the default ensemble: 2 tells of what is half as surprising. */
  sensitivity: z.number().min(0.25).max(4).default(1),
});

const definitionSchema = z.discriminatedUnion("kind", [
  staticSchema,
  changeSchema,
  robustZSchema,
  ewmaSchema,
  automaticSchema,
]);

/** Fixed bounds. */
export type StaticDefinition = z.infer<typeof staticSchema>;
/** A change since an earlier time. */
export type ChangeDefinition = z.infer<typeof changeSchema>;
/** Robust standard deviations from the median of a window. */
export type RobustZDefinition = z.infer<typeof robustZSchema>;
/** A control chart of a moving average. */
export type EwmaDefinition = z.infer<typeof ewmaSchema>;
/** The default ensemble. */
export type AutomaticDefinition = z.infer<typeof automaticSchema>;

/** Which detector judges, with all its settings; as plain JSON it can be kept and checked again. */
export type DetectorDefinition = z.infer<typeof definitionSchema>;

/** Checks what an author says of a detector and fills in what is left out; a problem names the field and its limit. */
export const checkDetectorDefinition = (input: unknown): Checked<DetectorDefinition> => {
  const result = definitionSchema.safeParse(input);
  if (result.success) return { valid: true, value: result.data };
  const problems = result.error.issues.map(({ path, message }) => ({ field: path.join("."), message }));
  return { valid: false, problems };
};

import { z } from "zod";
import { checked, type Checked } from "../checked.ts";
import { burnRateSchema } from "./burn-rate-definition.ts";
import { amount, calendar, calendarOfBounds, distance, minimumSamples, sides } from "./definition-parts.ts";

/** Buckets a window may reach back: a week of five minutes each. */
const MAX_WINDOW = 2_016;
/** Buckets the baseline of an average may reach back: its mean is made anew with each bucket. */
const MAX_BASELINE = 500;
/** Periods whose median a change may be compared with. */
const MAX_PERIODS = 8;
/** Detectors an ensemble may have: each costs as much as it does alone. */
const MAX_MEMBERS = 8;
/** The longest forecast: a year. */
const MAX_HORIZON_HOURS = 8_784;

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

const seasonalBandSchema = z.strictObject({
  kind: z.literal("SEASONAL_BAND"),
  ...{ minimumSamples, calendar, sides },
  /** Which seasons the series has: of quarters of an hour in a day, of hours in a week. */
  seasons: z.enum(["DAY", "WEEK", "DAY_AND_WEEK"]).default("DAY_AND_WEEK"),
  /** How the band is made: SMOOTHED with every value, or forecast by MSTL, a season at a time. */
  method: z.enum(["SMOOTHED", "MSTL"]).default("SMOOTHED"),
  /** Standard deviations of its errors that are normal. */
  threshold: z.number().min(1).max(100).default(4),
  /** The least standard deviation that is believed in, in units. */
  minimumDeviation: distance.default(0),
});

const missingDataSchema = z.strictObject({
  kind: z.literal("MISSING_DATA"),
  ...{ minimumSamples, calendar },
  /** Expected buckets in a row that hold nothing until it is told. */
  buckets: z.number().int().min(1).max(MAX_WINDOW).default(3),
  /** When something is expected: ALWAYS, once there was something; AS_USUAL, at hours of the week that usually hold something. */
  expects: z.enum(["ALWAYS", "AS_USUAL"]).default("AS_USUAL"),
  /** Whether a value of 0 is nothing: a count of no events is. */
  zeroIsNothing: z.boolean().default(false),
});

const forecastSchema = z
  .strictObject({
    kind: z.literal("FORECAST"),
    ...{ minimumSamples, calendar },
    /** Bounds that a forecast shall not pass; one at least. */
    low: amount.optional(),
    high: amount.optional(),
    /** Hours ahead that are looked at, 500 buckets at most. */
    horizonHours: z.number().min(0.01).max(MAX_HORIZON_HOURS),
    /** How sure it must be that a bound is passed; 0.5 is by the mean of forecasts. */
    confidence: z.number().min(0.5).max(0.999).default(0.8),
  })
  .refine(({ low, high }) => low !== undefined || high !== undefined, {
    ...{ path: ["high"], error: "Name a lower bound, an upper bound or both." },
  })
  .refine(({ low, high }) => low === undefined || high === undefined || low < high, {
    ...{ path: ["low"], error: "The lower bound must be less than the upper one." },
  });

const changepointSchema = z.strictObject({
  kind: z.literal("CHANGEPOINT"),
  ...{ minimumSamples, calendar, sides },
  /** Buckets between two changes, as far as one knows beforehand. */
  everyBuckets: z.number().min(10).max(100_000).default(500),
  /** Values that a new level must have lasted. */
  confirm: z.number().int().min(2).max(50).default(5),
  /** The chance beyond which a change is believed. */
  confidence: z.number().min(0.5).max(0.9999).default(0.95),
  /** Robust standard deviations between the two levels. */
  minimumShift: z.number().min(0.1).max(100).default(1.5),
});

/** How rare what is told must be, as -log10 of its chance: 3 is one value in a thousand. */
const rarity = z.number().min(1.5).max(8);

const isolationForestSchema = z.strictObject({
  kind: z.literal("ISOLATION_FOREST"),
  ...{ minimumSamples, calendar },
  /** Latest values that are judged together. */
  dimensions: z.number().int().min(1).max(10).default(3),
  /** Buckets of which a forest is grown. */
  window: z.number().int().min(64).max(MAX_WINDOW).default(512),
  trees: z.number().int().min(10).max(100).default(50),
  /** Points of which a tree is grown. */
  sample: z.number().int().min(16).max(256).default(128),
  rarity: rarity.default(2),
});

const halfSpaceTreesSchema = z.strictObject({
  kind: z.literal("HALF_SPACE_TREES"),
  ...{ minimumSamples, calendar },
  /** Latest values that are judged together; with more, a value that lies far out by itself weighs less. */
  dimensions: z.number().int().min(1).max(5).default(1),
  /** Buckets of a reference window. */
  window: z.number().int().min(50).max(500).default(250),
  trees: z.number().int().min(5).max(50).default(25),
  depth: z.number().int().min(3).max(8).default(6),
  rarity: rarity.default(3),
});

/** What becomes of labelled buckets of series that are judged together. */
const calendarOfGroups = z.enum(["AS_USUAL", "SKIP"]).default("SKIP");

const peersSchema = z.strictObject({
  kind: z.literal("PEERS"),
  ...{ minimumSamples, calendar: calendarOfGroups, sides },
  /** What is compared: VALUES as they are, or each as a share of what is usual of its own series. */
  compare: z.enum(["VALUES", "OWN_LEVEL"]).default("OWN_LEVEL"),
  /** Buckets over which a series' own level is averaged. */
  levelOver: z.number().int().min(10).max(MAX_WINDOW).default(168),
  /** Peers that must be there beside a series. */
  minimumPeers: z.number().int().min(3).max(1_000).default(5),
  threshold: z.number().min(1).max(100).default(5),
  /** The least standard deviation of peers that is believed in, in units. */
  minimumDeviation: distance.default(0),
});

const multivariateSchema = z.strictObject({
  kind: z.literal("MULTIVARIATE"),
  ...{ minimumSamples, calendar: calendarOfGroups },
  /** How far a bucket is from usual: MAHALANOBIS by all that is known of how series vary together, PCA_RESIDUAL by what the principal components leave of it. */
  method: z.enum(["MAHALANOBIS", "PCA_RESIDUAL"]).default("MAHALANOBIS"),
  /** The share of the variance that the principal components which are kept tell, with PCA_RESIDUAL. */
  explains: z.number().min(0.5).max(0.99).default(0.9),
  /** Buckets over which means and covariances are averaged. */
  over: z.number().int().min(30).max(MAX_WINDOW).default(500),
  /** Buckets that must be known before anything is said. */
  learns: z.number().int().min(20).max(MAX_WINDOW).default(100),
  rarity: rarity.default(4),
});

const memberSchema = z.discriminatedUnion("kind", [
  staticSchema,
  changeSchema,
  robustZSchema,
  ewmaSchema,
  automaticSchema,
  seasonalBandSchema,
  missingDataSchema,
  forecastSchema,
  changepointSchema,
  isolationForestSchema,
  halfSpaceTreesSchema,
]);

const ensembleSchema = z
  .strictObject({
    kind: z.literal("ENSEMBLE"),
    ...{ minimumSamples, calendar: calendarOfBounds },
    members: z
      .array(z.strictObject({ detector: memberSchema, weight: z.number().min(0.01).max(100).default(1) }))
      .min(2)
      .max(MAX_MEMBERS),
    /** AT_LEAST so many members must find a bucket anomalous; MEAN: the weighted mean of their scores must be beyond 1. */
    combine: z.enum(["AT_LEAST", "MEAN"]).default("AT_LEAST"),
    atLeast: z.number().int().min(1).max(MAX_MEMBERS).default(2),
  })
  .refine(({ members, atLeast }) => atLeast <= members.length, {
    ...{ path: ["atLeast"], error: "No more detectors can agree than there are members." },
  });

const definitionSchema = z.discriminatedUnion("kind", [
  memberSchema,
  ensembleSchema,
  burnRateSchema,
  peersSchema,
  multivariateSchema,
]);

/** Fixed bounds that values stay within. */
export type StaticDefinition = z.infer<typeof staticSchema>;
/** A change since an earlier time. */
export type ChangeDefinition = z.infer<typeof changeSchema>;
/** Robust standard deviations from the median of a window. */
export type RobustZDefinition = z.infer<typeof robustZSchema>;
/** A control chart of a moving average. */
export type EwmaDefinition = z.infer<typeof ewmaSchema>;
/** The default ensemble with its sensitivity. */
export type AutomaticDefinition = z.infer<typeof automaticSchema>;
/** A band about a level with seasons. */
export type SeasonalBandDefinition = z.infer<typeof seasonalBandSchema>;
/** Nothing where something was expected. */
export type MissingDataDefinition = z.infer<typeof missingDataSchema>;
/** A bound that will be passed. */
export type ForecastDefinition = z.infer<typeof forecastSchema>;
/** A lasting change of level. */
export type ChangepointDefinition = z.infer<typeof changepointSchema>;
/** What few random splits set apart. */
export type IsolationForestDefinition = z.infer<typeof isolationForestSchema>;
/** What lies where there was little in the window before. */
export type HalfSpaceTreesDefinition = z.infer<typeof halfSpaceTreesSchema>;
/** Detectors that vote, and how. */
export type EnsembleDefinition = z.infer<typeof ensembleSchema>;
/** A series against its peers. */
export type PeersDefinition = z.infer<typeof peersSchema>;
/** Series that usually move together. */
export type MultivariateDefinition = z.infer<typeof multivariateSchema>;

/** Which detector judges, with all its settings; as plain JSON it can be kept and checked again. */
export type DetectorDefinition = z.infer<typeof definitionSchema>;
/** A detector that judges the series of a rule together. */
export type GroupDefinition = PeersDefinition | MultivariateDefinition;
/** A detector that judges each series by itself. */
export type SeriesDefinition = Exclude<DetectorDefinition, GroupDefinition>;

/** Whether a detector judges the series of a rule together. */
export const isOfGroup = (definition: DetectorDefinition): definition is GroupDefinition =>
  definition.kind === "PEERS" || definition.kind === "MULTIVARIATE";

/** How many detectors of a definition are fitted by a library, which is done beside everything else of the process. */
export const fitsOf = (definition: DetectorDefinition): number => {
  if (definition.kind === "ENSEMBLE")
    return definition.members.reduce((sum, { detector }) => sum + fitsOf(detector), 0);
  return definition.kind === "SEASONAL_BAND" && definition.method === "MSTL" ? 1 : 0;
};

/** Checks what an author says of a detector and fills in what is left out; a problem names the field and its limit. */
export const checkDetectorDefinition = (input: unknown): Checked<DetectorDefinition> =>
  checked(definitionSchema.safeParse(input));

import { z } from "zod";
import { checkAlertPolicy, milderBand } from "./alerts/alert-policy-definition.ts";
import { checked, type Checked, type RuleProblem } from "./checked.ts";
import { problemWithBuckets } from "./detectors/create-detector.ts";
import { checkDetectorDefinition, fitsOf } from "./detectors/detector-definition.ts";
import { ONE_DETECTOR, ONE_MEMBER, placeInInput } from "./detectors/detector-parts.ts";
import type { Condition } from "./evaluation.ts";
import { problemWithImpact } from "./explain/impact.ts";
import { metricSchema } from "./metric-definition.ts";
import type { Metric } from "./metric.ts";
import { detectorOfCondition, type RuleDefinition } from "./rule.ts";
import { problemWithLive } from "./rules/live-rules.ts";
import { BUCKET_MS, watchedQuestionSchema, type Watch } from "./rules/watch.ts";

/** Shortest time between evaluations: more often would cost more than it tells. */
const MIN_INTERVAL_SECONDS = 10;
/** Longest time between evaluations: a day. */
const MAX_INTERVAL_SECONDS = 86_400;
/** Characters a rule's name and description may have. */
const MAX_NAME_CHARACTERS = 200;
const MAX_DESCRIPTION_CHARACTERS = 2_000;
/** Largest minimum of samples: what a GraphQL Int can say. */
const MAX_MINIMUM_SAMPLES = 2_147_483_647;
/** Labels a rule may have, and characters of one: they travel with every message. */
const MAX_LABELS = 20;
const MAX_LABEL_CHARACTERS = 200;
/** Labels that every message carries anyway. */
const OWN_LABELS: ReadonlySet<string> = new Set(["rule", "severity"]);

/** Series of a rule that are fitted by a library: a turn of one bucket fits some nine of them, the turn that first fits all takes ten seconds of a thread. */
const MAX_FITTED_SERIES = 200;

/** Reads a condition; the threshold must be finite. */
const conditionSchema = z.object({
  direction: z.enum(["ABOVE", "BELOW"]),
  threshold: z.number(),
  minimumSamples: z.number().int().min(0).max(MAX_MINIMUM_SAMPLES).default(0),
});

const labelName = z
  .string()
  .regex(/^[a-zA-Z_][a-zA-Z0-9_.]{0,62}$/, "A label's name is letters, digits, `_` and dots, at most 63.")
  .refine((name) => !OWN_LABELS.has(name), "`rule` and `severity` are told with every message anyway.");

/** Reads labels, a value for each name. */
const labelsSchema = z
  .array(z.object({ name: labelName, value: z.string().min(1).max(MAX_LABEL_CHARACTERS) }))
  .max(MAX_LABELS)
  .refine((labels) => new Set(labels.map(({ name }) => name)).size === labels.length, "A label is given once.")
  .transform((labels) => Object.fromEntries(labels.map(({ name, value }) => [name, value])));

const bareSchema = z.object({
  name: z.string().trim().min(1).max(MAX_NAME_CHARACTERS),
  description: z
    .string()
    .max(MAX_DESCRIPTION_CHARACTERS)
    .nullish()
    .transform((text) => text ?? null),
  labels: labelsSchema.default({}),
  evaluationIntervalSeconds: z.number().int().min(MIN_INTERVAL_SECONDS).max(MAX_INTERVAL_SECONDS),
  enabled: z.boolean(),
  live: z.boolean().default(false),
});
const trialSchema = z.object({ metric: metricSchema, condition: conditionSchema });

/** The parts of a rule that say what is watched, as they are sent: a metric with a condition, or a question with a detector. */
export interface WatchParts {
  readonly metric?: unknown;
  readonly condition?: unknown;
  readonly question?: unknown;
  readonly detector?: unknown;
  readonly alerting?: unknown;
}

/** Where a member of an ensemble says what it is. */
const MEMBER_KIND = ".detector.kind";

const given = (value: unknown): boolean => value !== null && value !== undefined;

const within = <T>(place: string, result: Checked<T>): Checked<T> =>
  result.valid
    ? result
    : {
        valid: false,
        problems: result.problems.map(({ field, message }) => ({
          field: field === "" ? place : `${place}.${field}`,
          message,
        })),
      };

const problem = (field: string, message: string): Checked<never> => ({ valid: false, problems: [{ field, message }] });

const watchOf = ({ metric, question }: WatchParts): Checked<Watch> => {
  if (given(metric) === given(question))
    return problem(
      "question",
      "A rule watches a `metric` of its own, a `question` or an `objective`, and one of them.",
    );
  if (given(question)) return within("question", checked(watchedQuestionSchema.safeParse(question)));
  const read = within("metric", checked(metricSchema.safeParse(metric)));
  return read.valid ? { valid: true, value: { kind: "METRIC", metric: read.value } } : read;
};

/** What was checked of a detector, with problems where they lie in what its author gave. */
const asGiven = <T>(detector: unknown, result: Checked<T>): Checked<T> => {
  if (result.valid) return result;
  const problems = result.problems.map(({ field, message }) => {
    if (field === "kind") return { field: placeInInput(detector, field), message: ONE_DETECTOR };
    if (!field.endsWith(MEMBER_KIND)) return { field: placeInInput(detector, field), message };
    return { field: placeInInput(detector, field.slice(0, -".kind".length)), message: ONE_MEMBER };
  });
  return { valid: false, problems };
};

const detectorOf = ({ metric, condition, detector }: WatchParts): Checked<RuleDefinition["detector"]> => {
  if (given(condition) === given(detector))
    return problem("detector", "A rule has a `condition` or a `detector`, and one of them.");
  if (given(condition)) {
    const read = within("condition", checked(conditionSchema.safeParse(condition)));
    return read.valid ? { valid: true, value: detectorOfCondition(read.value) } : read;
  }
  const read = within("detector", asGiven(detector, checkDetectorDefinition(detector)));
  if (read.valid && given(metric) && read.value.kind !== "STATIC")
    return problem(
      "detector",
      "A metric of the rule's own slides and has no buckets to learn of: watch a `question`, or take a STATIC detector.",
    );
  return read;
};

const tooLongFor = (watch: Watch, detector: RuleDefinition["detector"]): string | null =>
  watch.kind === "QUESTION" ? problemWithBuckets(detector, BUCKET_MS[watch.granularity]) : null;

/** More series than are fitted by a library. */
const tooManyFor = (watch: Watch, detector: RuleDefinition["detector"]): string | null => {
  const fits = fitsOf(detector);
  if (watch.kind !== "QUESTION" || fits * watch.maxSeries <= MAX_FITTED_SERIES) return null;
  return `MSTL is fitted to at most ${MAX_FITTED_SERIES} series of a rule, those of an ensemble's members counted together: set \`maxSeries\` to ${Math.floor(MAX_FITTED_SERIES / fits)} or less, or take the method SMOOTHED.`;
};

/** Why a detector that compares series has none to compare: its question is certain to have one alone. */
const comparesAlone = (watch: Watch, { kind }: RuleDefinition["detector"]): string | null => {
  if (watch.kind !== "QUESTION" || (kind !== "PEERS" && kind !== "MULTIVARIATE")) return null;
  const { olap, timeSeries } = watch.question;
  const groups: unknown = Reflect.get(Object(olap ?? timeSeries), olap === undefined ? "splitBy" : "dimensions");
  if ((olap ?? timeSeries) === undefined || (Array.isArray(groups) && groups.length > 0)) return null;
  return `${kind} compares the series of a rule, and this question has one alone: group it by \`${olap === undefined ? "splitBy" : "dimensions"}\`, or take another detector.`;
};

/** Whether a detector of burn rates is to judge what is no objective. */
const burnsNothing = (watch: Watch, detector: unknown): boolean =>
  Reflect.get(Object(detector), "kind") === "BURN_RATE" && (watch.kind === "METRIC" || watch.objective === null);

const problemsOf = (results: readonly Checked<unknown>[]): readonly RuleProblem[] =>
  results.flatMap((result) => (result.valid ? [] : result.problems));

/** Checks everything an author says of a rule. */
export const checkRuleDefinition = (input: WatchParts & Readonly<Record<string, unknown>>): Checked<RuleDefinition> => {
  const bare = checked(bareSchema.safeParse(input));
  const [watch, detector] = [watchOf(input), detectorOf(input)];
  const alerting = within("alerting", checkAlertPolicy(input.alerting ?? {}));
  if (watch.valid && burnsNothing(watch.value, input.detector))
    return problem("detector", "A burn rate is of an objective: let the rule watch one by `objective`.");
  const tooLong = watch.valid && detector.valid ? tooLongFor(watch.value, detector.value) : null;
  if (tooLong !== null) return problem("detector", tooLong);
  const tooMany = watch.valid && detector.valid ? tooManyFor(watch.value, detector.value) : null;
  if (tooMany !== null) return problem("question.maxSeries", tooMany);
  const alone = watch.valid && detector.valid ? comparesAlone(watch.value, detector.value) : null;
  if (alone !== null) return problem("question.question", alone);
  const mild = alerting.valid ? milderBand(alerting.value) : null;
  if (mild !== null) return problem(`alerting.${mild.field}`, mild.message);
  const unknown = watch.valid && alerting.valid ? problemWithImpact(watch.value, alerting.value) : null;
  if (unknown !== null) return problem("alerting.severity.bands", unknown);
  if (bare.valid && watch.valid && detector.valid && alerting.valid) {
    const value = { ...bare.value, watch: watch.value, detector: detector.value, alerting: alerting.value };
    const wrong = problemWithLive(value);
    return wrong === null ? { valid: true, value } : { valid: false, problems: [wrong] };
  }
  return { valid: false, problems: problemsOf([bare, watch, detector, alerting]) };
};

/** Checks a metric and a condition that are to be tried. */
export const checkTrial = (input: unknown): Checked<{ readonly metric: Metric; readonly condition: Condition }> =>
  checked(trialSchema.safeParse(input));

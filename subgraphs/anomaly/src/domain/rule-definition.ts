import { z } from "zod";
import type { Condition } from "./evaluation.ts";
import { metricSchema } from "./metric-definition.ts";
import type { Metric } from "./metric.ts";
import type { RuleDefinition, RuleProblem } from "./rule.ts";

/** Shortest time between evaluations: more often would cost more than it tells. */
const MIN_INTERVAL_SECONDS = 10;
/** Longest time between evaluations: a day. */
const MAX_INTERVAL_SECONDS = 86_400;
/** Characters a rule's name and description may have. */
const MAX_NAME_CHARACTERS = 200;
const MAX_DESCRIPTION_CHARACTERS = 2_000;
/** Largest minimum of samples: what a GraphQL Int can say. */
const MAX_MINIMUM_SAMPLES = 2_147_483_647;

/** Reads a condition; the threshold must be finite. */
const conditionSchema = z.object({
  direction: z.enum(["ABOVE", "BELOW"]),
  threshold: z.number(),
  minimumSamples: z.number().int().min(0).max(MAX_MINIMUM_SAMPLES).default(0),
});

const definitionSchema = z.object({
  name: z.string().trim().min(1).max(MAX_NAME_CHARACTERS),
  description: z
    .string()
    .max(MAX_DESCRIPTION_CHARACTERS)
    .nullish()
    .transform((text) => text ?? null),
  metric: metricSchema,
  condition: conditionSchema,
  evaluationIntervalSeconds: z.number().int().min(MIN_INTERVAL_SECONDS).max(MAX_INTERVAL_SECONDS),
  enabled: z.boolean(),
});
const trialSchema = z.object({ metric: metricSchema, condition: conditionSchema });

/** A value that makes sense, or everything that is wrong with it. */
export type Checked<T> =
  { readonly valid: true; readonly value: T } | { readonly valid: false; readonly problems: readonly RuleProblem[] };

const checked = <T>(result: z.ZodSafeParseResult<T>): Checked<T> =>
  result.success
    ? { valid: true, value: result.data }
    : {
        valid: false,
        problems: result.error.issues.map(({ path, message }) => ({ field: path.join("."), message })),
      };

/** Checks everything an author says of a rule. */
export const checkRuleDefinition = (input: unknown): Checked<RuleDefinition> =>
  checked(definitionSchema.safeParse(input));

/** Checks a metric and a condition that are to be tried. */
export const checkTrial = (input: unknown): Checked<{ readonly metric: Metric; readonly condition: Condition }> =>
  checked(trialSchema.safeParse(input));

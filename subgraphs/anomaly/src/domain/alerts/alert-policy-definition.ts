import { parseDurationMs } from "@tessera/platform/time/duration";
import { z } from "zod";
import { checked, type Checked, type RuleProblem } from "../checked.ts";
import { SEVERITIES } from "./alert.ts";
import type { AlertPolicy } from "./alert-policy.ts";

/** Buckets a quorum may look at: the state of a series keeps as many letters. */
const MAX_QUORUM_BUCKETS = 100;
/** Greatest score a policy may name: beyond it every detector is sure. */
const MAX_SCORE = 1_000;
/** Longest time a policy may name: a month of 31 days. */
const MAX_POLICY_MS = 31 * 86_400_000;
/** Shortest time between two tellings of one episode: more often is noise. */
const MIN_TELLING_MS = 60_000;
/** Reminders of one episode. */
const MAX_REMINDERS = 100;
/** Changes after which an alert may be said to flap: the state keeps the time of each. */
const MAX_FLAPPING_CHANGES = 20;
/** Shortest window in which changes are counted. */
const MIN_FLAPPING_MS = 60_000;
/** Steps an escalation may have, and times it may begin anew. */
const MAX_ESCALATION_STEPS = 20;
const MAX_ESCALATION_REPEATS = 9;
/** Bands of severity: four severities by score and by impact. */
const MAX_BANDS = 8;

const durationBetween = (minMs: number, maxMs: number, said: string) =>
  z.string().transform((text, context): number => {
    const ms = parseDurationMs(text);
    if (ms !== null && ms >= minMs && ms <= maxMs) return ms;
    context.addIssue({ code: "custom", message: `Give an ISO 8601 duration ${said}, without years and months.` });
    return z.NEVER;
  });
const anyTime = durationBetween(0, MAX_POLICY_MS, "from PT0S to P31D");
const tellingTime = durationBetween(MIN_TELLING_MS, MAX_POLICY_MS, "from PT1M to P31D");
const score = z.number().gt(0).max(MAX_SCORE);
const buckets = z.number().int().min(1).max(MAX_QUORUM_BUCKETS);
const severity = z.enum(SEVERITIES);

const agrees = ({ k, n }: { readonly k: number; readonly n: number }): boolean => k <= n;
const AGREES = { path: ["k"], message: "k is the buckets that must agree: at most n, the buckets that are looked at." };

const fireSchema = z
  .object({
    k: buckets.default(1),
    n: buckets.default(1),
    score: score.default(1),
    minimumDuration: anyTime.prefault("PT0S"),
  })
  .refine(agrees, AGREES)
  .transform(({ minimumDuration, ...same }) => ({ ...same, minimumDurationMs: minimumDuration }));
const clearSchema = z
  .object({ k: buckets.default(1), n: buckets.default(1), score: score.default(1), quiet: anyTime.prefault("PT0S") })
  .refine(agrees, AGREES)
  .transform(({ quiet, ...same }) => ({ ...same, quietMs: quiet }));
const noDataSchema = z.object({
  act: z.enum(["KEEP", "FIRE", "RESOLVE"]).default("KEEP"),
  afterBuckets: buckets.default(3),
  severity: severity.default("WARNING"),
});
const flappingSchema = z
  .object({
    changes: z.number().int().min(3).max(MAX_FLAPPING_CHANGES).default(6),
    window: durationBetween(MIN_FLAPPING_MS, MAX_POLICY_MS, "from PT1M to P31D").prefault("PT1H"),
  })
  .transform(({ changes, window }) => ({ changes, windowMs: window }));
const renotifySchema = z
  .object({ every: tellingTime.prefault("PT4H"), atMost: z.number().int().min(1).max(MAX_REMINDERS).default(6) })
  .transform(({ every, atMost }) => ({ everyMs: every, atMost }));

/** Reads the delays of an escalation; also those of an escalation policy. */
export const escalationTimesSchema = z
  .object({
    after: z.array(anyTime).min(1).max(MAX_ESCALATION_STEPS),
    repeats: z.number().int().min(0).max(MAX_ESCALATION_REPEATS).default(0),
    repeatAfter: tellingTime.prefault("PT30M"),
  })
  .transform(({ after, repeats, repeatAfter }, context) => {
    after.forEach((ms, step) => {
      const least = step === 0 && ms === 0 ? 0 : MIN_TELLING_MS;
      if (ms < least)
        context.addIssue({
          code: "custom",
          path: ["after", step],
          message: "A step waits a minute or longer; the first alone may wait PT0S.",
        });
    });
    return { afterMs: after, repeats, repeatAfterMs: repeatAfter };
  });

const severitySchema = z.object({
  base: severity.default("WARNING"),
  bands: z
    .array(z.object({ by: z.enum(["SCORE", "IMPACT"]), atLeast: z.number().min(0), severity }))
    .max(MAX_BANDS)
    .default([]),
  impactCurrency: z
    .string()
    .regex(/^[A-Z]{3}$/, "A currency is three letters, ISO 4217.")
    .nullish(),
});

const policySchema = z
  .object({
    fire: fireSchema.prefault({}),
    clear: clearSchema.prefault({}),
    noData: noDataSchema.prefault({}),
    flapping: flappingSchema.nullable().prefault({}),
    renotify: renotifySchema.nullable().default(null),
    escalation: escalationTimesSchema.nullable().default(null),
    severity: severitySchema.prefault({}),
    autoResolve: tellingTime.nullable().default(null),
  })
  .refine(({ fire, clear }) => clear.score <= fire.score, {
    path: ["clear", "score"],
    message: "The score below which it is normal must not be above the one that fires.",
  })
  .transform(({ autoResolve, ...same }): AlertPolicy => ({ ...same, autoResolveMs: autoResolve }));

/** Checks a policy in the form its author gives: durations in ISO 8601, what is left out by default. */
export const checkAlertPolicy = (input: unknown): Checked<AlertPolicy> => checked(policySchema.safeParse(input));

const durationText = (ms: number): string => `PT${ms / 1_000}S`;

/** The first band that could make nothing worse, since it is milder than the base; null where there is none. Policies that were kept before this was looked at may have some. */
export const milderBand = ({ severity: { base, bands } }: AlertPolicy): RuleProblem | null => {
  const place = bands.findIndex((band) => SEVERITIES.indexOf(band.severity) < SEVERITIES.indexOf(base));
  if (place < 0) return null;
  const message = `Bands make an alert worse, and this one is milder than its base, ${base}: name a milder \`base\`, or a graver band.`;
  return { field: `severity.bands.${place}.severity`, message };
};

/** The form of a policy that {@link checkAlertPolicy} reads: what stores keep and callers are shown. */
export const alertPolicyDefinitionOf = (policy: AlertPolicy) => {
  const { minimumDurationMs, ...fire } = policy.fire;
  const { quietMs, ...clear } = policy.clear;
  const { flapping, renotify, escalation } = policy;
  return {
    fire: { ...fire, minimumDuration: durationText(minimumDurationMs) },
    clear: { ...clear, quiet: durationText(quietMs) },
    noData: policy.noData,
    flapping: flapping === null ? null : { changes: flapping.changes, window: durationText(flapping.windowMs) },
    renotify: renotify === null ? null : { every: durationText(renotify.everyMs), atMost: renotify.atMost },
    escalation:
      escalation === null
        ? null
        : {
            after: escalation.afterMs.map(durationText),
            repeats: escalation.repeats,
            repeatAfter: durationText(escalation.repeatAfterMs),
          },
    severity: policy.severity,
    autoResolve: policy.autoResolveMs === null ? null : durationText(policy.autoResolveMs),
  };
};

import { digestOf } from "@tessera/platform/integrity/digest";
import { parseDurationMs } from "@tessera/platform/time/duration";
import { z } from "zod";
import { SEVERITIES, type Severity } from "../alerts/alert.ts";
import { isWorse } from "./incident-machine.ts";
import { checked, storedValue, type Checked } from "../checked.ts";
import { labelSchema, matcherSchema, MAX_MATCHERS } from "../silences/check-silence.ts";
import { labelOf, labelTest, type Labels, type Matcher } from "../silences/matcher.ts";

/** Policies of a tenant: each alert is held against them in their order. */
export const MAX_POLICIES = 50;
/** Labels a policy may group by. */
const MAX_GROUP_BY = 10;
/** Most alerts that a policy may wait for. */
const MAX_COUNT = 100;
/** Longest time in which they must fire: what is further apart has another cause. */
const MAX_WITHIN_MS = 86_400_000;
/** Longest quiet before an incident is over, and longest time in which it begins again rather than anew. */
const MAX_QUIET_MS = 86_400_000;
const MAX_REOPEN_MS = 7 * 86_400_000;
const MAX_NAME_CHARACTERS = 200;

/** When alerts become an incident, and which alerts are of one cause. */
export interface IncidentPolicy {
  /** Names it among the tenant's; what it opened goes on under this name. */
  readonly name: string;
  /** Alerts it takes: those for which all hold; none asks nothing. */
  readonly matchers: readonly Matcher[];
  /** Only those that are at least so bad; null: all. */
  readonly severity: Severity | null;
  /** Alerts with equal values of these labels are of one cause; without any all that it takes are. */
  readonly groupBy: readonly string[];
  /** So many series of one cause must have open alerts that fired within so long. */
  readonly count: number;
  readonly withinMs: number;
  /** How long it is quiet before an incident is over, and how long after that it begins again rather than anew. */
  readonly resolveAfterMs: number;
  readonly reopenWithinMs: number;
  /** The on-call schedule whose person becomes the commander; null: nobody does by themselves. */
  readonly commanderSchedule: string | null;
}

/** A tenant's policies as they stand; version 0: none were ever set, and those of everybody hold. */
export interface SavedPolicies {
  readonly version: number;
  readonly policies: readonly IncidentPolicy[];
  readonly changedAtMs: number | null;
}

/** What became of policies that were to be set. */
export interface SetPolicies {
  readonly kind: "SAVED" | "STALE";
  readonly saved: SavedPolicies;
}

const duration = (leastMs: number, mostMs: number, words: string) =>
  z.string().transform((text, context): number => {
    const ms = parseDurationMs(text);
    if (ms !== null && ms >= leastMs && ms <= mostMs) return ms;
    context.addIssue(`Give an ISO 8601 duration from ${words}.`);
    return z.NEVER;
  });

const policySchema = z
  .object({
    name: z.string().trim().min(1).max(MAX_NAME_CHARACTERS),
    matchers: z.array(matcherSchema).max(MAX_MATCHERS).default([]),
    severity: z.enum(SEVERITIES).nullish(),
    groupBy: z
      .array(
        labelSchema.refine(
          (label) => label !== "severity",
          "An alert's severity changes while it lasts: it can't tell causes apart.",
        ),
      )
      .max(MAX_GROUP_BY)
      .default([]),
    count: z.int().min(1).max(MAX_COUNT).default(1),
    within: duration(60_000, MAX_WITHIN_MS, "PT1M to P1D").default(600_000),
    resolveAfter: duration(0, MAX_QUIET_MS, "PT0S to P1D").default(300_000),
    reopenWithin: duration(0, MAX_REOPEN_MS, "PT0S to P7D").default(3_600_000),
    commanderSchedule: z.uuid().nullish(),
  })
  .transform(({ within, resolveAfter, reopenWithin, severity, commanderSchedule, ...same }): IncidentPolicy => ({
    ...same,
    ...{ withinMs: within, resolveAfterMs: resolveAfter, reopenWithinMs: reopenWithin },
    ...{ severity: severity ?? null, commanderSchedule: commanderSchedule?.toLowerCase() ?? null },
  }));

const policiesSchema = z
  .array(policySchema)
  .max(MAX_POLICIES)
  .superRefine((policies, context) => {
    const names = policies.map(({ name }) => name);
    for (const [place, name] of names.entries())
      if (names.indexOf(name) !== place)
        context.addIssue({ code: "custom", path: [place, "name"], message: `Another policy is called ${name}.` });
  });

/** Checks the policies a tenant gives, in their order. */
export const checkIncidentPolicies = (input: unknown): Checked<readonly IncidentPolicy[]> =>
  checked(policiesSchema.safeParse(input));

/** How a policy opens and ends incidents where it does not say. */
const PLAIN = {
  matchers: [],
  withinMs: 600_000,
  resolveAfterMs: 300_000,
  reopenWithinMs: 3_600_000,
  commanderSchedule: null,
};

/** The label by which policies find alerts of rules that watch a rate of errors; a rule of another rate may say the same of itself. */
export const WATCHES = { label: "watches", errorRate: "error_rate" } as const;

/**
 * The policies of a tenant that has set none: a rate of errors opens an incident for its rule from WARNING on, whatever else is CRITICAL too, anything else when several series of a
 * rule fire together. Rates come first, so that one that grows worse stays of one cause. Whoever sets others, none among them, has those alone.
 */
const DEFAULT_POLICIES: readonly IncidentPolicy[] = [
  {
    ...{ ...PLAIN, name: "Error rate", severity: "WARNING", groupBy: ["rule"], count: 1 },
    matchers: [{ label: WATCHES.label, operator: "EQUALS", values: [WATCHES.errorRate] }],
  },
  { ...PLAIN, name: "Critical", severity: "CRITICAL", groupBy: ["rule"], count: 1 },
  { ...PLAIN, name: "Several series", severity: null, groupBy: ["rule"], count: 3 },
];

const durationOf = (ms: number): string => `PT${ms / 1_000}S`;

/** A policy in the form its author gives. */
export const policyDefinitionOf = (policy: IncidentPolicy) => {
  const { withinMs, resolveAfterMs, reopenWithinMs, ...same } = policy;
  return {
    ...same,
    ...{
      within: durationOf(withinMs),
      resolveAfter: durationOf(resolveAfterMs),
      reopenWithin: durationOf(reopenWithinMs),
    },
  };
};

/** Reads and writes policies in the form their authors give. */
export const incidentPolicyCodec = {
  read: (stored: unknown): readonly IncidentPolicy[] => storedValue(checkIncidentPolicies(stored), "list of policies"),
  write: (policies: readonly IncidentPolicy[]): unknown => policies.map(policyDefinitionOf),
  unset: DEFAULT_POLICIES,
} as const;

/** Which policy takes an alert, and of which cause it is; null: none does. */
export type FindPolicy = (labels: Labels, severity: Severity) => Placed | null;

/** The policy that takes an alert, with what names its cause. */
export interface Placed {
  readonly policy: IncidentPolicy;
  readonly groupKey: string;
  readonly labels: Labels;
}

/** Names a cause: equal for equal policy and values of the labels it groups by. */
export const groupKeyOf = ({ name, groupBy }: Pick<IncidentPolicy, "name" | "groupBy">, labels: Labels): string =>
  digestOf(JSON.stringify([name, ...groupBy.map((label) => [label, labelOf(labels, label)])]));

/** Makes {@link FindPolicy}: the first that takes an alert has it, so that no alert is of two causes. */
export const createFindPolicy = (policies: readonly IncidentPolicy[]): FindPolicy => {
  const tests = policies.map((policy) => ({ policy, test: labelTest(policy.matchers) }));
  return (labels, severity) => {
    const found = tests.find(
      ({ policy, test }) => (policy.severity === null || !isWorse(policy.severity, severity)) && test(labels),
    )?.policy;
    if (found === undefined) return null;
    const own = Object.fromEntries(found.groupBy.map((label) => [label, labelOf(labels, label)]));
    return { policy: found, groupKey: groupKeyOf(found, labels), labels: own };
  };
};

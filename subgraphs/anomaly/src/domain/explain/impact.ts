import type { WatchedImpact } from "@tessera/contracts/watched-series";
import type { AlertPolicy } from "../alerts/alert-policy.ts";
import type { JudgedBucket } from "../rules/series.ts";
import { isTakenApart } from "../rules/taken-apart.ts";
import type { Watch } from "../rules/watch.ts";

/** How many people, or how much revenue in a currency, an anomaly concerned when it began. */
export interface Impact {
  readonly amount: number;
  /** ISO 4217; null: people. */
  readonly currency: string | null;
}

/**
 * How the impact of what a rule watches is known. ASKED: the analytics room counts people and money of the events. UNITS: the number itself counts units, SAMPLES: it is a share of the units it
 * was computed from. NONE: it tells of nobody.
 */
export type ImpactSource = "ASKED" | "UNITS" | "SAMPLES" | "NONE";

const [UNITS, SAMPLES] = ["UNITS", "SAMPLES"] as const;
/** Numbers of behaviour that are of units, the one that is watched when none is named first. */
const BEHAVIOUR: Readonly<Record<string, Readonly<Record<string, ImpactSource>>>> = {
  funnel: { conversionRate: SAMPLES, converted: UNITS, entered: UNITS, reached: UNITS },
  retention: { rate: SAMPLES, returned: UNITS, eligible: UNITS, size: UNITS },
  lifecycle: { fresh: UNITS, returning: UNITS, resurrecting: UNITS, dormant: UNITS },
  activeUsers: { daily: UNITS, weekly: UNITS, monthly: UNITS, ratio: "NONE" },
  stickiness: { mean: "NONE", total: UNITS },
};
/** Questions whose numbers are of events, of which the analytics room counts people and money. */
const OF_EVENTS: ReadonlySet<string> = new Set([
  ...["olap", "timeSeries", "savedQuery", "eventQuality", "velocity", "rings", "sessionMetrics", "apiExecutions"],
  ...["drift", "attribution", "paths"],
]);
/** Questions whose numbers there is no money in: executions are no events, and paths are of people. */
const WITHOUT_REVENUE: ReadonlySet<string> = new Set(["apiExecutions", "paths"]);

/** Whether paths are put together by sessions or by the values of a field, so that they are of no people. */
const ofNobody = (input: unknown): boolean => {
  const kind: unknown = Reflect.get(Object(Reflect.get(Object(input), "unit")), "kind");
  return kind !== undefined && kind !== "PERSON";
};

/** How the impact of a rule's findings is known. */
export const impactSourceOf = (watch: Watch): ImpactSource => {
  if (watch.kind === "METRIC") return "NONE";
  const [field = "", input] = Object.entries(watch.question)[0] ?? [];
  if (field === "paths" && ofNobody(input)) return "NONE";
  if (field === "sessionMetrics" && watch.value?.name === "people") return UNITS;
  if (OF_EVENTS.has(field)) return isTakenApart(watch) ? "ASKED" : "NONE";
  const numbers = BEHAVIOUR[field] ?? {};
  const name = watch.value?.name ?? Object.keys(numbers)[0] ?? "";
  return numbers[name] ?? "NONE";
};

/** Whether a policy chooses severities by impact. */
const goesByImpact = ({ severity }: AlertPolicy): boolean => severity.bands.some(({ by }) => by === "IMPACT");

const OTHER_IMPACT =
  "Watch a `question` about events, a saved query, or a number of people, or choose severities by SCORE.";

/** Why the revenue that goes along with a number is not known in a currency; null when it is. */
const problemWithRevenue = (watch: Watch, source: ImpactSource, currency: string): string | null => {
  const [field = "", input] = watch.kind === "METRIC" ? [] : (Object.entries(watch.question)[0] ?? []);
  if (source !== "ASKED" || WITHOUT_REVENUE.has(field))
    return "The revenue that goes along with this number is not known: leave `impactCurrency` out, or watch a question about events, like `olap`.";
  const told: unknown = field === "sessionMetrics" ? Reflect.get(Object(input), "currency") : currency;
  return told === currency
    ? null
    : `Sessions tell of revenue in the question's \`currency\` alone: name ${currency} there, or leave \`impactCurrency\` out.`;
};

/** Why severities of a rule can't be chosen by impact as its policy says; null when they can. */
export const problemWithImpact = (watch: Watch, alerting: AlertPolicy): string | null => {
  if (!goesByImpact(alerting)) return null;
  const source = impactSourceOf(watch);
  if (source === "NONE") return `The impact of this number is not known: it counts no people. ${OTHER_IMPACT}`;
  const currency = alerting.severity.impactCurrency ?? null;
  return currency === null ? null : problemWithRevenue(watch, source, currency);
};

/** Whether the analytics room is to be asked how far a rule's breaches reach. */
export const asksForImpact = (watch: Watch, alerting: AlertPolicy): boolean =>
  goesByImpact(alerting) && impactSourceOf(watch) === "ASKED";

/** Whether a judged bucket is a breach by a policy. */
export const isBreach = ({ finding }: JudgedBucket, { fire }: Pick<AlertPolicy, "fire">): boolean =>
  finding.outcome === "ANOMALOUS" && finding.score >= fire.score;

/** The impact a policy goes by, of what the analytics room answered. */
export const impactIn = ({ severity }: AlertPolicy, { people, revenue }: WatchedImpact): Impact => {
  const currency = severity.impactCurrency ?? null;
  if (currency === null) return { amount: people, currency };
  return { amount: revenue.find((one) => one.currency === currency)?.amount ?? 0, currency };
};

/**
 * The impact that a finding tells by itself: how far a number of units, or a share of so many, lies from what was expected of it, or where nothing was, from the bound it passed. Null where it
 * tells of nobody.
 */
export const impactOfFinding = (watch: Watch, { value, samples, finding }: JudgedBucket): Impact | null => {
  const source = impactSourceOf(watch);
  const { expected, side, low, high } = finding;
  const usual = expected ?? (side === "ABOVE" ? high : side === "BELOW" ? low : null);
  if (value === null || usual === null || (source !== "UNITS" && source !== "SAMPLES")) return null;
  if (source === "UNITS") return { amount: Math.abs(value - usual), currency: null };
  return samples === null ? null : { amount: Math.abs(value - usual) * samples, currency: null };
};

import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import { parseAnomalyId, type AnomalyId } from "@tessera/contracts/ids";
import { beginningOf } from "@tessera/platform/text/whole-characters";
import { freshAlert } from "../alerts/alert-state.ts";
import { REASON_WORDS } from "../alerts/reason-words.ts";
import { numberShown } from "../explain/number-shown.ts";
import type { Rule } from "../rule.ts";
import { watchesErrorRate } from "./error-rate.ts";
import type { KeptBucket, Series } from "./series.ts";
import { stepSeries, type AnomalyWrite, type SeriesStep, type SteppedSeries, type Told } from "./step-series.ts";

/** A step with its id and what is told of it. */
export interface SettledStep {
  readonly step: SeriesStep;
  readonly told: AlertChanged;
}

/** What is to be written of a series in one transaction. */
export interface SettledSeries extends Pick<Series, "fingerprint" | "group" | "alert" | "anomalyId"> {
  readonly steps: readonly SettledStep[];
  readonly anomalies: readonly AnomalyWrite[];
  /** Judged buckets that are kept for good, with those the series remembered where an episode began. */
  readonly course?: readonly KeptBucket[];
}

/** What of a series decides what follows; an alert of null is of a series nothing is known of yet. */
export type SeriesBefore = Pick<Series, "fingerprint" | "group" | "anomalyId"> & {
  readonly alert: Series["alert"] | null;
};

/** Tells the alert of a series some signals, and puts down all that follows. */
export type SettleSeries = (rule: Rule, series: SeriesBefore, told: readonly Told[]) => SettledSeries;

/** Characters of what a rule is for that travel with each of its steps. */
const MAX_ABOUT = 500;

/** How people are told the rule's number, times and purpose. */
const shownOf = ({ watch, description }: Rule): NonNullable<AlertChanged["shown"]> => {
  const { name, unit, times, each } = numberShown(watch);
  return {
    ...{ number: [name, each].filter((word) => word !== "").join(" "), unit, times },
    timeZone: watch.kind === "QUESTION" ? watch.timeZone : "UTC",
    about: beginningOf(description ?? "", MAX_ABOUT),
  };
};

const labelsOf = (rule: Rule, { group }: SeriesBefore, severity: string): Readonly<Record<string, string>> => ({
  ...rule.labels,
  ...Object.fromEntries(group.map(({ name, value }) => [name, value ?? ""])),
  rule: rule.name,
  severity,
});

const changedOf = (rule: Rule, series: SeriesBefore, one: SeriesStep, transitionId: string): AlertChanged => {
  const { transition, anomalyId, bucket } = one;
  const { from, to, reason, severity, notify, silence, escalationStep, atMs, sinceMs } = transition;
  const { fingerprint, group } = series;
  const finding = bucket?.finding ?? null;
  return {
    ...{ tenantId: rule.tenantId, transitionId, ruleId: rule.id, ruleName: rule.name, anomalyId, fingerprint, group },
    ...{ labels: labelsOf(rule, series, severity), from, to, reason, severity, notify, silence, escalationStep },
    ...{ atMs, sinceMs, value: bucket?.value ?? null, expected: finding?.expected ?? null },
    ...{ low: finding?.low ?? null, high: finding?.high ?? null },
    ...(watchesErrorRate(rule.watch) ? { errorRate: true } : {}),
    ...(one.actor?.channelId === undefined ? {} : { fromChannel: one.actor.channelId }),
    shown: shownOf(rule),
    because: finding?.because ?? REASON_WORDS[reason],
  };
};

/** Builds {@link SettleSeries} over a source of UUIDs. */
export const createSettleSeries = (newId: () => string): SettleSeries => {
  const newAnomalyId = (): AnomalyId => {
    const id = parseAnomalyId(newId());
    if (id === null) throw new Error("The source of ids gave no UUID.");
    return id;
  };
  return (rule, series, told) => {
    const { fingerprint, group, anomalyId } = series;
    const alert = series.alert ?? freshAlert(told[0]?.signal.atMs ?? rule.createdAtMs);
    const stepped: SteppedSeries = stepSeries(rule.alerting, { alert, anomalyId }, told, newAnomalyId);
    return {
      ...{ fingerprint, group, alert: stepped.alert, anomalyId: stepped.anomalyId, anomalies: stepped.anomalies },
      steps: stepped.steps.map((step) => ({ step, told: changedOf(rule, series, step, newId()) })),
    };
  };
};

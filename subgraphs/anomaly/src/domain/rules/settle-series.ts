import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import { parseAnomalyId, type AnomalyId } from "@tessera/contracts/ids";
import { freshAlert } from "../alerts/alert-state.ts";
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

const WORDS: Readonly<Record<string, string>> = {
  ACKNOWLEDGED_BY_CALLER: "somebody looks at it",
  ACKNOWLEDGED_BY_CHANNEL: "somebody looks at it",
  RESOLVED_BY_CALLER: "somebody resolved it",
  RULE_CHANGED: "its rule watches something else now",
  RULE_DELETED: "its rule was deleted",
  SERIES_GONE: "the series is gone",
  RENOTIFIED: "nobody looks at it yet",
  ESCALATED: "nobody looks at it yet",
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
    because: finding?.because ?? WORDS[reason] ?? "time has passed",
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

import { withFeedback } from "../domain/feedback/told-feedback.ts";
import { escalatedRule } from "../domain/on-call/escalated-rule.ts";
import type { Rule } from "../domain/rule.ts";
import type { KeptBucket } from "../domain/rules/series.ts";
import type { SeriesBefore, SettledSeries, SettleSeries } from "../domain/rules/settle-series.ts";
import type { Told } from "../domain/rules/step-series.ts";
import { contextSignal, isContextLast } from "../domain/silences/told-silences.ts";
import type { ReadLearned } from "./feedback/feedback-operations.ts";
import type { ReadEscalations } from "./on-call/escalation-operations.ts";
import type { ReadSilences } from "./silences/silence-operations.ts";

/** What telling the series of a rule works with. */
export interface TellSeriesDeps {
  readonly settleSeries: SettleSeries;
  readonly readSilences: ReadSilences;
  readonly readLearned: ReadLearned;
  readonly readEscalations: ReadEscalations;
}

/** Tells the alert of a series some signals, between the silences around it and what people have taught of it. */
export type TellSeries = (
  held: Rule,
  series: SeriesBefore,
  told: readonly Told[],
  recent: readonly KeptBucket[],
) => SettledSeries;

/** A signal of which no bucket and nobody is the reason. */
export const untold = (signal: Told["signal"]): Told => ({ signal, bucket: null, actor: null });

/** What a series is told, with the silences around it in their place. */
const around = (
  context: Told["signal"] | null,
  told: readonly Told[],
  signals: readonly Told["signal"][],
  { alerting, alert }: { readonly alerting: Rule["alerting"]; readonly alert: SeriesBefore["alert"] },
): readonly Told[] => {
  if (context === null) return told;
  return isContextLast(alerting, alert, context, signals) ? [...told, untold(context)] : [untold(context), ...told];
};

/** Reads, once for all series of a rule, what lies around their alerts. */
export const tellSeries = async (deps: TellSeriesDeps, rule: Rule, nowMs: number): Promise<TellSeries> => {
  const [silences, taught, choose] = await Promise.all([
    deps.readSilences(rule.tenantId, nowMs),
    deps.readLearned(rule, nowMs),
    deps.readEscalations(rule.tenantId),
  ]);
  return (current, series, told, recent) => {
    const held = escalatedRule(current, series.group, choose);
    const signals = told.map(({ signal }) => signal);
    const labelled = { ...series, labels: held.labels, rule: held.name };
    const context = contextSignal(held.alerting, labelled, signals, silences);
    const all = around(context, told, signals, { alerting: held.alerting, alert: series.alert });
    const learned = taught.get(series.fingerprint) ?? null;
    return deps.settleSeries(
      held,
      series,
      withFeedback(held.alerting, { alert: series.alert, learned, recent }, all, untold),
    );
  };
};

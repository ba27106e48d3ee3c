import type { Anomaly } from "../domain/anomaly.ts";
import type { Evaluation } from "../domain/evaluation.ts";
import type { Page } from "../domain/page.ts";
import type { AlertStep } from "../domain/rules/alert-step.ts";
import type { KeptBucket } from "../domain/rules/series.ts";
import { watchDefinitionOf, type WatchedQuestionRule } from "../domain/rules/watch.ts";
import type {
  AlertTransition,
  AnomalyAcknowledgement,
  AnomalyEvidence,
  AnomalyResolution,
  PageInfo,
  RuleEvaluation,
  RuleQuestion,
  SeriesBucket,
} from "../generated/resolvers.ts";

/** A moment as RFC 3339 in UTC. */
export const toDateTime = (ms: number): string => new Date(ms).toISOString();

/** A moment that may not be. */
export const toDateTimeOrNull = (ms: number | null): string | null => (ms === null ? null : toDateTime(ms));

/** An evaluation as callers see it. */
export const toEvaluation = ({ window, ...same }: Evaluation): RuleEvaluation => ({
  ...same,
  from: toDateTime(window.fromMs),
  to: toDateTime(window.toMs),
});

/** What a rule watches of the analytics room as callers see it. */
export const toRuleQuestion = (watch: WatchedQuestionRule): RuleQuestion => {
  const [field = "", input] = Object.entries(watch.question)[0] ?? [];
  const { value, granularity, timeZone, maxSeries, calendar } = watch;
  return {
    field,
    input,
    value,
    granularity,
    timeZone,
    maxSeries,
    calendar,
    delay: String(watchDefinitionOf(watch)["delay"]),
  };
};

/** An anomaly's evidence as callers see it. */
export const toEvidence = ({ evidence }: Anomaly): AnomalyEvidence => {
  const { window, weighed, ...same } = evidence;
  return {
    ...{ ...same, from: toDateTime(window.fromMs), to: toDateTime(window.toMs) },
    weighed: weighed.map(({ atMs, share, group = null }) => ({
      at: toDateTime(atMs),
      share,
      group: group === null ? null : [...group],
    })),
  };
};

/** A step of an alert as callers see it. */
export const toTransition = ({ atMs, ...same }: AlertStep): AlertTransition => ({ ...same, at: toDateTime(atMs) });

/** A judged bucket as callers see it. */
export const toBucket = ({ atMs, untilMs, outcome, ...same }: KeptBucket): SeriesBucket => ({
  ...{ ...same, from: toDateTime(atMs), to: toDateTime(untilMs) },
  anomalous: outcome === "ANOMALOUS",
});

/** An anomaly's acknowledgement as callers see it. */
export const toAcknowledgement = ({ acknowledgement }: Anomaly): AnomalyAcknowledgement | null => {
  if (acknowledgement === null) return null;
  const { atMs, by, note } = acknowledgement;
  return { at: toDateTime(atMs), by, note };
};

/** An anomaly's resolution as callers see it. */
export const toResolution = ({ resolution }: Anomaly): AnomalyResolution | null => {
  if (resolution === null) return null;
  const { atMs, cause, by, note } = resolution;
  return { at: toDateTime(atMs), cause, by, note };
};

/** A Relay connection as the resolvers of its nodes receive it. */
export interface Connection<Item> {
  readonly edges: readonly { readonly cursor: string; readonly node: Item }[];
  readonly pageInfo: PageInfo;
}

/** A page as a Relay connection; an item's cursor is its id. */
export const toConnection = <Item extends { readonly id: string }>(page: Page<Item>): Connection<Item> => ({
  edges: page.items.map((node) => ({ cursor: node.id, node })),
  pageInfo: {
    hasNextPage: page.hasNext,
    hasPreviousPage: page.hasPrevious,
    startCursor: page.items[0]?.id ?? null,
    endCursor: page.items.at(-1)?.id ?? null,
  },
});

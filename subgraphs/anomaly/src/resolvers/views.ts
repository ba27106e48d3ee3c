import { acknowledgementOf, resolutionOf, type Anomaly } from "../domain/anomaly.ts";
import type { Evaluation } from "../domain/evaluation.ts";
import type { Page } from "../domain/page.ts";
import type {
  AnomalyAcknowledgement,
  AnomalyEvidence,
  AnomalyResolution,
  PageInfo,
  RuleEvaluation,
} from "../generated/resolvers.ts";

/** A moment as RFC 3339 in UTC. */
export const toDateTime = (ms: number): string => new Date(ms).toISOString();

/** A moment that may not be. */
export const toDateTimeOrNull = (ms: number | null): string | null => (ms === null ? null : toDateTime(ms));

/** An evaluation as callers see it. */
export const toEvaluation = ({ outcome, value, samples, window }: Evaluation): RuleEvaluation => ({
  outcome,
  value,
  samples,
  from: toDateTime(window.fromMs),
  to: toDateTime(window.toMs),
});

/** An anomaly's evidence as callers see it. */
export const toEvidence = ({ evidence }: Anomaly): AnomalyEvidence => {
  const { window, ...same } = evidence;
  return { ...same, from: toDateTime(window.fromMs), to: toDateTime(window.toMs) };
};

/** An anomaly's acknowledgement as callers see it. */
export const toAcknowledgement = ({ standing }: Anomaly): AnomalyAcknowledgement | null => {
  const acknowledgement = acknowledgementOf(standing);
  if (acknowledgement === null) return null;
  const { atMs, by, note } = acknowledgement;
  return { at: toDateTime(atMs), by, note };
};

/** An anomaly's resolution as callers see it. */
export const toResolution = ({ standing }: Anomaly): AnomalyResolution | null => {
  const resolution = resolutionOf(standing);
  if (resolution === null) return null;
  const at = toDateTime(resolution.atMs);
  return resolution.cause === "METRIC_RETURNED"
    ? { at, cause: resolution.cause, by: null, note: null }
    : { at, cause: resolution.cause, by: resolution.by, note: resolution.note };
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

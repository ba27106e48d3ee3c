import { parseRuleId, parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { Evaluation } from "../domain/evaluation.ts";
import type { MetricCodec } from "../domain/metric.ts";
import type { Rule } from "../domain/rule.ts";

/** The columns of a rule in SQL, under the names Prisma gives them, so that one parser reads both. */
export const RULE_COLUMNS = `tenant_id AS "tenantId", id, name, description, metric, direction, threshold, minimum_samples AS "minimumSamples",
  evaluation_interval_seconds AS "evaluationIntervalSeconds", enabled, version, next_evaluation_at AS "nextEvaluationAt",
  last_evaluation AS "lastEvaluation", last_failure AS "lastFailure", breached_since AS "breachedSince",
  created_at AS "createdAt", updated_at AS "updatedAt", deleted_at AS "deletedAt"`;

/** Turns a text of the store into a branded id; a text that is not one is a broken row. */
export const idColumn = <Id extends string>(parse: (text: string) => Id | null) =>
  z.string().transform((text, context): Id => {
    const id = parse(text);
    if (id !== null) return id;
    context.addIssue("is no id");
    return z.NEVER;
  });
/** A timestamp of the store as milliseconds since the epoch. */
export const msColumn = z.date().transform((date) => date.getTime());

const windowColumns = { fromMs: z.number(), toMs: z.number() };
const evaluationColumn = z
  .object({
    outcome: z.enum(["NORMAL", "BREACHED", "INSUFFICIENT_DATA"]),
    value: z.number().nullable(),
    samples: z.number(),
    ...windowColumns,
  })
  .transform(({ outcome, value, samples, fromMs, toMs }, context): Evaluation => {
    const window = { fromMs, toMs };
    if (outcome !== "BREACHED") return { outcome, value, samples, window };
    if (value !== null) return { outcome, value, samples, window };
    context.addIssue("A breach has a value.");
    return z.NEVER;
  });

/** Writes an evaluation as the store keeps it. */
export const evaluationJson = ({ outcome, value, samples, window }: Evaluation): string =>
  JSON.stringify({ outcome, value, samples, fromMs: window.fromMs, toMs: window.toMs });

const ruleRow = z.object({
  tenantId: idColumn(parseTenantId),
  id: idColumn(parseRuleId),
  name: z.string(),
  description: z.string().nullable(),
  metric: z.unknown(),
  direction: z.enum(["ABOVE", "BELOW"]),
  threshold: z.number(),
  minimumSamples: z.number(),
  evaluationIntervalSeconds: z.number(),
  enabled: z.boolean(),
  version: z.number(),
  nextEvaluationAt: msColumn,
  lastEvaluation: evaluationColumn.nullable(),
  lastFailure: z.string().nullable(),
  breachedSince: msColumn.nullable(),
  createdAt: msColumn,
  updatedAt: msColumn,
  deletedAt: msColumn.nullable(),
});

/** Makes the reader of a rule from a row of PostgreSQL or of Prisma; it throws ZodError when the row is broken. */
export const ruleRowParser =
  (codec: MetricCodec) =>
  (row: unknown): Rule => {
    const { direction, threshold, minimumSamples, metric, ...rest } = ruleRow.parse(row);
    const { nextEvaluationAt, breachedSince, createdAt, updatedAt, deletedAt, ...same } = rest;
    return {
      ...same,
      metric: codec.read(metric),
      condition: { direction, threshold, minimumSamples },
      nextEvaluationAtMs: nextEvaluationAt,
      breachedSinceMs: breachedSince,
      createdAtMs: createdAt,
      updatedAtMs: updatedAt,
      deletedAtMs: deletedAt,
    };
  };

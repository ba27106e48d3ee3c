import { parseRuleId, parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { Evaluation } from "../domain/evaluation.ts";
import type { Rule } from "../domain/rule.ts";
import type { RuleCodec } from "../domain/rules/rule-codec.ts";

/** The columns of a rule in SQL, under the names Prisma gives them, so that one parser reads both. */
export const RULE_COLUMNS = `tenant_id AS "tenantId", id, name, description, watch, detector, alerting, labels, author,
  author_permissions AS "authorPermissions", evaluation_interval_seconds AS "evaluationIntervalSeconds", enabled, live, version,
  next_evaluation_at AS "nextEvaluationAt", last_evaluation AS "lastEvaluation", last_failure AS "lastFailure", failure_code AS "failureCode",
  breached_since AS "breachedSince", judged_until AS "judgedUntil", warm_until AS "warmUntil", series_seen AS "seriesSeen",
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

const evaluationColumn = z
  .object({
    outcome: z.enum(["NORMAL", "BREACHED", "INSUFFICIENT_DATA", "LEARNING"]),
    value: z.number().nullable(),
    samples: z.number().nullable(),
    ...{ fromMs: z.number(), toMs: z.number(), series: z.number(), breached: z.number() },
  })
  .transform(({ fromMs, toMs, ...same }): Evaluation => ({ ...same, window: { fromMs, toMs } }));

/** Writes an evaluation as the store keeps it. */
export const evaluationJson = ({ window, ...same }: Evaluation): string =>
  JSON.stringify({ ...same, fromMs: window.fromMs, toMs: window.toMs });

const ruleRow = z.object({
  tenantId: idColumn(parseTenantId),
  id: idColumn(parseRuleId),
  name: z.string(),
  description: z.string().nullable(),
  ...{ watch: z.unknown(), detector: z.unknown(), alerting: z.unknown() },
  labels: z.record(z.string(), z.string()),
  author: z.string().nullable(),
  authorPermissions: z.array(z.string()),
  evaluationIntervalSeconds: z.number(),
  enabled: z.boolean(),
  live: z.boolean(),
  version: z.number(),
  nextEvaluationAt: msColumn,
  lastEvaluation: evaluationColumn.nullable(),
  lastFailure: z.string().nullable(),
  failureCode: z.string().nullable(),
  breachedSince: msColumn.nullable(),
  judgedUntil: msColumn.nullable(),
  warmUntil: msColumn.nullable(),
  seriesSeen: z.number(),
  createdAt: msColumn,
  updatedAt: msColumn,
  deletedAt: msColumn.nullable(),
});

/** Makes the reader of a rule from a row of PostgreSQL or of Prisma; it throws when the row is broken. */
export const ruleRowParser =
  (codec: RuleCodec) =>
  (row: unknown): Rule => {
    const { watch, detector, alerting, ...rest } = ruleRow.parse(row);
    const { nextEvaluationAt, breachedSince, judgedUntil, warmUntil, createdAt, updatedAt, deletedAt, ...same } = rest;
    return {
      ...same,
      watch: codec.readWatch(watch),
      detector: codec.readDetector(detector),
      alerting: codec.readAlerting(alerting),
      nextEvaluationAtMs: nextEvaluationAt,
      breachedSinceMs: breachedSince,
      judgedUntilMs: judgedUntil,
      warmUntilMs: warmUntil,
      createdAtMs: createdAt,
      updatedAtMs: updatedAt,
      deletedAtMs: deletedAt,
    };
  };

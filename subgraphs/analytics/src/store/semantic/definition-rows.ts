import { parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { AskedOlap, AskedTimeSeries } from "../../domain/semantic/asked-question.ts";
import type { BehaviourKind } from "../../domain/dashboards/question.ts";
import type {
  BehaviourInput,
  Definition,
  DimensionContent,
  HierarchyContent,
  KeptRange,
  MetricContent,
  SavedQueryContent,
  SegmentContent,
} from "../../domain/semantic/definition.ts";
import type { DefinitionVersion } from "./definition-store-types.ts";

const time = z.date().transform((date) => date.getTime());

// boundary: measures, filters and questions are kept after they were validated, and validated again before anything is made of them.
const kept = <T>() => z.record(z.string(), z.unknown()).transform((value) => value as T);

const description = { title: z.string(), description: z.string(), owner: z.string().nullable() };
const use = z.object({ kind: z.enum(["METRIC", "SEGMENT", "DIMENSION"]), name: z.string(), version: z.number() });
const format = z.object({
  kind: z.enum(["NUMBER", "PERCENT", "CURRENCY", "DURATION"]),
  decimals: z.number(),
  currency: z.string().nullable(),
  unit: z.enum(["MILLISECONDS", "SECONDS", "MINUTES", "HOURS", "DAYS"]).nullable(),
});
const metric: z.ZodType<MetricContent> = z.object({
  ...description,
  format,
  measure: kept<NonNullable<MetricContent["measure"]>>().nullable(),
  formula: z.string().nullable(),
});
const segment: z.ZodType<SegmentContent> = z.object({ ...description, filter: kept<SegmentContent["filter"]>() });
const behaviour = z.enum([
  ...(["FUNNEL", "RETENTION", "STICKINESS", "LIFECYCLE", "ACTIVE_USERS", "ATTRIBUTION", "PATHS"] as const),
  ...(["SESSION_METRICS", "VELOCITY", "RINGS", "EVENT_QUALITY", "DRIFT", "COHORT_SIZES", "API_EXECUTIONS"] as const),
]) satisfies z.ZodType<BehaviourKind>;
const savedQuery: z.ZodType<SavedQueryContent> = z.object({
  ...description,
  question: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("OLAP"), input: kept<KeptRange<AskedOlap>>() }),
    z.object({ kind: z.literal("TIME_SERIES"), input: kept<KeptRange<AskedTimeSeries>>() }),
    z.object({ kind: behaviour, input: kept<BehaviourInput>() }),
  ]),
  pins: z.array(use).nullable(),
});

const hierarchy: z.ZodType<HierarchyContent> = z.object({ ...description, levels: z.array(z.string()) });
const dimension: z.ZodType<DimensionContent> = z.object({
  ...description,
  format: format.nullable(),
  expression: kept<DimensionContent["expression"]>(),
});

const row = z.object({
  id: z.string(),
  tenant_id: z.string(),
  kind: z.enum(["METRIC", "SEGMENT", "SAVED_QUERY", "HIERARCHY", "DIMENSION"]),
  name: z.string(),
  version: z.number(),
  latest_version: z.number(),
  archived_at: time.nullable(),
  created_by: z.string(),
  created_at: time,
  defined_by: z.string(),
  defined_at: time,
  content: z.unknown(),
});

/** Parses a row of a definition in one of its versions. */
export const definitionRow = (raw: unknown): Definition => {
  const one = row.parse(raw);
  const tenantId = parseTenantId(one.tenant_id);
  if (tenantId === null) throw new Error("A row of a definition has no valid tenant.");
  const defined = {
    ...{ id: one.id, tenantId, name: one.name, version: one.version, latestVersion: one.latest_version },
    archived: one.archived_at !== null,
    ...{ createdBy: one.created_by, createdAtMs: one.created_at },
    ...{ definedBy: one.defined_by, definedAtMs: one.defined_at },
  };
  switch (one.kind) {
    case "METRIC":
      return { ...defined, kind: one.kind, content: metric.parse(one.content) };
    case "SEGMENT":
      return { ...defined, kind: one.kind, content: segment.parse(one.content) };
    case "SAVED_QUERY":
      return { ...defined, kind: one.kind, content: savedQuery.parse(one.content) };
    case "HIERARCHY":
      return { ...defined, kind: one.kind, content: hierarchy.parse(one.content) };
    case "DIMENSION":
      return { ...defined, kind: one.kind, content: dimension.parse(one.content) };
  }
};

const versionRow = z.object({
  version: z.number(),
  content: z.record(z.string(), z.unknown()),
  defined_by: z.string(),
  defined_at: time,
});

/** Parses a row of `semantic_definition_version`. */
export const definitionVersionRow = (raw: unknown): DefinitionVersion => {
  const { defined_by, defined_at, ...rest } = versionRow.parse(raw);
  return { ...rest, definedBy: defined_by, definedAtMs: defined_at };
};

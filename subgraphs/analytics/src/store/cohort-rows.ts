import { parseTenantId } from "@tessera/contracts/ids";
import { z } from "zod";
import type { Cohort, CohortRun, CohortSize, CohortVersion } from "../domain/cohort.ts";
import type { CohortPart } from "../domain/cohort-references.ts";
import type { CohortDefinitionInput } from "../domain/cohort-input.ts";

const time = z.date().transform((date) => date.getTime());

const definition = z.record(z.string(), z.unknown()).transform(
  // boundary: a definition is kept after it was validated, and validated again before anything is made of it.
  (kept) => kept as CohortDefinitionInput,
);

const cohortRow = z.object({
  id: z.string(),
  tenant_id: z.string(),
  name: z.string(),
  description: z.string(),
  version: z.number(),
  definition,
  recompute_every: z.number().nullable(),
  created_by: z.string(),
  created_at: time,
  updated_at: time,
  state: z.enum(["IDLE", "RUNNING", "FAILED"]),
  due_at: time.nullable(),
  run: z.number(),
  as_of: time.nullable(),
  computed_version: z.number().nullable(),
  size: z.coerce.number().nullable(),
  error_code: z.string().nullable(),
  error_detail: z.string().nullable(),
  running_as_of: time.nullable(),
  running_since: time.nullable(),
  group_type: z.string().nullable(),
});

/** Parses a row of `cohort` with its definition now; what is due and does not run is queued. */
export const cohortOf =
  (nowMs: number) =>
  (raw: unknown): Cohort => {
    const row = cohortRow.parse(raw);
    const tenantId = parseTenantId(row.tenant_id);
    if (tenantId === null) throw new Error("A row of a cohort has no valid tenant.");
    const due = row.due_at !== null && row.due_at <= nowMs && row.state !== "RUNNING";
    return {
      id: row.id,
      tenantId,
      name: row.name,
      description: row.description,
      version: row.version,
      definition: row.definition,
      unit: row.group_type === null ? "PEOPLE" : "ACCOUNTS",
      group: row.group_type,
      recomputeEverySeconds: row.recompute_every,
      createdBy: row.created_by,
      createdAtMs: row.created_at,
      updatedAtMs: row.updated_at,
      computation: {
        state: due ? "QUEUED" : row.state,
        runs: row.run,
        asOfMs: row.as_of,
        version: row.computed_version,
        runningAsOfMs: row.state === "RUNNING" ? row.running_as_of : null,
        dueAtMs: row.due_at,
        error: row.error_code === null ? null : { code: row.error_code, detail: row.error_detail ?? "" },
      },
      size: row.size,
    };
  };

/** Parses a row of a cohort whose computation was begun. */
export const cohortRunOf =
  (nowMs: number) =>
  (raw: unknown): CohortRun => {
    const { running_as_of, running_since, run } = cohortRow.parse(raw);
    if (running_as_of === null) throw new Error("A run of a cohort is of a moment.");
    return { cohort: cohortOf(nowMs)(raw), run, asOfMs: running_as_of, startedAtMs: running_since ?? nowMs };
  };

const sizeRow = z.object({
  as_of: time,
  version: z.number(),
  size: z.coerce.number(),
  entered: z.coerce.number(),
  departed: z.coerce.number(),
});
/** Parses a row of `cohort_size`. */
export const cohortSizeRow = (raw: unknown): CohortSize => {
  const { as_of, departed, ...row } = sizeRow.parse(raw);
  return { ...row, asOfMs: as_of, left: departed };
};

const madeOfRow = z.object({
  made_of: z.array(
    z.object({
      ...{ id: z.string(), name: z.string(), version: z.number() },
      dimensions: z
        .array(z.object({ kind: z.literal("DIMENSION"), name: z.string(), version: z.number() }))
        .exactOptional(),
    }),
  ),
});
/** Parses what a computation of a cohort was made of. */
export const cohortMadeOfRow = (raw: unknown): readonly CohortPart[] => madeOfRow.parse(raw).made_of;

const versionRow = z.object({ version: z.number(), definition, created_at: time });
/** Parses a row of `cohort_version`. */
export const cohortVersionRow = (raw: unknown): CohortVersion => {
  const { created_at, ...row } = versionRow.parse(raw);
  return { ...row, createdAtMs: created_at };
};

import { parseJobId, parseTenantId } from "@tessera/contracts/ids";
import { keptSubject } from "@tessera/platform/auth/standing-subject";
import { z } from "zod";
import type { Job, JobState } from "../domain/job.ts";

const time = z.date().transform((date) => date.getTime());

const jobRow = z.object({
  id: z.string(),
  tenant_id: z.string(),
  state: z.enum(["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]),
  revision: z.number(),
  attempt: z.number(),
  fair_tag: z.number(),
  rows_read: z.coerce.number(),
  rows_to_read: z.coerce.number().nullable(),
  bytes_read: z.coerce.number(),
  result_rows: z.coerce.number().nullable(),
  result_truncated: z.boolean(),
  error_code: z.string().nullable(),
  error_detail: z.string().nullable(),
  created_at: time,
  started_at: time.nullable(),
  finished_at: time.nullable(),
  expires_at: time,
  created_by: z.string(),
  input: z.unknown(),
});

const stateOf = (row: z.infer<typeof jobRow>): JobState => {
  const finishedAtMs = row.finished_at ?? row.created_at;
  switch (row.state) {
    case "QUEUED":
      return { kind: "QUEUED" };
    case "RUNNING":
      return { kind: "RUNNING", startedAtMs: row.started_at ?? row.created_at };
    case "SUCCEEDED":
      return { kind: "SUCCEEDED", finishedAtMs, resultRows: row.result_rows ?? 0, truncated: row.result_truncated };
    case "FAILED":
      return { kind: "FAILED", finishedAtMs, code: row.error_code ?? "INTERNAL", detail: row.error_detail ?? "" };
    case "CANCELLED":
      return { kind: "CANCELLED", finishedAtMs };
  }
};

/** Parses a row of the table `job`. */
export const parseJobRow = (raw: unknown): Job => {
  const row = jobRow.parse(raw);
  const [id, tenantId] = [parseJobId(row.id), parseTenantId(row.tenant_id)];
  if (id === null || tenantId === null) throw new Error("A job row has no valid id.");
  return {
    id,
    tenantId,
    state: stateOf(row),
    revision: row.revision,
    attempt: row.attempt,
    fairTag: row.fair_tag,
    progress: { rowsRead: row.rows_read, rowsToRead: row.rows_to_read, bytesRead: row.bytes_read },
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at,
    createdBy: keptSubject(row.created_by),
    startedAtMs: row.started_at,
    input: row.input,
  };
};

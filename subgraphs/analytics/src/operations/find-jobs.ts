import type { Caller } from "@tessera/contracts/caller";
import { parseJobId, type JobId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Job } from "../domain/job.ts";
import type { JobStore } from "../store/job-store-types.ts";

/** Finds jobs by id in one statement, in the order asked; null for ids the tenant has no job of. Needs `jobs:read`. */
export const findJobs =
  (deps: { jobs: Pick<JobStore, "findMany"> }) =>
  async (caller: Caller, ids: readonly string[]): Promise<readonly (Job | null)[]> => {
    // Entity references reach this past the rules of the root fields, so the permission is asked for here.
    if (!caller.permissions.has("jobs:read"))
      throw refuse("FORBIDDEN", "`Job` needs the permission jobs:read.", { permission: "jobs:read" });
    const parsed = ids.map(parseJobId);
    const known = [...new Set(parsed.filter((id): id is JobId => id !== null))];
    const jobs = known.length === 0 ? [] : await deps.jobs.findMany(caller.tenantId, known);
    const byId = new Map(jobs.map((job) => [job.id, job]));
    return parsed.map((id) => (id === null ? null : (byId.get(id) ?? null)));
  };

import type { Caller } from "@tessera/contracts/caller";
import { formatJobPlace, MAX_JOBS_ON_PAGE, parseJobPlace } from "../domain/job-page.ts";
import type { Job, JobStateName } from "../domain/job.ts";
import { parseCount } from "../domain/query.ts";
import type { JobStore } from "../store/job-store-types.ts";

/** A page of jobs. */
export interface JobPage {
  readonly edges: readonly { readonly cursor: string; readonly node: Job }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** Jobs of the caller's tenant, newest first. */
export const listJobs =
  (deps: { jobs: JobStore }) =>
  async (
    caller: Caller,
    page: {
      readonly first: number;
      readonly after?: string | null | undefined;
      readonly state?: JobStateName | null | undefined;
    },
  ): Promise<JobPage> => {
    const first = parseCount(page.first, "first", MAX_JOBS_ON_PAGE);
    const after = parseJobPlace(page.after);
    const jobs = await deps.jobs.list(caller.tenantId, { first, after, state: page.state ?? null });
    return {
      edges: jobs.slice(0, first).map((job) => ({ cursor: formatJobPlace(job), node: job })),
      hasNextPage: jobs.length > first,
      hasPreviousPage: after !== null,
    };
  };

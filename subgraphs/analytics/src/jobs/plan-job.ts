import { parseJobQuery } from "../domain/job-query.ts";
import type { Job } from "../domain/job.ts";
import { plan } from "../domain/planner.ts";
import { parseJobInput } from "../store/job-input.ts";
import { olapStatement } from "../store/olap-sql.ts";
import type { JobPlan } from "./run-long-query.ts";

/** Plans a job's question onto the cheapest table; who started it was allowed to ask it. */
export const planJob = (job: Job): JobPlan => {
  const { query, orderBy, limit } = parseJobQuery(parseJobInput(job.input), { personalData: true });
  const request = { query, plan: plan(query), orderBy, limit, onlyLines: null };
  return {
    statement: olapStatement(request, job.tenantId),
    totalsFirst: query.buckets !== null || query.dimensions.length > 0,
    maxRows: limit,
  };
};

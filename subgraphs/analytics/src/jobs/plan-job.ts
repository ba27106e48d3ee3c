import type { StoreStatement } from "@tessera/platform/store/event-store";
import { parseJobInput } from "../domain/job-input.ts";
import { parseJobQuery } from "../domain/job-query.ts";
import type { Job } from "../domain/job.ts";
import { plan } from "../domain/planner.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";
import type { OlapRequest } from "../store/olap-sql.ts";
import type { JobPlan } from "./run-long-query.ts";

/** Plans a job's question onto the cheapest table; who started it was allowed to ask it. */
export const planJob =
  (statementOf: (request: OlapRequest, tenantId: string) => StoreStatement, store: Pick<AnalyticsStore, "planFor">) =>
  async (job: Job): Promise<JobPlan> => {
    const input = parseJobInput(job.input);
    const { query, having, orderBy, limit } = parseJobQuery(input, { personalData: true });
    const reader = { tenantId: job.tenantId, dataPolicy: input.dataPolicy };
    const taken = await store.planFor(reader, query, plan(query, input.dataPolicy));
    const request = { query, plan: taken, having, orderBy, limit, lines: null };
    return {
      reader,
      // A rollup is only taken where persons as stored are those who count.
      persons: taken.rollup === null ? "RESOLVED" : "STORED",
      statement: statementOf(request, job.tenantId),
      totalsFirst: query.buckets !== null || query.dimensions.length > 0,
      maxRows: limit,
    };
  };

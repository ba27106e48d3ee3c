import type { DataReader } from "@tessera/platform/store/data-policy";
import type { StoreStatement } from "@tessera/platform/store/event-store";
import { parseJobInput } from "../domain/job-input.ts";
import { parseJobQuery, type JobInput } from "../domain/job-query.ts";
import type { Job } from "../domain/job.ts";
import { plan } from "../domain/planner.ts";
import type { AnalyticsStore } from "../store/analytics-store.ts";
import type { OlapRequest } from "../store/olap-sql.ts";
import type { StatementPlan } from "./run-long-query.ts";

/** Finds the people of the cohorts that a job's filters name, as they are when it runs. */
export type FindPeople = (reader: DataReader, input: JobInput) => Promise<JobInput>;

/** Plans a job's question onto the cheapest table; who started it was allowed to ask it. */
export const planJob =
  (
    statementOf: (request: OlapRequest, tenantId: string) => StoreStatement,
    store: Pick<AnalyticsStore, "planFor">,
    withPeople: FindPeople,
  ) =>
  async (job: Job): Promise<StatementPlan> => {
    const kept = parseJobInput(job.input);
    const reader = { tenantId: job.tenantId, dataPolicy: kept.dataPolicy };
    const input = await withPeople(reader, kept);
    const { query, having, orderBy, limit } = parseJobQuery(input, { personalData: true });
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

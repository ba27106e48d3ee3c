import { z } from "zod";
import { eventually } from "../testing/eventually.ts";
import type { TesseraClient } from "../testing/tessera-client.ts";

/** What reports are made of, and what was made. */
interface OwnThings {
  readonly dashboardId: string;
  readonly mark: string;
  readonly reportId: string;
  readonly reportRunId: string;
}

const id = z.object({ id: z.string() });

/** A report of the tenant's own dashboard that is due at no hour of a test. */
const definition = ({ dashboardId, mark }: Pick<OwnThings, "dashboardId" | "mark">) => ({
  // As many as can be kept: what is stirred meanwhile drops no run that is looked at.
  ...{ name: mark, dashboard: dashboardId, formats: ["CSV"], keepRuns: 100 },
  schedule: { cron: "0 0 1 1 *" },
});

/** Variables of the root fields about reports. */
export const reportExamples = {
  "Query.report": ({ reportId }: OwnThings) => ({ id: reportId }),
  "Query.reports": () => ({}),
  "Query.reportRuns": ({ reportId }: OwnThings) => ({ report: reportId, first: 100 }),
  "Query.reportFile": ({ reportRunId }: OwnThings) => ({ run: reportRunId, format: "CSV" }),
  "Mutation.defineReport": (own: OwnThings) => ({ input: definition(own) }),
  "Mutation.runReportNow": ({ reportId }: OwnThings) => ({ id: reportId, idempotencyKey: "once" }),
  "Mutation.pauseReport": ({ reportId }: OwnThings) => ({ id: reportId }),
  "Mutation.removeReport": ({ reportId }: OwnThings) => ({ id: reportId }),
  "Subscription.reportChanged": ({ reportId }: OwnThings) => ({ id: reportId }),
};

/** Makes a report; answers its id. */
export const makeReport = async (
  client: TesseraClient,
  own: Pick<OwnThings, "dashboardId" | "mark">,
): Promise<string> => {
  const shape = z.object({ defineReport: z.object({ report: id }) });
  const text =
    "mutation ($input: DefineReportInput!) { defineReport(input: $input) { ... on ReportDefined { report { id } } } }";
  return (await client.ask(shape, text, { input: definition(own) })).defineReport.report.id;
};

/** Asks for a run of a report and waits until its files are there; answers its id. */
export const makeReportRun = async (client: TesseraClient, reportId: string): Promise<string> => {
  const shape = z.object({ runReportNow: z.object({ run: id }) });
  const text = "mutation ($id: ID!) { runReportNow(id: $id) { ... on ReportRunAsked { run { id } } } }";
  const run = (await client.ask(shape, text, { id: reportId })).runReportNow.run.id;
  const there = z.object({ reportFile: z.object({ name: z.string() }) });
  await eventually(() =>
    client.ask(there, "query ($run: ID!) { reportFile(run: $run, format: CSV) { name } }", { run }),
  );
  return run;
};

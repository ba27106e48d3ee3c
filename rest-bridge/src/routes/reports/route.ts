import { refuse } from "@tessera/platform/errors/refusal";
import type { HttpServer } from "@tessera/platform/http/server";
import { wordsOf } from "../../answers/in-rest-words.ts";
import { nextCursor } from "../../answers/next-cursor.ts";
import {
  RestDefineReportDocument,
  RestPauseReportDocument,
  RestRemoveReportDocument,
  RestReportDocument,
  RestReportRunsDocument,
  RestReportsDocument,
  RestRunReportDocument,
} from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import * as descriptions from "./description.ts";
import { answerFile } from "./file.ts";
import { toReport } from "./question.ts";

const DEFAULT_FIRST = "20";
const ID = "report_id";
const naming = (field: string): string => (field === "id" || field === "report" ? ID : field);

const [list, one, runs] = [
  graphQuestion(RestReportsDocument),
  graphQuestion(RestReportDocument, naming),
  graphQuestion(RestReportRunsDocument, naming),
];
const define = graphQuestion(RestDefineReportDocument);
const run = graphQuestion(RestRunReportDocument, naming);
const pause = graphQuestion(RestPauseReportDocument, naming);
const remove = graphQuestion(RestRemoveReportDocument, naming);

/** Members whose values are words of the graph's enums. */
const inWords = wordsOf(new Set(["source", "formats", "format", "paused", "state"]));

const noReport = () => refuse("NOT_FOUND", "The tenant has no report of this id that is yours.", { field: ID });
const tooMany = (limit: number, what: string) =>
  refuse("CONFLICT", `There are ${limit} ${what}, as many as there may be.`);

const pageOf = ({ first, after }: { readonly first?: string; readonly after?: string }) => ({
  first: Number(first ?? DEFAULT_FIRST),
  after: after ?? null,
});

const registerReading = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, descriptions.reportsDescription, async (request) => {
    const { edges, pageInfo } = (await list(deps.graph, request, pageOf(request.query))).data.reports;
    return { reports: edges.map(({ node }) => inWords(node)), next_cursor: nextCursor(pageInfo) };
  });
  serveRoute(server, deps, descriptions.reportDescription, async (request) => {
    const { report } = (await one(deps.graph, request, { id: request.path[ID] })).data;
    if (report === null) throw noReport();
    return inWords(report);
  });
  serveRoute(server, deps, descriptions.reportRunsDescription, async (request) => {
    const variables = { report: request.path[ID], ...pageOf(request.query) };
    const { reportRuns } = (await runs(deps.graph, request, variables)).data;
    if (reportRuns === null) throw noReport();
    return { runs: reportRuns.edges.map(({ node }) => inWords(node)), next_cursor: nextCursor(reportRuns.pageInfo) };
  });
  serveRoute(server, deps, descriptions.htmlFileDescription, (request) => answerFile(deps, request, "HTML"));
  serveRoute(server, deps, descriptions.csvFileDescription, (request) => answerFile(deps, request, "CSV"));
  serveRoute(server, deps, descriptions.xlsxFileDescription, (request) => answerFile(deps, request, "XLSX"));
};

/** Adds every address about reports, under /api/v2/reports and /api/v2/report-runs. */
export const registerReports = (server: HttpServer, deps: GraphRouteDeps): void => {
  registerReading(server, deps);
  serveRoute(server, deps, descriptions.defineReportDescription, async (request) => {
    ownTenant(request.caller, request.body.tenant_id);
    const outcome = (await define(deps.graph, request, { input: toReport(request.body) })).data.defineReport;
    if (outcome.__typename === "ReportNotFound") throw noReport();
    if (outcome.__typename === "TooManyReports") throw tooMany(outcome.limit, "reports");
    return inWords(outcome.report);
  });
  serveRoute(server, deps, descriptions.runReportDescription, async (request) => {
    const variables = { id: request.path[ID], idempotencyKey: request.body.idempotency_key ?? null };
    const outcome = (await run(deps.graph, request, variables)).data.runReportNow;
    if (outcome.__typename === "ReportNotFound") throw noReport();
    if (outcome.__typename === "TooManyReports") throw tooMany(outcome.limit, "runs that have not ended");
    return inWords(outcome.run);
  });
  serveRoute(server, deps, descriptions.pauseReportDescription, async (request) => {
    const variables = { id: request.path[ID], paused: request.body.paused };
    const outcome = (await pause(deps.graph, request, variables)).data.pauseReport;
    if (outcome.__typename === "ReportNotFound") throw noReport();
    return inWords(outcome.report);
  });
  serveRoute(server, deps, descriptions.removeReportDescription, async (request) => {
    const outcome = (await remove(deps.graph, request, { id: request.path[ID] })).data.removeReport;
    if (outcome.__typename === "ReportNotFound") throw noReport();
    return { id: outcome.id };
  });
};

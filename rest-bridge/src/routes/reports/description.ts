import { Type } from "typebox";
import type { RouteDescription } from "../../http/route-description.ts";
import { removedReportSchema, reportListSchema, reportRunListSchema, reportRunSchema, reportSchema } from "./answer.ts";
import { reportDefinitionSchema } from "./question.ts";

const PATH = "/api/v2/reports";
const pathParameters = { report_id: "Id of the report; one of another tenant or of somebody else is unknown." };
const nothing = Type.Object({}, { additionalProperties: false });
const noBody = Type.Unknown();
const common = { tag: "Analytics", authenticated: true } as const;
const methodsOfPath = ["get", "post"] as const;
const BODY = ["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] as const;

const pageQuery = Type.Object(
  {
    first: Type.Optional(Type.String({ pattern: "^[0-9]{1,9}$", default: "20", description: "How many, 1 to 100." })),
    after: Type.Optional(Type.String({ maxLength: 1_000, description: "`next_cursor` of the page before." })),
  },
  { additionalProperties: false },
);

/** GET /api/v2/reports. */
export const reportsDescription = {
  ...{ ...common, method: "get", path: PATH, methodsOfPath, operationId: "listReports" },
  summary: "Reports by name",
  graphql: "Query.reports",
  ...{ query: pageQuery, body: noBody },
  answers: { 200: { description: "A page of reports.", schema: reportListSchema } },
  refusals: ["BAD_INPUT", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof pageQuery, typeof noBody>;

/** POST /api/v2/reports. */
export const defineReportDescription = {
  ...{ ...common, method: "post", path: PATH, methodsOfPath, operationId: "defineReport" },
  summary: "Make a report, or change one",
  graphql: "Mutation.defineReport",
  ...{ query: nothing, body: reportDefinitionSchema },
  answers: { 200: { description: "The report stands.", schema: reportSchema } },
  refusals: ["BAD_INPUT", "BAD_USER_INPUT", "TENANT_MISMATCH", "NOT_FOUND", "CONFLICT", "FORBIDDEN", ...BODY],
} as const satisfies RouteDescription<typeof nothing, typeof reportDefinitionSchema>;

/** GET /api/v2/reports/{report_id}. */
export const reportDescription = {
  ...{ ...common, method: "get", path: `${PATH}/{report_id}`, pathParameters, operationId: "getReport" },
  summary: "A report",
  graphql: "Query.report",
  ...{ query: nothing, body: noBody },
  answers: { 200: { description: "The report.", schema: reportSchema } },
  refusals: ["BAD_INPUT", "NOT_FOUND", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof nothing, typeof noBody>;

/** GET /api/v2/reports/{report_id}/runs. */
export const reportRunsDescription = {
  ...{ ...common, method: "get", path: `${PATH}/{report_id}/runs`, pathParameters, operationId: "listReportRuns" },
  summary: "Runs of a report, the newest first",
  graphql: "Query.reportRuns",
  ...{ query: pageQuery, body: noBody },
  answers: { 200: { description: "A page of runs.", schema: reportRunListSchema } },
  refusals: ["BAD_INPUT", "NOT_FOUND", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof pageQuery, typeof noBody>;

const runBody = Type.Object(
  {
    idempotency_key: Type.Optional(
      Type.String({ maxLength: 200, "x-graphql": "Mutation.runReportNow.idempotencyKey" }),
    ),
  },
  { additionalProperties: false, title: "RunReport" },
);
/** POST /api/v2/reports/{report_id}/run. */
export const runReportDescription = {
  ...{ ...common, method: "post", path: `${PATH}/{report_id}/run`, pathParameters, operationId: "runReportNow" },
  summary: "Run a report now",
  graphql: "Mutation.runReportNow",
  ...{ query: nothing, body: runBody },
  answers: { 200: { description: "The run.", schema: reportRunSchema } },
  refusals: ["BAD_INPUT", "NOT_FOUND", "CONFLICT", "FORBIDDEN", ...BODY],
} as const satisfies RouteDescription<typeof nothing, typeof runBody>;

const pausedBody = Type.Object(
  { paused: Type.Boolean({ description: "True pauses the schedule, false lets it go on from now." }) },
  { additionalProperties: false, title: "ReportPaused" },
);
/** PUT /api/v2/reports/{report_id}/paused. */
export const pauseReportDescription = {
  ...{ ...common, method: "put", path: `${PATH}/{report_id}/paused`, pathParameters, operationId: "pauseReport" },
  summary: "Pause a report, or let it go on",
  graphql: "Mutation.pauseReport",
  ...{ query: nothing, body: pausedBody },
  answers: { 200: { description: "The report as it is now.", schema: reportSchema } },
  refusals: ["BAD_INPUT", "NOT_FOUND", "FORBIDDEN", ...BODY],
} as const satisfies RouteDescription<typeof nothing, typeof pausedBody>;

/** POST /api/v2/reports/{report_id}/remove. */
export const removeReportDescription = {
  ...{ ...common, method: "post", path: `${PATH}/{report_id}/remove`, pathParameters, operationId: "removeReport" },
  summary: "Remove a report with its runs and files",
  graphql: "Mutation.removeReport",
  ...{ query: nothing, body: noBody },
  answers: { 200: { description: "It is no more.", schema: removedReportSchema } },
  refusals: ["BAD_INPUT", "NOT_FOUND", "FORBIDDEN"],
} as const satisfies RouteDescription<typeof nothing, typeof noBody>;

const FILE_HEADERS = {
  etag: "A tag of the bytes, which never change.",
  "accept-ranges": "`bytes`.",
  "content-disposition": "The name the file is saved by.",
} as const;

const fileDescription = <Format extends string, Media extends string>(
  format: Format,
  mediaType: Media,
  operationId: string,
) =>
  ({
    ...{ ...common, method: "get", path: `/api/v2/report-runs/{run_id}/files/${format}`, operationId },
    pathParameters: { run_id: "Id of the run; one of another tenant or of somebody else is unknown." },
    summary: `A run's ${format.toUpperCase()} file`,
    graphql: "Query.reportFile",
    ...{ query: nothing, body: noBody },
    answers: {
      200: {
        ...{ description: "The file.", mediaType, headers: FILE_HEADERS },
        schema: Type.String({ format: "binary", description: "The bytes." }),
      },
      206: {
        ...{ description: "The bytes that `Range` asks for.", mediaType },
        headers: { "content-range": "Which bytes these are, of how many." },
        schema: Type.String({ format: "binary", description: "Some of the bytes." }),
      },
      304: { description: "`If-None-Match` names the file: it is what the caller has." },
      416: { description: "`Range` begins after the end of the file; `Content-Range` says how many bytes it has." },
    },
    refusals: ["BAD_INPUT", "NOT_FOUND", "FORBIDDEN"],
  }) as const satisfies RouteDescription<typeof nothing, typeof noBody>;

/** GET /api/v2/report-runs/{run_id}/files/html. */
export const htmlFileDescription = fileDescription("html", "text/html", "downloadReportHtml");
/** GET /api/v2/report-runs/{run_id}/files/csv. */
export const csvFileDescription = fileDescription("csv", "text/csv", "downloadReportCsv");
/** GET /api/v2/report-runs/{run_id}/files/xlsx. */
export const xlsxFileDescription = fileDescription(
  "xlsx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  "downloadReportXlsx",
);

/** Every address about reports. */
export const reportDescriptions = [
  ...[reportsDescription, defineReportDescription, reportDescription, reportRunsDescription, runReportDescription],
  ...[pauseReportDescription, removeReportDescription, htmlFileDescription, csvFileDescription, xlsxFileDescription],
] as const;

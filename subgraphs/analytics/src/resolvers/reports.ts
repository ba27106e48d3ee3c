import { percentOfRun } from "../domain/reports/report.ts";
import { isoTime } from "../domain/zone.ts";
import type {
  DefineReportResultResolvers,
  PauseReportResultResolvers,
  RemoveReportResultResolvers,
  ReportConnectionResolvers,
  ReportFilePartResolvers,
  ReportResolvers,
  ReportRunConnectionResolvers,
  ReportRunResolvers,
  RunReportResultResolvers,
} from "../generated/resolvers.ts";
import type { ReportPage } from "../operations/reports/find-reports.ts";

const isoOrNull = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

/** Resolvers of `Report`. */
export const Report: ReportResolvers = {
  __resolveReference: ({ id }, { caller, operations }) => operations.findReportReference(caller, id),
  tenant: ({ tenantId }) => ({ id: tenantId }),
  source: ({ content }) => content.source,
  sourceId: ({ content }) => content.sourceId,
  version: ({ content }) => content.version,
  range: ({ content }) => content.range,
  variables: ({ content }) =>
    content.variables.map(({ name, text = null, texts = null, number = null, boolean = null }) => ({
      ...{ name, text, texts, number, boolean },
    })),
  nextDueAt: ({ nextDueMs, paused }) => (paused === null ? isoOrNull(nextDueMs) : null),
  createdAt: ({ createdAtMs }) => isoTime(createdAtMs),
  changedAt: ({ changedAtMs }) => isoTime(changedAtMs),
};

/** Resolvers of `ReportRun`. */
export const ReportRun: ReportRunResolvers = {
  report: ({ reportId }, _arguments, { caller, operations }) => operations.findReport(caller, reportId),
  dueAt: ({ dueMs }) => isoTime(dueMs),
  percent: percentOfRun,
  createdAt: ({ createdAtMs }) => isoTime(createdAtMs),
  startedAt: ({ startedAtMs }) => isoOrNull(startedAtMs),
  finishedAt: ({ finishedAtMs }) => isoOrNull(finishedAtMs),
};

/** Names of files end as their formats do. */
const ENDINGS = { HTML: "html", CSV: "csv", XLSX: "xlsx" } as const;
/** What a name of a file may not have, in any file system. */
const NOT_IN_NAMES = /[\\/:*?"<>|]/g;

/** Resolvers of `ReportFilePart`. */
export const ReportFilePart: ReportFilePartResolvers = {
  name: ({ report, run, file }) =>
    `${report.name.replaceAll(NOT_IN_NAMES, "_")} ${isoTime(run.dueMs).slice(0, 16).replace("T", " ").replace(":", "")}.${ENDINGS[file.format]}`,
  madeAt: ({ run }) => isoTime(run.finishedAtMs ?? run.createdAtMs),
  part: ({ place }) => place,
  base64: ({ bytes }) => Buffer.from(bytes).toString("base64"),
};

const pageInfo = ({ edges, hasNextPage, hasPreviousPage }: ReportPage<unknown>) => ({
  hasNextPage,
  hasPreviousPage,
  startCursor: edges[0]?.cursor ?? null,
  endCursor: edges.at(-1)?.cursor ?? null,
});

/** Resolvers of `ReportConnection`. */
export const ReportConnection: ReportConnectionResolvers = { pageInfo };
/** Resolvers of `ReportRunConnection`. */
export const ReportRunConnection: ReportRunConnectionResolvers = { pageInfo };

const KINDS = { DEFINED: "ReportDefined", TOO_MANY: "TooManyReports", NOT_FOUND: "ReportNotFound" } as const;

/** Resolvers of `DefineReportResult`. */
export const DefineReportResult: DefineReportResultResolvers = { __resolveType: ({ kind }) => KINDS[kind] };
/** Resolvers of `RunReportResult`. */
export const RunReportResult: RunReportResultResolvers = {
  __resolveType: ({ kind }) => (kind === "ASKED" ? "ReportRunAsked" : KINDS[kind]),
};
/** Resolvers of `PauseReportResult`. */
export const PauseReportResult: PauseReportResultResolvers = {
  __resolveType: (outcome) => ("report" in outcome ? "ReportPaused" : "ReportNotFound"),
};
/** Resolvers of `RemoveReportResult`. */
export const RemoveReportResult: RemoveReportResultResolvers = {
  __resolveType: ({ kind }) => (kind === "REMOVED" ? "ReportRemoved" : "ReportNotFound"),
};

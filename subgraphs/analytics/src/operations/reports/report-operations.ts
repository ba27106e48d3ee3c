import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Report } from "../../domain/reports/report.ts";
import { answerReport, type AnswerReportDeps } from "./answer-report.ts";
import { pauseReport, removeReport, runReportNow, type ChangeReportDeps } from "./change-reports.ts";
import { defineReport, type DefineDeps } from "./define-report.ts";
import { findReport, listReportRuns, listReports, readReportFile } from "./find-reports.ts";
import { watchReport, type WatchReportDeps } from "./watch-report.ts";

/** What the operations on reports need. */
export interface ReportDeps extends DefineDeps, ChangeReportDeps, WatchReportDeps {}

/** Finds a report that another room refers to; needs what asking for one needs, since references reach past the rules of the root fields. */
const findReportReference =
  (deps: ReportDeps) =>
  async (caller: Caller, id: string): Promise<Report | null> => {
    if (!caller.permissions.has("analytics:read"))
      throw refuse("FORBIDDEN", "`Report` needs the permission analytics:read.", { permission: "analytics:read" });
    return findReport(deps)(caller, id);
  };

/** Everything that can be asked of reports, bound to its dependencies; questions are asked as the graph asks them. */
export const createReportOperations = (
  deps: ReportDeps,
  asked: Pick<AnswerReportDeps, "dashboardData" | "runSavedQuery">,
) => ({
  findReport: findReport(deps),
  findReportReference: findReportReference(deps),
  listReports: listReports(deps),
  listReportRuns: listReportRuns(deps),
  readReportFile: readReportFile(deps),
  defineReport: defineReport(deps),
  runReportNow: runReportNow(deps),
  pauseReport: pauseReport(deps),
  removeReport: removeReport(deps),
  watchReport: watchReport(deps),
  answerReport: answerReport({ ...deps, ...asked }),
});

import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { policyFingerprint } from "@tessera/platform/store/data-policy";
import { z } from "zod";
import { looksAfterAll, subjectOf } from "../../domain/dashboards/sharing.ts";
import { parseCount } from "../../domain/query.ts";
import {
  REPORT_LIMITS,
  type Report,
  type ReportFile,
  type ReportFormat,
  type ReportRun,
} from "../../domain/reports/report.ts";
import type { ReportStore } from "../../store/reports/report-store-types.ts";

/** What finding reports needs. */
export interface FindReportDeps {
  readonly reports: ReportStore;
}

/** A page of a list. */
export interface ReportPage<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

interface Page {
  readonly first: number;
  readonly after?: string | null | undefined;
}

/** True for the owner of a report, and for those who look after everybody's. */
export const maySeeReport =
  (caller: Caller) =>
  ({ owner }: Pick<Report, "owner">): boolean =>
    owner === subjectOf(caller) || looksAfterAll(caller);

/** A report that the caller may see; null when there is none of the id. */
export const findReport =
  ({ reports }: FindReportDeps) =>
  async (caller: Caller, id: string): Promise<Report | null> => {
    const found = isUuid(id) ? await reports.find(caller.tenantId, id.toLowerCase()) : null;
    return found !== null && maySeeReport(caller)(found) ? found : null;
  };

const place = z.tuple([z.union([z.string(), z.number()]), z.string().refine(isUuid)]);
const encode = (by: string | number, id: string): string =>
  Buffer.from(JSON.stringify([by, id]), "utf8").toString("base64url");
const decode = (cursor: string): readonly [string | number, string] => {
  try {
    return place.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch (error) {
    throw refuse("BAD_INPUT", "The cursor is not one this service gave out.", { field: "after" }, error);
  }
};

const pageOf = <Node>(
  found: readonly Node[],
  first: number,
  after: string | null,
  cursor: (node: Node) => string,
): ReportPage<Node> => ({
  edges: found.slice(0, first).map((node) => ({ cursor: cursor(node), node })),
  hasNextPage: found.length > first,
  hasPreviousPage: after !== null,
});

/** Reports that the caller may see, by name. */
export const listReports =
  ({ reports }: FindReportDeps) =>
  async (caller: Caller, page: Page): Promise<ReportPage<Report>> => {
    const first = parseCount(page.first, "first", REPORT_LIMITS.onPage);
    const after = page.after ?? null;
    const [name, id] = after === null ? [] : decode(after);
    const position = name === undefined || id === undefined ? null : { name: String(name), id };
    const owner = looksAfterAll(caller) ? null : subjectOf(caller);
    const found = await reports.list(caller.tenantId, { owner, first, after: position });
    return pageOf(found, first, after, (report) => encode(report.name, report.id));
  };

/** Runs of a report that the caller may see, the newest first; null when there is no such report. */
export const listReportRuns =
  (deps: FindReportDeps) =>
  async (caller: Caller, id: string, page: Page): Promise<ReportPage<ReportRun> | null> => {
    const first = parseCount(page.first, "first", REPORT_LIMITS.onPage);
    const after = page.after ?? null;
    const [createdAtMs, runId] = after === null ? [] : decode(after);
    const position = runId === undefined ? null : { createdAtMs: Number(createdAtMs), id: runId };
    const report = await findReport(deps)(caller, id);
    if (report === null) return null;
    const found = await deps.reports.runs(caller.tenantId, report.id, { first, after: position });
    return pageOf(found, first, after, (run) => encode(run.createdAtMs, run.id));
  };

/** A part of a file, as the graph tells it. */
export interface ReportFilePart {
  readonly file: ReportFile;
  readonly report: Report;
  readonly run: ReportRun;
  readonly place: number;
  readonly parts: number;
  readonly bytes: Uint8Array;
}

/** What was made with permissions that the caller lacks now, or seen with other eyes, is not given: it was somebody else who might ask for it. */
const requireSameEyes = (caller: Caller, { permissions, policy }: ReportRun): void => {
  if (permissions.includes("analytics:personal-data") && !caller.permissions.has("analytics:personal-data"))
    throw refuse("FORBIDDEN", "The file was made with a permission the caller lacks now.", {
      permission: "analytics:personal-data",
    });
  if (policyFingerprint(caller.dataPolicy) !== policy)
    throw refuse(
      "FORBIDDEN",
      "The file was made under other data policies than the caller's now: run the report again.",
    );
};

/** A part of a file of a run, for the report's owner alone; null when there is no such file. */
export const readReportFile =
  ({ reports }: FindReportDeps) =>
  async (
    caller: Caller,
    asked: { readonly run: string; readonly format: ReportFormat; readonly part: number },
  ): Promise<ReportFilePart | null> => {
    if (!Number.isInteger(asked.part) || asked.part < 0)
      throw refuse("BAD_INPUT", "`part` is a whole number from 0.", { field: "part" });
    const run = isUuid(asked.run) ? await reports.findRun(caller.tenantId, asked.run.toLowerCase()) : null;
    const file = run?.files.find(({ format }) => format === asked.format);
    const report = run === null ? null : await reports.find(caller.tenantId, run.reportId);
    if (run === null || file === undefined || report === null || report.owner !== subjectOf(caller)) return null;
    requireSameEyes(caller, run);
    const bytes = await reports.filePart(caller.tenantId, run.id, file.format, asked.part);
    const parts = Math.max(1, Math.ceil(file.size / REPORT_LIMITS.partBytes));
    if (bytes === null) throw refuse("BAD_INPUT", `The file has ${parts} parts, from 0.`, { field: "part" });
    return { file, report, run, place: asked.part, parts, bytes };
  };

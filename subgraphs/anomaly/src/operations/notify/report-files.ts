import type { AskReports, FilesOfReport } from "@tessera/contracts/report-mails";
import type { TenantId } from "@tessera/contracts/ids";
import type { AccessOfSubject } from "@tessera/platform/auth/access-of-subject";
import { standingSubject } from "@tessera/platform/auth/standing-subject";
import { MAIL_FILE_BYTES, type SentReport } from "../../domain/notify/report-mail.ts";

/** Milliseconds that reading the files of one mail may take: well within the six hours that a delivery is tried again. */
const READ_MS = 20_000;

/** What reading files of reports needs of others. */
export interface ReportPorts {
  readonly askReports: AskReports;
  /** What the owners of reports may at the moment. */
  readonly accessOfSubject: AccessOfSubject;
}

/** Reads the files of a run as the report's owner may see them now; null when there are none for them any more. */
export type ReadReportFiles = (tenantId: TenantId, report: SentReport) => Promise<FilesOfReport | null>;

/** Builds {@link ReadReportFiles}. */
export const createReadReportFiles =
  ({ askReports, accessOfSubject }: ReportPorts): ReadReportFiles =>
  async (tenantId, { reportId, runId, owner }) => {
    const subject = standingSubject(owner);
    const caller = subject === null ? null : await accessOfSubject(tenantId, subject);
    if (caller === null) return null;
    const asked = { reportId, runId, mostBytes: MAIL_FILE_BYTES };
    return askReports.files(caller, asked, AbortSignal.timeout(READ_MS));
  };

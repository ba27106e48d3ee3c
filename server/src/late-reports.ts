import type { AskReports, MailChannels } from "@tessera/contracts/report-mails";
import { refuse } from "@tessera/platform/errors/refusal";

/** What two rooms ask of one another so that reports are mailed: told later, when both have been built or can be reached. */
export interface LateReportMails {
  /** Files of reports, for the room that mails them; nothing can be asked until `knowReports` was called. */
  readonly askReports: AskReports;
  knowReports(known: AskReports): void;
  /** Channels of mails, for the room that has reports; nothing can be asked until `knowChannels` was called. */
  readonly mailChannels: MailChannels;
  knowChannels(known: MailChannels): void;
}

/** Builds {@link LateReportMails}. */
export const createLateReportMails = (): LateReportMails => {
  const notYet = (): Promise<never> =>
    Promise.reject(
      refuse("DEPENDENCY_UNAVAILABLE", "Reports and channels can't be asked yet.", { retryAfterSeconds: 2 }),
    );
  let reports: AskReports = { files: notYet };
  let channels: MailChannels = notYet;
  return {
    askReports: { files: async (...asked) => reports.files(...asked) },
    knowReports: (known) => {
      reports = known;
    },
    mailChannels: async (...asked) => channels(...asked),
    knowChannels: (known) => {
      channels = known;
    },
  };
};

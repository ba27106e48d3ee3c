import type { Message } from "../../domain/notify/message.ts";
import { reportMail, type ReportMail, type SentReport } from "../../domain/notify/report-mail.ts";
import type { SendOutcome } from "../../domain/notify/retry.ts";
import type { ReadReportFiles } from "../../operations/notify/report-files.ts";
import type { BegunDelivery } from "../../store/notify/begin-deliveries.ts";

/** What a delivery of a report is made of. */
export interface SendReportDeps {
  /** Null where nobody can read reports. */
  readonly readReport: ReadReportFiles | null;
  /** Address clients use; empty where nobody has said it. */
  readonly publicUrl: () => string;
  readonly nowMs: () => number;
}

const refused = (said: string): SendOutcome => ({ kind: "REFUSED", code: null, said, disables: false });

/** A report's message before its files are read. */
export const emptyReport = (deps: Pick<SendReportDeps, "nowMs">, id: string, { runId }: SentReport): Message =>
  reportMail({ name: "Report", files: [] }, { id, runId, publicUrl: "", atMs: deps.nowMs() }).message;

/** The mail of a report, read when it is sent; or why there is none. */
export const reportToSend = async (
  deps: SendReportDeps,
  { channel, delivery }: Pick<BegunDelivery, "channel" | "delivery">,
  report: SentReport,
): Promise<ReportMail | SendOutcome> => {
  if (channel.settings.kind !== "EMAIL") return refused("The channel is of another kind now, which takes no reports.");
  if (deps.readReport === null) return refused("Reports can't be read here.");
  const files = await deps.readReport(channel.tenantId, report);
  if (files === null) return refused("The run has no files any more that the report's owner may see.");
  const now = { publicUrl: deps.publicUrl(), atMs: deps.nowMs() };
  return reportMail(files, { id: delivery.id, runId: report.runId, ...now });
};

import { REPORT_READY } from "@tessera/contracts/events/report-changed";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { LogEntry } from "@tessera/platform/events/event-log";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import { uuidOf } from "@tessera/platform/integrity/digest";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { NoticeStore } from "../../store/notify/gather-notices.ts";

/** Name of the consumer, under which its place is kept. */
const REPORTS_CONSUMER = "anomaly-notify-reports";

/** What mailing reports needs. */
export interface MailReportsDeps {
  readonly sql: TenantSql;
  readonly logger: Logger;
  readonly noticesWithin: (transaction: SqlTransaction, tenantId: TenantId) => NoticeStore;
  readonly nowMs: NowMs;
}

// Entries of former versions name no channels.
const payload = z.object({
  ...{ reportId: z.string(), runId: z.string() },
  ...{ owner: z.string().default(""), channels: z.array(z.string()).default([]) },
});

/** Puts down that the files of runs are to be mailed: one delivery for each run and channel of mails, whatever comes again. */
export const mailReports =
  (deps: MailReportsDeps) =>
  async (transaction: SqlTransaction, tenantId: TenantId, entries: readonly LogEntry[]): Promise<void> => {
    const told = entries.map((entry) => payload.parse(entry.payload)).filter(({ channels }) => channels.length > 0);
    if (told.length === 0) return;
    const notices = deps.noticesWithin(transaction, tenantId);
    const channels = await notices.holdChannels([...new Set(told.flatMap((one) => one.channels))]);
    for (const { channels: named, ...report } of told)
      for (const channelId of named) {
        // What was deleted since, or is of another kind now, is sent nothing.
        if (channels.get(channelId)?.settings.kind !== "EMAIL") continue;
        const deliveryId = uuidOf(`report ${tenantId} ${report.runId} ${channelId}`);
        await notices.putReport({ deliveryId, channelId, report, nowMs: deps.nowMs() });
      }
  };

/** Builds the consumer of reports that are ready. */
export const createReportMailer = (deps: MailReportsDeps): LogConsumer =>
  createLogConsumer({
    ...{ sql: deps.sql, logger: deps.logger, name: REPORTS_CONSUMER, topic: REPORT_READY },
    handle: mailReports(deps),
  });

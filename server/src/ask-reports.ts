import type { Caller } from "@tessera/contracts/caller";
import type { AskReports, FileOfReport, MailChannels } from "@tessera/contracts/report-mails";
import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import { Refusal } from "@tessera/platform/errors/refusal";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import { z } from "zod";
import { meaningOf } from "./room-error.ts";

const REPORT = "query MailedReport($report: ID!) { report(id: $report) { name } }";
const PART = `query MailedFile($run: ID!, $format: ReportFormat!, $part: Int!) {
  reportFile(run: $run, format: $format, part: $part) { file { size } name parts base64 }
}`;
const CHANNEL = "query MailChannel($id: ID!) { channel(id: $id) { id kind } }";
const FORMATS = ["HTML", "CSV", "XLSX"] as const;

const reportAnswer = z.object({ report: z.object({ name: z.string() }).nullable() });
const partAnswer = z.object({
  reportFile: z
    .object({ file: z.object({ size: z.number() }), name: z.string(), parts: z.number(), base64: z.string() })
    .nullable(),
});
const channelAnswer = z.object({ channel: z.object({ id: z.string(), kind: z.string() }).nullable() });

type Ask = (caller: Caller, query: string, variables: Readonly<Record<string, unknown>>) => Promise<unknown>;

const asking =
  (what: string, room: SubgraphConnection<GatewayCall>, signal?: AbortSignal): Ask =>
  async (caller, query, variables) => {
    const { data, errors } = await room.execute({ query, variables }, { caller, traceId: newTraceId(), signal });
    const [error] = errors ?? [];
    if (error !== undefined) throw meaningOf(what, error);
    return data;
  };

/** A file of a run in all its parts; null when there is none. */
const fileOf = async (
  ask: Ask,
  caller: Caller,
  {
    runId,
    format,
    mostBytes,
  }: { readonly runId: string; readonly format: FileOfReport["format"]; readonly mostBytes: number },
): Promise<FileOfReport | null> => {
  const parts: Buffer[] = [];
  for (let part = 0, all = 1; part < all; part += 1) {
    const { reportFile } = partAnswer.parse(await ask(caller, PART, { run: runId, format, part }));
    if (reportFile === null) return null;
    const { name, file } = reportFile;
    if (file.size > mostBytes) return { format, name, bytes: null };
    parts.push(Buffer.from(reportFile.base64, "base64"));
    all = reportFile.parts;
    if (part === all - 1) return { format, name, bytes: Buffer.concat(parts) };
  }
  return null;
};

/** Builds {@link AskReports} over the analytics room, wherever it runs. */
export const createAskReports = (analytics: SubgraphConnection<GatewayCall>): AskReports => ({
  files: async (caller, { reportId, runId, mostBytes }, signal) => {
    const ask = asking("Reports", analytics, signal);
    try {
      const { report } = reportAnswer.parse(await ask(caller, REPORT, { report: reportId }));
      if (report === null) return null;
      const files: FileOfReport[] = [];
      for (const format of FORMATS) {
        const file = await fileOf(ask, caller, { runId, format, mostBytes });
        if (file !== null) files.push(file);
      }
      return files.length === 0 ? null : { name: report.name, files };
    } catch (error) {
      // What its owner may not see any more is mailed to nobody.
      if (error instanceof Refusal && error.code === "FORBIDDEN") return null;
      throw error;
    }
  },
});

/** Builds {@link MailChannels} over the anomaly room, wherever it runs. */
export const createMailChannels = (anomaly: SubgraphConnection<GatewayCall>): MailChannels => {
  const ask = asking("Channels", anomaly);
  return async (caller, ids) => {
    const found = await Promise.all(
      ids.map(async (id) => channelAnswer.parse(await ask(caller, CHANNEL, { id })).channel),
    );
    return new Set(found.flatMap((channel) => (channel?.kind === "EMAIL" ? [channel.id] : [])));
  };
};

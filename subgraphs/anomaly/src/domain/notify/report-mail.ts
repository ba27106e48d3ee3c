import type { FileOfReport, FilesOfReport } from "@tessera/contracts/report-mails";
import type { MailAttachment, MailPage } from "./kinds/email.ts";
import type { Message } from "./message.ts";

/** The run of a report that a delivery sends the files of. */
export interface SentReport {
  readonly reportId: string;
  readonly runId: string;
  /** `KIND:id` of whom the report belongs to: the files are read as them. */
  readonly owner: string;
}

/** Bytes of all files in one mail: in base64 less than the 10 MB that most relays take. A file for which there is no room is left out, and said to be. */
export const MAIL_FILE_BYTES = 7_000_000;

/** A report as a mail tells it. */
export interface ReportMail {
  readonly message: Message;
  readonly page: MailPage;
}

const TYPES = {
  HTML: "text/html; charset=utf-8",
  CSV: "text/csv; charset=utf-8",
  XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
} as const;

interface Fitting {
  readonly kept: readonly (FileOfReport & { readonly bytes: Uint8Array })[];
  readonly left: readonly string[];
}

/** What there is room for, the page first. */
const fitting = (files: readonly FileOfReport[], most: number): Fitting => {
  let room = most;
  const kept: (FileOfReport & { readonly bytes: Uint8Array })[] = [];
  const left: string[] = [];
  for (const { bytes, ...file } of files)
    if (bytes !== null && bytes.byteLength <= room) {
      room -= bytes.byteLength;
      kept.push({ ...file, bytes });
    } else left.push(file.name);
  return { kept, left };
};

/** A report's run as a mail: its page with the pictures in it, its other files beside, and links to all of them. */
export const reportMail = (
  { name, files }: FilesOfReport,
  of: {
    readonly id: string;
    readonly runId: string;
    readonly publicUrl: string;
    readonly atMs: number;
    readonly mostBytes?: number;
  },
): ReportMail => {
  const { kept, left } = fitting(files, of.mostBytes ?? MAIL_FILE_BYTES);
  const html = kept.find(({ format }) => format === "HTML");
  const attachments = kept
    .filter(({ format }) => format !== "HTML")
    .map((file): MailAttachment => ({ name: file.name, type: TYPES[file.format], bytes: file.bytes }));
  const linkOf = ({ format }: FileOfReport): string =>
    `${of.publicUrl}/api/v2/report-runs/${of.runId}/files/${format.toLowerCase()}`;
  const lines = [
    `The report "${name}" is ready.`,
    ...(attachments.length === 0 ? [] : [`Attached: ${attachments.map((file) => file.name).join(", ")}.`]),
    ...(left.length === 0 ? [] : [`Too large for a mail: ${left.join(", ")}.`]),
    ...(of.publicUrl === "" ? [] : files.map((file) => `${file.name}: ${linkOf(file)}`)),
  ];
  return {
    message: {
      ...{ id: of.id, action: "TRIGGER", severity: "INFO", subject: null, title: name, text: lines.join("\n") },
      ...{ alerts: [], count: 0, group: null, picture: null, wait: "NOW", atMs: of.atMs },
    },
    page: { html: html === undefined ? null : Buffer.from(html.bytes).toString("utf8"), attachments },
  };
};

import type { Caller } from "./caller.ts";

/** A file of a report's run, for whoever mails it. */
export interface FileOfReport {
  readonly format: "HTML" | "CSV" | "XLSX";
  /** The name it is saved by. */
  readonly name: string;
  /** Null where it is larger than was asked for. */
  readonly bytes: Uint8Array | null;
}

/** The files of a report's run, as its owner may see them now. */
export interface FilesOfReport {
  /** The report's name. */
  readonly name: string;
  readonly files: readonly FileOfReport[];
}

/** Asks the room that has reports for the files of a run, as the report's owner; null when there are none that they may see. */
export interface AskReports {
  files(
    caller: Caller,
    asked: { readonly reportId: string; readonly runId: string; readonly mostBytes: number },
    signal?: AbortSignal,
  ): Promise<FilesOfReport | null>;
}

/** Asks the room that has channels which of these ids are channels of mails of the caller's tenant. */
export type MailChannels = (caller: Caller, ids: readonly string[]) => Promise<ReadonlySet<string>>;

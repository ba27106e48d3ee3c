import type { Readable } from "node:stream";

/** An answer that is a file, or a part of one, with a status of its own; headers are added as to any answer. */
export class FileAnswer {
  readonly status: 200 | 206 | 304 | 416;
  /** Null where the status has no body. */
  readonly body: Readable | null;
  constructor(status: FileAnswer["status"], body: Readable | null = null) {
    this.status = status;
    this.body = body;
  }
}

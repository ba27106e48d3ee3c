import { parentPort } from "node:worker_threads";
import { tellError, type FromThread, type ToThread } from "./thread-messages.ts";

/** One work of a thread: takes parts in their order, and tells its result. */
export interface ThreadWork {
  part(part: unknown): unknown;
  result(): unknown;
}

/** Serves the works of the pool that this thread belongs to; several may be under way, each takes its parts in turn. Throws where there is no pool. */
export const serveThread = (begin: (task: unknown) => ThreadWork): void => {
  const port = parentPort;
  if (port === null) throw new Error("This program is a thread of a pool and is not started by itself.");
  const works = new Map<number, () => ThreadWork>();
  const answer = (message: FromThread): void => port.postMessage(message);
  const attempt = (work: number, run: (of: ThreadWork) => unknown): void => {
    try {
      const of = works.get(work);
      if (of !== undefined) answer({ work, kind: "DONE", value: run(of()) });
    } catch (error) {
      answer({ work, kind: "FAILED", error: tellError(error) });
    }
  };
  const start = (work: number, task: unknown): void => {
    let begun: ThreadWork | null = null;
    // What can't be begun is told to who hands over its first part.
    works.set(work, () => (begun ??= begin(task)));
  };
  port.on("message", (message: ToThread) => {
    switch (message.kind) {
      case "BEGIN":
        return start(message.work, message.task);
      case "PART":
        return attempt(message.work, (of) => of.part(message.part));
      case "RESULT":
        return attempt(message.work, (of) => of.result());
      case "END":
        works.delete(message.work);
    }
  });
};

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker, type TransferListItem } from "node:worker_threads";
import { errorTold, type FromThread, type ToThread } from "./thread-messages.ts";

/** Megabytes of objects one thread may hold: lists of numbers, which works mostly are, lie beside them. A thread that needs more ends, and its works fail. */
const THREAD_HEAP_MB = 512;

/** A work that a thread does: `end` is called once, whether it came to a result or not. */
export interface RemoteWork {
  /** Hands a part over and tells what the thread made of it. Buffers that are transferred can't be used any more. */
  part(part: unknown, transfer: readonly ArrayBuffer[]): Promise<unknown>;
  result(): Promise<unknown>;
  /** Forgets the work; what still waits for it is rejected. */
  end(): void;
}

/** Threads that run one program. */
export interface ThreadPool {
  /** Begins a work on the thread that has least; the first ones start threads. */
  begin(task: unknown): RemoteWork;
  /** Ends all threads; works under way fail. */
  close(): Promise<void>;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  /** What each work waits for, in order. */
  readonly works: Map<number, Waiting[]>;
}

const ENDED = "The work was ended.";

/** Starts a program's thread; sources are compiled as they are loaded. What this process was started with is not the thread's. */
const openWorker = (program: URL): Worker => {
  const options = { execArgv: [], env: {}, resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MB } };
  if (!program.pathname.endsWith(".ts")) return new Worker(program, options);
  // Named by its file: asked for by name, as a thread of jest would, the compiler answers with a form of itself that finds nothing.
  const place = pathToFileURL(createRequire(import.meta.url).resolve("tsx/package.json"));
  const compiler = new URL("./dist/esm/api/index.mjs", place).href;
  const load = `import(${JSON.stringify(compiler)}).then(({ register }) => { register(); return import(${JSON.stringify(program.href)}); })`;
  return new Worker(load, { ...options, eval: true });
};

const startThread = (program: URL, gone: (thread: Thread) => void): Thread => {
  const worker = openWorker(program);
  const thread: Thread = { worker, works: new Map() };
  const fail = (error: Error): void => {
    gone(thread);
    for (const waiting of thread.works.values()) for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker.on("message", (message: FromThread) => {
    const waiting = thread.works.get(message.work)?.shift();
    if (waiting === undefined) return;
    if (message.kind === "DONE") waiting.resolve(message.value);
    else waiting.reject(errorTold(message.error));
  });
  worker.on("error", fail);
  worker.on("exit", (code) => fail(new Error(`A thread ended with code ${code}.`)));
  return thread;
};

const workOn = ({ worker, works }: Thread, work: number, task: unknown): RemoteWork => {
  const waiting: Waiting[] = [];
  works.set(work, waiting);
  const tell = (message: ToThread, transfer: readonly ArrayBuffer[] = []): void => {
    const list: TransferListItem[] = [...transfer];
    worker.postMessage(message, list);
  };
  const ask = (message: ToThread, transfer?: readonly ArrayBuffer[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (!works.has(work)) return reject(new Error(ENDED));
      waiting.push({ resolve, reject });
      tell(message, transfer);
    });
  // A thread that has work keeps its process, one that has none does not.
  worker.ref();
  tell({ work, kind: "BEGIN", task });
  return {
    part: (part, transfer) => ask({ work, kind: "PART", part }, transfer),
    result: () => ask({ work, kind: "RESULT" }),
    end: () => {
      if (!works.delete(work)) return;
      tell({ work, kind: "END" });
      for (const { reject } of waiting.splice(0)) reject(new Error(ENDED));
      if (works.size === 0) worker.unref();
    },
  };
};

/**
 * Builds a pool of so many threads at most, each started when all before it are busy; one that ends is replaced by the next work. A work stays on its thread;
 * a part that is being done when its work is ended is done to its end. How many works there are at a time is the caller's to bound.
 */
export const createThreadPool = ({
  program,
  threads: most,
}: {
  readonly program: URL;
  readonly threads: number;
}): ThreadPool => {
  const threads = new Set<Thread>();
  let begun = 0;
  const leastBusy = (): Thread => {
    const [idlest] = [...threads].toSorted((a, b) => a.works.size - b.works.size);
    if (idlest !== undefined && (idlest.works.size === 0 || threads.size >= most)) return idlest;
    const started = startThread(program, (gone) => threads.delete(gone));
    threads.add(started);
    return started;
  };
  return {
    begin: (task) => {
      begun += 1;
      return workOn(leastBusy(), begun, task);
    },
    close: async () => {
      await Promise.all(Array.from(threads, ({ worker }) => worker.terminate()));
    },
  };
};

/** Shows what a long start is doing: one line per step with its duration; on a terminal the running step is shown as it runs. */
export interface Progress {
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** A note under the running step. */
  note(text: string): void;
}

/** What a start ends with that was told to stop before it was done. */
export class StartStopped extends Error {}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/**
 * Makes a progress display on a stream; quiet streams (not a terminal) get one line per finished step. Once told to stop, no further step is begun: it rejects with {@link StartStopped}.
 */
export const createProgress = (out: NodeJS.WriteStream, stopping: AbortSignal): Progress => {
  const live = out.isTTY;
  return {
    step: async (title, work) => {
      if (stopping.aborted) throw new StartStopped("Told to stop before everything had started.");
      const startedMs = performance.now();
      if (live) out.write(`  … ${title}`);
      const elapsed = (): string => seconds(performance.now() - startedMs);
      try {
        const result = await work();
        out.write(`${live ? "\r\u001b[2K" : ""}  ✔ ${title} (${elapsed()})\n`);
        return result;
      } catch (error) {
        out.write(`${live ? "\r\u001b[2K" : ""}  ✘ ${title} (${elapsed()})\n`);
        throw error;
      }
    },
    note: (text) => {
      if (live) out.write(`\r\u001b[2K  … ${text}`);
    },
  };
};

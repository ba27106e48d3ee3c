/** Shows what a long start is doing: one line per step with its duration; on a terminal the running step is shown as it runs. */
export interface Progress {
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** A note under the running step. */
  note(text: string): void;
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** Makes a progress display on a stream; quiet streams (not a terminal) get one line per finished step. */
export const createProgress = (out: NodeJS.WriteStream): Progress => {
  const live = out.isTTY;
  return {
    step: async (title, work) => {
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

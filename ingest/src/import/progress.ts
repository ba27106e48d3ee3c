/** Milliseconds after which a run counts as long enough to show how far it is. */
const SHOW_AFTER_MS = 2_000;
const BAR_WIDTH = 30;

/** Shows how far an import is, on one line of a terminal. */
export interface Progress {
  update(share: number, lines: number): void;
  /** Ends the line, if one was begun. */
  end(): void;
}

/** The line that is shown: a bar, percent, lines and lines per second. */
export const progressLine = (share: number, lines: number, elapsedMs: number): string => {
  const done = Math.round(Math.min(share, 1) * BAR_WIDTH);
  const rate = Math.round(lines / Math.max(elapsedMs / 1_000, 0.001));
  return `[${"#".repeat(done)}${".".repeat(BAR_WIDTH - done)}] ${Math.floor(Math.min(share, 1) * 100)}%  ${lines} lines  ${rate}/s`;
};

/** Makes a progress line on a stream; nothing is written during the first two seconds, or where no terminal reads it but a line every update. */
export const createProgress = (stream: NodeJS.WriteStream, nowMs: () => number): Progress => {
  const startedMs = nowMs();
  let begun = false;
  return {
    update: (share, lines) => {
      const elapsedMs = nowMs() - startedMs;
      if (elapsedMs < SHOW_AFTER_MS) return;
      begun = true;
      stream.write(
        `${stream.isTTY ? "\r\u001b[K" : ""}${progressLine(share, lines, elapsedMs)}${stream.isTTY ? "" : "\n"}`,
      );
    },
    end: () => {
      if (begun && stream.isTTY) stream.write("\n");
    },
  };
};

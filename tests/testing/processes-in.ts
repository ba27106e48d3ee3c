import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const tryRead = (read: () => string): string => {
  try {
    return read();
  } catch {
    return "";
  }
};

/** Commands of running processes that work in a directory or name it in their command line, whoever owns them (needs /proc). */
export const processesIn = (directory: string): readonly string[] =>
  readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((pid) => {
      const command = tryRead(() => readFileSync(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ");
      const cwd = tryRead(() => readlinkSync(`/proc/${pid}/cwd`));
      return command.includes(directory) || cwd.startsWith(directory) ? [`${pid} ${command}`] : [];
    });

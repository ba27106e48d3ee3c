import { randomInt } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { probeLoopbackPort } from "@tessera/platform/engines/loopback-port";
import { systemErrorCode } from "@tessera/platform/engines/start-problem";

/**
 * Ports of servers that a test starts later, or starts anew at the same address. The product picks none below 15,000 for itself, and systems give
 * outgoing connections none here, so that only other tests can want them: each takes its own by a file that names the worker that holds it.
 */
const PORTS = { from: 10_000, to: 15_000 } as const;
const ATTEMPTS = 200;

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === "EPERM";
  }
};

/** Whether the port is this worker's from now on; one that a worker left that has ended is free for its next taker. */
const reserve = (folder: string, port: number): boolean => {
  const path = join(folder, String(port));
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST") throw error;
    if (!isAlive(Number(readFileSync(path, "utf8")))) rmSync(path, { force: true });
    return false;
  }
};

/** Gives ports of a range that nobody uses now, each once while this worker runs, by files in a folder; throws when there is none. */
export const portsBy =
  (folder: string, { from, to }: { readonly from: number; readonly to: number }) =>
  async (): Promise<number> => {
    mkdirSync(folder, { recursive: true });
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const port = randomInt(from, to);
      if (reserve(folder, port) && (await probeLoopbackPort(port)) !== null) return port;
    }
    throw new Error("There is no free port on loopback.");
  };

/** A port of loopback that nobody uses now and that no other test is given while this worker runs; throws when there is none. */
export const freePort = portsBy(join(tmpdir(), `tessera-test-ports-${userInfo().uid}`), PORTS);

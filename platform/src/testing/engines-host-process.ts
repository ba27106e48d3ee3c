import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** How long both engines and all migrations may take on a loaded machine. */
const START_TIMEOUT_MS = 120_000;

const hosts: ChildProcess[] = [];

/** Starts the process that holds the engines and resolves to its line of JSON; rejects when it ends or takes longer than two minutes. */
export const startEnginesHost = async (): Promise<string> => {
  const script = fileURLToPath(new URL("./engines-host.ts", import.meta.url));
  const host = spawn(process.execPath, ["--import", "tsx", script], {
    cwd: fileURLToPath(new URL("../../../", import.meta.url)),
    stdio: ["pipe", "pipe", "inherit"],
    // Its own process group: a signal to jest must not end the host before it has stopped the engines.
    detached: true,
  });
  hosts.push(host);
  const timer = setTimeout(() => host.kill("SIGTERM"), START_TIMEOUT_MS);
  try {
    return await new Promise<string>((resolve, reject) => {
      createInterface({ input: host.stdout }).once("line", resolve);
      host.once("error", reject);
      host.once("exit", (code, signal) =>
        reject(new Error(`The embedded engines of this test run could not be started (${signal ?? code}); see above.`)),
      );
    });
  } finally {
    clearTimeout(timer);
  }
};

/** Closes the host's standard input and waits until it has stopped the engines. */
export const stopEnginesHost = async (): Promise<void> => {
  await Promise.all(
    hosts.splice(0).map(async (host) => {
      if (host.exitCode !== null || host.signalCode !== null) return;
      const ended = new Promise((resolve) => host.once("exit", resolve));
      host.stdin?.end();
      await ended;
    }),
  );
};

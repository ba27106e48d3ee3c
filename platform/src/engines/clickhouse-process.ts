import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LOOPBACK_HOST } from "./loopback-port.ts";
import { PRIVATE_FILE_MODE } from "./private-file.ts";
import { StartProblem } from "./start-problem.ts";

/** How long the server may take until it answers; 100 million rows take 0.2 s, so this is met only by a machine in trouble. */
const READY_TIMEOUT_MS = 60_000;
/** How long a server of a killed parent may take to leave the directory; it exits by itself when its standard input closes. */
export const LOCK_TIMEOUT_MS = 20_000;
/** How long an orderly stop may take before the process is killed, which loses no acknowledged row. */
const STOP_TIMEOUT_MS = 20_000;
/** Pause between two looks at a starting server. */
const READY_POLL_MS = 15;
/** How long one look at a starting server may take. */
const PROBE_TIMEOUT_MS = 1000;
/** How much of a failed server's output is shown. */
const OUTPUT_TAIL_CHARACTERS = 600;

/** A server process, starting or running. */
export type ClickHouseProcess = {
  readonly child: ChildProcess;
  /** Resolves with a sentence when the process ends. */
  readonly exited: Promise<string>;
  readonly hasExited: () => boolean;
  readonly outputPath: string;
};

/** First listens, then waits for standard input to end: only then does the query, and with it the server, come to its end. */
const SERVE_UNTIL_INPUT_ENDS = "SYSTEM START LISTEN HTTP; SELECT count() FROM file('-', 'LineAsString')";

/** Starts the server process in a directory that holds `config`, `data` and `log`; it is not ready yet. */
export const spawnClickHouse = (directory: string, library: string, port: number): ClickHouseProcess => {
  const script = fileURLToPath(new URL("./clickhouse-server.cjs", import.meta.url));
  const outputPath = join(directory, "output.log");
  const output = openSync(outputPath, "w", PRIVATE_FILE_MODE);
  const child = spawn(
    process.execPath,
    [
      script,
      library,
      directory,
      `--config-file=${join(directory, "config", "config.xml")}`,
      `--path=${join(directory, "data")}`,
      `--listen_host=${LOOPBACK_HOST}`,
      `--http_port=${port}`,
      "--query",
      SERVE_UNTIL_INPUT_ENDS,
      "--output-format=CSV",
    ],
    // Its own process group: Ctrl-C in a terminal must reach Tessera alone, which then stops the server in order.
    { cwd: join(directory, "data"), stdio: ["pipe", output, output], detached: true, env: { TZ: "UTC" } },
  );
  closeSync(output);
  // A server that ended takes its pipe with it; `exited` tells of that.
  child.stdin?.on("error", () => undefined);
  let ended = false;
  const exited = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => {
      ended = true;
      resolve(`The embedded ClickHouse ended (${signal ?? `exit code ${code ?? "unknown"}`}).`);
    });
    child.once("error", (error) => {
      ended = true;
      resolve(`The embedded ClickHouse could not be started: ${error.message}.`);
    });
  });
  return { child, exited, hasExited: () => ended, outputPath };
};

const answers = async (port: number, authorization: string): Promise<boolean> => {
  try {
    // "close", because a stopping server waits five seconds for connections that are kept alive.
    const headers = { Authorization: authorization, Connection: "close" };
    const response = await fetch(`http://${LOOPBACK_HOST}:${port}/?query=SELECT%201`, {
      headers,
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    return (await response.text()).trim() === "1";
  } catch {
    return false;
  }
};

/** How the start of a server went; `output` is the end of what it printed. */
export type Readiness = { readonly kind: "READY" } | { readonly kind: "ENDED" | "TIMEOUT"; readonly output: string };

/** Waits until the server answers a query of an authorised user. */
export const waitUntilReady = async (
  server: ClickHouseProcess,
  port: number,
  authorization: string,
): Promise<Readiness> => {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  const output = (): string => readFileSync(server.outputPath, "utf8").slice(-OUTPUT_TAIL_CHARACTERS).trim();
  for (;;) {
    if (server.hasExited()) return { kind: "ENDED", output: output() };
    if (await answers(port, authorization)) return { kind: "READY" };
    if (performance.now() > deadline) {
      server.child.kill("SIGKILL");
      return { kind: "TIMEOUT", output: output() };
    }
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
};

/** Whether the output tells that another server holds the directory. */
export const isLocked = (output: string): boolean => /Cannot lock file/.test(output);
/** Whether the output tells that another process holds the port. */
export const isPortTaken = (output: string): boolean => /Address already in use/.test(output);

/** The problem to report for a start that failed, from the end of what the server printed. */
export const clickHouseStartProblem = (output: string, kind: Readiness["kind"], directory: string): StartProblem => {
  const log = join(directory, "log", "clickhouse.log");
  if (kind === "TIMEOUT")
    return new StartProblem(
      "ENGINE_TIMEOUT",
      `The embedded ClickHouse did not answer within ${READY_TIMEOUT_MS / 1000} s: see ${log}.`,
    );
  if (isLocked(output))
    return new StartProblem(
      "ENGINE_LOCKED",
      `Another ClickHouse still works in ${directory} after ${LOCK_TIMEOUT_MS / 1000} s: end the process named in ${join(directory, "data", "status")} and start again.`,
    );
  return new StartProblem(
    "ENGINE_FAILED",
    `The embedded ClickHouse could not start: ${output || "it said nothing"} (see ${log}).`,
  );
};

/** Closes the standard input of a server and waits for its end; kills it after 20 s. */
export const stopClickHouse = async (server: ClickHouseProcess): Promise<void> => {
  if (server.hasExited()) return;
  server.child.stdin?.end();
  const timer = setTimeout(() => server.child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await server.exited;
  clearTimeout(timer);
};

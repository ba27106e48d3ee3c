import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { basicAuthorization, clickHouseConfigXml, clickHouseMemoryCap } from "./clickhouse-config.ts";
import { clickHouseLibraryPath } from "./clickhouse-library.ts";
import { EVENT_DATABASE, clickHouseUsersXml, type ClickHousePasswords } from "./clickhouse-users.ts";
import { LOOPBACK_HOST, PORT_ATTEMPTS, chooseLoopbackPort } from "./loopback-port.ts";
import {
  PRIVATE_FILE_MODE,
  generatePassword,
  readPrivateJson,
  writePrivateFile,
  writePrivateJson,
} from "./private-file.ts";
import { StartProblem } from "./start-problem.ts";

/** How long the server may take until it answers; 100 million rows take 0.2 s, so this is met only by a machine in trouble. */
const READY_TIMEOUT_MS = 60_000;
/** How long a server of a killed parent may take to leave the directory; it exits by itself when its standard input closes. */
const LOCK_TIMEOUT_MS = 20_000;
/** How long an orderly stop may take before the process is killed, which loses no acknowledged row. */
const STOP_TIMEOUT_MS = 20_000;
/** Pause between two looks at a starting server. */
const READY_POLL_MS = 15;
/** How long one look at a starting server may take. */
const PROBE_TIMEOUT_MS = 1000;
/** Pause between two attempts while the directory is still locked. */
const LOCK_POLL_MS = 250;
/** How much of a failed server's output is shown. */
const OUTPUT_TAIL_CHARACTERS = 600;

/** What `startEmbeddedClickHouse` needs. */
export type EmbeddedClickHouseOptions = {
  /** Directory of this server alone: data, configuration, credentials and logs. */
  readonly dataDir: string;
  /** Fixed port; without it the one of last time or a free one. */
  readonly port?: number | undefined;
  /** Every table of database `tessera` that has a `tenant_id` column (String): readers see only their tenant's rows of it. */
  readonly tenantTables: readonly string[];
  /** Cap on the server's memory in bytes; half of the machine's without it. */
  readonly memoryCapBytes?: number | undefined;
  readonly onProgress?: ((sentence: string) => void) | undefined;
};

/** A running ClickHouse server. */
export type EmbeddedClickHouse = {
  /** `http://127.0.0.1:<port>`, without credentials. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Database of the event store. */
  readonly database: typeof EVENT_DATABASE;
  /** Password by user name. */
  readonly credentials: ClickHousePasswords;
  /** Resolves with a sentence when the server ends, asked or not. */
  readonly exited: Promise<string>;
  /** Ends the server in order; kills it when that takes longer than 20 s. Can be called twice. */
  readonly stop: () => Promise<void>;
};

const passwordsSchema = z.object({
  tessera_owner: z.string(),
  tessera_writer: z.string(),
  tessera_reader: z.string(),
  tessera_jobs: z.string(),
});
const stateSchema = z.object({ port: z.number().int(), pid: z.number().int() });

const readOrCreatePasswords = (directory: string): ClickHousePasswords => {
  const path = join(directory, "credentials.json");
  const known = readPrivateJson(path, passwordsSchema);
  if (known !== null) return known;
  const made = {
    tessera_owner: generatePassword(),
    tessera_writer: generatePassword(),
    tessera_reader: generatePassword(),
    tessera_jobs: generatePassword(),
  };
  writePrivateJson(path, made);
  return made;
};

type RunningServer = {
  readonly child: ChildProcess;
  readonly exited: Promise<string>;
  readonly hasExited: () => boolean;
  readonly outputPath: string;
};

/** First listens, then waits for standard input to end: only then does the query, and with it the server, come to its end. */
const SERVE_UNTIL_INPUT_ENDS = "SYSTEM START LISTEN HTTP; SELECT count() FROM file('-', 'LineAsString')";

const spawnServer = (directory: string, library: string, port: number): RunningServer => {
  const script = fileURLToPath(new URL("./clickhouse-server.cjs", import.meta.url));
  const outputPath = join(directory, "output.log");
  const output = openSync(outputPath, "w", PRIVATE_FILE_MODE);
  const child = spawn(
    process.execPath,
    [
      script,
      library,
      `--config-file=${join(directory, "config.xml")}`,
      `--path=${join(directory, "data")}`,
      `--listen_host=${LOOPBACK_HOST}`,
      `--http_port=${port}`,
      "--query",
      SERVE_UNTIL_INPUT_ENDS,
      "--output-format=CSV",
    ],
    // Its own process group: Ctrl-C in a terminal must reach Tessera alone, which then stops the server in order.
    { cwd: directory, stdio: ["pipe", output, output], detached: true, env: { TZ: "UTC" } },
  );
  closeSync(output);
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

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

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

type Readiness = { readonly kind: "READY" } | { readonly kind: "ENDED" | "TIMEOUT"; readonly output: string };

const waitUntilReady = async (server: RunningServer, port: number, authorization: string): Promise<Readiness> => {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  const output = (): string => readFileSync(server.outputPath, "utf8").slice(-OUTPUT_TAIL_CHARACTERS).trim();
  for (;;) {
    if (server.hasExited()) return { kind: "ENDED", output: output() };
    if (await answers(port, authorization)) return { kind: "READY" };
    if (performance.now() > deadline) {
      server.child.kill("SIGKILL");
      return { kind: "TIMEOUT", output: output() };
    }
    await pause(READY_POLL_MS);
  }
};

const startProblem = (readiness: Exclude<Readiness, { kind: "READY" }>, directory: string): StartProblem => {
  if (readiness.kind === "TIMEOUT")
    return new StartProblem(
      "ENGINE_TIMEOUT",
      `The embedded ClickHouse did not answer within ${READY_TIMEOUT_MS / 1000} s: see ${join(directory, "clickhouse.log")}.`,
    );
  if (isLocked(readiness.output))
    return new StartProblem(
      "ENGINE_LOCKED",
      `Another ClickHouse still works in ${directory} after ${LOCK_TIMEOUT_MS / 1000} s: end the process named in ${join(directory, "data", "status")} and start again.`,
    );
  return new StartProblem(
    "ENGINE_FAILED",
    `The embedded ClickHouse could not start: ${readiness.output || "it said nothing"} (see ${join(directory, "clickhouse.log")}).`,
  );
};

const isLocked = (output: string): boolean => /Cannot lock file/.test(output);
const isPortTaken = (output: string): boolean => /Address already in use/.test(output);

const stopServer = async (server: RunningServer): Promise<void> => {
  if (server.hasExited()) return;
  server.child.stdin?.end();
  const timer = setTimeout(() => server.child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await server.exited;
  clearTimeout(timer);
};

/**
 * Starts the genuine ClickHouse server of the npm package `chdb` as a child process that cannot outlive this one.
 * Rejects with a StartProblem. Users, grants and row policies are those of clickhouse-users.ts.
 */
export const startEmbeddedClickHouse = async (options: EmbeddedClickHouseOptions): Promise<EmbeddedClickHouse> => {
  const { dataDir, tenantTables, memoryCapBytes = clickHouseMemoryCap(totalmem()) } = options;
  const library = clickHouseLibraryPath();
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const credentials = readOrCreatePasswords(dataDir);
  const statePath = join(dataDir, "state.json");
  const previous = readPrivateJson(statePath, stateSchema)?.port;
  writePrivateFile(join(dataDir, "users.xml"), clickHouseUsersXml(credentials, tenantTables));
  writePrivateFile(
    join(dataDir, "config.xml"),
    clickHouseConfigXml({ directory: dataDir, memoryCapBytes, passwords: credentials }),
  );
  const authorization = basicAuthorization("tessera_owner", credentials.tessera_owner);
  const lockDeadline = performance.now() + LOCK_TIMEOUT_MS;
  for (let attempt = 1; ;) {
    const port = await chooseLoopbackPort({ engine: "The embedded ClickHouse", requested: options.port, previous });
    const server = spawnServer(dataDir, library, port);
    const readiness = await waitUntilReady(server, port, authorization);
    if (readiness.kind === "READY" && server.child.pid !== undefined) {
      writePrivateJson(statePath, { port, pid: server.child.pid });
      const { exited } = server;
      return {
        url: `http://${LOOPBACK_HOST}:${port}`,
        port,
        pid: server.child.pid,
        database: EVENT_DATABASE,
        credentials,
        exited,
        stop: () => stopServer(server),
      };
    }
    if (readiness.kind === "READY") continue;
    if (isLocked(readiness.output) && performance.now() < lockDeadline) {
      options.onProgress?.("Waiting for the previous ClickHouse to leave the data directory.");
      await pause(LOCK_POLL_MS);
    } else if (!isPortTaken(readiness.output) || attempt++ >= PORT_ATTEMPTS) throw startProblem(readiness, dataDir);
  }
};

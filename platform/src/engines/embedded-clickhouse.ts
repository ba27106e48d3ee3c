import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { totalmem } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { basicAuthorization, clickHouseConfigXml, clickHouseMemoryCap } from "./clickhouse-config.ts";
import { clickHouseLibraryPath } from "./clickhouse-library.ts";
import {
  type ClickHouseProcess,
  clickHouseStartProblem,
  isLocked,
  isPortTaken,
  LOCK_TIMEOUT_MS,
  spawnClickHouse,
  stopClickHouse,
  waitUntilReady,
} from "./clickhouse-process.ts";
import { type ClickHousePasswords, clickHouseUsersXml, EVENT_DATABASE } from "./clickhouse-users.ts";
import { chooseLoopbackPort, LOOPBACK_HOST, PORT_ATTEMPTS } from "./loopback-port.ts";
import { generatePassword, readPrivateJson, writePrivateFile, writePrivateJson } from "./private-file.ts";
import { isProcessAlive, processCommandLine, waitForProcessEnd } from "./process-identity.ts";
import { StartProblem } from "./start-problem.ts";

/** Pause between two attempts while another server still leaves the directory. */
const LOCK_POLL_MS = 250;

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
  /** Whether the system confines the server to its own files (Landlock on Linux); elsewhere its users' SQL could read what this user can. */
  readonly confined: boolean;
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

/** A server whose parent was killed is on its way out: its standard input has closed. */
const waitForPreviousServer = async (directory: string, pid: number, onProgress: (sentence: string) => void) => {
  const command = isProcessAlive(pid) ? (processCommandLine(pid) ?? "") : "";
  if (!command.includes("clickhouse-server.cjs") || !command.includes(directory)) return;
  onProgress(`Waiting for the ClickHouse (process ${pid}) of an earlier run to end.`);
  if (await waitForProcessEnd(pid, LOCK_TIMEOUT_MS)) return;
  throw new StartProblem(
    "ENGINE_LOCKED",
    `Another ClickHouse (process ${pid}) still works in ${directory}: stop the Tessera it belongs to, or end it with "kill ${pid}", and start again.`,
  );
};

const writeConfiguration = (directory: string, options: EmbeddedClickHouseOptions, passwords: ClickHousePasswords) => {
  for (const name of ["config", "data", "log"]) mkdirSync(join(directory, name), { recursive: true, mode: 0o700 });
  const { memoryCapBytes = clickHouseMemoryCap(totalmem()), tenantTables } = options;
  writePrivateFile(join(directory, "config", "users.xml"), clickHouseUsersXml(passwords, tenantTables));
  writePrivateFile(
    join(directory, "config", "config.xml"),
    clickHouseConfigXml({ directory, memoryCapBytes, passwords }),
  );
};

const describe = (
  server: ClickHouseProcess,
  port: number,
  pid: number,
  credentials: ClickHousePasswords,
): EmbeddedClickHouse => ({
  url: `http://${LOOPBACK_HOST}:${port}`,
  port,
  pid,
  database: EVENT_DATABASE,
  credentials,
  confined: readFileSync(server.outputPath, "utf8").startsWith("confined\n"),
  exited: server.exited,
  stop: () => stopClickHouse(server),
});

/**
 * Starts the genuine ClickHouse server of the npm package `chdb` as a child process that cannot outlive this one.
 * Rejects with a StartProblem. Users, grants and row policies are those of clickhouse-users.ts.
 */
export const startEmbeddedClickHouse = async (options: EmbeddedClickHouseOptions): Promise<EmbeddedClickHouse> => {
  const { onProgress = () => undefined } = options;
  const directory = resolve(options.dataDir);
  const library = clickHouseLibraryPath();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const credentials = readOrCreatePasswords(directory);
  const statePath = join(directory, "state.json");
  const previous = readPrivateJson(statePath, stateSchema);
  if (previous !== null) await waitForPreviousServer(directory, previous.pid, onProgress);
  writeConfiguration(directory, options, credentials);
  const authorization = basicAuthorization("tessera_owner", credentials.tessera_owner);
  const lockDeadline = performance.now() + LOCK_TIMEOUT_MS;
  const wish = { engine: "The embedded ClickHouse", requested: options.port, previous: previous?.port };
  for (let attempt = 1; ;) {
    const port = await chooseLoopbackPort(wish);
    const server = spawnClickHouse(directory, library, port);
    const { pid } = server.child;
    if (pid !== undefined) writePrivateJson(statePath, { port, pid });
    const readiness = await waitUntilReady(server, port, authorization);
    if (readiness.kind === "READY" && pid !== undefined) {
      // The configuration holds passwords, and the server reads it only once.
      rmSync(join(directory, "config"), { recursive: true, force: true });
      return describe(server, port, pid, credentials);
    }
    const output = readiness.kind === "READY" ? "" : readiness.output;
    if (isLocked(output) && performance.now() < lockDeadline)
      await new Promise((done) => setTimeout(done, LOCK_POLL_MS));
    else if (!isPortTaken(output) || attempt++ >= PORT_ATTEMPTS)
      throw clickHouseStartProblem(output, readiness.kind, directory);
  }
};

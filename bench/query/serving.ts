import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { z } from "zod";
import { makeTemporaryDirectory } from "../../tests/testing/temporary-home.ts";
import { GENEROUS_LIMITS } from "../../tests/security/generous-limits.ts";

const serving = z.object({
  url: z.string(),
  storeUrl: z.string(),
  passwords: z.object({ tessera_owner: z.string(), tessera_writer: z.string(), tessera_reader: z.string() }),
  tenants: z.array(z.object({ tenantId: z.string(), apiKey: z.string() })),
});

/** Where an instance and its event store answer, and who may ask. */
export type Serving = z.infer<typeof serving>;

/** An instance in a process of its own, and how it is ended. */
export interface RunningInstance extends Serving {
  /** Milliseconds of processor time the instance's process has used, its engines not counted. */
  cpuMs(): Promise<number>;
  /** The same, and what the event store's process has used. */
  usedMs(): Promise<{ readonly cpuMs: number; readonly storeCpuMs: number }>;
  /** Bytes of memory the instance's process takes now, its engines not counted. */
  rssBytes(): Promise<number>;
  /** What a module told by `imports` answers to a message. */
  ask(message: Readonly<Record<string, unknown>>): Promise<unknown>;
  stop(): Promise<void>;
}

const ROOT = join(import.meta.dirname, "../..");

/** The instance's program as it ships: bundled, so that what is measured runs no compiler and none of its helpers. */
const bundled = (): string => {
  execFileSync(process.execPath, [join(ROOT, "scripts/build-server.mjs"), "bench"], { cwd: ROOT });
  return join(ROOT, "bench/dist/serving-process.js");
};

/** Where an instance keeps its data: a folder that goes with it, or one that stays. */
const homeFor = async (kept: string | null): Promise<{ readonly home: string; remove(): Promise<void> }> => {
  if (kept !== null) return { home: kept, remove: () => Promise.resolve() };
  const directory = await makeTemporaryDirectory();
  return { home: directory.home("home"), remove: directory.remove };
};

/**
 * Starts an embedded instance with twenty tenants that no limit holds back; modules named by `imports` are loaded into its process before it. In a `kept` home it
 * finds what was there, and leaves it.
 */
export const startServing = async (
  imports: readonly string[] = [],
  kept: string | null = null,
): Promise<RunningInstance> => {
  const { home, remove } = await homeFor(kept);
  // Modules that look into the instance share its sources' modules: with them it runs from sources.
  const [program, loaders] =
    imports.length === 0 ? [bundled(), []] : [join(import.meta.dirname, "serving-process.ts"), ["tsx", ...imports]];
  const child = fork(program, [], {
    execArgv: loaders.flatMap((module) => ["--import", module]),
    env: {
      ...process.env,
      ...GENEROUS_LIMITS,
      ...{ PORT: "0", TESSERA_HOME: home, SEED_DEMO: "false", LOG_LEVEL: "error" },
    },
  });
  const messages = z.tuple([z.unknown()]).rest(z.unknown());
  const hear = async (): Promise<unknown> => messages.parse(await once(child, "message"))[0];
  const usedMs = async () => {
    const answer = hear();
    child.send("cpu");
    return z.object({ cpuMs: z.number(), storeCpuMs: z.number() }).parse(await answer);
  };
  return {
    ...serving.parse(await hear()),
    cpuMs: async () => (await usedMs()).cpuMs,
    usedMs,
    rssBytes: async () => {
      const answer = hear();
      child.send("rss");
      return z.object({ rssBytes: z.number() }).parse(await answer).rssBytes;
    },
    ask: async (message) => {
      const answer = hear();
      child.send(message);
      return answer;
    },
    stop: async () => {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
      await remove();
    },
  };
};

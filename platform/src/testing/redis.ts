import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freeLoopbackPort } from "../engines/loopback-port.ts";

/** A Redis server of a test's own: nothing on disk, reached over loopback. */
export interface TestRedis {
  readonly url: string;
  stop(): Promise<void>;
}

/** Whether `redis-server` is installed here; tests of what needs it are left out where it is not. */
export const hasRedis = (): boolean => spawnSync("redis-server", ["--version"]).status === 0;

/** Starts `redis-server`, which must be installed, and resolves when it answers; rejects with what it said when it ends before. */
export const startTestRedis = async (): Promise<TestRedis> => {
  const directory = await mkdtemp(join(tmpdir(), "tessera-redis-"));
  const port = await freeLoopbackPort();
  const settings = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    "no",
    "--dir",
    directory,
  ];
  const server = spawn("redis-server", settings, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const exited = new Promise<void>((resolve) => {
    server.once("close", () => resolve());
    server.once("error", () => resolve());
  });
  await new Promise<void>((resolve, reject) => {
    const hear = (piece: Buffer): void => {
      said = `${said}${piece.toString()}`.slice(-4_000);
      if (said.includes("Ready to accept connections")) resolve();
    };
    server.stdout.on("data", hear);
    server.stderr.on("data", hear);
    server.once("error", reject);
    void exited.then(() => reject(new Error(`redis-server ended: ${said}`)));
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      server.kill("SIGTERM");
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
};

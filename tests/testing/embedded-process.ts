import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { createTesseraClient, type TesseraClient } from "./tessera-client.ts";
import { npmStart, startRole, type ProcessOptions, type TesseraProcess } from "./tessera-process.ts";

const demoShape = z.object({ url: z.string(), tenantId: z.string(), apiKey: z.string() });
const pidShape = z.object({ pid: z.number() });

/** An embedded instance in a process of its own. */
export interface EmbeddedProcess {
  readonly process: TesseraProcess;
  readonly home: string;
  readonly url: string;
  readonly tenantId: string;
  readonly apiKey: string;
  readonly client: TesseraClient;
}

/** How an instance is started; a free port unless PORT is given. */
export interface EmbeddedOptions extends Partial<ProcessOptions> {
  readonly home: string;
  /** As `npm start` does, or the role itself. */
  readonly through?: "npm start" | "role";
}

/** Starts an instance and answers at once. */
export const spawnEmbedded = (options: EmbeddedOptions): TesseraProcess => {
  const environment = { PORT: "0", ...options.environment, TESSERA_HOME: options.home };
  const processOptions = { ...options, environment };
  return options.through === "npm start" ? npmStart(processOptions) : startRole(["embedded"], processOptions);
};

/** Starts an instance and waits until it is up. */
export const startEmbeddedProcess = async (options: EmbeddedOptions): Promise<EmbeddedProcess> => {
  const started = spawnEmbedded(options);
  await started.said(/Tessera is up .*[\s\S]*Health +\S+\n/);
  const demo = await readDemoFile(options.home);
  return { process: started, home: options.home, ...demo, client: createTesseraClient(demo.url, demo.apiKey) };
};

/** What `demo.json` of a home says. */
export const readDemoFile = async (home: string) =>
  demoShape.parse(JSON.parse(await readFile(join(home, "demo.json"), "utf8")));

/** Process ids of an instance: the server itself (under `npm start` a child of the script) and its engines. */
export const readPids = async (home: string) => {
  const read = async (name: string): Promise<number> =>
    pidShape.parse(JSON.parse(await readFile(join(home, name), "utf8"))).pid;
  return {
    server: await read("tessera.lock"),
    postgres: await read("postgres/state.json"),
    clickhouse: await read("clickhouse/state.json"),
  };
};

/** The database of an instance, as who runs the installation opens it: with the role that owns every table. */
export const readOwnerUrl = async (home: string): Promise<string> => {
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(home, "postgres", name), "utf8"));
  const { port } = z.object({ port: z.number() }).parse(await read("state.json"));
  const { tessera_owner: password } = z.object({ tessera_owner: z.string() }).parse(await read("credentials.json"));
  return `postgresql://tessera_owner:${password}@127.0.0.1:${port}/tessera`;
};

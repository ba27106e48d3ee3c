// A whole embedded instance with twenty tenants, alone in its process so that its processor time is its own. Says where everything is once.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { loadEmbeddedConfig } from "../../server/src/config.ts";
import { startEmbedded } from "../../server/src/embedded.ts";
import type { Progress } from "../../server/src/progress.ts";
import type { Serving } from "./serving.ts";

const TENANTS = 20;

const silent: Progress = { step: (_title, work) => work(), note: () => undefined };
const instance = await startEmbedded(loadEmbeddedConfig(), silent);
const read = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(join(instance.home, "clickhouse", name), "utf8"));
const { port, pid } = z.object({ port: z.number(), pid: z.number() }).parse(await read("state.json"));
/** Milliseconds of processor time the event store's process has used, in user and in system mode: proc(5) counts them in hundredths of a second. */
const storeCpuMs = (): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return (user + system) * 10;
};
const passwords = z
  .object({ tessera_owner: z.string(), tessera_writer: z.string(), tessera_reader: z.string() })
  .parse(await read("credentials.json"));
const keptTenants = join(instance.home, "bench-tenants.json");
const tenantList = z.array(z.object({ tenantId: z.string(), apiKey: z.string() }));
const addTenants = async (): Promise<Serving["tenants"]> => {
  const added: Serving["tenants"][number][] = [];
  for (let number = 0; number < TENANTS; number += 1) {
    const id = randomUUID();
    added.push(await instance.addTenant(id, `bench-${id}`));
  }
  await writeFile(keptTenants, JSON.stringify(added));
  return added;
};
/** A home that was kept has its tenants. */
const known = await readFile(keptTenants, "utf8").catch(() => null);
const tenants = known === null ? await addTenants() : tenantList.parse(JSON.parse(known));
process.on("message", (asked) => {
  if (asked === "rss") process.send?.({ rssBytes: process.memoryUsage.rss() });
  if (asked !== "cpu") return;
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1_000, storeCpuMs: storeCpuMs() });
});
process.once("disconnect", () => void instance.stop().then(() => process.exit(0)));
process.send?.({ url: instance.url, storeUrl: `http://127.0.0.1:${port}`, passwords, tenants } satisfies Serving);

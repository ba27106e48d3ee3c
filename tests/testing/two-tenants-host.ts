import { randomUUID } from "node:crypto";
import { loadEmbeddedConfig } from "../../server/src/config.ts";
import { startEmbedded } from "../../server/src/embedded.ts";
import type { Progress } from "../../server/src/progress.ts";

// A program: an embedded instance with a second tenant, which no operation of the API can make. Says where it is in one line, ends on SIGTERM.
const silent: Progress = { step: (_title, work) => work(), note: () => undefined };

const instance = await startEmbedded(loadEmbeddedConfig(), silent);
if (instance.demo === null) throw new Error("The demo tenant was not seeded.");
const { tenantId, apiKey } = instance.demo;
const beta = await instance.addTenant(randomUUID(), "beta");
process.once("SIGTERM", () => {
  instance.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
console.log(`TENANTS ${JSON.stringify({ url: instance.url, alpha: { tenantId, apiKey }, beta })}`);

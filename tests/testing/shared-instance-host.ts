import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { z } from "zod";
import { loadEmbeddedConfig } from "../../server/src/config.ts";
import { startEmbedded } from "../../server/src/embedded.ts";
import type { Progress } from "../../server/src/progress.ts";

// A program: an embedded instance for every test file that asks for no settings of its own. Makes a tenant for each request to its second
// port, which no operation of the API can, and says in one line where that port is; ends on SIGTERM.
const silent: Progress = { step: (_title, work) => work(), note: () => undefined };

const instance = await startEmbedded(loadEmbeddedConfig(), silent);
const makeTenant = async (): Promise<string> => {
  const id = randomUUID();
  const tenant = await instance.addTenant(id, `t-${id}`);
  return JSON.stringify({ url: instance.url, home: instance.home, ...tenant });
};
const door = createServer((_request, response) => {
  // A connection that waits for another request could be closed at the moment that one is sent.
  response.setHeader("connection", "close");
  makeTenant().then(
    (tenant) => response.end(tenant),
    (error: unknown) => {
      console.error(error);
      response.writeHead(500).end();
    },
  );
});
door.listen(0, "127.0.0.1", () => {
  const { port } = z.object({ port: z.number() }).parse(door.address());
  console.log(`SHARED http://127.0.0.1:${port}`);
});
process.once("SIGTERM", () => {
  door.close();
  instance.stop().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

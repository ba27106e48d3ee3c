import { createServer, type Server } from "node:http";
import { z } from "zod";
import { publishSharedInstance } from "./config.ts";
import { makeTemporaryDirectory } from "./temporary-home.ts";
import { startHost } from "./tessera-process.ts";
import { GENEROUS_LIMITS } from "../security/generous-limits.ts";

interface Started {
  readonly makeTenant: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

const startShared = async (): Promise<Started> => {
  const directory = await makeTemporaryDirectory();
  const environment = { ...GENEROUS_LIMITS, PORT: "0", TESSERA_HOME: directory.home("home"), SEED_DEMO: "false" };
  const host = startHost("shared-instance-host", { environment });
  const [, url = ""] = await host.said(/^SHARED (.*)\n/m);
  return {
    makeTenant: async () => {
      const answer = await fetch(url, { method: "POST" });
      if (!answer.ok) throw new Error(`The shared instance makes no tenant:\n${host.output().slice(-5_000)}`);
      return answer.text();
    },
    stop: async () => {
      await host.stop();
      await directory.remove();
    },
  };
};

let door: Server | undefined;
let started: Promise<Started> | undefined;

/** Opens the door of the shared instance: it starts when the first test file asks for a tenant, so that runs which need none wait for none. */
export const openSharedInstance = async (): Promise<void> => {
  const opened = createServer((_request, response) => {
    // A connection that waits for another request could be closed at the moment that one is sent.
    response.setHeader("connection", "close");
    started ??= startShared();
    started
      .then(({ makeTenant }) => makeTenant())
      .then(
        (tenant) => response.end(tenant),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
  });
  await new Promise<void>((listening) => opened.listen(0, "127.0.0.1", listening));
  door = opened;
  const { port } = z.object({ port: z.number() }).parse(opened.address());
  publishSharedInstance(`http://127.0.0.1:${port}`);
};

/** Ends the shared instance, if any test file has asked for it, and its door. */
export const closeSharedInstance = async (): Promise<void> => {
  door?.closeAllConnections();
  door?.close();
  await (await started?.catch(() => undefined))?.stop();
};

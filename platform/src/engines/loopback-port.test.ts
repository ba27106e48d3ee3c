import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { chooseLoopbackPort, freeLoopbackPort, LOOPBACK_HOST } from "./loopback-port.ts";

const servers: Server[] = [];

const occupy = (port: number): Promise<void> =>
  new Promise((resolve) => {
    servers.push(createServer().listen(port, LOOPBACK_HOST, resolve));
  });

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

describe("the port of an engine", () => {
  test("is none that the system gives to outgoing connections, so that a killed engine finds it free again", async () => {
    for (let round = 0; round < 20; round += 1) {
      const port = (await freeLoopbackPort()) ?? 0;
      expect(port).toBeGreaterThanOrEqual(15_000);
      expect(port).toBeLessThan(32_768);
    }
  });

  test("is the one of last time while that is free, else another", async () => {
    const previous = (await freeLoopbackPort()) ?? 0;
    const wish = { engine: "The engine", previous };
    expect(await chooseLoopbackPort(wish)).toBe(previous);
    await occupy(previous);
    const other = await chooseLoopbackPort(wish);
    expect(other).not.toBe(previous);
  });

  test("is refused by name when another process holds the one that was asked for", async () => {
    const requested = (await freeLoopbackPort()) ?? 0;
    await occupy(requested);
    await expect(chooseLoopbackPort({ engine: "The engine", requested })).rejects.toThrow(
      `The engine cannot use port ${requested}`,
    );
  });
});

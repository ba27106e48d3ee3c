import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { createIdentitySigner, createIdentityVerifier } from "@tessera/platform/auth/identity";
import { countOnMeter, currentAllowance, newMeter } from "@tessera/platform/executions/meter";
import { serveSubgraph } from "@tessera/platform/graphql/serve-subgraph";
import { buildSubgraph } from "@tessera/platform/graphql/subgraph";
import { createHttpServer, listenOn, type HttpServer } from "@tessera/platform/http/server";
import { attachWebSockets } from "@tessera/platform/http/web-sockets";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { connectOverHttp } from "./graph-connections.ts";

const SECRET = "a secret of at least thirty-two characters";
const nowMs = () => Date.now();
const logger = createLogger("test", "silent");
const allowance = {
  rows: 1_000,
  quota: "tenant-rows",
  limit: 5_000,
  windowSeconds: 60,
  refillsFromMs: 1,
  refilledByMs: 2,
};

let server: HttpServer;
let url: string;
beforeAll(async () => {
  server = createHttpServer({ logger });
  const subgraph = buildSubgraph<{ readonly caller: Caller }>({
    name: "reader",
    sdl: "type Query { left: Int, read: Int }",
    resolvers: {
      Query: {
        left: () => currentAllowance()?.rows ?? null,
        read: () => {
          countOnMeter(300, 0, 0);
          return currentAllowance()?.rows ?? null;
        },
      },
    },
    permissions: { "Query.left": "analytics:read", "Query.read": "analytics:read" },
    contextFor: ({ caller }) => ({ caller }),
    logger,
  });
  const verifyIdentity = createIdentityVerifier({ secret: SECRET, audience: "reader", nowMs });
  serveSubgraph({ subgraph, server, webSockets: attachWebSockets(server), verifyIdentity, logger });
  url = `http://127.0.0.1:${await listenOn(server, "127.0.0.1", 0)}/graphql`;
});
afterAll(() => server.close());

describe("what an operation may read", () => {
  it("holds for subgraphs in other processes too, less what the operation has read anywhere", async () => {
    const sign = createIdentitySigner({ secret: SECRET, nowMs });
    const connection = connectOverHttp("reader", url, sign, logger);
    const meter = newMeter();
    const call = { caller: callerWith(freshTenantId(), ["analytics:read"]), traceId: "0".repeat(32), meter };
    const ask = async (query: string, extras: object = { allowance }) =>
      (await connection.execute({ query }, { ...call, ...extras })).data;
    expect(await ask("{ left }")).toEqual({ left: 1_000 });
    expect(await ask("{ read }")).toEqual({ read: 700 });
    expect(meter.rowsRead).toBe(300);
    expect(await ask("{ left }")).toEqual({ left: 700 });
    expect(await ask("{ left }", {})).toEqual({ left: null });
    await connection.close();
  });
});

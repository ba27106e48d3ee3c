import { beforeAll, describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { eventually } from "../testing/eventually.ts";
import { connectLive } from "../testing/live-client.ts";
import { createTesseraClient } from "../testing/tessera-client.ts";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";

const METRICS = `subscription { realtimeMetrics(timeframe: "PT1H") { events cursor } }`;

let instance: SharedTenant;

beforeAll(async () => {
  instance = await openTenant();
}, 240_000);

describe("API keys", () => {
  it("carry their own permissions, and once revoked are refused over HTTP and on an open socket", async () => {
    const { client, url } = instance;
    const { createApiKey } = await client.ask(
      z.object({ createApiKey: z.object({ secret: z.string(), apiKey: z.object({ id: z.string() }) }) }),
      `mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on ApiKeyCreated { secret apiKey { id } } } }`,
      { input: { name: "reader", permissions: ["analytics:read"] } },
    );
    const reader = createTesseraClient(url, createApiKey.secret);
    const ask = () => reader.tell('{ realtimeMetrics(timeframe: "PT1H") { events } }');
    expect(await ask()).toMatchObject({ status: 200, data: { realtimeMetrics: { events: expect.any(Number) } } });
    await expect(reader.send([{ name: "not allowed" }])).rejects.toThrow("403");
    expect((await reader.tell("{ rules { edges { cursor } } }")).errors).toMatchObject([
      { extensions: { code: "FORBIDDEN" } },
    ]);
    const live = await connectLive(url, createApiKey.secret);
    await live.follow(METRICS).until((messages) => messages.length > 0);

    const revoked = await client.tell("mutation($id: ID!) { revokeApiKey(id: $id) { __typename } }", {
      id: createApiKey.apiKey.id,
    });
    expect(revoked).toMatchObject({ data: { revokeApiKey: { __typename: "ApiKeyRevoked" } } });
    const [closeCode] = await Promise.all([
      live.closed,
      eventually(async () => expect((await ask()).status).toBe(401)),
    ]);
    expect(closeCode).toBe(4401);
  }, 60_000);
});

import { beforeAll, describe, expect, it } from "@jest/globals";
import { makeService, tokenOf } from "../testing/access-tokens.ts";
import { eventually } from "../testing/eventually.ts";
import { connectLive } from "../testing/live-client.ts";
import { createTesseraClient } from "../testing/tessera-client.ts";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";

const METRICS = `subscription { realtimeMetrics(timeframe: "PT1H") { events } }`;
const REST = "/api/v2/analytics/realtime/metrics";

let instance: SharedTenant;

beforeAll(async () => {
  instance = await openTenant();
}, 240_000);
describe("access tokens of the installation's own authorization server", () => {
  it("work on every surface, and after their client is revoked on none, open sockets included", async () => {
    const { client: administrator, url } = instance;
    const made = await makeService(administrator, ["analytics:read", "analytics:ingest"]);
    const service = createTesseraClient(url, await tokenOf(url, made));
    const ask = () => service.tell("{ whoAmI { subject { kind id } } }");
    expect(await ask()).toMatchObject({ data: { whoAmI: { subject: { kind: "CLIENT", id: made.id } } } });
    expect(await service.send([{ name: "by token" }])).toMatchObject({ accepted: 1 });
    expect((await service.get(REST)).status).toBe(200);
    const live = await connectLive(url, service.apiKey);
    await live.follow(METRICS).until((messages) => messages.length > 0);

    const revoked = await administrator.tell("mutation($id: ID!) { revokeOAuthClient(id: $id) { __typename } }", {
      id: made.id,
    });
    expect(revoked).toMatchObject({ data: { revokeOAuthClient: { __typename: "OAuthClientRevoked" } } });
    const [closeCode] = await Promise.all([
      live.closed,
      eventually(async () => expect((await ask()).status).toBe(401)),
      eventually(async () => expect((await service.get(REST)).status).toBe(401)),
      eventually(() => expect(service.send([{ name: "too late" }])).rejects.toThrow("401")),
    ]);
    expect(closeCode).toBe(4401);
    await expect(tokenOf(url, made)).rejects.toThrow("No token: 401");
  }, 90_000);

  it("may do what their client may, which is never more than who made it", async () => {
    const { client: administrator, url } = instance;
    const reader = createTesseraClient(url, await tokenOf(url, await makeService(administrator, ["tenant:manage"])));
    const MAKE = `mutation { createOAuthClient(input: {name: "more", kind: SERVICE, permissions: ["analytics:ingest"]}) {
      __typename ... on PermissionsNotHeld { permissions } } }`;
    expect(await reader.tell(MAKE)).toMatchObject({
      data: { createOAuthClient: { __typename: "PermissionsNotHeld", permissions: ["analytics:ingest"] } },
    });
    await expect(reader.send([{ name: "not allowed" }])).rejects.toThrow("403");
  }, 60_000);
});

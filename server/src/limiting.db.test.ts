import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { createLimitedAuthenticator } from "@tessera/platform/auth/limited-authenticator";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import { createClientAddress } from "@tessera/platform/http/client-address";
import { hasRedis, startTestRedis, type TestRedis } from "@tessera/platform/testing/redis";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { createTenantSubgraph } from "@tessera/subgraph-tenant/subgraph";
import { connectInProcess } from "./graph-connections.ts";
import { openLimiting, type Counting, type Limiting } from "./limiting.ts";

const HAS_REDIS = hasRedis();
if (!HAS_REDIS) process.stderr.write("redis-server is not installed: gateways are tried without it.\n");
let test: TestResources;
let redis: TestRedis | null = null;
beforeAll(async () => {
  test = openTestResources();
  if (HAS_REDIS) redis = await startTestRedis();
});
afterAll(async () => {
  await redis?.stop();
  await test.close();
});

const SET = `mutation ($input: SetLimitsInput!) { setLimits(input: $input) { tenantId } }`;

/** A tenant whose key may spend so many points a minute, agreed in the tenant room. */
const agree = async (points: number): Promise<Caller> => {
  const caller = callerWith(freshTenantId(), ["tenant:manage"]);
  const { tenantId } = caller;
  await test.owner.query("INSERT INTO tenant (id, name, slug) VALUES ($1::uuid, 'Test', $1::text)", [tenantId]);
  const limit = { metric: "COST_POINTS_PER_MINUTE", scope: "API_KEY", scopeId: caller.subject.id, hard: points };
  const room = createTenantSubgraph(test.resources, { apiKeyPepper: "a pepper for tests, long enough to be one" });
  const { errors } = await askSubgraph(room, caller, SET, { input: { limits: [limit] } });
  expect(errors).toBeUndefined();
  return caller;
};

const gateway = (
  counting: Counting,
): { readonly limiting: Limiting; readonly charge: (caller: Caller) => Promise<boolean> } => {
  const room = createTenantSubgraph(test.resources, { apiKeyPepper: "a pepper for tests, long enough to be one" });
  const { logger } = test.resources;
  const limiting = openLimiting(connectInProcess(room, logger), { role: "gateway", counting, logger });
  const charge = async (caller: Caller) => {
    const { quotas } = await limiting.quotas.of(caller);
    const charges = quotas.map(({ key, limit, windowSeconds }) => ({ key, limit, windowSeconds, amount: 10 }));
    expect(charges.map(({ limit }) => limit)).toEqual([370]);
    return (await limiting.budgets.charge(charges)).charged;
  };
  return { limiting, charge };
};

const ways: readonly (readonly [string, () => Counting])[] = [
  ["leases of the tenant room", () => ({ redisUrl: undefined })],
  ...(HAS_REDIS ? [["Redis", () => ({ redisUrl: redis?.url })] as const] : []),
];

describe.each(ways)("two gateways that count by %s", (_name, counting) => {
  /** Charges that two gateways let pass of a key that was agreed to pass 37, until no more do. */
  const passedOf = async (caller: Caller): Promise<readonly [passed: number, afterwards: number]> => {
    const gateways = [gateway(counting()), gateway(counting())];
    // What was agreed is waited for half a second at most, which a busy machine may need more than once.
    for (const { limiting } of gateways) while ((await limiting.quotas.of(caller)).quotas.length === 0);
    const round = async (): Promise<number> => {
      const asked = Array.from({ length: 20 }, async (_, place) => gateways[place % 2]?.charge(caller));
      return (await Promise.all(asked)).filter((passed) => passed).length;
    };
    let passed = 0;
    // What one gateway leased and did not spend in time comes back for the other: a slow machine needs more rounds.
    for (let rounds = 0; rounds < 200 && passed < 37; rounds += 1) {
      passed += await round();
      if (rounds > 5) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const afterwards = await round();
    for (const { limiting } of gateways) await limiting.part.stop();
    return [passed, afterwards];
  };

  it("hold a key to the one limit that was agreed, however its requests fall on them", async () => {
    // Where the shared store does not answer in half a second a gateway counts alone, and says so: that is another promise, and tried anew.
    const alone = jest.spyOn(test.resources.logger, "warn");
    for (let tries = 1, told = 1; told > 0; tries += 1) {
      alone.mockClear();
      const outcome = await passedOf(await agree(370));
      told = tries < 20 ? alone.mock.calls.length : 0;
      if (told === 0) expect(outcome).toEqual([37, 0]);
    }
    alone.mockRestore();
  }, 120_000);

  it("let a proof of possession serve once, whichever of them it comes to, fifty times at once", async () => {
    const gateways = [gateway(counting()), gateway(counting())];
    const mark = `PROOF:${randomUUID()}`;
    const used = await Promise.all(
      Array.from({ length: 50 }, async (_, place) => gateways[place % 2]?.limiting.useMark(mark, 120)),
    );
    expect(used.filter(Boolean)).toHaveLength(1);
    for (const { limiting } of gateways) await limiting.part.stop();
  });

  it("count wrong credentials of an address together, so that asking another one gives no more guesses", async () => {
    const gateways = [gateway(counting()), gateway(counting())];
    const address = `2001:db8::${randomBytes(2).toString("hex")}:${randomBytes(2).toString("hex")}`;
    const entrances = gateways.map(({ limiting }) =>
      createLimitedAuthenticator({
        authenticate: () => Promise.reject(refuse("UNAUTHENTICATED", "no")),
        clientAddress: createClientAddress([]),
        nowMs: Date.now,
        failuresPerMinute: 20,
        budgets: limiting.budgets,
      }),
    );
    const guess = async (place: number): Promise<string> => {
      const presented = { method: "GET", path: "/", proof: undefined, peerAddress: address };
      try {
        await entrances[place % 2]?.(`Bearer guess ${place}`, presented);
        return "OK";
      } catch (error) {
        return error instanceof Refusal ? error.code : String(error);
      }
    };
    const outcomes: string[] = [];
    for (let place = 0; place < 60; place += 1) outcomes.push(await guess(place));
    const looked = outcomes.filter((code) => code === "UNAUTHENTICATED").length;
    expect(looked).toBeGreaterThan(10);
    expect(looked).toBeLessThanOrEqual(20);
    expect(new Set(outcomes)).toEqual(new Set(["UNAUTHENTICATED", "RATE_LIMITED"]));
    for (const { limiting } of gateways) await limiting.part.stop();
  });
});

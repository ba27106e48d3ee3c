import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { BASE36, formatApiKey, randomText } from "@tessera/platform/auth/api-key";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { z } from "zod";
import { readOwnerUrl } from "../testing/embedded-process.ts";
import { eventually, pause } from "../testing/eventually.ts";
import { createTesseraClient, type TesseraClient } from "../testing/tessera-client.ts";
import { startTwoTenants, type TwoTenants } from "../testing/two-tenants.ts";
import { makeApiKey } from "./own-things.ts";

/** Milliseconds any one guarantee may take on a busy machine. */
jest.setTimeout(180_000);
const START_MS = 240_000;

/** Bounds an attack of a test reaches, and a budget whose quarter it can spend. */
const SETTINGS = {
  TRUSTED_PROXIES: "127.0.0.1",
  ABUSE_WRONG_KEYS: "20",
  ABUSE_WRONG_CREDENTIALS: "20",
  ABUSE_PAGES: "20",
  ABUSE_COST_POINTS: "20000",
  GATEWAY_RATE_BUDGET: "200000",
};
/** Between two looks at what the platform noticed, so that looking is no attack. */
const LOOK_EVERY_MS = 1_000;

let instance: TwoTenants;
/** Administers alpha, from a place of its own. */
let admin: TesseraClient;
let operatorKey: string;

const ASK = "{ whoAmI { subject { id } } }";
/** Asks from an address, as a proxy that is trusted tells it. */
const askFrom = async (address: string, key: string, query = ASK, variables: object = {}) => {
  const answer = await fetch(`${instance.url}/graphql`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json",
      ...{ authorization: `Bearer ${key}`, "x-forwarded-for": address },
    },
    body: JSON.stringify({ query, variables }),
  });
  return { status: answer.status, retryAfter: answer.headers.get("retry-after"), text: await answer.text() };
};
const randomKey = (id = randomText(BASE36, 16, randomBytes)): string =>
  formatApiKey(id, randomText(`${BASE36}ABCDEF`, 32, randomBytes));

const throttle = z.object({ id: z.string(), level: z.string(), until: z.string(), strikes: z.number() });
const event = z.object({
  kind: z.string(),
  source: z.object({ kind: z.string(), id: z.string() }),
  measured: z.number(),
  throttle: throttle.nullable(),
});
const eventsShape = z.object({ securityEvents: z.object({ nodes: z.array(event) }) });
const EVENTS = `query ($id: String, $installation: Boolean!) {
  securityEvents(first: 3, filter: { sourceId: $id }, installation: $installation) {
    nodes { kind source { kind id } measured throttle { id level until strikes } } } }`;

/** Waits until an address is held back, by a wrong key: a right one that is let in on the way would go on working. */
const heldBack = (address: string, kind: string): Promise<void> => {
  const wrong = randomKey();
  return eventually(async () => {
    await pause(LOOK_EVERY_MS);
    expect((await askFrom(address, wrong)).text).toContain(kind);
  });
};

/** Waits until something was noticed of a source. */
const noticed = (client: TesseraClient, id: string, installation = false): Promise<z.infer<typeof event>> =>
  eventually(async () => {
    const { securityEvents } = await client.ask(eventsShape, EVENTS, { id, installation });
    const [found] = securityEvents.nodes;
    if (found === undefined) {
      await pause(LOOK_EVERY_MS);
      throw new Error(`Nothing was noticed of ${id}.`);
    }
    return found;
  });
const LIFT = `mutation ($input: LiftThrottleInput!) { liftThrottle(input: $input) { __typename ... on ThrottleLifted { throttle { liftReason } } } }`;
const lift = (client: TesseraClient, id: string | undefined, installation: boolean) =>
  client.ask(z.object({ liftThrottle: z.object({ __typename: z.string() }) }), LIFT, {
    input: { id, installation, reason: "It was a test." },
  });

beforeAll(async () => {
  instance = await startTwoTenants(SETTINGS);
  admin = createTesseraClient(instance.url, instance.alpha.apiKey);
  // No tenant hands on what operators may; whoever runs the installation gives it in the database.
  const made = await makeApiKey(admin, "operator", ["security:read", "security:manage"]);
  const owner = new TenantPool(await readOwnerUrl(instance.home));
  await owner.query("UPDATE api_key SET permissions = permissions || '{platform:tenants}' WHERE id = $1", [made.id]);
  await owner.end();
  operatorKey = made.secret;
}, START_MS);
afterAll(() => instance?.stop(), 60_000);

describe("keys that nobody has, guessed from one address", () => {
  const attacker = "203.0.113.9";

  it("block the address everywhere, say why and until when, and nobody else; operators see it and lift it", async () => {
    const operator = createTesseraClient(instance.url, operatorKey);
    const known = await makeApiKey(admin, "in use behind the same address", ["tenant:read"]);
    const fresh = await makeApiKey(admin, "not seen from there yet", ["tenant:read"]);
    expect((await askFrom(attacker, known.secret)).status).toBe(200);
    for (let time = 0; time < 25; time += 1)
      expect([401, 429]).toContain((await askFrom(attacker, randomKey())).status);
    const found = await noticed(operator, attacker, true);
    expect(found).toMatchObject({ kind: "KEY_SCANNING", measured: 20, throttle: { level: "BLOCKED", strikes: 1 } });

    await heldBack(attacker, "KEY_SCANNING");
    const blocked = await askFrom(attacker, fresh.secret);
    expect(blocked.status).toBe(429);
    expect(blocked.text).toContain("KEY_SCANNING");
    expect(blocked.text).toContain(found.throttle?.until);
    expect(Number(blocked.retryAfter)).toBeGreaterThan(0);
    const rest = await fetch(`${instance.url}/api/v2/admin/tenants/${instance.alpha.tenantId}/usage`, {
      headers: { authorization: `Bearer ${fresh.secret}`, "x-forwarded-for": attacker },
    });
    expect([rest.status, (await rest.text()).includes("KEY_SCANNING")]).toEqual([429, true]);

    // Who was there before goes on, and the same key works from anywhere else.
    expect((await askFrom(attacker, known.secret)).status).toBe(200);
    expect((await askFrom("203.0.113.10", fresh.secret)).status).toBe(200);
    expect((await askFrom("198.51.100.7", instance.beta.apiKey)).status).toBe(200);

    // Tenants see nothing of it, and can't lift it.
    const beta = createTesseraClient(instance.url, instance.beta.apiKey);
    for (const tenant of [admin, beta]) {
      const { securityEvents } = await tenant.ask(eventsShape, EVENTS, { id: attacker, installation: false });
      expect(securityEvents.nodes).toEqual([]);
      const refused = await tenant.tell(LIFT, { input: { id: found.throttle?.id, installation: true, reason: "x" } });
      expect(refused.errors?.[0]?.extensions?.["code"]).toBe("FORBIDDEN");
    }

    expect((await lift(operator, found.throttle?.id, true)).liftThrottle.__typename).toBe("ThrottleLifted");
    await eventually(async () => expect((await askFrom(attacker, fresh.secret)).status).toBe(200));
  });
});

describe("secrets of a tenant's key, guessed from one address", () => {
  it("are told to that tenant long before the address is blocked; the key itself works on from elsewhere", async () => {
    const attacker = "198.51.100.66";
    const own = await makeApiKey(admin, "the one that is guessed at", ["tenant:read"]);
    for (let time = 0; time < 25; time += 1) await askFrom(attacker, randomKey(own.id));
    expect(await noticed(admin, attacker)).toMatchObject({ kind: "CREDENTIAL_STUFFING", measured: 4, throttle: null });
    const operator = createTesseraClient(instance.url, operatorKey);
    expect(await noticed(operator, attacker, true)).toMatchObject({
      ...{ kind: "CREDENTIAL_STUFFING", source: { kind: "ADDRESS" }, throttle: { level: "BLOCKED" } },
    });
    await heldBack(attacker, "CREDENTIAL_STUFFING");
    expect((await askFrom(attacker, own.secret)).status).toBe(429);
    expect((await askFrom("198.51.100.67", own.secret)).status).toBe(200);
    const beta = createTesseraClient(instance.url, instance.beta.apiKey);
    const { securityEvents } = await beta.ask(eventsShape, EVENTS, { id: attacker, installation: false });
    expect(securityEvents.nodes).toEqual([]);
  });
});

describe("a key that suddenly costs far more", () => {
  it("keeps a quarter of its budget, is told why and until when, and has everything back when it is lifted", async () => {
    const spender = await makeApiKey(admin, "spends", ["tenant:read"]);
    const other = await makeApiKey(admin, "spends as usual", ["tenant:read"]);
    const costly = "{ apiKeys(first: 1000) { nodes { id name createdAt expiresAt } } }";
    const spend = async (key: string, most: number, status: number): Promise<string | null> => {
      for (let time = 0; time < most; time += 1) {
        const answer = await askFrom("192.0.2.5", key, costly);
        if (answer.status === status) return answer.text;
      }
      return null;
    };
    const found = await eventually(async () => {
      await spend(spender.secret, 5, 429);
      const { securityEvents } = await admin.ask(eventsShape, EVENTS, { id: spender.id, installation: false });
      const [one] = securityEvents.nodes;
      if (one === undefined) throw new Error("Nothing was noticed yet.");
      return one;
    });
    expect(found).toMatchObject({ kind: "COST_SPIKE", source: { kind: "API_KEY" }, throttle: { level: "REDUCED" } });
    const refused = await eventually(async () => {
      const text = await spend(spender.secret, 50, 429);
      if (text === null || !text.includes("COST_SPIKE")) throw new Error("It is not held back yet.");
      return text;
    });
    expect(refused).toContain(found.throttle?.until);
    expect(refused).toContain('"quota":"throttle"');
    expect((await askFrom("192.0.2.5", other.secret, costly)).status).toBe(200);
    expect((await askFrom("192.0.2.5", instance.beta.apiKey, costly)).status).toBe(200);

    // Neither the key itself nor another tenant lifts it.
    const beta = createTesseraClient(instance.url, instance.beta.apiKey);
    expect((await lift(beta, found.throttle?.id, false)).liftThrottle.__typename).toBe("ThrottleNotFound");
    expect((await lift(admin, found.throttle?.id, false)).liftThrottle.__typename).toBe("ThrottleLifted");
    await eventually(async () => {
      const answer = await askFrom("192.0.2.5", spender.secret, costly);
      expect(answer.text).not.toContain("COST_SPIKE");
      expect(answer.status).toBe(200);
    });
  });
});

describe("a key that reads page after page", () => {
  it("is noticed by its different pages and held back; who reads the same page again is not", async () => {
    const scraper = await makeApiKey(admin, "walks", ["tenant:read"]);
    const reader = await makeApiKey(admin, "reads", ["tenant:read"]);
    for (let made = 0; made < 25; made += 1) await makeApiKey(admin, `one of many ${made}`, ["tenant:read"]);
    const page = "query ($after: Cursor) { apiKeys(first: 1, after: $after) { pageInfo { endCursor hasNextPage } } }";
    const shape = z.object({
      data: z.object({ apiKeys: z.object({ pageInfo: z.object({ endCursor: z.string().nullable() }) }) }),
    });
    const read = async (key: string, after: string | null): Promise<string | null> => {
      const { text } = await askFrom("192.0.2.6", key, page, { after });
      return shape.parse(JSON.parse(text)).data.apiKeys.pageInfo.endCursor;
    };
    let after: string | null = null;
    const firstPlace = await read(reader.secret, null);
    for (let pages = 0; pages < 23; pages += 1) {
      after = await read(scraper.secret, after);
      await read(reader.secret, firstPlace);
    }
    expect(await noticed(admin, scraper.id)).toMatchObject({
      ...{ kind: "SCRAPING", source: { kind: "API_KEY", id: scraper.id }, measured: 20 },
      throttle: { level: "REDUCED", strikes: 1 },
    });
    const { securityEvents } = await admin.ask(eventsShape, EVENTS, { id: reader.id, installation: false });
    expect(securityEvents.nodes).toEqual([]);
  });
});

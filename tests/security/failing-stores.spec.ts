import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { z } from "zod";
import type { EmbeddedEngines, EngineConnections } from "@tessera/platform/engines/embedded-engines";
import { makeService, tokenOf, type ServiceClient } from "../testing/access-tokens.ts";
import { eventually } from "../testing/eventually.ts";
import {
  runMigrate,
  SECRETS,
  seedTenant,
  startClickHouseAlone,
  startEngines,
  startPostgresAlone,
  storeEnvironment,
} from "../testing/running-engines.ts";
import { planRoles, type RoleName, type RunningRoles } from "../testing/running-roles.ts";
import { createTesseraClient, type TesseraClient } from "../testing/tessera-client.ts";
import { startRole } from "../testing/tessera-process.ts";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../testing/temporary-home.ts";

const SUBGRAPHS = ["analytics", "anomaly", "ml", "governance", "tenant"] as const satisfies readonly RoleName[];
const EDGES = ["gateway", "bridge"] as const satisfies readonly RoleName[];
const ALL = [...SUBGRAPHS, "ingest", "worker", "identity", ...EDGES] as const satisfies readonly RoleName[];
/** A word that stands in nothing but secrets of this run. */
const MARK = randomBytes(12).toString("hex");
const AUDIT_SECRET = `the secret of audit seals, ${MARK}`;
/** Redis that nobody runs: what limits say of it is logged. */
const REDIS_URL = `redis://limits:${MARK}@127.0.0.1:1`;

let directory: TemporaryDirectory;
let engines: EmbeddedEngines;
let connections: EngineConnections;
let roles: RunningRoles;
let administrator: TesseraClient;
let service: ServiceClient;
let token: string;
const stops: (() => Promise<void>)[] = [];

/** Everything that must stand nowhere, by what it is. */
const secrets = (): ReadonlyMap<string, string> => {
  const environment = storeEnvironment(connections);
  const [, ringKey = ""] = SECRETS.KEY_RING.split(":");
  const passwords = Object.entries(environment).flatMap(([name, value]) => {
    if (name.endsWith("_PASSWORD")) return [[name, value] as const];
    return name.endsWith("_URL") && URL.canParse(value) && new URL(value).password !== ""
      ? [[name, new URL(value).password] as const]
      : [];
  });
  return new Map([
    ...passwords,
    ["the planted word", MARK],
    ["IDENTITY_SECRET", SECRETS.IDENTITY_SECRET],
    ["API_KEY_PEPPER", SECRETS.API_KEY_PEPPER],
    ["KEY_RING", ringKey],
    ["an API key", administrator.apiKey.slice(-24)],
    ["a client's secret", service.secret.slice(-24)],
    ["an access token", token.slice(-24)],
  ]);
};
/** Names of the secrets that stand in a text. */
const secretsIn = (text: string): readonly string[] =>
  [...secrets()].filter(([, secret]) => text.includes(secret)).map(([name]) => name);

const filesUnder = (place: string): readonly string[] =>
  readdirSync(place, { withFileTypes: true, recursive: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );

beforeAll(async () => {
  directory = await makeTemporaryDirectory();
  const home = directory.home("engines");
  engines = await startEngines(home);
  stops.push(engines.stop);
  ({ connections } = engines);
  await runMigrate(connections);
  const { apiKey } = await seedTenant(connections);
  roles = await planRoles(
    { ...storeEnvironment(connections), AUDIT_SECRET, LOG_LEVEL: "trace" },
    join(directory.path, "journals"),
  );
  roles.start(ALL.filter((name) => !EDGES.some((edge) => edge === name)));
  roles.start(EDGES, { REDIS_URL });
  await roles.ready(ALL);
  administrator = createTesseraClient(roles.url("gateway"), apiKey);
  service = await makeService(administrator, ["analytics:read", "analytics:ingest"]);
  token = await tokenOf(roles.url("identity"), service);
}, 300_000);
afterAll(async () => {
  await roles?.stop();
  for (const stop of stops.toReversed()) await stop();
  await directory?.remove();
}, 120_000);

const OLAP = `query ($input: OlapInput!) { olap(input: $input) { rowCount } }`;
const variables = () => ({
  input: {
    measures: [{ function: "COUNT" }],
    range: { from: new Date(Date.now() - 3_600_000).toISOString(), to: new Date().toISOString() },
  },
});

interface Asked {
  readonly role: RoleName;
  readonly path: string;
  readonly init: RequestInit;
}

/** Requests that need a store each: of every surface, by a known key, a token, and a key nobody has looked at yet. */
const requests = (unseenKey: string): readonly Asked[] => {
  const json = { "content-type": "application/json" };
  const graph = JSON.stringify({ query: OLAP, variables: variables() });
  const rules = JSON.stringify({ query: "{ rules { pageInfo { hasNextPage } } apiKeys { edges { node { id } } } }" });
  const event = JSON.stringify([{ name: "while the stores are down" }]);
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const basic = `Basic ${Buffer.from(`${service.id}:${service.secret}`).toString("base64")}`;
  const fields = new URLSearchParams({
    token,
    grant_type: "client_credentials",
    refresh_token: `rt${MARK}`,
  }).toString();
  const credentials = [administrator.apiKey, token, unseenKey].map((credential) => `Bearer ${credential}`);
  return [
    ...credentials.flatMap((authorization): Asked[] => [
      { role: "gateway", path: "/graphql", init: { method: "POST", headers: { authorization, ...json }, body: graph } },
      { role: "gateway", path: "/graphql", init: { method: "POST", headers: { authorization, ...json }, body: rules } },
      { role: "bridge", path: "/api/v2/analytics/realtime/metrics", init: { headers: { authorization } } },
      { role: "bridge", path: "/api/v2/audit", init: { headers: { authorization } } },
      {
        role: "ingest",
        path: "/api/v2/events",
        init: { method: "POST", headers: { authorization, ...json }, body: event },
      },
    ]),
    ...["/oauth/token", "/oauth/introspect", "/oauth/revoke"].map((path): Asked => {
      const init = { method: "POST", headers: { authorization: basic, ...form }, body: fields };
      return { role: "identity", path, init };
    }),
    { role: "identity", path: `/oauth/invitation/${MARK}`, init: {} },
    ...ALL.flatMap((role): Asked[] => ["/readyz", "/livez", "/metrics"].map((path) => ({ role, path, init: {} }))),
  ];
};

/** Stops both engines while questions are asked of them, so that some are under way, and recorded, when they fail. */
const stopWhileAsked = async (): Promise<void> => {
  let isStopped = false;
  const stopping = engines.stop().finally(() => {
    isStopped = true;
  });
  const told: string[] = [];
  while (!isStopped) told.push(JSON.stringify(await administrator.tell(OLAP, variables()).catch(String)));
  await stopping;
  expect(secretsIn(told.join("\n"))).toEqual([]);
};

const keyShape = z.object({ createApiKey: z.object({ secret: z.string() }) });
const MAKE_KEY = `mutation { createApiKey(input: {name: "unseen", permissions: ["analytics:read"]}) {
  ... on ApiKeyCreated { secret } } }`;

describe("while the stores that hold them are down, the installation's secrets", () => {
  it("stand in no answer, header, measure or log line of any role, with everything logged that can be", async () => {
    const { secret: unseenKey } = (await administrator.ask(keyShape, MAKE_KEY)).createApiKey;
    await stopWhileAsked();
    const statuses = new Map<string, Set<number>>();
    for (const { role, path, init } of [...requests(unseenKey), ...requests(unseenKey)]) {
      const answer = await fetch(`${roles.url(role)}${path}`, { ...init, redirect: "manual" }).catch(
        (error: unknown) => {
          // A role that ended says why in its last words.
          throw new Error(`${role} does not answer:\n${roles.process(role).output().slice(-3_000)}`, { cause: error });
        },
      );
      const told = `${JSON.stringify([...answer.headers])}${await answer.text()}`;
      expect({ role, path: path.replace(MARK, "<mark>"), told: secretsIn(told) }).toMatchObject({ told: [] });
      statuses.set(role, (statuses.get(role) ?? new Set()).add(answer.status));
    }
    // They did fail: each surface, for want of a store.
    for (const role of ["ingest", "identity", "bridge", "gateway"])
      expect([...(statuses.get(role) ?? [])].some((status) => status >= 500)).toBe(true);
    for (const name of ALL) {
      const output = roles.process(name).output();
      expect({ name, said: secretsIn(output) }).toEqual({ name, said: [] });
    }
    expect(roles.process("tenant").output()).toMatch(/"level":/);
    expect(roles.process("gateway").output()).toContain("Redis");
  }, 180_000);

  it("stand in no journal, and once the stores are back in no record of what was asked meanwhile", async () => {
    for (const path of filesUnder(join(directory.path, "journals")))
      expect({ path, holds: secretsIn(readFileSync(path, "utf8")) }).toEqual({ path, holds: [] });
    const home = directory.home("engines");
    stops.push(
      (await startPostgresAlone(home, connections)).stop,
      (await startClickHouseAlone(home, connections)).stop,
    );
    await roles.ready(ALL);
    const audit = await eventually(async () => {
      const answer = await createTesseraClient(roles.url("bridge"), administrator.apiKey).get(
        "/api/v2/audit?first=1000",
      );
      const text = await answer.text();
      expect([answer.status, text.includes("Query.olap")]).toEqual([200, true]);
      return text;
    });
    expect(secretsIn(audit)).toEqual([]);
    for (const name of ALL) expect({ name, said: secretsIn(roles.process(name).output()) }).toEqual({ name, said: [] });
  }, 240_000);
});

describe("settings that can't be used", () => {
  it.each([
    ["a secret that is too short", { IDENTITY_SECRET: MARK }],
    ["an address that is none", { DATABASE_URL: `not an address ${MARK}` }],
    ["a key ring that is none", { KEY_RING: `bad:${MARK}` }],
  ])(
    "%s is named, and its value is not repeated",
    async (_what, wrong) => {
      const [name = ""] = Object.keys(wrong);
      const environment = {
        ...storeEnvironment(connections),
        PUBLIC_URL: "https://tessera.example.com",
        PORT: "0",
        ...wrong,
      };
      const role = startRole(["identity"], { environment });
      const { code } = await role.ended;
      expect(code).not.toBe(0);
      expect(role.output()).toMatch(name === "KEY_RING" ? /key ring/i : new RegExp(name));
      expect(role.output()).not.toContain(MARK);
    },
    60_000,
  );
});

import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it, jest } from "@jest/globals";
import { createClient } from "graphql-ws";
import { OperationTypeNode } from "graphql";
import { WebSocket } from "ws";
import { z } from "zod";
import { newApiKey, SHARE_LINK_PREFIX } from "../../platform/src/auth/api-key.ts";
import { routeDescriptions } from "../../rest-bridge/src/routes/descriptions.ts";
import { eventually } from "../testing/eventually.ts";
import { openTwoTenants, type SharedTenant, type SharedTenants } from "../testing/shared-instance.ts";
import { createTesseraClient } from "../testing/tessera-client.ts";
import { operationText, rootFields } from "./api-schema.ts";
import { exampleOf } from "./examples.ts";
import { askGraph, askHttp, hear, readAnswer } from "./outside.ts";
import { makeApiKey, nothingOwn } from "./own-things.ts";

/** Milliseconds any one guarantee may take on a busy machine. */
jest.setTimeout(120_000);
const START_MS = 240_000;

const STREAM = "/api/v2/analytics/realtime/stream";
const INBOUND = "/api/v2/incidents/inbound/pagerduty/{endpoint}";
const READ = `{ sharedDashboard { title widgets { title } data(maxStaleness: "PT0S") { error
  answer { ... on OlapResult { totals { ... on IntegerColumn { integers } } } } } } }`;
const created = z.object({
  createDashboardLink: z.object({ token: z.string(), link: z.object({ id: z.string() }) }),
});
const dashboard = z.object({ createDashboard: z.object({ dashboard: z.object({ id: z.string() }) }) });

/** A dashboard of how many views there were, and a link to it that shows those of Germany. */
const share = async (client: SharedTenant["client"], input: object = {}) => {
  const make = `mutation ($input: CreateDashboardInput!) { createDashboard(input: $input) { ... on DashboardCreated { dashboard { id } } } }`;
  const { id } = (await client.ask(dashboard, make, { input: { title: "Wall" } })).createDashboard.dashboard;
  const edit = `mutation ($id: ID!, $operations: [DashboardOperationInput!]!) {
    editDashboard(id: $id, baseVersion: 1, idempotencyKey: "one", operations: $operations) { __typename } }`;
  const olap = { range: { sliding: "P1D" }, measures: [{ name: "n", function: "COUNT" }] };
  const box = { x: 0, y: 0, width: 6, height: 4 };
  const operations = [{ addWidget: { id: randomUUID(), title: "Views", box, question: { olap } } }];
  await client.ask(z.unknown(), edit, { id, operations });
  const link = `mutation ($id: ID!, $input: DashboardLinkInput!) { createDashboardLink(id: $id, input: $input) {
    ... on DashboardLinkCreated { token link { id } } } }`;
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const rowFilters = [{ column: "COUNTRY", operator: "IN", values: ["DE"] }];
  const all = { id, input: { name: "Lobby", expiresAt, rowFilters, ...input } };
  return (await client.ask(created, link, all)).createDashboardLink;
};

let tenants: SharedTenants;
let url: string;
let token: string;
let linkId: string;
beforeAll(async () => {
  tenants = await openTwoTenants();
  url = tenants.url;
  const event = (country: string) => ({ name: "view", userId: randomUUID(), country });
  await tenants.alpha.client.send(["DE", "DE", "US"].map(event));
  const shared = await share(tenants.alpha.client);
  [token, linkId] = [shared.token, shared.link.id];
}, START_MS);

const total = (n: number) => ({
  data: {
    sharedDashboard: {
      ...{ title: "Wall", widgets: [{ title: "Views" }] },
      data: [{ error: null, answer: { totals: [{ integers: [n] }] } }],
    },
  },
});

describe("a share link", () => {
  it("reads its dashboard under its own policy, over HTTP and on a socket", async () => {
    await eventually(async () => expect(readAnswer(await askGraph(url, token, { query: READ }))).toEqual(total(2)));
    const { messages } = await hear(url, token, { query: READ }, (all) => all.length > 0);
    expect(messages).toEqual([total(2)]);
  });

  it("is nobody to every other field of the graph, those that are open to everybody else as well", async () => {
    const others = rootFields.filter(({ coordinate }) => coordinate !== "Query.sharedDashboard");
    const own = nothingOwn(tenants.alpha.tenantId);
    for (const root of others) {
      const variables = exampleOf(root.coordinate, own);
      const query = operationText(root, variables);
      const codes =
        root.kind === OperationTypeNode.SUBSCRIPTION
          ? ((await hear(url, token, { query, variables: { ...variables } })).refusal ?? [])
          : (readAnswer(await askGraph(url, token, { query, variables })).errors ?? []);
      expect([root.coordinate, codes[0]?.extensions?.["code"]]).toEqual([root.coordinate, "FORBIDDEN"]);
    }
    const schema = await askGraph(url, token, { query: "{ __schema { types { name } } }" });
    expect(schema.text).not.toContain("OlapInput");
  });

  it("is refused by every route but those that are open to the world", async () => {
    const open = new Set<string>();
    for (const { method, path } of routeDescriptions) {
      const address = `${url}${path.replaceAll(/\{\w+\}/g, randomUUID())}`;
      const init = method === "get" ? { method: "GET" } : { method: method.toUpperCase(), body: "{}" };
      const [linked, nobody] = [await askHttp(address, token, init), await askHttp(address, null, init)];
      if (nobody.status === 401) expect([path, [400, 403, 426].includes(linked.status)]).toEqual([path, true]);
      else open.add(path);
      if (path === INBOUND) expect([linked.status, nobody.status]).toEqual([404, 404]);
    }
    expect([...open].filter((path) => path.startsWith("/api/") && !/health|openapi|docs|keys/.test(path))).toEqual([
      STREAM,
      INBOUND,
    ]);
    // The first is of sockets, and says nothing before it knows who listens; the other knows who tells by the address and the signature.
    const said = await new Promise<string>((resolve) => {
      const headers = { authorization: `Bearer ${token}` };
      const socket = new WebSocket(`${url.replace(/^http/, "ws")}${STREAM}`, { headers });
      const heard: string[] = [];
      socket.on("message", (data: Buffer) => heard.push(data.toString("utf8")));
      socket.on("unexpected-response", (_request, response) => {
        resolve(`${response.statusCode ?? 0}`);
        socket.terminate();
      });
      socket.on("error", () => undefined);
      socket.on("close", (code) => resolve(`${code} ${heard.join(" ")}`));
    });
    expect(said).not.toContain('"metrics"');
    expect(said).toMatch(/^4?403|FORBIDDEN/);
  });

  it("ends at once, with its open sockets; ended, unknown and mistyped tokens are answered alike, and another tenant ends none", async () => {
    const { token: other, link } = await share(tenants.alpha.client);
    const socket = createClient({
      ...{ url: `${url.replace(/^http/, "ws")}/graphql`, webSocketImpl: WebSocket, lazy: false, retryAttempts: 0 },
      connectionParams: { authorization: `Bearer ${other}` },
      onNonLazyError: () => undefined,
    });
    const opened = new Promise((resolve) => socket.on("connected", resolve));
    const closed = new Promise((resolve) => socket.on("closed", resolve));
    await opened;
    const REVOKE = "mutation ($id: ID!) { revokeDashboardLink(id: $id) { __typename } }";
    const revoke = async (client: SharedTenant["client"]) => (await client.tell(REVOKE, { id: link.id })).data;
    const answered = (name: string) => ({ revokeDashboardLink: { __typename: name } });
    expect(await revoke(tenants.beta.client)).toEqual(answered("DashboardLinkNotFound"));
    expect(readAnswer(await askGraph(url, other, { query: READ })).data).not.toEqual({ sharedDashboard: null });
    expect(await revoke(tenants.alpha.client)).toEqual(answered("DashboardLinkRevoked"));
    // The credential may still be known for a moment; what it shows is gone.
    expect((await askGraph(url, other, { query: READ })).text).not.toContain("Wall");
    await closed;
    const refused = await eventually(async () => {
      const answer = await askGraph(url, other, { query: READ });
      expect(answer.status).toBe(401);
      return answer;
    });
    const unknown = newApiKey(() => new Uint8Array(64).fill(7), undefined, SHARE_LINK_PREFIX).secret;
    const same = ({ text }: { readonly text: string }): string => text.replaceAll(/[0-9a-f]{32}/g, "");
    expect(same(await askGraph(url, unknown, { query: READ }))).toBe(same(refused));
  });

  it("never shows more than who shared it may see now", async () => {
    const { alpha } = tenants;
    const { id, secret } = await makeApiKey(alpha.client, "sharer", ["analytics:read", "dashboards:edit"]);
    const { token: theirs } = await share(createTesseraClient(url, secret), { rowFilters: [] });
    const shows = (n: number) =>
      eventually(async () => expect(readAnswer(await askGraph(url, theirs, { query: READ }))).toEqual(total(n)));
    await shows(3);
    const SAVE = "mutation ($input: DataPolicyInput!) { saveDataPolicy(input: $input) { __typename } }";
    const rowFilters = [{ column: "COUNTRY", operator: "IN", values: ["US"] }];
    const input = { name: "americas", subjects: [{ kind: "API_KEY", id }], rowFilters };
    await alpha.client.ask(z.unknown(), SAVE, { input });
    await shows(1);
    await alpha.client.ask(z.unknown(), "mutation ($id: ID!) { revokeApiKey(id: $id) { __typename } }", { id });
    await eventually(async () => expect((await askGraph(url, theirs, { query: READ })).status).toBe(401));
  });

  it("is listed with how often it was read, and what was asked with it is on record by its id", async () => {
    const LINKS = `query { dashboards { edges { node { id } } } }`;
    const boards = z.object({
      dashboards: z.object({ edges: z.array(z.object({ node: z.object({ id: z.string() }) })) }),
    });
    const { edges } = (await tenants.alpha.client.ask(boards, LINKS)).dashboards;
    const found = await Promise.all(
      edges.map(({ node }) =>
        tenants.alpha.client.tell("query ($id: ID!) { dashboardLinks(id: $id) { id uses lastUsedAt } }", {
          id: node.id,
        }),
      ),
    );
    const text = JSON.stringify(found);
    expect(text).toMatch(new RegExp(`"id":"${linkId}","uses":[1-9]`));
    const AUDIT = `{ auditLog(first: 50, filter: { subjectId: "${linkId}" }) { edges { node { subject { kind id } } } } }`;
    await eventually(async () => {
      const { data } = await tenants.alpha.client.tell(AUDIT);
      expect(JSON.stringify(data)).toContain(`{"kind":"LINK","id":"${linkId}"}`);
    });
  });
});

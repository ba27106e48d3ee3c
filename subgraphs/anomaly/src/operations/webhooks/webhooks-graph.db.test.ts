import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { TENANT_PERMISSIONS, type Permission } from "@tessera/contracts/permissions";
import { readKeyRing } from "@tessera/platform/auth/key-ring";
import { buildSubgraph, type Subgraph } from "@tessera/platform/graphql/subgraph";
import { createPublicRequests } from "@tessera/platform/http/public-request";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { WEBHOOK_LIMITS } from "../../domain/webhooks/endpoint.ts";
import { webhookEventTypes } from "../../domain/webhooks/event-types.ts";
import { openWebhooks } from "../../open-webhooks.ts";
import { permissions } from "../../permissions.ts";
import { webhookMutations, webhookQueries } from "../../resolvers/webhooks/webhook-roots.ts";
import { webhookTypes } from "../../resolvers/webhooks/webhook-types.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let engines: TestResources;
let subgraph: Subgraph;
beforeAll(() => {
  engines = openTestResources();
  const webhooks = openWebhooks(engines.resources, {
    keyRing: readKeyRing(`tests:${randomBytes(32).toString("base64url")}`),
    requests: createPublicRequests({ allowLoopback: true }),
    accessOfSubject: () => Promise.resolve(null),
  });
  subgraph = buildSubgraph({
    ...{ name: "anomaly", permissions, logger: engines.resources.logger },
    sdl: readFileSync(new URL("../../../schema.graphql", import.meta.url), "utf8"),
    resolvers: { Query: webhookQueries, Mutation: webhookMutations, ...webhookTypes },
    contextFor: ({ caller }) => ({ caller, webhooks: webhooks.callOf(caller) }),
  });
});
afterAll(() => engines.close());

const URL_OF_NOBODY = "http://127.0.0.1:1/hook";
const ENDPOINT = `id url description eventTypes labels { name value } headerNames ordering ratePerMinute state version
  owner { kind id } secrets { kind publicKey expiresAt } stats { waiting delivered attempts }`;
const RESULT = `__typename ... on WebhookEndpointSaved { endpoint { ${ENDPOINT} } secrets { kind secret publicKey } }
  ... on WebhookRejected { problems { field message } } ... on WebhookLimitReached { limit }`;
const CREATE = `mutation ($input: CreateWebhookEndpointInput!) { result: createWebhookEndpoint(input: $input) { ${RESULT} } }`;
const UPDATE = `mutation ($id: ID!, $input: UpdateWebhookEndpointInput!) { result: updateWebhookEndpoint(id: $id, input: $input) {
  __typename ... on WebhookEndpointSaved { endpoint { ${ENDPOINT} } } ... on WebhookRejected { problems { field } }
  ... on WebhookEndpointChangedMeanwhile { endpoint { version } } } }`;

const saved = z.object({
  endpoint: z.looseObject({ id: z.string(), version: z.number() }),
  secrets: z.array(z.object({ kind: z.string(), secret: z.string(), publicKey: z.string().nullable() })).default([]),
});
const ask = async (
  tenantId: TenantId,
  document: string,
  variables: object = {},
  held: readonly Permission[] = TENANT_PERMISSIONS,
) => {
  const answer = await askSubgraph(subgraph, callerWith(tenantId, held), document, { ...variables });
  expect(answer.errors).toBeUndefined();
  return answer.data?.["result"];
};
const create = async (tenantId: TenantId, more: object = {}) =>
  saved.parse(await ask(tenantId, CREATE, { input: { url: URL_OF_NOBODY, ...more } }));
const refusal = async (tenantId: TenantId, document: string, variables: object) =>
  (await askSubgraph(subgraph, callerWith(tenantId, TENANT_PERMISSIONS), document, { ...variables })).errors?.map(
    ({ extensions }) => [extensions?.["code"], extensions?.["field"]],
  );

describe("an endpoint", () => {
  test("is kept as it was said; its secrets are shown once, and neither they nor its headers stand in any table", async () => {
    const tenantId = freshTenantId();
    const input = {
      ...{
        description: " orders ",
        eventTypes: ["job.finished", "job.finished"],
        ordering: "SUBJECT",
        ratePerMinute: 60,
      },
      ...{ labels: [{ name: "team", value: "shop" }], signing: ["HMAC_SHA256", "ED25519"] },
      headers: [{ name: "Authorization", value: "Bearer planted-secret" }],
    };
    const { endpoint, secrets } = await create(tenantId, input);
    expect(endpoint).toMatchObject({
      ...{ url: URL_OF_NOBODY, description: "orders", eventTypes: ["job.finished"], headerNames: ["authorization"] },
      ...{ ordering: "SUBJECT", ratePerMinute: 60, state: "ACTIVE", version: 1, labels: input.labels },
      ...{ owner: { kind: "API_KEY", id: "0000000000000000" }, stats: { waiting: 0, delivered: 0, attempts: 0 } },
    });
    expect(secrets.map(({ kind, secret, publicKey }) => [kind, secret.slice(0, 6), publicKey?.slice(0, 5)])).toEqual([
      ["HMAC_SHA256", "whsec_", undefined],
      ["ED25519", "whsk_" + (secrets[1]?.secret[5] ?? ""), "whpk_"],
    ]);
    const again = await ask(
      tenantId,
      `query ($id: ID!) { result: webhookEndpoint(id: $id) { ${ENDPOINT} } }`,
      endpoint,
    );
    expect(again).toEqual(endpoint);
    const kept = await engines.owner.query(
      "SELECT e::text, (SELECT string_agg(s::text, '') FROM webhook_secret s WHERE s.endpoint_id = e.id) FROM webhook_endpoint e WHERE id = $1",
      [endpoint.id],
    );
    const text = JSON.stringify([kept.rows, again]);
    for (const secret of ["planted-secret", ...secrets.map((one) => one.secret.split("_")[1] ?? "?")])
      expect(text).not.toContain(secret);
    expect(text).toContain(secrets[1]?.publicKey);
  });

  test.each([
    ["url", { url: "http://hooks.example/x" }],
    ["url", { url: "https://10.0.0.1/x" }],
    ["url", { url: "https://user:pass@8.8.8.8/x" }],
    ["url", { url: "https://[::ffff:169.254.169.254]/x" }],
    ["url", { url: "" }],
    ["eventTypes.0", { eventTypes: ["job.begun"] }],
    ["headers.0.name", { headers: [{ name: "Host", value: "x" }] }],
    ["headers.0.name", { headers: [{ name: "X-Forwarded-For", value: "x" }] }],
    ["headers.0.name", { headers: [{ name: "webhook-id", value: "x" }] }],
    ["headers.0.value", { headers: [{ name: "X-Mine", value: "a\r\nb" }] }],
    ["ratePerMinute", { ratePerMinute: 0 }],
    ["signing", { signing: [] }],
  ])("is rejected for its %s when it is %j, and nothing is kept", async (field, input) => {
    const tenantId = freshTenantId();
    const rejected = await ask(tenantId, CREATE, { input: { url: URL_OF_NOBODY, ...input } });
    expect(rejected).toMatchObject({ __typename: "WebhookRejected", problems: [{ field }] });
    expect(await ask(tenantId, "{ result: webhookEndpoints { id } }")).toEqual([]);
  });

  test("is told what its owner may read alone: nobody asks for more, takes over more, or leads another's headers away", async () => {
    const tenantId = freshTenantId();
    const few = ["webhooks:manage", "jobs:read"] as const;
    const denied = await ask(tenantId, CREATE, { input: { url: URL_OF_NOBODY, eventTypes: ["security.event"] } }, few);
    expect(denied).toMatchObject({ __typename: "WebhookRejected", problems: [{ field: "eventTypes.0" }] });
    const { endpoint } = await create(tenantId, {
      ...{ eventTypes: ["security.event"], headers: [{ name: "X-Key", value: "of somebody" }] },
    });
    const led = { url: "http://127.0.0.1:2/mine" };
    const taken = await ask(tenantId, UPDATE, { id: endpoint.id, input: led }, few);
    expect(taken).toMatchObject({ __typename: "WebhookRejected", problems: [{ field: "eventTypes.0" }] });
    const away = { ...led, eventTypes: ["job.finished"] };
    expect(await ask(tenantId, UPDATE, { id: endpoint.id, input: away }, few)).toMatchObject({
      problems: [{ field: "headers" }],
    });
    expect(await ask(tenantId, UPDATE, { id: endpoint.id, input: { ...away, headers: [] } }, few)).toMatchObject({
      ...{ __typename: "WebhookEndpointSaved", endpoint: { ...led, headerNames: [], version: 2 } },
    });
    const policy = { rowFilters: [], hidden: [] };
    // boundary: any policy restricts its reader; what it says is of no account here.
    const restricted = { ...callerWith(tenantId, TENANT_PERMISSIONS), dataPolicy: policy as never };
    const whole = await askSubgraph(subgraph, restricted, CREATE, {
      input: { url: URL_OF_NOBODY, eventTypes: ["alert.changed"] },
    });
    expect(whole.data?.["result"]).toMatchObject({ __typename: "WebhookRejected" });
  });

  test("is changed from the version that was read alone; what is not said stays", async () => {
    const tenantId = freshTenantId();
    const { endpoint } = await create(tenantId, { description: "why", ratePerMinute: 7 });
    const change = (input: object) => ask(tenantId, UPDATE, { id: endpoint.id, input });
    expect(await change({ expectedVersion: 1, ordering: "ALL" })).toMatchObject({
      endpoint: { version: 2, ordering: "ALL", description: "why", ratePerMinute: 7 },
    });
    expect(await change({ expectedVersion: 1, ordering: "NONE" })).toEqual({
      ...{ __typename: "WebhookEndpointChangedMeanwhile", endpoint: { version: 2 } },
    });
    expect(await change({ description: null })).toMatchObject({ endpoint: { version: 3, description: null } });
  });

  test("is one of so many, also when the last two are made at once", async () => {
    const tenantId = freshTenantId();
    const { endpoint } = await create(tenantId);
    await engines.owner.query(
      `INSERT INTO webhook_endpoint SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid()))).*
        FROM webhook_endpoint e, generate_series(3, $2) WHERE e.id = $1`,
      [endpoint.id, WEBHOOK_LIMITS.endpoints],
    );
    const input = { url: URL_OF_NOBODY };
    const made = await Promise.all([1, 2].map(() => ask(tenantId, CREATE, { input })));
    const limits = made.filter((one) => JSON.stringify(one).includes("WebhookLimitReached"));
    expect(limits).toEqual([{ __typename: "WebhookLimitReached", limit: WEBHOOK_LIMITS.endpoints }]);
  });
});

describe("secrets", () => {
  const ROTATE = `mutation ($id: ID!, $hours: Int!) { result: rotateWebhookSecret(id: $id, overlapHours: $hours) { ${RESULT} } }`;

  test("are rotated with a time in which both sign, four at most; without such a time the former one ends at once", async () => {
    const tenantId = freshTenantId();
    const { endpoint } = await create(tenantId);
    const rotate = (hours: number) => ask(tenantId, ROTATE, { id: endpoint.id, hours });
    for (const signing of [2, 3, 4]) {
      const rotated = await rotate(24);
      expect(rotated).toMatchObject({ secrets: [{ kind: "HMAC_SHA256" }] });
      expect(
        z.object({ endpoint: z.object({ secrets: z.array(z.unknown()) }) }).parse(rotated).endpoint.secrets,
      ).toHaveLength(signing);
    }
    expect(await rotate(24)).toMatchObject({ __typename: "WebhookLimitReached", limit: WEBHOOK_LIMITS.secrets });
    expect(await rotate(0)).toMatchObject({ endpoint: { secrets: [{ expiresAt: null }] } });
    expect(await rotate(169)).toMatchObject({ __typename: "WebhookRejected", problems: [{ field: "overlapHours" }] });
  });
});

describe("deliveries", () => {
  const TEST = `mutation ($id: ID!) { result: testWebhookEndpoint(id: $id) { __typename ... on WebhookTestSent { delivery {
    id messageId type body state endReason isReplay attempts { number } } } } }`;
  const LIST = `query ($first: Int!, $after: Cursor, $filter: WebhookDeliveryFilterInput) { result: webhookDeliveries(first: $first, after: $after, filter: $filter) {
    edges { cursor node { messageId body state } } pageInfo { hasNextPage endCursor } } }`;

  test("are listed newest first, page by page, and their bodies told to who may read them", async () => {
    const tenantId = freshTenantId();
    const { endpoint } = await create(tenantId);
    await ask(tenantId, "mutation ($id: ID!) { result: pauseWebhookEndpoint(id: $id) { __typename } }", endpoint);
    for (let sent = 0; sent < 3; sent += 1)
      expect(await ask(tenantId, TEST, endpoint)).toMatchObject({
        delivery: { type: "webhook.test", state: "WAITING", messageId: expect.stringMatching(/^msg_/), attempts: [] },
      });
    const page = z.object({
      edges: z.array(z.object({ cursor: z.string(), node: z.object({ messageId: z.string(), body: z.string() }) })),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string() }),
    });
    const first = page.parse(await ask(tenantId, LIST, { first: 2 }));
    const second = page.parse(await ask(tenantId, LIST, { first: 2, after: first.pageInfo.endCursor }));
    expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([true, false]);
    const ids = [...first.edges, ...second.edges].map(({ node }) => node.messageId);
    expect(new Set(ids).size).toBe(3);
    const filter = { messageId: ids[1], states: ["WAITING"], types: ["webhook.test"], endpointId: endpoint.id };
    expect(await ask(tenantId, LIST, { first: 9, filter })).toMatchObject({ edges: [{ node: { messageId: ids[1] } }] });
    expect(await ask(tenantId, LIST, { first: 9, filter: { endpointId: "x" } })).toMatchObject({ edges: [] });
    await engines.owner.query("UPDATE webhook_message SET type = 'security.event' WHERE tenant_id = $1", [tenantId]);
    expect(await ask(tenantId, LIST, { first: 1 }, ["webhooks:manage"])).toMatchObject({
      edges: [{ node: { body: null } }],
    });
  });

  test.each([
    [LIST, { first: 0 }, "first"],
    [LIST, { first: 9, after: "nonsense" }, "after"],
    [LIST, { first: 9, filter: { messageId: "1" } }, "filter.messageId"],
  ])("are not listed for nonsense: %#", async (document, variables, field) => {
    expect(await refusal(freshTenantId(), document, variables)).toEqual([["BAD_INPUT", field]]);
  });

  const REPLAY = "mutation ($input: ReplayWebhooksInput!) { result: replayWebhooks(input: $input) { __typename } }";
  test.each([
    [{}, "input"],
    [{ messageIds: ["msg_1"] }, "input.messageIds.0"],
    [{ messageIds: [] }, "input.messageIds"],
    [{ messageIds: ["msg_1"], from: "2026-01-01T00:00:00Z" }, "input"],
    [{ from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" }, "input.from"],
  ])("are not replayed for %j", async (input, field) => {
    const tenantId = freshTenantId();
    const { endpoint } = await create(tenantId);
    const variables = { input: { endpointId: endpoint.id, ...input } };
    expect(await refusal(tenantId, REPLAY, variables)).toEqual([["BAD_INPUT", field]]);
  });

  test("another tenant sees nothing and reaches nothing of, nor of endpoints", async () => {
    const [tenantId, stranger] = [freshTenantId(), freshTenantId()];
    const { endpoint } = await create(tenantId);
    await ask(tenantId, TEST, endpoint);
    const fields = ["pause", "resume", "delete", "test"].map((verb) => `${verb}WebhookEndpoint(id: $id)`);
    for (const field of [
      ...fields,
      "rotateWebhookSecret(id: $id)",
      "updateWebhookEndpoint(id: $id, input: {})",
      'replayWebhooks(input: { endpointId: $id, from: "2020-01-01T00:00:00Z" })',
    ])
      expect([field, await ask(stranger, `mutation ($id: ID!) { result: ${field} { __typename } }`, endpoint)]).toEqual(
        [...[field, { __typename: "WebhookEndpointNotFound" }]],
      );
    expect(await ask(stranger, LIST, { first: 9, filter: { endpointId: endpoint.id } })).toMatchObject({ edges: [] });
    expect(await ask(stranger, "{ result: webhookEndpoints { id } }")).toEqual([]);
    const mine = await create(stranger);
    await ask(stranger, TEST, mine.endpoint);
    const [older, newer] = [tenantId, stranger].map((one) => ask(one, LIST, { first: 1 }));
    const cursorOf = async (page: Promise<unknown>) => /"endCursor":"(\d+)"/.exec(JSON.stringify(await page))?.[1];
    // Another tenant's place is a number like any other: it shows what of one's own lies before it, and nothing else.
    expect(await ask(stranger, LIST, { first: 9, after: await cursorOf(older ?? Promise.resolve()) })).toMatchObject({
      edges: [],
    });
    expect(await ask(tenantId, LIST, { first: 9, after: await cursorOf(newer ?? Promise.resolve()) })).toMatchObject({
      edges: [{ node: { state: "WAITING" } }],
    });
    for (const table of ["endpoint", "secret", "message", "delivery", "attempt"]) {
      const seen = await engines.resources.pool.query(`SELECT 1 FROM webhook_${table} WHERE tenant_id = $1`, [
        tenantId,
      ]);
      expect(seen.rowCount).toBe(0);
    }
    const found = await ask(
      tenantId,
      "query ($id: ID!) { result: webhookEndpoint(id: $id) { version state } }",
      endpoint,
    );
    expect(found).toEqual({ version: 1, state: "ACTIVE" });
  });
});

test("The catalogue is told with schema and example", async () => {
  const types = await ask(freshTenantId(), "{ result: webhookEventTypes { name version permission schema example } }");
  const shape = z.array(z.object({ name: z.string(), schema: z.string(), example: z.string() }));
  const told = shape.parse(types);
  expect(told.map(({ name }) => name)).toEqual(webhookEventTypes.map(({ name }) => name));
  for (const { name, schema, example } of told)
    expect([JSON.parse(schema), JSON.parse(example)]).toMatchObject([{ type: "object" }, { type: name }]);
});

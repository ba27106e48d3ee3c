import { randomBytes, randomUUID } from "node:crypto";
import { PLAIN_ACCESS, type Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import { newApiKey, SHARE_LINK_PREFIX } from "@tessera/platform/auth/api-key";
import { askSubgraph, freshTenantId, type SubgraphAnswer } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources } from "@tessera/platform/testing/test-resources";
import { newTraceId } from "@tessera/platform/telemetry/trace-context";
import { parse, subscribe } from "graphql";
import { z } from "zod";
import { buildAnalytics } from "./build-analytics.ts";
import { storeEvents, type TestEvent } from "./test-events.ts";

/** The day the shop's events are of. */
export const DAY = { from: "2026-11-19T00:00:00Z", to: "2026-11-20T00:00:00Z" };
/** A box in the upper left. */
export const BOX = { x: 0, y: 0, width: 6, height: 4 };

const EDITOR: readonly Permission[] = ["analytics:read", "analytics:define", "dashboards:edit", "dashboards:comment"];

/** A person of a tenant who may see and edit dashboards, with some roles. */
export const person = (
  tenantId: TenantId = freshTenantId(),
  roles: readonly string[] = [],
  permissions: readonly Permission[] = EDITOR,
): Caller => ({
  ...PLAIN_ACCESS,
  ...{ tenantId, roles, permissions: new Set(permissions), expiresAtMs: null },
  subject: { kind: "USER", id: randomUUID() },
});

const EVENTS: readonly Omit<TestEvent, "id">[] = [
  ["view", "u1", "DE"],
  ["view", "u2", "US"],
  ["view", "u3", "DE"],
  ["buy", "u1", "DE"],
].map(([name = "", userId = "", country = ""], index) => ({
  ...{ name, userId, country, timeMs: Date.parse(DAY.from) + index * 3_600_000 },
}));

/** How many events of some names there were, by some fields, on the shop's day. */
export const counts = (names: readonly string[], dimensions: readonly string[] = []) => ({
  olap: {
    range: DAY,
    measures: [{ name: "n", function: "COUNT" }],
    ...{ filter: { field: "name", in: names }, dimensions },
  },
});

const EDIT = `mutation ($id: ID!, $base: Int!, $operations: [DashboardOperationInput!]!, $key: String!) {
  editDashboard(id: $id, baseVersion: $base, operations: $operations, idempotencyKey: $key) { __typename
    ... on DashboardEdited { version replayed outcomes { kind reason version } } } }`;
const edited = z.object({
  editDashboard: z.object({
    version: z.number(),
    replayed: z.boolean(),
    outcomes: z.array(z.object({ kind: z.string(), reason: z.string().nullable(), version: z.number().nullable() })),
  }),
});
const created = z.object({ createDashboard: z.object({ dashboard: z.object({ id: z.string() }) }) });

/** Dashboards in the graph over the engines of this test run, and what their tests do with them. */
export const openDashboardRoom = () => {
  const world = openTestResources();
  const ended: string[] = [];
  const analytics = buildAnalytics(
    world.resources,
    { ingest: () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] }) },
    {
      issue: () => {
        const { keyId: id, secret } = newApiKey(randomBytes, undefined, SHARE_LINK_PREFIX);
        return Promise.resolve({ id, secret });
      },
      end: (_tenantId, id) => Promise.resolve(void ended.push(id)),
    },
  );
  const answer = (caller: Caller, source: string, variables: Record<string, unknown> = {}): Promise<SubgraphAnswer> =>
    askSubgraph(analytics.subgraph, caller, source, variables);
  const ask = async (caller: Caller, source: string, variables: Record<string, unknown> = {}): Promise<unknown> => {
    const { data, errors } = await answer(caller, source, variables);
    if (errors !== undefined) throw new Error(`The graph refused: ${JSON.stringify(errors)}`);
    return data;
  };
  /** Follows a subscription as its reader. */
  const follow = async (caller: Caller, source: string, variableValues: Record<string, unknown>) => {
    const contextValue = analytics.subgraph.contextFor({ caller, traceId: newTraceId() });
    const { schema } = analytics.subgraph;
    const stream = await subscribe({ schema, document: parse(source), variableValues, contextValue });
    if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream.errors));
    return stream;
  };
  return {
    ...{ world, answer, ask, follow },
    /** Ids of links whose credentials were ended. */
    ended,
    /** Seeds a shop with three views and a purchase. */
    shop: (tenantId: TenantId): Promise<unknown> =>
      storeEvents(
        world.writer,
        tenantId,
        EVENTS.map((event) => ({ ...event, id: randomUUID() })),
      ),
    create: async (caller: Caller, input: Record<string, unknown> = {}): Promise<string> => {
      const source = `mutation ($input: CreateDashboardInput!) { createDashboard(input: $input) {
        ... on DashboardCreated { dashboard { id } } } }`;
      return created.parse(await ask(caller, source, { input: { title: "Sales", ...input } })).createDashboard.dashboard
        .id;
    },
    edit: async (caller: Caller, id: string, base: number, operations: readonly object[], key: string = randomUUID()) =>
      edited.parse(await ask(caller, EDIT, { id, base, operations, key })).editDashboard,
    /** An edit whose errors are looked at. */
    tryEdit: (caller: Caller, id: string, base: number, operations: readonly object[], key: string = randomUUID()) =>
      answer(caller, EDIT, { id, base, operations, key }),
    open: () => world.resources.eventLog.start(),
    close: async (): Promise<void> => {
      await analytics.close();
      await world.resources.eventLog.stop();
      await world.close();
    },
  };
};

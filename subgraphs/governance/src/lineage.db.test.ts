import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { Permission } from "@tessera/contracts/permissions";
import type { Subgraph } from "@tessera/platform/graphql/subgraph";
import type { Resources } from "@tessera/platform/runtime/resources";
import { askSubgraph, callerWith, freshTenantId, type SubgraphAnswer } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { permissions } from "./permissions.ts";
import { createGovernanceSubgraph } from "./subgraph.ts";

const LINEAGE = `
  receivedAt eventTime complete checkedAt
  event { id } tenant { id }
  batch { id rows receivedAt earliestEventTime latestEventTime row }
  validation { schemaVersion source synthetic qualityFlags { code meaning } }
  deduplication { firstStoredAt copiesInIdIndex copiesInEvents exactlyOnce }
  holdings { table kind key { column value } expected present events }`;

const RECEIVED = "2026-11-20 10:20:31.456";

let test: TestResources;
let queries: string[];
let subgraph: Subgraph;

/** The event store itself, with a note of each statement that went to it. */
const noted = (resources: Resources): Resources => ({
  ...resources,
  eventStore: {
    ...resources.eventStore,
    query: (tenantId, statement, parse, options) => {
      queries.push(statement.name);
      return resources.eventStore.query(tenantId, statement, parse, options);
    },
  },
});

beforeAll(() => {
  test = openTestResources();
  queries = [];
  subgraph = createGovernanceSubgraph(noted(test.resources), {
    auditSecrets: ["a secret of at least thirty-two characters"],
  });
});
afterAll(() => test.close());

const callerOf = (tenantId: TenantId, held: readonly Permission[] = ["governance:read"]) => callerWith(tenantId, held);
const ask = (...[caller, source, variables]: [Caller, string, Record<string, unknown>]) =>
  askSubgraph(subgraph, caller, source, variables);

const eventRow = (tenantId: TenantId, more: Record<string, unknown> = {}) => ({
  tenant_id: tenantId,
  event_id: randomUUID(),
  time: "2026-11-20 10:20:30.123",
  received_at: RECEIVED,
  batch_id: randomUUID(),
  batch_row: 0,
  name: "purchase",
  user_id: "ada",
  session_id: "session-1",
  source: "web",
  country: "DE",
  device: "phone",
  currency: "EUR",
  revenue: "12.5000",
  schema_version: 2,
  sequence: "7",
  quality_flags: [],
  properties: {},
  ...more,
});

const store = (rows: readonly Record<string, unknown>[]) =>
  test.writer.insert({ table: "events", values: [...rows], format: "JSONEachRow" });

const eraseFrom = (table: string, tenantId: TenantId) =>
  test.storeOwner.command({
    query: `ALTER TABLE ${table} DELETE WHERE tenant_id = '${tenantId}'`,
    clickhouse_settings: { mutations_sync: "2" },
  });

const holding = z.object({
  table: z.string(),
  kind: z.string(),
  key: z.array(z.object({ column: z.string(), value: z.string() })),
  expected: z.boolean(),
  present: z.boolean(),
  events: z.number(),
});
const lineage = z.looseObject({ complete: z.boolean(), holdings: z.array(holding) });
const lineageIn = (result: SubgraphAnswer) => lineage.parse(result.data?.["eventLineage"]);
const EVENT_LINEAGE = `query ($id: ID!) { eventLineage(eventId: $id) { ${LINEAGE} } }`;
const ENTITIES = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Event { id lineage { ${LINEAGE} } } } }`;

describe("the lineage of an event", () => {
  it("tells receipt, batch, validation and deduplication, and finds the event in every table and rollup", async () => {
    const tenantId = freshTenantId();
    const batch_id = randomUUID();
    const first = eventRow(tenantId, { batch_id, time: "2026-11-20 10:01:00.000", sequence: "1" });
    const second = eventRow(tenantId, { batch_id, batch_row: 1, quality_flags: ["LATE", "NOT_YET_KNOWN"] });
    await store([first, second]);
    const result = await ask(callerOf(tenantId), EVENT_LINEAGE, { id: second.event_id.toUpperCase() });
    expect(result.errors).toBeUndefined();
    const { holdings, ...told } = lineageIn(result);
    expect(told).toMatchObject({
      event: { id: second.event_id },
      tenant: { id: tenantId },
      receivedAt: "2026-11-20T10:20:31.456Z",
      eventTime: "2026-11-20T10:20:30.123Z",
      complete: true,
      batch: {
        id: batch_id,
        rows: 2,
        row: 1,
        receivedAt: "2026-11-20T10:20:31.456Z",
        earliestEventTime: "2026-11-20T10:01:00.000Z",
        latestEventTime: "2026-11-20T10:20:30.123Z",
      },
      validation: {
        schemaVersion: 2,
        source: "web",
        synthetic: false,
        qualityFlags: [{ code: "LATE" }, { code: "NOT_YET_KNOWN" }],
      },
      deduplication: {
        firstStoredAt: "2026-11-20T10:20:31.456Z",
        copiesInIdIndex: 1,
        copiesInEvents: 1,
        exactlyOnce: true,
      },
    });
    expect(holdings.map(({ table, present, events }) => [table, present, events])).toEqual([
      ["events", true, 1],
      ["event_ids", true, 1],
      ["batches", true, 2],
      ["events_by_person", true, 1],
      ["rollup_hour_name", true, 2],
      ["rollup_day_dimensions", true, 2],
    ]);
    expect(holdings.find(({ table }) => table === "rollup_hour_name")?.key).toEqual([
      { column: "hour", value: "2026-11-20 10:00:00" },
      { column: "name", value: "purchase" },
      { column: "currency", value: "EUR" },
    ]);
  });

  it("finds an event without session and person in every copy and rollup", async () => {
    const tenantId = freshTenantId();
    const row = eventRow(tenantId, { user_id: "", session_id: "" });
    await store([row]);
    const { complete, holdings } = lineageIn(await ask(callerOf(tenantId), EVENT_LINEAGE, { id: row.event_id }));
    expect(complete).toBe(true);
    expect(holdings.filter(({ present }) => !present)).toEqual([]);
  });

  it("finds keys with quotes, tabs, backslashes and the largest sequence", async () => {
    const tenantId = freshTenantId();
    const odd = `it's a "\\' \t\n名前`;
    const row = eventRow(tenantId, {
      name: odd,
      session_id: odd,
      country: odd,
      source: odd,
      sequence: "18446744073709551615",
    });
    await store([row]);
    const { complete, holdings } = lineageIn(await ask(callerOf(tenantId), EVENT_LINEAGE, { id: row.event_id }));
    expect(holdings.filter(({ present }) => !present)).toEqual([]);
    expect(complete).toBe(true);
  });

  it.each([
    ["events_by_person", "COPY"],
    ["rollup_hour_name", "ROLLUP"],
    ["rollup_day_dimensions", "ROLLUP"],
    ["batches", "ROLLUP"],
  ])("says so when %s does not hold the event", async (table, kind) => {
    const tenantId = freshTenantId();
    const row = eventRow(tenantId);
    await store([row]);
    await eraseFrom(table, tenantId);
    const { complete, holdings } = lineageIn(await ask(callerOf(tenantId), EVENT_LINEAGE, { id: row.event_id }));
    expect(complete).toBe(false);
    expect(holdings.filter(({ present }) => !present)).toMatchObject([{ table, kind, expected: true, events: 0 }]);
  });

  it("says of an event that only the id index still knows that the event table does not hold it", async () => {
    const tenantId = freshTenantId();
    const row = eventRow(tenantId);
    await store([row]);
    await eraseFrom("events", tenantId);
    const told = lineageIn(await ask(callerOf(tenantId), EVENT_LINEAGE, { id: row.event_id }));
    expect(told).toMatchObject({ complete: false, validation: null, batch: { row: null, rows: 1 } });
    expect(told).toMatchObject({ deduplication: { copiesInEvents: 0, copiesInIdIndex: 1, exactlyOnce: false } });
    expect(told.holdings.map(({ table, present }) => [table, present])).toEqual([
      ["events", false],
      ["event_ids", true],
    ]);
  });

  it("shows an event that was stored twice", async () => {
    const tenantId = freshTenantId();
    const row = eventRow(tenantId);
    await store([row]);
    await store([{ ...row, batch_id: randomUUID(), received_at: "2026-11-20 11:00:00.000" }]);
    const told = lineageIn(await ask(callerOf(tenantId), EVENT_LINEAGE, { id: row.event_id }));
    expect(told).toMatchObject({
      batch: { id: row.batch_id },
      deduplication: {
        firstStoredAt: "2026-11-20T10:20:31.456Z",
        copiesInIdIndex: 2,
        copiesInEvents: 2,
        exactlyOnce: false,
      },
    });
  });
});

describe("what a caller can't see", () => {
  it("an unknown id and another tenant's id look the same, as root field and as entity", async () => {
    const [owner, other] = [freshTenantId(), freshTenantId()];
    const row = eventRow(owner);
    await store([row]);
    for (const id of [row.event_id, randomUUID()]) {
      expect(await ask(callerOf(other), EVENT_LINEAGE, { id })).toEqual({ data: { eventLineage: null } });
      const entities = await ask(callerOf(other), ENTITIES, { of: [{ __typename: "Event", id }] });
      expect(entities).toEqual({ data: { _entities: [{ id, lineage: null }] } });
    }
    const own = await ask(callerOf(owner), ENTITIES, { of: [{ __typename: "Event", id: row.event_id }] });
    expect(own).toMatchObject({ data: { _entities: [{ lineage: { complete: true } }] } });
  });

  it("an id that is no UUID is refused with BAD_INPUT", async () => {
    const result = await ask(callerOf(freshTenantId()), EVENT_LINEAGE, { id: "1' OR 1" });
    expect(result.errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field: "eventId" } }]);
  });

  const ofLineage = Object.entries(permissions).filter(([, permission]) => permission === "governance:read");

  it.each(ofLineage)("%s is refused without %s", async (field, permission) => {
    const tenantId = freshTenantId();
    const row = eventRow(tenantId);
    await store([row]);
    const byField: Record<string, () => ReturnType<typeof ask>> = {
      "Query.eventLineage": () => ask(callerOf(tenantId, []), EVENT_LINEAGE, { id: row.event_id }),
      "Event.lineage": () => ask(callerOf(tenantId, []), ENTITIES, { of: [{ __typename: "Event", id: row.event_id }] }),
    };
    queries.length = 0;
    const result = await byField[field]?.();
    expect(result?.errors).toMatchObject([{ extensions: { code: "FORBIDDEN", permission } }]);
    expect(queries).toEqual([]);
  });
});

it("the lineage of 50 events costs as many statements as that of one", async () => {
  const tenantId = freshTenantId();
  const rows = Array.from({ length: 50 }, (_, index) =>
    eventRow(tenantId, { sequence: String(index), name: `name-${index % 7}`, user_id: `user-${index % 11}` }),
  );
  await store(rows);
  queries.length = 0;
  const of = rows.map((row) => ({ __typename: "Event", id: row.event_id }));
  const result = await ask(callerOf(tenantId), ENTITIES, { of });
  const entities = z.array(z.object({ id: z.string(), lineage })).parse(result.data?.["_entities"]);
  expect(entities.map(({ id }) => id)).toEqual(rows.map((row) => row.event_id));
  expect(entities.every((entity) => entity.lineage.complete)).toBe(true);
  expect(queries.toSorted()).toEqual(["lineage-batches", "lineage-cells", "lineage-facts", "lineage-indexEntries"]);
});

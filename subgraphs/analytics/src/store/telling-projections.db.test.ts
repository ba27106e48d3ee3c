import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { buildAnalytics, type TestAnalytics } from "../../testing/build-analytics.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);

let world: TestResources;
let analytics: TestAnalytics;
const caller = callerWith(freshTenantId(), ["analytics:read"]);
const FROM = Date.UTC(2026, 0, 5);
const [PERSONS, NAMES] = [100, 60];

beforeAll(async () => {
  world = openTestResources();
  const ingest = () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] });
  analytics = buildAnalytics(world.resources, { ingest });
  // Of each name few events, so that in order of names far fewer lie beside those that are asked about.
  const events = Array.from({ length: 24_000 }, (_, index): TestEvent => ({
    ...{ id: randomUUID(), name: `name_${index % NAMES}`, userId: `u${Math.floor(index / NAMES) % PERSONS}` },
    ...{ timeMs: FROM + index * 10_000, sessionId: `s${index % 500}`, properties: { plan: "pro" } },
  }));
  await storeEvents(world.writer, caller.tenantId, events);
});
afterAll(async () => {
  await analytics.close();
  await world.close();
});

const told = z.object({
  answer: z.object({
    provenance: z.object({
      projections: z.array(z.object({ table: z.string(), name: z.string() })).nullable(),
      tables: z.array(z.object({ table: z.string() })),
    }),
  }),
});
const RANGE = { from: "2026-01-05T00:00:00Z", to: "2026-01-08T00:00:00Z" };
const projectionsOf = async (field: string, type: string, input: object) => {
  const source = `query ($input: ${type}!) { answer: ${field}(input: $input) { provenance { projections { table name } tables { table } } } }`;
  const { data, errors } = await askSubgraph(analytics.subgraph, caller, source, { input: { range: RANGE, ...input } });
  expect(errors).toBeUndefined();
  const { provenance } = told.parse(data).answer;
  return { tables: provenance.tables.map(({ table }) => table), projections: provenance.projections };
};
const event = (name: string, more: object = {}) => ({ events: [name], ...more });
const BY_NAME = { tables: ["events_by_person"], projections: [{ table: "events_by_person", name: "by_name" }] };
const steps = [{ anyOf: [event("name_3")] }, { anyOf: [event("name_4")] }];

test("questions about what people do tell that they were read in order of names, where the engine takes that for a few names", async () => {
  const starting = { start: event("name_3"), returning: event("name_4") };
  expect({
    funnel: await projectionsOf("funnel", "FunnelInput", { steps, window: "PT1H" }),
    retention: await projectionsOf("retention", "RetentionInput", { ...starting, period: "DAY", periods: 3 }),
    activeUsers: await projectionsOf("activeUsers", "ActiveUsersInput", { event: event("name_3") }),
    stickiness: await projectionsOf("stickiness", "StickinessInput", { event: event("name_3"), period: "DAY" }),
  }).toEqual({ funnel: BY_NAME, retention: BY_NAME, activeUsers: BY_NAME, stickiness: BY_NAME });
});

test("they tell of none where rows themselves are read: of all names, of fields that it lacks, or of another table", async () => {
  const pro = { filter: { field: "properties.plan", eq: "pro" } };
  const found = {
    paths: await projectionsOf("paths", "PathsInput", {}),
    sessions: await projectionsOf("sessionMetrics", "SessionMetricsInput", {}),
    lifecycle: await projectionsOf("lifecycle", "LifecycleInput", { event: {}, period: "DAY" }),
    funnel: await projectionsOf("funnel", "FunnelInput", { steps: [{ anyOf: [event("name_3", pro)] }, ...steps] }),
  };
  expect(Object.entries(found).map(([kind, { projections }]) => [kind, projections])).toEqual([
    ...[
      ["paths", []],
      ["sessions", []],
      ["lifecycle", []],
      ["funnel", []],
    ],
  ]);
  expect(found.funnel.tables).toEqual(["events"]);
});

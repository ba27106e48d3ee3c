import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { countHere } from "../../testing/count-here.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { EVENT_FIELDS, PART_FIELDS } from "../domain/fields.ts";
import { createFunnelStore } from "../store/funnel-store.ts";
import { createPathsStore } from "../store/paths-store.ts";
import { queryFunnel } from "./query-funnel.ts";
import { queryPaths } from "./query-paths.ts";

jest.setTimeout(120_000);

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const range = { from: "2026-03-02T00:00:00Z", to: "2026-03-03T00:00:00Z" } as const;
const event = (hour: number, more: Partial<TestEvent>): TestEvent => ({
  ...{ id: randomUUID(), name: "look", timeMs: Date.parse(range.from) + hour * 3_600_000 },
  ...more,
});
/** Texts of two values, of which one comes twice, and nothing in a fourth event. */
const TEXTS = ["userId", "anonymousId", "sessionId", "source", "country", "device", "utmSource", "utmMedium"] as const;
const carrying = (value: string): Partial<TestEvent> => ({
  ...Object.fromEntries(TEXTS.map((name) => [name, value])),
  ...{ url: `https://${value}.example/${value}`, referrer: `/${value}`, utmCampaign: value, currency: value },
});

/** How many different values of each field these events have; of fields that are not here none. */
const VALUES: Readonly<Record<string, number>> = {
  ...Object.fromEntries([...TEXTS, "url", "referrer", "utmCampaign", "currency", "name"].map((name) => [name, 2])),
  ...Object.fromEntries(
    ["url.host", "url.path", "url.path.1", "referrer.path", "referrer.path.1"].map((name) => [name, 2]),
  ),
  ...Object.fromEntries(PART_FIELDS.filter(({ of }) => of === "time").map(({ name }) => [name, 1])),
  ...{ id: 4, "time.hourOfDay": 3, batchId: 1, schemaVersion: 1 },
};

describe("units of a field", () => {
  test("funnels and paths count the different values of every field that can be counted, however the store keeps it", async () => {
    const tenantId = freshTenantId();
    await storeEvents(world.writer, tenantId, [
      event(1, carrying("AAA")),
      event(2, carrying("BBB")),
      event(3, carrying("AAA")),
      event(3, { name: "leave" }),
    ]);
    const caller = callerWith(tenantId, ["analytics:read"]);
    const deps = { counting: countHere, nowMs: () => Date.now() };
    const funnels = queryFunnel({ ...deps, funnels: createFunnelStore(world.resources.eventStore) });
    const paths = queryPaths({ ...deps, paths: createPathsStore(world.resources.eventStore) });
    const countable = [...EVENT_FIELDS, ...PART_FIELDS].filter(({ type }) => ["TEXT", "ID", "INTEGER"].includes(type));
    const told = await Promise.all(
      countable.map(async ({ name: field }) => {
        const unit = { kind: "FIELD", field } as const;
        const funnel = await funnels(caller, {
          range,
          unit,
          steps: [{ anyOf: [{ filter: { field: "id", exists: true } }] }],
        });
        return [field, [funnel.result.entered, (await paths(caller, { range, unit })).units]];
      }),
    );
    const expected = countable.map(({ name }) => [name, [VALUES[name] ?? 0, VALUES[name] ?? 0]]);
    expect(told).toEqual(expected);
  });
});

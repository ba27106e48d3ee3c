import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { storeEvents } from "../../testing/test-events.ts";

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

/** Names of events on one day, each a row of the days. */
const NAMES = 300;
/** Rows of a granule at most: clickhouse/migrations/0052. */
const ROWS_PER_GRANULE = 64;

const projectionPart = z.object({ rows: z.coerce.number(), marks: z.coerce.number() });

test("the days that hours are kept merged in lie in short granules, so that a question reads few days of other tenants beside its own", async () => {
  const events = Array.from({ length: NAMES }, (_event, index) => ({
    ...{ id: randomUUID(), name: `name_${index}`, userId: "u", timeMs: Date.UTC(2026, 0, 5, 12) },
  }));
  await storeEvents(world.writer, freshTenantId(), events);
  const result = await world.storeOwner.query({
    query: `SELECT rows, marks FROM system.projection_parts
      WHERE database = 'tessera' AND table = 'rollup_hour_name' AND name = 'by_day' AND active`,
    format: "JSONEachRow",
  });
  const parts = z.array(projectionPart).parse(await result.json());
  expect(parts.some(({ rows }) => rows >= NAMES)).toBe(true);
  expect(parts.filter(({ rows, marks }) => rows > ROWS_PER_GRANULE * marks)).toEqual([]);
});

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { EVENT_DIMENSIONS } from "../domain/semantic/dimensions.ts";
import type { OlapInput } from "../domain/query.ts";
import { createAnalyticsStore } from "../store/analytics-store.ts";
import { ADDRESSES } from "../../testing/arbitraries.ts";
import { differences, rowsOf, valuesOf } from "../../testing/flatten-answer.ts";
import { referenceGroups } from "../../testing/reference-olap.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { queryOlap } from "./query-olap.ts";
import { rowsBehind } from "./rows-behind.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

/** Around the end of summer time in Berlin and New York, and the turn of an ISO year: an event every 37 minutes, each address once. */
const STARTS = ["2026-10-24T20:00:00Z", "2026-11-01T03:00:00Z", "2026-12-31T12:00:00Z"].map((text) => Date.parse(text));
const EVENTS: readonly TestEvent[] = STARTS.flatMap((start) =>
  Array.from({ length: 40 }, (_event, index) => ({
    ...{ id: randomUUID(), name: "view", timeMs: start + index * 37 * 60_000 },
    url: ADDRESSES[index % ADDRESSES.length] ?? "",
    referrer: ADDRESSES[(index * 7) % ADDRESSES.length] ?? "",
  })),
);
const RANGE = { from: "2026-10-01T00:00:00Z", to: "2027-02-01T00:00:00Z" };

let world: TestResources;
let tenantId: TenantId;
beforeAll(async () => {
  world = openTestResources();
  tenantId = freshTenantId();
  await storeEvents(world.writer, tenantId, EVENTS);
});
afterAll(() => world.close());

const ask = (input: Partial<OlapInput>, dataPolicy: DataPolicy | null = null) =>
  queryOlap({ features: everyFeature, store: createAnalyticsStore(world.resources.eventStore), nowMs: Date.now })(
    { ...callerWith(tenantId, ["analytics:read"]), dataPolicy },
    { range: RANGE, measures: [{ function: "COUNT" }], ...input },
  );

const PARTS = EVENT_DIMENSIONS.map(({ name }) => name).filter((name) => name.includes("."));
const ADDRESS_PARTS = PARTS.filter((name) => !name.startsWith("time."));
const HANDS = PARTS.filter((name) => name.startsWith("time."));

describe("parts of fields", () => {
  test.each(ADDRESS_PARTS)("%s is what the address says, for addresses of every form", async (part) => {
    const input: OlapInput = { range: RANGE, measures: [{ function: "COUNT" }], dimensions: [part, "url", "referrer"] };
    const answer = await ask(input);
    expect(differences(rowsOf(answer.columns, answer.rowCount, "NONE", "UTC"), referenceGroups(EVENTS, input))).toEqual(
      [],
    );
  });

  test.each(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])(
    "of a moment are what a clock and a calendar in %s show, from whichever table",
    async (timeZone) => {
      for (const hand of HANDS) {
        // The rollup by the hour answers alone, and beside an address only single events do.
        for (const dimensions of [[hand], [hand, "url"]]) {
          const input: OlapInput = { range: RANGE, measures: [{ function: "COUNT" }], dimensions, timeZone };
          const answer = await ask(input);
          const rows = rowsOf(answer.columns, answer.rowCount, "NONE", timeZone);
          expect(differences(rows, referenceGroups(EVENTS, input))).toEqual([]);
        }
      }
      const { provenance } = await ask({ dimensions: ["time.hourOfDay", "time.dayOfWeek"], timeZone });
      const wholeHours = ["UTC", "Europe/Berlin", "America/New_York"].includes(timeZone);
      expect(provenance.tables.map(({ table }) => table)).toEqual([wholeHours ? "rollup_hour_name" : "events"]);
    },
  );

  test("lead to the events behind them, missing ones too, on the clock of the question", async () => {
    const input: OlapInput = {
      ...{ range: RANGE, measures: [{ function: "COUNT" }], timeZone: "Europe/Berlin" },
      dimensions: ["time.hourOfDay", "url.host"],
    };
    const { columns, rowCount } = await ask(input);
    const deps = { store: createAnalyticsStore(world.resources.eventStore), nowMs: Date.now };
    const [hours = [], hosts = [], counts = []] = columns.map(valuesOf);
    for (let row = 0; row < rowCount; row += 5) {
      const cell = { dimensions: [String(hours[row]), hosts[row] === null ? null : String(hosts[row])] };
      const page = await rowsBehind(deps)(callerWith(tenantId, ["analytics:read"]), { input, cell, first: 1_000 });
      expect(page.edges).toHaveLength(Number(counts[row]));
    }
    expect(hosts).toContain(null);
  });

  test("of what a data policy masks are parts of the mask", async () => {
    const masked: DataPolicy = {
      ...{ allow: {}, deny: {}, atLeast: {}, lessThan: {}, synthetic: null, salt: "0".repeat(32) },
      masks: { url: { kind: "CONSTANT", value: "https://hidden.example/x" } },
    };
    const answer = await ask({ dimensions: ["url.host", "url.path.1"] }, masked);
    expect(answer.columns.map(valuesOf)).toEqual([["hidden.example"], ["x"], [EVENTS.length]]);
    expect(answer.provenance.maskedColumns).toEqual(["url"]);
  });

  test("that there are not are answered with the nearest one", async () => {
    await expect(ask({ dimensions: ["url.hots"] })).rejects.toThrow("Did you mean `url.host`?");
    await expect(ask({ dimensions: ["time.hour"] })).rejects.toThrow("time.hourOfDay");
  });
});

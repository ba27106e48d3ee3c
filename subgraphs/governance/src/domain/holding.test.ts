import { describe, expect, it } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { parseBatchId, parseEventId, parseTenantId } from "@tessera/contracts/ids";
import type { Evidence, StoredFacts } from "./evidence.ts";
import { holdingsOf } from "./holding.ts";
import { lineageOf } from "./lineage.ts";
import { qualityFlagOf } from "./quality-flag.ts";

const [eventId, batchId, tenantId] = [
  parseEventId(randomUUID()),
  parseBatchId(randomUUID()),
  parseTenantId(randomUUID()),
];
if (eventId === null || batchId === null || tenantId === null) throw new Error("Random UUIDs are ids.");

const facts = (keys: Partial<StoredFacts["keys"]> = {}): StoredFacts => ({
  eventId,
  copies: 1,
  batchRow: 0,
  schemaVersion: 1,
  qualityFlags: [],
  source: "",
  synthetic: false,
  keys: {
    hour: "2026-11-20 10:00:00",
    day: "2026-11-20",
    time: "2026-11-20 10:20:30.123",
    sequence: "7",
    person: "42",
    name: "purchase",
    country: "DE",
    device: "phone",
    source: "web",
    currency: "EUR",
    ...keys,
  },
});

const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  entry: {
    eventId,
    batchId,
    copies: 1,
    firstStoredAtMs: 2,
    receivedAtMs: 2,
    timeMs: 1,
    keys: { time: "t", receivedAt: "2026-11-20 10:20:31.456", name: "purchase", person: "42" },
  },
  facts: facts(),
  batch: { batchId, rows: 3, receivedAtMs: 2, minTimeMs: 0, maxTimeMs: 1 },
  eventsIn: () => 5,
  ...more,
});

const lineage = (more: Partial<Evidence> = {}) => lineageOf(tenantId, evidence(more), 9);

describe("holdings of an event", () => {
  it("every copy and rollup is looked up under the key its view files the event under", () => {
    const asked: [string, readonly string[]][] = [];
    holdingsOf(evidence({ eventsIn: (table, key) => asked.push([table, key]) }));
    expect(asked).toEqual([
      ["events_by_person", ["42", "2026-11-20 10:20:30.123", "7", "purchase"]],
      ["rollup_hour_name", ["2026-11-20 10:00:00", "purchase", "EUR"]],
      ["rollup_day_dimensions", ["2026-11-20", "purchase", "DE", "phone", "web", "EUR"]],
    ]);
  });

  it("an event without person and currency is looked up in every copy and rollup as well", () => {
    const asked: string[] = [];
    const told = lineage({
      facts: facts({ person: "0", currency: "" }),
      eventsIn: (table) => (asked.push(table), 1),
    });
    expect(asked).toEqual(["events_by_person", "rollup_hour_name", "rollup_day_dimensions"]);
    expect(told.complete).toBe(true);
  });

  it.each(["events_by_person", "rollup_hour_name", "rollup_day_dimensions"])(
    "is incomplete when %s lacks the event",
    (missing) => {
      const told = lineage({ eventsIn: (table) => (table === missing ? 0 : 1) });
      expect(told.complete).toBe(false);
      expect(told.holdings.filter(({ present }) => !present).map(({ table }) => table)).toEqual([missing]);
    },
  );

  it("is incomplete when the batch is not recorded", () => {
    expect(lineage({ batch: null }).complete).toBe(false);
  });

  it("tells of an erased event only what can be known without it", () => {
    const told = lineage({ facts: null });
    expect(told.complete).toBe(false);
    expect(told.holdings.map(({ table, present }) => [table, present])).toEqual([
      ["events", false],
      ["event_ids", true],
    ]);
  });
});

it("a quality flag this version does not know is passed on", () => {
  expect(qualityFlagOf("NEWER").code).toBe("NEWER");
  expect(qualityFlagOf("LATE").meaning).not.toBe(qualityFlagOf("NEWER").meaning);
});

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { everyFeature } from "@tessera/platform/testing/every-feature";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import type { OlapInput } from "../../domain/query.ts";
import { differences, rowsOf, valuesOf } from "../../../testing/flatten-answer.ts";
import { referenceGroups, referenceTotals } from "../../../testing/reference-olap.ts";
import { openRollupRoom, type RollupRoom } from "../../../testing/rollup-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";
import { queryOlap } from "../query-olap.ts";
import { anyRollupWorld } from "../../../testing/rollup-arbitraries.ts";

jest.setTimeout(240_000);
const RUNS = 8;

let room: RollupRoom;
beforeAll(() => {
  room = openRollupRoom();
});
afterAll(() => room.close());

const DAY_MS = 86_400_000;
const FROM = Date.UTC(2026, 8, 1);
const shopEvent = (index: number, rest: Partial<TestEvent> = {}): TestEvent => ({
  ...{ id: randomUUID(), name: index % 2 === 0 ? "view" : "buy", userId: `u${index % 9}` },
  ...{ timeMs: FROM + index * 600_000, country: index % 3 === 0 ? "DE" : "FR", ...rest },
});

const caller = (tenantId: TenantId) => callerWith(tenantId, ["analytics:read"]);
const ask = (tenantId: TenantId, input: OlapInput) =>
  queryOlap({ features: everyFeature, store: room.eager, nowMs: Date.now })(caller(tenantId), {
    ...input,
    limit: 10_000,
  });

/** Puts the answer beside the plain reference. */
const check = async (tenantId: TenantId, events: readonly TestEvent[], input: OlapInput): Promise<void> => {
  const { granularity = "NONE", timeZone = "UTC", dimensions = [] } = input;
  const groups = [...(granularity === "NONE" ? [] : ["time"]), ...dimensions];
  const subtotals = groups.length < 2 ? [] : groups.map((name) => [name]);
  const answer = await ask(tenantId, { ...input, subtotals });
  const rows = rowsOf(answer.columns, answer.rowCount, granularity, timeZone);
  expect(differences(rows, referenceGroups(events, input))).toEqual([]);
  for (const { by, columns, rowCount } of answer.subtotals) {
    const own = by.includes("time") ? granularity : "NONE";
    const coarser = { ...input, dimensions: dimensions.filter((name) => by.includes(name)), granularity: own };
    expect(differences(rowsOf(columns, rowCount, own, timeZone), referenceGroups(events, coarser))).toEqual([]);
  }
  const totals = { label: null, dimensions: [], measures: answer.totals.map((column) => valuesOf(column)[0] ?? null) };
  expect(differences([totals], [{ label: null, dimensions: [], measures: referenceTotals(events, input) }])).toEqual(
    [],
  );
};

describe("a tenant's own rollups", () => {
  test("answer as the plain reference does, for any rollup, question and order in which events are stored, told of and counted", async () => {
    await fc.assert(
      fc.asyncProperty(anyRollupWorld, async ({ batches, rollup, queries, counts }) => {
        const tenantId = freshTenantId();
        const [before = [], meanwhile = [], counted = [], waiting = []] = batches;
        const known: TestEvent[] = [];
        const ingest = async (events: readonly TestEvent[]): Promise<void> => {
          await room.ingest(tenantId, events);
          known.push(...events);
        };
        const checkAll = async (): Promise<void> => {
          for (const input of queries) await check(tenantId, known, input);
        };
        await ingest(before);
        if (counts) await room.count(tenantId);
        const { id } = await room.define(tenantId, "own", rollup);
        await ingest(meanwhile);
        expect(await room.built(tenantId, id)).toMatchObject({ build: { state: "READY" } });
        await checkAll();
        await ingest(counted);
        await room.count(tenantId);
        await checkAll();
        // Told of, and not counted: those buckets come from single events.
        await ingest(waiting);
        await checkAll();
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test("persons of whole weeks are counted from weeks that are kept merged: as they are from hours, and from fewer rows", async () => {
    const tenantId = freshTenantId();
    // So many combinations that the blocks which are read tell hours from weeks.
    const events = Array.from({ length: 12_000 }, (_event, index) =>
      shopEvent(index, { timeMs: FROM + index * 288_000, userId: `u${(index * 7) % 61}`, device: `d${index % 250}` }),
    );
    await room.ingest(tenantId, events);
    await room.count(tenantId);
    const { id } = await room.define(tenantId, "own", {
      ...{ dimensions: ["device", "name"], grain: "HOUR", measures: [{ function: "UNIQUES", of: "persons" }] },
    });
    await room.built(tenantId, id);
    const input: OlapInput = {
      range: { from: new Date(FROM).toISOString(), to: new Date(FROM + 40 * DAY_MS).toISOString() },
      measures: [
        { function: "COUNT", name: "n" },
        { function: "UNIQUES", of: "persons", name: "people" },
      ],
      dimensions: ["name"],
    };
    const asked = [input, { ...input, granularity: "WEEK" }, { ...input, granularity: "DAY" }] as const;
    // By days the same hours are read one by one.
    for (const one of asked) await check(tenantId, events, one);
    const [whole, byWeek, byDay] = await Promise.all(asked.map((one) => ask(tenantId, one)));
    expect(byDay?.provenance.tables).toMatchObject([{ table: "rollups.own" }]);
    const ofDays = byDay?.provenance.rowsRead ?? 0;
    expect(whole?.provenance.rowsRead).toBeLessThan(ofDays);
    expect(byWeek?.provenance.rowsRead).toBeLessThan(ofDays);
  });

  test("quantiles of a rollup's digests are those of single events' digests", async () => {
    const tenantId = freshTenantId();
    const amounts = Array.from({ length: 400 }, (_amount, index) => ({ properties: { amount: (index * 37) % 401 } }));
    await room.ingest(
      tenantId,
      amounts.map((one, index) => shopEvent(index, one)),
    );
    await room.count(tenantId);
    const { id } = await room.define(tenantId, "own", {
      dimensions: ["name"],
      measures: [{ function: "QUANTILES", of: "properties.amount" }],
    });
    await room.built(tenantId, id);
    const answer = await ask(tenantId, {
      range: { from: new Date(FROM).toISOString(), to: new Date(FROM + 5 * DAY_MS).toISOString() },
      measures: [{ function: "QUANTILES", of: "properties.amount", levels: [0.5, 0.95], name: "amount" }],
    });
    expect(answer.provenance.tables).toMatchObject([{ table: "rollups.own" }]);
    const [median, high] = answer.totals.map((column) => Number(valuesOf(column)[0]));
    expect(Math.abs((median ?? 0) - 200)).toBeLessThan(4);
    expect(Math.abs((high ?? 0) - 380)).toBeLessThan(4);
    expect(answer.provenance).toMatchObject({ exactness: "APPROXIMATE" });
  });
});

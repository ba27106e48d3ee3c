import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { createLedgerStore } from "./store/ledger-store.ts";
import { EVERYTHING, openAdministrationRoom, USAGE, type AdministrationRoom } from "./testing/administration-room.ts";

// The first statement of an object mapper that is compiled on the spot; the bound is on the test, not on the product.
jest.setTimeout(120_000);

let room: AdministrationRoom;
beforeAll(() => {
  room = openAdministrationRoom();
});
beforeEach(() => room.renew());
afterAll(() => room.test.close());

describe("usage", () => {
  const at = (text: string) => Date.parse(text);
  beforeEach(() =>
    room.use([
      { operationName: "A", startedAtMs: at("2026-11-19T10:10:00Z"), usage: { costPoints: 2.5, rowsRead: 10 } },
      { operationName: "B", startedAtMs: at("2026-11-19T10:50:00Z"), subject: { kind: "USER", id: "ada" } },
      { operationName: "Load", kind: "INGEST", startedAtMs: at("2026-11-20T00:00:00Z"), usage: { events: 500 } },
      {
        kind: "SUBSCRIPTION",
        operationName: null,
        startedAtMs: at("2026-11-20T09:00:00Z"),
        usage: { subscriptionSeconds: 90 },
      },
      { kind: "EXPORT", operationName: "Csv", startedAtMs: at("2026-10-31T23:59:59Z"), usage: { responseBytes: 77 } },
    ]),
  );

  it("is told by bucket and dimension; what was not asked apart is null", async () => {
    const { usage } = await room.ask(room.manager, USAGE, {
      interval: EVERYTHING.interval,
      granularity: "DAY",
      dimensions: ["OPERATION", "API_KEY"],
    });
    expect(usage).toMatchObject({
      tenantId: room.tenantId,
      truncated: false,
      rows: [
        { from: "2026-11-19T00:00:00.000Z", operation: "A", apiKeyId: "0000000000000000", kind: null, subject: null },
        { from: "2026-11-19T00:00:00.000Z", operation: "B", apiKeyId: null },
        { from: "2026-11-20T00:00:00.000Z", operation: "" },
        { from: "2026-11-20T00:00:00.000Z", operation: "Load", measures: { events: 500, executions: 1 } },
      ],
      totals: { executions: 4, queries: 2, events: 500, costPoints: 5.5, rowsRead: 10 },
    });
  });

  it.each<[string, Record<string, unknown>, number]>([
    ["kinds", { kinds: ["INGEST", "SUBSCRIPTION"] }, 2],
    ["operations", { operations: ["A"] }, 1],
    ["subjects", { subjects: ["ada"] }, 1],
    ["apiKeys", { apiKeys: ["0000000000000000"] }, 3],
    ["kinds and apiKeys", { kinds: ["QUERY"], apiKeys: ["0000000000000000"] }, 1],
    ["somebody else's key", { apiKeys: ["1111111111111111"] }, 0],
  ])("is narrowed by %s", async (_what, filter, executions) => {
    const { usage } = await room.ask(room.manager, USAGE, { ...EVERYTHING, filter });
    expect(usage).toMatchObject({ totals: { executions } });
  });

  it.each(["HOUR", "DAY", "WEEK", "MONTH", "TOTAL"])(
    "by %s and any dimensions, the parts sum up to the same whole",
    async (granularity) => {
      for (const dimensions of [[], ["KIND"], ["SUBJECT"], ["KIND", "OPERATION", "SUBJECT", "API_KEY"]]) {
        const { usage } = await room.ask(room.manager, USAGE, {
          interval: EVERYTHING.interval,
          granularity,
          dimensions,
        });
        expect(usage).toMatchObject({ totals: { executions: 4, events: 500, costPoints: 5.5 } });
      }
    },
  );

  it("storage stands beside usage that is told apart by nothing", async () => {
    const sample = { hourMs: at("2026-11-19T10:00:00Z"), events: 1, bytes: 1_000 };
    await createLedgerStore(room.test.resources.sql).noteStorage(room.tenantId, sample);
    const rowsOf = async (dimensions: readonly string[]) => {
      const { usage } = await room.ask(room.manager, USAGE, {
        interval: EVERYTHING.interval,
        granularity: "DAY",
        dimensions,
      });
      return z.object({ rows: z.array(z.object({ storageBytes: z.number().nullable() })) }).parse(usage).rows;
    };
    expect((await rowsOf([])).map(({ storageBytes }) => storageBytes)).toEqual([1_000, null]);
    expect((await rowsOf(["KIND"])).every(({ storageBytes }) => storageBytes === null)).toBe(true);
  });

  it("of another tenant looks unknown to all but operators", async () => {
    const stranger = callerWith(freshTenantId(), TENANT_PERMISSIONS);
    const foreign = await askSubgraph(room.subgraph, stranger, USAGE, { ...EVERYTHING, tenantId: room.tenantId });
    expect(foreign).toEqual(
      await askSubgraph(room.subgraph, stranger, USAGE, { ...EVERYTHING, tenantId: randomUUID() }),
    );
    expect(foreign.errors?.[0]?.extensions?.["code"]).toBe("NOT_FOUND");
    expect(await room.ask(room.operator, USAGE, { ...EVERYTHING, tenantId: room.tenantId })).toMatchObject({
      usage: { tenantId: room.tenantId, totals: { executions: 4 } },
    });
    expect(await room.refusalOf(room.operator, USAGE, { ...EVERYTHING, tenantId: randomUUID() })).toBe("NOT_FOUND");
  });

  it.each([
    [{ from: "2026-11-02T00:00:00Z", to: "2026-11-02T00:00:00Z" }, {}],
    [{ from: "2020-11-02T00:00:00Z", to: "2026-11-02T00:00:00Z" }, {}],
    [EVERYTHING.interval, { operations: Array.from({ length: 101 }, String) }],
  ])("%j %# is refused with BAD_INPUT", async (interval, filter) => {
    expect(await room.refusalOf(room.manager, USAGE, { ...EVERYTHING, interval, filter })).toBe("BAD_INPUT");
  });
});

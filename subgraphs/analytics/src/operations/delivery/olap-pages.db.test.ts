import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { createFairSlots } from "@tessera/platform/store/fair-slots";
import { createLongQueryStore, type LongQueryStore } from "@tessera/platform/store/long-query-store";
import { testEngines } from "@tessera/platform/testing/engines";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { z } from "zod";
import { wideWorld } from "../../../testing/arbitraries.ts";
import { differences } from "../../../testing/flatten-answer.ts";
import { managerOf, openCohortRoom } from "../../../testing/cohort-room.ts";
import { allPages, complete, rowsIn } from "../../../testing/paged-answers.ts";
import { callerOf, openSemanticRoom, refusal } from "../../../testing/semantic-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import { MAX_ANSWER_ROWS } from "../../domain/delivery/answer-page.ts";
import { createAnewRowsStore } from "../../store/delivery/anew-rows-store.ts";
import { createAnswerRowsStore } from "../../store/delivery/answer-rows-store.ts";
import { queryOlap } from "../query-olap.ts";
import { queryOlapPage } from "./query-olap-page.ts";

jest.setTimeout(120_000);
const RUNS = 5;

let world: TestResources;
let longQueries: LongQueryStore;
let room: ReturnType<typeof openSemanticRoom>;
beforeAll(() => {
  const { clickhouse } = testEngines();
  const password = clickhouse.passwords.tessera_jobs;
  world = openTestResources();
  room = openSemanticRoom(world);
  longQueries = createLongQueryStore({ url: clickhouse.url, username: "tessera_jobs", password });
});
afterAll(async () => {
  await longQueries.close();
  await world.close();
});

const open = () => {
  const clock = { ms: Date.UTC(2026, 10, 20, 12) };
  const { eventStore } = world.resources;
  const answerRows = createAnswerRowsStore({ eventStore, longQueries });
  const keepSlots = createFairSlots({ total: 2 });
  const anewRows = createAnewRowsStore({
    ...{ stored: eventStore, resolved: eventStore, snapshotBatches: 10 },
    versions: { of: () => Promise.resolve({ version: 0, links: 0 }) },
  });
  const deps = {
    ...room.deps,
    maxKeptRows: MAX_ANSWER_ROWS,
    maxCopiedMembers: 1_000,
    anewRows,
    answerRows,
    keepSlots,
    nowMs: () => clock.ms,
    newId: randomUUID,
  };
  return { clock, answerRows, page: queryOlapPage(deps), whole: queryOlap(deps) };
};

const RANGE = { from: "2026-11-19T00:00:00Z", to: "2026-11-20T00:00:00Z" };
/** Ninety people with one to nine events each, in three countries. */
const crowd = (): readonly TestEvent[] =>
  Array.from({ length: 450 }, (_event, index) => ({
    ...{ id: randomUUID(), name: "view", timeMs: Date.parse(RANGE.from) + index, userId: `u${index % 90}` },
    ...{ country: ["DE", "US", "FR"][index % 3] ?? "", properties: { amount: (index % 7) / 10 } },
  }));
const BY_PERSON = complete({
  ...{ range: RANGE, dimensions: ["userId", "country"] },
  measures: [{ function: "COUNT" }, { function: "SUM", of: "properties.amount", name: "amount" }],
  orderBy: [
    { column: "count", direction: "DESC" },
    { column: "country", direction: "ASC" },
  ],
});
const crowded = async (): Promise<TenantId> => {
  const tenantId = freshTenantId();
  await storeEvents(world.writer, tenantId, crowd());
  return tenantId;
};
const POLICY: DataPolicy = {
  ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, masks: {} },
  ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
};

describe("an answer in pages", () => {
  test("is the answer in one, whatever is asked, however large the pages, and whatever is stored between them", async () => {
    const { page, whole } = open();
    await fc.assert(
      fc.asyncProperty(wideWorld, fc.integer({ min: 2, max: 4 }), async ({ events, queries }, parts) => {
        const tenantId = freshTenantId();
        const caller = callerOf(tenantId);
        if (events.length > 0) await storeEvents(world.writer, tenantId, events);
        for (const query of queries.map(complete)) {
          const { fill: _fill, ...input } = query;
          const answer = await whole(caller, { ...input, limit: 10_000 });
          // As many pages as that, or some more, of an answer of as many rows.
          const first = Math.max(1, Math.floor(answer.rowCount / parts));
          const more = async (): Promise<void> => {
            const fresh = events.slice(0, 3).map((event) => ({ ...event, id: randomUUID() }));
            await storeEvents(world.writer, tenantId, fresh);
          };
          let stored = 0;
          const pages = await allPages(page, caller, input, first, async () => {
            stored += 1;
            if (stored === 1) await more();
          });
          expect(differences(rowsIn(pages, input), rowsIn([answer], input))).toEqual([]);
          for (const { totals } of pages) expect(totals).toEqual(answer.totals);
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test("keeps the order by several keys, with ties by the dimensions, across the ends of pages", async () => {
    const { page, whole } = open();
    const caller = callerOf(await crowded());
    const pages = await allPages(page, caller, BY_PERSON, 7, async () => {
      await storeEvents(world.writer, caller.tenantId, crowd());
    });
    expect(pages.map(({ rowCount }) => rowCount)).toEqual([...Array.from({ length: 12 }, () => 7), 6]);
    const shown = rowsIn(pages, BY_PERSON).map(({ dimensions }) => dimensions.join());
    const asked = await whole(callerOf(await crowded()), { ...BY_PERSON, limit: 1_000 });
    expect(shown).toEqual(rowsIn([asked], BY_PERSON).map(({ dimensions }) => dimensions.join()));
  });

  test("that fits on one page is read as ever, and nothing is kept of it", async () => {
    const { answerRows, page } = open();
    const caller = callerOf(await crowded());
    const only = await page(caller, { input: BY_PERSON, rows: 90 });
    expect(only).toMatchObject({ rowCount: 90, hasNextPage: false, endCursor: null, provenance: { cache: "NONE" } });
    expect(await answerRows.keptRows(caller.tenantId)).toBe(0);
    await page(caller, { input: BY_PERSON, rows: 89 });
    expect(await answerRows.keptRows(caller.tenantId)).toBe(92);
  });

  test("tells on every page the moment it is of, and on later ones how long ago that was", async () => {
    const { clock, page } = open();
    const caller = callerOf(await crowded());
    const one = await page(caller, { input: BY_PERSON, rows: 50 });
    clock.ms += 90_000;
    const two = await page(caller, { input: BY_PERSON, rows: 50, after: one.endCursor });
    expect([one, two].map(({ provenance }) => [provenance.asOf, provenance.cache, provenance.freshness])).toEqual([
      ["2026-11-20T12:00:00.000Z", "NONE", "PT0S"],
      ["2026-11-20T12:00:00.000Z", "HIT", "PT1M30S"],
    ]);
    expect([two.rowCount, two.hasNextPage, two.range]).toEqual([40, false, one.range]);
  });

  test("under a data policy is of what the asker may see, and nobody who sees otherwise reads on in it", async () => {
    const { page } = open();
    const tenantId = await crowded();
    const [all, some] = [callerOf(tenantId), { ...callerOf(tenantId), dataPolicy: POLICY }];
    const pages = await allPages(page, some, BY_PERSON, 8);
    expect(rowsIn(pages, BY_PERSON)).toHaveLength(30);
    const after = pages[0]?.endCursor ?? null;
    const others = [all, { ...some, dataPolicy: { ...POLICY, allow: {} } }];
    for (const other of [...others, { ...some, permissions: new Set(["analytics:read"] as const) }])
      expect(await refusal(page(other, { input: BY_PERSON, rows: 8, after }))).toMatchObject({
        code: "BAD_INPUT",
        extras: { field: "after" },
      });
  });

  test("of people in a cohort goes on being of those who were in it when it was computed", async () => {
    const { page } = open();
    const cohortRoom = openCohortRoom(Date.parse(RANGE.to));
    const caller = managerOf(await crowded());
    const german = { did: { event: { filter: { field: "country", eq: "DE" } } } };
    const { id } = await cohortRoom.created(caller, "german", german);
    await cohortRoom.computeAll();
    const input = { ...BY_PERSON, filter: { inCohort: { cohort: id } } };
    const pages = await allPages(page, caller, input, 8, async () => {
      await cohortRoom.operations.updateCohort(caller, id, { definition: { did: { event: { events: ["none"] } } } });
    });
    expect(rowsIn(pages, input)).toHaveLength(30);
    await cohortRoom.close();
  });

  test("is refused by name to a cursor of another tenant, another question, another place, or none, and past its hour", async () => {
    const { clock, page } = open();
    const caller = callerOf(await crowded());
    const { endCursor } = await page(caller, { input: BY_PERSON, rows: 8 });
    const after = endCursor ?? "";
    const ask = async (by: Caller, cursor: string, input = BY_PERSON) =>
      (await refusal(page(by, { input, rows: 8, after: cursor }))).code;
    const [id = ""] = after.split(".");
    expect([
      await ask(callerOf(await crowded()), after),
      await ask(caller, after, { ...BY_PERSON, orderBy: [] }),
      await ask(caller, `${id}.91`),
      await ask(caller, `${id}.-1`),
      await ask(caller, `${randomUUID()}.8`),
      await ask(caller, "everything"),
    ]).toEqual(["CURSOR_EXPIRED", "BAD_INPUT", "BAD_INPUT", "BAD_INPUT", "CURSOR_EXPIRED", "BAD_INPUT"]);
    clock.ms += 3_600_001;
    expect(await ask(caller, after)).toBe("CURSOR_EXPIRED");
  });

  test.each([
    [{ others: true }, "input"],
    [{ compare: [{ period: "PREVIOUS_PERIOD" }] }, "input"],
    [{ dimensions: ["nothing"] }, "input.dimensions.0"],
  ] as const)("refuses %j, naming the input", async (part, field) => {
    const { page } = open();
    const error = await refusal(page(callerOf(), { input: { ...BY_PERSON, ...part }, rows: 10 }));
    expect(error).toMatchObject({ code: "BAD_INPUT", extras: { field } });
  });

  test.each([0, 10_001, 1.5])("refuses a page of %d rows", async (rows) => {
    const error = await refusal(open().page(callerOf(), { input: BY_PERSON, rows }));
    expect(error).toMatchObject({ code: "BAD_INPUT", extras: { field: "rows" } });
  });

  test("whose asker leaves is computed no further: the engine's own work ends", async () => {
    const { tenantId } = callerOf(await crowded());
    const controller = new AbortController();
    // A row takes half a second, so that four minutes of work are under way.
    const text = `INSERT INTO tessera.worker_answer_rows (tenant_id, answer_id, place, row)
      SELECT {tenant: String}, generateUUIDv4(), 1, toString(sleepEachRow(0.5)) FROM numbers(480) SETTINGS max_block_size = 1, max_threads = 1`;
    const { fill } = longQueries;
    const statement = { name: "slow", text, params: { tenant: tenantId } };
    const work = fill(wholeTenant(tenantId), statement, {
      maxSeconds: 100,
      signal: controller.signal,
    });
    const running = async (): Promise<number> => {
      const found = await world.storeOwner.query({
        query: "SELECT count() AS n FROM system.processes WHERE startsWith(query_id, {tenant: String})",
        query_params: { tenant: tenantId },
        format: "JSONEachRow",
      });
      return z.array(z.object({ n: z.coerce.number() })).parse(await found.json())[0]?.n ?? 0;
    };
    while ((await running()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    await expect(work).rejects.toMatchObject({ code: "QUERY_CANCELLED" });
    while ((await running()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  });
});

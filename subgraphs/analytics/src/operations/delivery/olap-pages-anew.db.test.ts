import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { wideWorld } from "../../../testing/arbitraries.ts";
import { differences } from "../../../testing/flatten-answer.ts";
import { allPages, complete, rowsIn } from "../../../testing/paged-answers.ts";
import { openPagedRoom, type PagedRoom } from "../../../testing/paged-room.ts";
import { peopleManager } from "../../../testing/people-room.ts";
import { callerOf, refusal } from "../../../testing/semantic-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";
import { userKey, visitorKey } from "../../domain/people/identity.ts";
import type { OlapInput } from "../../domain/query.ts";

jest.setTimeout(240_000);
const RUNS = 5;

let room: PagedRoom;
beforeAll(() => {
  room = openPagedRoom();
});
afterAll(() => room.close());

const open = (maxKeptRows?: number, snapshotBatches?: number) => room.open(maxKeptRows, snapshotBatches);
const storeEvents = (tenantId: TenantId, events: readonly TestEvent[]) => room.store(tenantId, events);

const RANGE = { from: "2026-11-19T00:00:00Z", to: "2026-11-20T00:00:00Z" };
/** Ninety people with five events each, in three countries. */
const crowd = (): readonly TestEvent[] =>
  Array.from({ length: 450 }, (_event, index) => ({
    ...{ id: randomUUID(), name: "view", timeMs: Date.parse(RANGE.from) + index, userId: `u${index % 90}` },
    ...{ country: ["DE", "US", "FR"][index % 3] ?? "", properties: { amount: (index % 7) / 10 } },
  }));
const BY_PERSON = complete({
  ...{ range: RANGE, dimensions: ["userId", "country"] },
  measures: [
    { function: "COUNT" },
    { function: "SUM", of: "properties.amount", name: "amount" },
    { function: "MAX", of: "properties.amount", name: "most" },
  ],
  orderBy: [
    { column: "most", direction: "DESC" },
    { column: "country", direction: "ASC" },
  ],
});
const crowded = async (): Promise<TenantId> => {
  const tenantId = freshTenantId();
  await storeEvents(tenantId, crowd());
  return tenantId;
};
const POLICY: DataPolicy = {
  ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, masks: {} },
  ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
};
const keysOf = (rows: ReturnType<typeof rowsIn>): readonly string[] =>
  rows.map(({ label, dimensions }) => JSON.stringify([label, dimensions]));

const anySteps = fc.array(
  fc.record({ column: fc.nat({ max: 20 }), direction: fc.constantFrom("ASC" as const, "DESC" as const) }),
  { maxLength: 3 },
);

/** An order by some columns of an answer, whichever it has. */
const orderOf = (
  columns: readonly { readonly name: string }[],
  steps: readonly { readonly column: number; readonly direction: "ASC" | "DESC" }[],
): NonNullable<OlapInput["orderBy"]> =>
  steps.flatMap(({ column, direction }) => {
    const found = columns[column % columns.length];
    return found === undefined ? [] : [{ column: found.name, direction }];
  });

describe("an answer with too many rows to be kept", () => {
  test("is told whole and in order by its pages, whatever is asked, however it is ordered, and whatever is stored between them", async () => {
    const { page, whole } = open();
    const anyPages = fc.tuple(wideWorld, anySteps, fc.integer({ min: 2, max: 5 }));
    await fc.assert(
      fc.asyncProperty(anyPages, async ([{ events, queries }, steps, parts]) => {
        const tenantId = freshTenantId();
        const caller = callerOf(tenantId);
        if (events.length > 0) await storeEvents(tenantId, events);
        for (const query of queries.map(complete)) {
          const { fill: _fill, ...unordered } = query;
          const { columns } = await whole(caller, unordered);
          const input = { ...unordered, orderBy: orderOf(columns, steps) };
          const answer = await whole(caller, { ...input, limit: 10_000 });
          // As many pages as that, or some more, of an answer of as many rows.
          const first = Math.max(1, Math.floor(answer.rowCount / parts));
          let stored = 0;
          const more = async (): Promise<void> => {
            stored += 1;
            if (stored > 1) return;
            const fresh = events.slice(0, 5).map((event) => ({ ...event, id: randomUUID() }));
            await storeEvents(tenantId, fresh);
          };
          const pages = await allPages(page, caller, input, first, more);
          expect(differences(rowsIn(pages, input), rowsIn([answer], input))).toEqual([]);
          expect(keysOf(rowsIn(pages, input))).toEqual(keysOf(rowsIn([answer], input)));
          // As JSON: what is kept between pages knows no negative zero.
          const totals = pages.map((one) => JSON.stringify(one.totals));
          expect(new Set(totals).size).toBe(1);
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test.each([
    [[{ column: "userId", direction: "DESC" }]],
    [
      [
        { column: "country", direction: "DESC" },
        { column: "most", direction: "ASC" },
      ],
    ],
    [
      [
        { column: "count", direction: "DESC" },
        { column: "most", direction: "DESC" },
      ],
    ],
    [
      [
        { column: "time", direction: "DESC" },
        { column: "count", direction: "DESC" },
      ],
    ],
    [[{ column: "time", direction: "ASC" }]],
  ] as const)("is ordered by %j across the ends of pages", async (orderBy) => {
    const { page, whole } = open();
    const caller = callerOf(await crowded());
    const input = { ...BY_PERSON, orderBy: [...orderBy], granularity: "HOUR" as const };
    const answer = await whole(caller, input);
    const pages = await allPages(page, caller, input, 7, async () => {
      await storeEvents(caller.tenantId, crowd());
    });
    expect(pages).toHaveLength(13);
    expect(rowsIn(pages, input)).toEqual(rowsIn([answer], input));
  });

  test("keeps no row but the last of each page, and tells the moment of the first page on each", async () => {
    const { answerRows, clock, page } = open();
    const caller = callerOf(await crowded());
    const one = await page(caller, { input: BY_PERSON, rows: 50 });
    clock.ms += 90_000;
    const two = await page(caller, { input: BY_PERSON, rows: 50, after: one.endCursor });
    expect([one, two].map(({ provenance }) => [provenance.asOf, provenance.cache, provenance.freshness])).toEqual([
      ["2026-11-20T12:00:00.000Z", "NONE", "PT0S"],
      ["2026-11-20T12:00:00.000Z", "NONE", "PT1M30S"],
    ]);
    expect([two.rowCount, two.hasNextPage, two.range, two.totals]).toEqual([40, false, one.range, one.totals]);
    expect(await page(caller, { input: BY_PERSON, rows: 50, after: two.endCursor })).toMatchObject({
      ...{ rowCount: 0, hasNextPage: false, endCursor: null },
    });
    expect(await answerRows.keptRows(caller.tenantId)).toBe(2);
  });

  test("is one by how many rows it has: of as many as are kept the pages are of what is kept", async () => {
    const caller = callerOf(await crowded());
    const kept = open(90);
    await kept.page(caller, { input: BY_PERSON, rows: 50 });
    expect(await kept.answerRows.keptRows(caller.tenantId)).toBe(92);
    const anew = open(89);
    await anew.page(caller, { input: BY_PERSON, rows: 50 });
    expect(await anew.answerRows.keptRows(caller.tenantId)).toBe(93);
  });

  test("can be read on for an hour from each page, which tells the way itself", async () => {
    const { clock, page } = open();
    const caller = callerOf(await crowded());
    const one = await page(caller, { input: BY_PERSON, rows: 30 });
    clock.ms += 3_000_000;
    const two = await page(caller, { input: BY_PERSON, rows: 30, after: one.endCursor });
    clock.ms += 3_000_000;
    expect((await refusal(page(caller, { input: BY_PERSON, rows: 30, after: one.endCursor }))).code).toBe(
      "CURSOR_EXPIRED",
    );
    expect(await page(caller, { input: BY_PERSON, rows: 30, after: two.endCursor })).toMatchObject({ rowCount: 30 });
  });

  test("under a data policy is of what the asker may see, and nobody who sees otherwise reads on in it", async () => {
    const { page } = open();
    const tenantId = await crowded();
    const some = { ...callerOf(tenantId), dataPolicy: POLICY };
    const pages = await allPages(page, some, BY_PERSON, 8);
    const rows = rowsIn(pages, BY_PERSON);
    expect([rows.length, new Set(rows.map(({ dimensions }) => dimensions[1]))]).toEqual([30, new Set(["DE"])]);
    const after = pages[0]?.endCursor ?? null;
    for (const other of [callerOf(tenantId), { ...some, dataPolicy: { ...POLICY, allow: {} } }])
      expect(await refusal(page(other, { input: BY_PERSON, rows: 8, after }))).toMatchObject({
        ...{ code: "BAD_INPUT", extras: { field: "after" } },
      });
  });

  test("is refused to a cursor of another tenant as to one that nobody was given, and to one of another question or place by name", async () => {
    const { page } = open();
    const caller = callerOf(await crowded());
    const { endCursor } = await page(caller, { input: BY_PERSON, rows: 8 });
    const after = endCursor ?? "";
    const [id = ""] = after.split(".");
    const ask = async (by: Caller, cursor: string, input = BY_PERSON) => {
      const { code, message } = await refusal(page(by, { input, rows: 8, after: cursor }));
      return { code, message };
    };
    const stranger = await ask(callerOf(await crowded()), after);
    expect(stranger).toEqual(await ask(caller, `${randomUUID()}.8`));
    expect([
      stranger.code,
      (await ask(caller, after, { ...BY_PERSON, orderBy: [] })).code,
      (await ask(caller, `${id}.7`)).code,
    ]).toEqual(["CURSOR_EXPIRED", "BAD_INPUT", "BAD_INPUT"]);
  });

  test("holds everything that was stored of more batches than a snapshot tells, and none that comes later of those it can tell", async () => {
    const { page } = open(0, 3);
    const caller = callerOf();
    const store = async (userId: string, second: number): Promise<unknown> => {
      const receivedAtMs = Date.parse(RANGE.to) + second * 1_000;
      const event = { id: randomUUID(), name: "view", timeMs: Date.parse(RANGE.from), userId, country: "DE" };
      return storeEvents(caller.tenantId, [{ ...event, receivedAtMs }]);
    };
    for (const second of [1, 2, 3, 4, 5, 6]) await store(`u${second}`, second);
    const pages = await allPages(page, caller, BY_PERSON, 2, async () => {
      await store("u8", 5);
      await store("u9", 7);
    });
    expect(rowsIn(pages, BY_PERSON).map(({ dimensions }) => dimensions[0])).toEqual([
      "u1",
      "u2",
      "u3",
      "u4",
      "u5",
      "u6",
    ]);
  });

  test("ends when a person of the tenant is erased: no cursor is good any more", async () => {
    const { page } = open();
    const caller = peopleManager(await crowded());
    const { endCursor } = await page(caller, { input: BY_PERSON, rows: 8 });
    expect(await page(caller, { input: BY_PERSON, rows: 8, after: endCursor })).toMatchObject({ rowCount: 8 });
    await room.people.operations.erasePerson(caller, { userId: "u7", reason: "asked for it" });
    await room.people.eraseAll();
    expect((await refusal(page(caller, { input: BY_PERSON, rows: 8, after: endCursor }))).code).toBe("CURSOR_EXPIRED");
  });

  test("that counts persons is not read on when people were linked since", async () => {
    const { page } = open();
    const caller = callerOf(await crowded());
    const persons = { function: "UNIQUES", of: "persons", name: "persons", exact: false } as const;
    const input = { ...BY_PERSON, measures: [...BY_PERSON.measures, persons] };
    const { endCursor } = await page(caller, { input, rows: 8 });
    expect(await page(caller, { input, rows: 8, after: endCursor })).toMatchObject({ rowCount: 8 });
    await room.people.take(caller.tenantId, {
      kind: "LINK",
      visitor: visitorKey("v"),
      user: userKey("u1"),
      byHand: true,
    });
    expect((await refusal(page(caller, { input, rows: 8, after: endCursor }))).code).toBe("CURSOR_EXPIRED");
  });
});

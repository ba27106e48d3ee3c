import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { z } from "zod";
import { openDashboardRoom } from "../../../testing/dashboard-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(180_000);

const DAY_MS = 86_400_000;
const FROM_MS = Date.parse("2026-10-26T00:00:00Z");
const iso = (ms: number): string => new Date(ms).toISOString();
const RANGE = { from: iso(FROM_MS), to: iso(FROM_MS + DAY_MS) };

let room: ReturnType<typeof openDashboardRoom>;
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
});
afterAll(() => room.close());

/** Ten orders of a day, of which three have no country and two an amount of none; and as many views without anything. */
const events = (): readonly TestEvent[] =>
  Array.from({ length: 20 }, (_, index) => ({
    ...{ id: randomUUID(), name: index < 10 ? "order" : "view", timeMs: FROM_MS + index * 60_000 },
    ...{ userId: `u${index}`, country: index < 10 && index > 2 ? "DE" : "" },
    properties: { amount: index % 5 === 0 ? "none" : index },
  }));
const newCaller = async (): Promise<Caller> => {
  const caller = callerWith(freshTenantId(), ["analytics:read", "analytics:define"]);
  await storeEvents(room.world.writer, caller.tenantId, events());
  return caller;
};

const SAVE = `mutation ($input: SaveExpectationInput!) { saveExpectation(input: $input) { ... on ExpectationSaved { expectation { id version } } } }`;
const saved = z.object({
  saveExpectation: z.object({ expectation: z.object({ id: z.string(), version: z.number() }) }),
});
const keep = async (caller: Caller, expected: object, of: object = { event: "order" }) =>
  saved.parse(await room.ask(caller, SAVE, { input: { ...of, expect: { name: "placed", ...expected } } }))
    .saveExpectation.expectation;

const NUMBERS =
  "events met expectations { name kind tested passed atLeast met } provenance { definitions { kind name version } }";
const QUALITY = `query ($input: EventQualityInput!) { eventQuality(input: $input) { ${NUMBERS} } }`;
const numbers = z.object({
  ...{ events: z.number(), met: z.boolean().nullable() },
  expectations: z.array(z.looseObject({ name: z.string(), tested: z.number(), passed: z.number() })),
  provenance: z.object({ definitions: z.array(z.looseObject({})) }),
});
const quality = async (caller: Caller, input: object) =>
  z.object({ eventQuality: numbers }).parse(await room.ask(caller, QUALITY, { input: { range: RANGE, ...input } }))
    .eventQuality;
const refusedOf = async (caller: Caller, text: string, variables: Record<string, unknown>) =>
  (await room.answer(caller, text, variables)).errors?.[0]?.extensions;
const country = { present: { field: "country" } };
const amount = { valid: { field: "properties.amount", type: "NUMBER" } };
const isPlaced = (version: number) => ({ kind: "EXPECTATION", name: "placed", version });

describe("a kept expectation in a question", () => {
  test("is what it is now, or in the version that is named, of its own events, and provenance tells which", async () => {
    const caller = await newCaller();
    const { id } = await keep(caller, { ...country, atLeast: 0.5 });
    const one = await quality(caller, { kept: [{ id }], expect: [{ name: "all", ...country }] });
    expect(one).toMatchObject({ events: 20, met: true, provenance: { definitions: [isPlaced(1)] } });
    expect(one.expectations).toMatchObject([
      { name: "all", tested: 20, passed: 7, atLeast: null },
      { name: "placed", kind: "PRESENT", tested: 10, passed: 7, atLeast: 0.5, met: true },
    ]);
    await keep(caller, amount, { event: "order", where: { field: "country", eq: "DE" } });
    const [now, then] = [
      await quality(caller, { kept: [{ id: id.toUpperCase() }] }),
      await quality(caller, { kept: [{ id, version: 1 }] }),
    ];
    expect(now.provenance.definitions).toEqual([isPlaced(2)]);
    expect(now.expectations).toMatchObject([{ kind: "VALID", tested: 7, passed: 6, atLeast: 1, met: false }]);
    expect([then.expectations, then.provenance.definitions]).toEqual([[one.expectations[1]], [isPlaced(1)]]);
  });

  test("is refused where the tenant has none of the id or the version, another tenant's as an unknown one, at its place in each question that may name it", async () => {
    const [caller, other] = [await newCaller(), await newCaller()];
    const [{ id }, foreign] = [await keep(caller, country), await keep(other, country)];
    const refused = async (text: string, variables: object, field = "input.kept.1.id") => {
      const asked = [foreign.id, randomUUID(), "no id"].map(async (wrong) => {
        const filled = z
          .record(z.string(), z.unknown())
          .parse(JSON.parse(JSON.stringify(variables).replaceAll('"wrong"', JSON.stringify(wrong))));
        return refusedOf(caller, text, filled);
      });
      expect(await Promise.all(asked)).toEqual(asked.map(() => expect.objectContaining({ code: "BAD_INPUT", field })));
    };
    const question = { range: RANGE, kept: [{ id }, { id: "wrong" }] };
    await refused(QUALITY, { input: question });
    await refused(
      "query ($of: BehindInput!) { behind(of: $of) { counts { units } } }",
      { of: { eventQuality: { input: question, cell: { expectation: "placed" } } } },
      "of.eventQuality.input.kept.1.id",
    );
    const eventQuality = question;
    await refused(
      WATCH,
      { input: { question: { eventQuality }, ...RANGE, granularity: "DAY" } },
      "input.question.eventQuality.kept.1.id",
    );
    await refused(SAVE_QUERY, { input: { name: "asked_of_kept", eventQuality } }, "input.eventQuality.kept.1.id");
    expect(await refusedOf(caller, QUALITY, { input: { range: RANGE, kept: [{ id, version: 2 }] } })).toMatchObject({
      ...{ code: "BAD_INPUT", field: "input.kept.0.version" },
    });
    expect(await refusedOf(caller, QUALITY, { input: { range: RANGE, kept: [{ id }, { id }] } })).toMatchObject({
      ...{ code: "BAD_INPUT", field: "input.kept.1.id" },
    });
    expect(await refusedOf(caller, QUALITY, { input: { range: RANGE, kept: [] } })).toMatchObject({
      ...{ code: "BAD_INPUT", field: "input.expect" },
    });
  });

  test("of personal data asks for the permission to see it", async () => {
    const caller = await newCaller();
    const keeper = callerWith(caller.tenantId, ["analytics:read", "analytics:define", "analytics:personal-data"]);
    const { id } = await keep(keeper, { present: { field: "userId" } });
    const input = { range: RANGE, kept: [{ id }] };
    expect(await refusedOf(caller, QUALITY, { input })).toMatchObject({ code: "FORBIDDEN", field: "input.kept.0.id" });
    expect((await quality(keeper, { kept: [{ id }] })).expectations).toMatchObject([{ tested: 10, passed: 10 }]);
  });

  test("is watched and explained as it is asked, and of a saved query that is pinned in the version that it had", async () => {
    const caller = await newCaller();
    const { id } = await keep(caller, country);
    const asked = { range: RANGE, kept: [{ id }] };
    for (const pinned of [true, false])
      await room.ask(caller, SAVE_QUERY, { input: { name: `pinned_${pinned}`, eventQuality: asked, pinned } });
    await keep(caller, amount);
    const failed = async (question: object) => {
      const input = { question, value: { name: "failed" }, ...RANGE, granularity: "DAY" };
      return watched.parse(await room.ask(caller, WATCH, { input })).watchedSeries;
    };
    const now = await failed({ eventQuality: asked });
    expect(now).toMatchObject({ rising: true, provenance: { definitions: [isPlaced(2)] } });
    expect(now.series).toEqual([{ group: [{ name: "expectation", value: "placed" }], values: [2] }]);
    const [then, followed] = [
      await failed({ savedQuery: { name: "pinned_true" } }),
      await failed({ savedQuery: { name: "pinned_false" } }),
    ];
    expect([then.series[0]?.values, followed.series[0]?.values]).toEqual([[3], [2]]);
    expect(then.provenance.definitions).toContainEqual(isPlaced(1));
    const change = { question: { eventQuality: asked }, value: { name: "failed" }, ...RANGE, dimensions: ["country"] };
    const told = z
      .object({ explainChange: z.object({ actual: z.number() }) })
      .parse(await room.ask(caller, EXPLAIN, { input: change }));
    expect(told.explainChange.actual).toBe(2);
  });
});

const WATCH = `query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) { rising series { group { name value } values }
  provenance { definitions { kind name version } } } }`;
const watched = z.object({
  watchedSeries: z.object({
    rising: z.boolean(),
    series: z.array(z.object({ group: z.array(z.unknown()), values: z.array(z.number().nullable()) })),
    provenance: z.object({ definitions: z.array(z.looseObject({})) }),
  }),
});
const SAVE_QUERY = `mutation ($input: SaveQueryInput!) { saveQuery(input: $input) { __typename } }`;
const EXPLAIN = `query ($input: ExplainChangeInput!) { explainChange(input: $input) { actual } }`;

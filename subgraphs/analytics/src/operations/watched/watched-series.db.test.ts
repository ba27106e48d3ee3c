import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import fc from "fast-check";
import { z } from "zod";
import { openDashboardRoom, person } from "../../../testing/dashboard-room.ts";
import { countShares } from "../../../testing/reference-share.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const HOUR_MS = 3_600_000;
/** Clocks of Berlin go back within these days: one of them has 25 hours, one hour comes twice. */
const FROM_MS = Date.parse("2026-10-24T00:00:00Z");
const HOURS = 72;

let room: ReturnType<typeof openDashboardRoom>;
const caller = person();
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
  await storeEvents(room.world.writer, caller.tenantId, shopEvents());
});
afterAll(() => room.close());

/** Events of three days, by a rule that gives every country hours without any. */
const shopEvents = (): readonly TestEvent[] =>
  Array.from({ length: 400 }, (_, index) => ({
    id: randomUUID(),
    name: ["view", "buy", "search"][index % 3] ?? "view",
    userId: `u${(index * 7) % 40}`,
    country: ["DE", "US", "FR", "BR", ""][(index * index) % 5] ?? "",
    timeMs: FROM_MS + ((index * 7_919) % (HOURS * 60)) * 60_000,
    properties: { amount: index % 17, plan: ["free", "paid"][index % 2] ?? "free" },
  }));

const WATCH = `query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) {
  buckets ends complete rising value emptyValue seriesCount hasMore
  series { group { name value } values samples } others { values samples } provenance { rowsRead exactness } } }`;
const points = { values: z.array(z.number().nullable()), samples: z.array(z.number().nullable()) };
const watchedShape = z.object({
  watchedSeries: z.object({
    ...{ buckets: z.array(z.string()), ends: z.array(z.string()), complete: z.array(z.boolean()), rising: z.boolean() },
    ...{ value: z.string(), emptyValue: z.number().nullable(), seriesCount: z.number(), hasMore: z.boolean() },
    series: z.array(
      z.object({ group: z.array(z.object({ name: z.string(), value: z.string().nullable() })), ...points }),
    ),
    others: z.object(points).nullable(),
  }),
});
const watch = async (input: Record<string, unknown>, as: Caller = caller) =>
  watchedShape.parse(await room.ask(as, WATCH, { input })).watchedSeries;

const OLAP = `query ($input: OlapInput!) { olap(input: $input) { rowCount columns { name role
  ... on TextColumn { texts } ... on IntegerColumn { integers } ... on NumberColumn { numbers } } } }`;
const olapShape = z.object({
  olap: z.object({
    rowCount: z.number(),
    columns: z.array(
      z.object({
        ...{ name: z.string(), role: z.string(), texts: z.array(z.string().nullable()).optional() },
        ...{ integers: z.array(z.number().nullable()).optional(), numbers: z.array(z.number().nullable()).optional() },
      }),
    ),
  }),
});

/** What one bucket holds by group, asked for by itself. */
const bucketByItself = async (question: Record<string, unknown>, from: string, to: string) => {
  const input = { ...question, range: { from, to }, granularity: "NONE", limit: 10_000 };
  const { rowCount, columns } = olapShape.parse(await room.ask(caller, OLAP, { input })).olap;
  const dimensions = columns.filter(({ role }) => role === "DIMENSION");
  const measure = columns.find(({ name }) => name === "n");
  return new Map(
    Array.from({ length: rowCount }, (_, row) => [
      JSON.stringify(dimensions.map(({ texts }) => texts?.[row] ?? null)),
      (measure?.integers ?? measure?.numbers ?? [])[row] ?? null,
    ]),
  );
};

const measures = fc.constantFrom(
  { name: "n", function: "COUNT" },
  { name: "n", function: "SUM", of: "properties.amount" },
  { name: "n", function: "AVG", of: "properties.amount" },
  { name: "n", function: "UNIQUES", of: "persons", exact: true },
  { name: "n", function: "COUNT", filter: { field: "name", eq: "buy" } },
);
const questions = fc.record({
  measure: measures,
  dimensions: fc.constantFrom([], ["country"], ["country", "name"]),
  filter: fc.constantFrom(null, { field: "properties.plan", eq: "paid" }),
  granularity: fc.constantFrom("HOUR", "DAY"),
  timeZone: fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kolkata"),
  fromHour: fc.integer({ min: 0, max: 20 }),
  hours: fc.integer({ min: 49, max: 52 }),
});

describe("series of a grouped question", () => {
  test("of a share of events have as samples the events it is a share of, so that the others can be counted again", async () => {
    const measures = [
      { name: "good", function: "COUNT", filter: { field: "properties.amount", lte: 10 } },
      { name: "total", function: "COUNT" },
      { name: "bad_share", function: "FORMULA", formula: "(total - good) / total" },
    ];
    const [from, to] = [FROM_MS, FROM_MS + 24 * HOUR_MS].map((ms) => new Date(ms).toISOString());
    const olap = { range: { from, to }, measures, dimensions: ["country"], filter: { field: "country", exists: true } };
    const asked = { question: { olap }, value: { name: "bad_share" }, from, to, granularity: "HOUR" };
    const { rising, emptyValue, series, buckets } = await watch(asked);
    expect([rising, emptyValue, series.length]).toEqual([false, null, 2]);
    for (const { group, values, samples } of series) {
      const counted = countShares(shopEvents(), { country: group[0]?.value, buckets, widthMs: HOUR_MS, above: 10 });
      const told = values.map((share, place) => ({ total: samples[place], bad: share }));
      expect(told).toEqual(counted.map(({ total, bad }) => ({ total, bad: total === 0 ? null : bad / total })));
    }
  });

  test("are what the question answers when each bucket is asked for by itself", async () => {
    await fc.assert(
      fc.asyncProperty(questions, async ({ measure, dimensions, filter, granularity, timeZone, fromHour, hours }) => {
        const question = { measures: [measure], dimensions, filter, timeZone };
        const from = new Date(FROM_MS + fromHour * HOUR_MS).toISOString();
        const to = new Date(
          FROM_MS + (fromHour + (granularity === "HOUR" ? hours - 44 : hours)) * HOUR_MS,
        ).toISOString();
        const olap = { ...question, range: { from, to } };
        const answer = await watch({ question: { olap }, from, to, granularity, timeZone });
        expect(answer.buckets.length).toBeGreaterThan(0);
        expect(answer.seriesCount).toBe(answer.series.length);
        for (const [index, start] of answer.buckets.entries()) {
          const held = await bucketByItself(question, start, answer.ends[index] ?? "");
          for (const { group, values } of answer.series) {
            const key = JSON.stringify(group.map(({ value }) => value));
            expect(values[index]).toBe(held.has(key) ? held.get(key) : answer.emptyValue);
            held.delete(key);
          }
          // Without groups a bucket with no events still answers; of groups no row is left over.
          expect([...held.keys()]).toEqual([]);
        }
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  test("are the heaviest; the others stand together where they add up, and are counted in any case", async () => {
    const from = new Date(FROM_MS).toISOString();
    const to = new Date(FROM_MS + HOURS * HOUR_MS).toISOString();
    const of = (measure: object) => ({
      question: {
        olap: { range: { from, to }, measures: [{ name: "n", ...measure }], dimensions: ["country", "name"] },
      },
      ...{ from, to, granularity: "DAY" },
    });
    const [all, some] = [
      await watch(of({ function: "COUNT" })),
      await watch({ ...of({ function: "COUNT" }), maxSeries: 3 }),
    ];
    expect(some.series).toEqual(all.series.slice(0, 3));
    expect(some.seriesCount).toBe(all.series.length);
    const rest = all.series.slice(3);
    expect(some.others?.values).toEqual(
      all.buckets.map((_bucket, index) => rest.reduce((sum, { values }) => sum + (values[index] ?? 0), 0)),
    );
    const totals = all.series.map(({ values }) => values.reduce<number>((sum, value) => sum + (value ?? 0), 0));
    expect(totals).toEqual(totals.toSorted((a, b) => b - a));
    const average = await watch({ ...of({ function: "AVG", of: "properties.amount" }), maxSeries: 3 });
    expect([average.others, average.seriesCount, average.emptyValue]).toEqual([null, all.seriesCount, null]);
    expect([all.rising, average.rising]).toEqual([true, false]);
  });

  test("of a saved query and of a time series are those of the same question asked as groups", async () => {
    const range = { from: new Date(FROM_MS).toISOString(), to: new Date(FROM_MS + HOURS * HOUR_MS).toISOString() };
    const measured = [{ name: "n", function: "COUNT" }];
    const save = `mutation ($olap: OlapInput!) { saveQuery(input: { name: "by_country", olap: $olap }) { __typename } }`;
    const olap = { range, measures: measured, dimensions: ["country"] };
    await room.ask(caller, save, { olap });
    const window = { ...range, granularity: "HOUR" };
    const wanted = await watch({ ...window, question: { olap } });
    const timeSeries = { range, granularity: "DAY", measures: measured, splitBy: ["country"] };
    expect(await watch({ ...window, question: { savedQuery: { name: "by_country" } } })).toEqual(wanted);
    expect(await watch({ ...window, question: { timeSeries } })).toEqual(wanted);
  });
});

const DAYS = { from: "2026-10-24T00:00:00Z", to: "2026-10-27T00:00:00Z" };
const event = { events: ["view"] };
const other = { events: ["buy"] };
const asked = async (document: string, input: object): Promise<unknown> => room.ask(caller, document, { input });

describe("series of behaviour", () => {
  test("are the funnel's own trend of each bucket, with all the time its entries have", async () => {
    const funnel = { range: DAYS, window: "PT12H", steps: [{ anyOf: [event] }, { anyOf: [other] }] };
    const answer = await watch({ question: { funnel }, ...DAYS, granularity: "DAY" });
    expect(answer.value).toBe("conversionRate");
    const TREND = `query ($input: FunnelInput!) { funnel(input: $input) { trend { conversion steps { reached } } } }`;
    for (const [index, start] of answer.buckets.entries()) {
      const range = { from: start, to: new Date(Date.parse(answer.ends[index] ?? "") + 12 * HOUR_MS).toISOString() };
      expect(await asked(TREND, { ...funnel, range, trend: { granularity: "DAY" } })).toMatchObject({
        funnel: {
          trend: {
            conversion: expect.arrayContaining([answer.series[0]?.values[index]]),
            steps: [{ reached: expect.arrayContaining([answer.series[0]?.samples[index]]) }, {}],
          },
        },
      });
    }
  });

  test("are retention, stickiness, life cycles, active users and sessions as each is asked for a bucket", async () => {
    const retention = { range: DAYS, start: event, returning: other, splitBy: ["country"] };
    const kept = await watch({ question: { retention }, value: { period: 1 }, ...DAYS, granularity: "DAY" });
    expect(kept.series.map(({ group }) => group[0]?.name)).toEqual(kept.series.map(() => "country"));
    const first = { from: kept.buckets[0] ?? "", to: kept.ends[0] ?? "" };
    const RETAINED = `query ($input: RetentionInput!) { retention(input: $input) { groups { dimensions total { rate } } } }`;
    const groups = z
      .object({
        retention: z.object({
          groups: z.array(
            z.object({
              dimensions: z.array(z.string().nullable()),
              total: z.object({ rate: z.array(z.number().nullable()) }),
            }),
          ),
        }),
      })
      .parse(await asked(RETAINED, { ...retention, range: first })).retention.groups;
    for (const { dimensions, total } of groups)
      expect(kept.series.find(({ group }) => group[0]?.value === dimensions[0])?.values[0]).toBe(total.rate[1]);

    const lists = [
      [{ stickiness: { range: DAYS, event } }, "DAY", {}, "mean"],
      [{ lifecycle: { range: DAYS, event } }, "DAY", { value: { name: "fresh" } }, "fresh"],
      [{ activeUsers: { range: DAYS, event } }, "DAY", {}, "daily"],
      [{ sessionMetrics: { range: DAYS } }, "HOUR", {}, "sessions"],
    ] as const;
    for (const [question, granularity, rest, value] of lists) {
      const answer = await watch({ question, ...DAYS, granularity, ...rest });
      expect(answer.value).toBe(value);
      expect(answer.series).toHaveLength(1);
      expect(answer.series[0]?.values).toHaveLength(answer.buckets.length);
      expect(answer.complete.every(Boolean)).toBe(true);
    }
    const ACTIVE = `query ($input: ActiveUsersInput!) { activeUsers(input: $input) { daily } }`;
    const daily = await watch({ question: { activeUsers: { range: DAYS, event } }, ...DAYS, granularity: "DAY" });
    expect(await asked(ACTIVE, { range: DAYS, event })).toEqual({ activeUsers: { daily: daily.series[0]?.values } });
  });
});

test("There is nothing to read where no whole bucket lies", async () => {
  const olap = { range: DAYS, measures: [{ name: "n", function: "COUNT" }] };
  const answer = await room.ask(caller, WATCH, {
    input: { question: { olap }, from: "2026-10-24T01:00:00Z", to: "2026-10-25T23:59:59Z", granularity: "DAY" },
  });
  expect(answer).toMatchObject({ watchedSeries: { buckets: [], series: [], seriesCount: 0, provenance: null } });
});

describe("what can't be made a series", () => {
  const olap = {
    range: DAYS,
    measures: [
      { name: "n", function: "COUNT" },
      { name: "m", function: "COUNT" },
    ],
  };
  const steps = [{ anyOf: [event] }, { anyOf: [other] }];
  test.each([
    ["no number named among several", { question: { olap } }, "input.value.name", /name the one to watch/],
    [
      "an unknown number",
      { question: { olap: { ...olap, measures: [{ name: "orders", function: "COUNT" }] } }, value: { name: "order" } },
      "input.value.name",
      /Did you mean `orders`/,
    ],
    [
      "a step of no funnel",
      { question: { olap }, value: { name: "n", step: 1 } },
      "input.value.step",
      /leave `step` out/,
    ],
    ["months", { question: { olap }, granularity: "MONTH" }, "input.granularity", /MINUTE, HOUR, DAY, WEEK/],
    [
      "a funnel without a window",
      { question: { funnel: { range: DAYS, steps } } },
      "input.question.funnel.window",
      /window/,
    ],
    [
      "a step the funnel has not",
      { question: { funnel: { range: DAYS, steps, window: "PT1H" } }, value: { step: 3 } },
      ...(["input.value.step", /1 to 2/] as const),
    ],
    [
      "tests of rows",
      { question: { olap: { ...olap, having: [{ column: "n", gt: 1 }] } }, value: { name: "n" } },
      ...(["input.question.olap.having", /leave it out/] as const),
    ],
    [
      "active users by the hour",
      { question: { activeUsers: { range: DAYS, event } }, granularity: "HOUR" },
      "input.granularity",
      /DAY/,
    ],
    ["two questions", { question: { olap, activeUsers: { range: DAYS, event } } }, "input.question", /exactly one/],
    ["too many series", { question: { olap }, value: { name: "n" }, maxSeries: 1_001 }, "input.maxSeries", /1,000/],
    [
      "an unknown field",
      { question: { olap: { ...olap, dimensions: ["contry"] } }, value: { name: "n" } },
      "input.question.olap.dimensions.0",
      /country/,
    ],
  ])("is refused at its place, saying what to do: %s", async (_what, rest, field, message) => {
    const input = { ...DAYS, granularity: "DAY", ...rest };
    const { errors } = await room.answer(caller, WATCH, { input });
    expect(errors).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(message),
        extensions: expect.objectContaining({ code: "BAD_INPUT", field }),
      }),
    ]);
  });
});

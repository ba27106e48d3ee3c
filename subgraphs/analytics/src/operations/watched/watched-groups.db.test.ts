import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { openDashboardRoom, person } from "../../../testing/dashboard-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const HOUR_MS = 3_600_000;
const FROM_MS = Date.parse("2026-09-07T00:00:00Z");
const hour = (count: number): string => new Date(FROM_MS + count * HOUR_MS).toISOString();
/** More groups than one answer of the store has rows. */
const PAGES = 10_400;
/** Pages that come often, the busiest first. */
const BUSY = 5;

/** Three hours: in the first two each page once, of some cents; busy pages often, the busiest not in the last hour; in the last ten pages alone. */
const pageEvents = (): readonly TestEvent[] => {
  const at = (page: number, hours: number, index: number): TestEvent => ({
    ...{ id: randomUUID(), name: "view", userId: "u", timeMs: FROM_MS + hours * HOUR_MS + index },
    properties: { page: `p${page}`, cents: (page % 7) / 100 },
  });
  return [
    ...Array.from({ length: PAGES }, (_, page) => at(page, page % 2, page)),
    ...Array.from({ length: BUSY }, (_, page) =>
      [0, 1].flatMap((hours) => Array.from({ length: 20 - page }, (_event, index) => at(page, hours, index))),
    ).flat(),
    ...Array.from({ length: 10 }, (_, page) => at(page + 1, 2, page)),
  ];
};

const funnelEvents = (): readonly TestEvent[] =>
  Array.from({ length: 400 }, (_, index) => ({
    ...{ id: randomUUID(), name: ["see", "buy"][((index * 5) % 7) % 2] ?? "see", userId: `u${(index * 7) % 90}` },
    country: ["DE", "US", "FR", "BR", ""][((index * 7) % 90) % 5] ?? "",
    timeMs: FROM_MS + 100 * HOUR_MS + ((index * 7_919) % (48 * 60)) * 60_000,
    properties: { amount: index % 10 },
  }));

let room: ReturnType<typeof openDashboardRoom>;
const pages = person();
const shop = person(undefined, [], ["analytics:read", "analytics:define", "cohorts:manage"]);
const [pageRows, shopRows] = [pageEvents(), funnelEvents()];
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
  await storeEvents(room.world.writer, pages.tenantId, pageRows);
  await storeEvents(room.world.writer, shop.tenantId, shopRows);
});
afterAll(() => room.close());

const WATCH = `query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) { buckets ends complete seriesCount hasMore
  series { group { name value } values samples } others { group { name value } values samples } } }`;
const numbers = z.array(z.number().nullable());
const group = z.array(z.object({ name: z.string(), value: z.string().nullable() }));
const watchedShape = z.object({
  watchedSeries: z.object({
    ...{ buckets: z.array(z.string()), ends: z.array(z.string()), complete: z.array(z.boolean()) },
    ...{ seriesCount: z.number(), hasMore: z.boolean() },
    series: z.array(z.object({ group, values: numbers, samples: numbers })),
    others: z.object({ group, values: numbers, samples: numbers }).nullable(),
  }),
});
const watch = async (input: Record<string, unknown>, as = shop) =>
  watchedShape.parse(await room.ask(as, WATCH, { input })).watchedSeries;

/** What every page holds by hour, counted by hand. */
const byHand = (weigh: (event: TestEvent) => number) => {
  const pagesHeld = new Map<string, number[]>();
  for (const event of pageRows) {
    const page = String(event.properties?.["page"]);
    const held = pagesHeld.get(page) ?? [0, 0, 0];
    const at = Math.floor((event.timeMs - FROM_MS) / HOUR_MS);
    held[at] = (held[at] ?? 0) + weigh(event);
    pagesHeld.set(page, held);
  }
  const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  return [...pagesHeld].toSorted(([a, one], [b, other]) => total(other) - total(one) || (a < b ? -1 : 1));
};

describe("series of more groups than one answer has rows", () => {
  const window = { from: hour(0), to: hour(3), granularity: "HOUR" };
  const olap = (measure: object) => ({
    olap: { range: window, measures: [{ name: "n", ...measure }], dimensions: ["properties.page"] },
  });
  const range = { from: window.from, to: window.to };

  test.each([
    ["events", { function: "COUNT" }, () => 1],
    ["sums", { function: "SUM", of: "properties.cents" }, (event: TestEvent) => Number(event.properties?.["cents"])],
  ])(
    "are the heaviest of all, exactly and in every bucket, with all others together: %s",
    async (_what, measure, weigh) => {
      const question = { olap: { ...olap(measure).olap, range } };
      const answer = await watch({ ...window, question, maxSeries: BUSY }, pages);
      const known = byHand(weigh);
      const rounded = (values: readonly (number | null)[]) => values.map((value) => Number((value ?? NaN).toFixed(6)));
      expect(answer.series.map(({ group: [page], values }) => [page?.value, rounded(values)])).toEqual(
        known.slice(0, BUSY).map(([page, values]) => [page, rounded(values)]),
      );
      const rest = known.slice(BUSY);
      expect(rounded(answer.others?.values ?? [])).toEqual(
        rounded([0, 1, 2].map((at) => rest.reduce((sum, [, values]) => sum + (values[at] ?? 0), 0))),
      );
      expect(answer.others?.group).toEqual([{ name: "properties.page", value: null }]);
      expect([answer.seriesCount, answer.hasMore]).toEqual([10_000, true]);
    },
  );

  test("hold what they hold of a mean too, and of the others, whose number does not add up, only how many there are at least", async () => {
    const question = { olap: { ...olap({ function: "AVG", of: "properties.cents" }).olap, range } };
    const { series, others, seriesCount, hasMore } = await watch({ ...window, question, maxSeries: BUSY }, pages);
    // The busiest page has no events in the last hour: its mean is not known there, and it is not left out.
    expect(series.map(({ group: [page], values }) => [page?.value, values[2]])).toEqual([
      ["p0", null],
      ["p1", 0.01],
      ["p2", 0.02],
      ["p3", 0.03],
      ["p4", 0.04],
    ]);
    expect([others, seriesCount, hasMore]).toEqual([null, 10_000, true]);
  });

  test("weigh by what was before the range where that is asked for, and one that has nothing in it is told", async () => {
    const question = { olap: { ...olap({ function: "COUNT" }).olap, range } };
    const last = { from: hour(2), to: hour(3), granularity: "HOUR", heaviestFrom: hour(0) };
    const { series, others } = await watch({ ...last, question, maxSeries: 2 }, pages);
    expect(series.map(({ group: [page], values }) => [page?.value, values])).toEqual([
      ["p0", [0]],
      ["p1", [1]],
    ]);
    expect(others?.values).toEqual([9]);
  });
});

const FUNNEL = `query ($input: FunnelInput!) { funnel(input: $input) { groupCount
  groups { value cohort { id } segment { name } result { steps { reached } } } result { steps { reached } } } }`;
const result = z.object({ steps: z.array(z.object({ reached: z.coerce.number() })) });
const funnelShape = z.object({
  funnel: z.object({
    ...{ groupCount: z.number(), result },
    groups: z.array(
      z.object({
        value: z.string().nullable(),
        cohort: z.object({ id: z.string() }).nullable(),
        segment: z.object({ name: z.string() }).nullable(),
        result,
      }),
    ),
  }),
});

describe("series of a funnel by what it is broken down by", () => {
  const days = { from: hour(100), to: hour(148), granularity: "HOUR" };
  const window = { ...days, granularity: "DAY", from: hour(96), to: hour(168) };
  const steps = [{ anyOf: [{ events: ["see"] }] }, { anyOf: [{ events: ["buy"] }] }];
  const funnel = { range: { from: days.from, to: days.to }, window: "PT30H", steps };
  /** The funnel's own answer about those who entered in a bucket. */
  const itself = async (breakdown: object, from: string, to: string) => {
    const range = { from, to: new Date(Date.parse(to) + 30 * HOUR_MS).toISOString() };
    return funnelShape.parse(
      await room.ask(shop, FUNNEL, { input: { ...funnel, range, entriesBefore: to, breakdown } }),
    ).funnel;
  };
  const NUMBERS = {
    conversionRate: ([entered = 0, bought = 0]: readonly number[]) => (entered === 0 ? null : bought / entered),
    entered: ([entered = 0]: readonly number[]) => entered,
    converted: ([, bought = 0]: readonly number[]) => bought,
  };

  test.each(["conversionRate", "entered", "converted"] as const)(
    "are what the funnel answers about each bucket, group by group: %s",
    async (name) => {
      const breakdown = { field: "country" };
      const answer = await watch({ ...window, question: { funnel: { ...funnel, breakdown } }, value: { name } });
      expect([answer.series.length, answer.seriesCount, answer.hasMore, answer.others]).toEqual([5, 5, false, null]);
      for (const [index, from] of answer.buckets.entries()) {
        const { groups } = await itself({ ...breakdown, first: 100 }, from, answer.ends[index] ?? "");
        const held = new Map(groups.map(({ value, result: of }) => [value, of.steps.map(({ reached }) => reached)]));
        const told = answer.series.map(({ group: [country], values }) => [country, values[index]]);
        expect(told).toEqual(
          answer.series.map(({ group: [country] }) => [
            { name: "country", value: country?.value ?? null },
            NUMBERS[name](held.get(country?.value ?? null) ?? []),
          ]),
        );
      }
    },
  );

  test("of which not all are kept hold nothing where they are not told, and with the others make up all who entered", async () => {
    const breakdown = { field: "country" };
    const asked = { ...window, value: { name: "entered" }, question: { funnel: { ...funnel, breakdown } } };
    const { series, others, seriesCount, hasMore, buckets } = await watch({ ...asked, maxSeries: 2 });
    const all = await watch({ ...asked, question: { funnel } });
    expect([series.length, seriesCount >= 5, hasMore]).toEqual([2, true, true]);
    expect(
      buckets.map((_bucket, at) =>
        [...series, ...(others === null ? [] : [others])].reduce((sum, { values }) => sum + (values[at] ?? 0), 0),
      ),
    ).toEqual(all.series[0]?.values);
  });

  test("are of cohorts and segments too, by the id of the one and the name of the other, and never added up", async () => {
    const made = z
      .object({ createCohort: z.object({ cohort: z.object({ id: z.string() }) }) })
      .parse(
        await room.ask(
          shop,
          `mutation { createCohort(input: { name: "buyers", definition: { did: { event: { events: ["buy"] } } } }) { ... on CohortSaved { cohort { id } } } }`,
          {},
        ),
      ).createCohort.cohort;
    await room.ask(
      shop,
      `mutation { defineSegment(input: { name: "high", filter: { field: "properties.amount", gte: 5 } }) { __typename } }`,
      {},
    );
    const breakdown = { cohorts: [made.id], segments: [{ name: "high" }] };
    const answer = await watch({
      ...window,
      value: { name: "entered" },
      question: { funnel: { ...funnel, breakdown } },
    });
    expect(answer.others).toBeNull();
    expect(
      answer.series.map(({ group: [one] }) => one).toSorted((a, b) => ((a?.name ?? "") < (b?.name ?? "") ? -1 : 1)),
    ).toEqual([
      { name: "cohort", value: made.id },
      { name: "segment", value: "high" },
    ]);
    const { groups } = await itself(breakdown, answer.buckets[1] ?? "", answer.ends[1] ?? "");
    const high = answer.series.find(({ group: [one] }) => one?.name === "segment");
    expect(high?.values[1]).toBe(groups[1]?.result.steps[0]?.reached);
  });
});

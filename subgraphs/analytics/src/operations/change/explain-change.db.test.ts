import { randomUUID } from "node:crypto";
import { describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { person } from "../../../testing/dashboard-room.ts";
import { explainedRoom } from "../../../testing/explained-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";
import { cohortsIn } from "./asked-change.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const [HOUR_MS, WEEK_MS] = [3_600_000, 7 * 86_400_000];
/** A Wednesday afternoon in Berlin, the week after clocks went back: the same clock time of the week before is 25 hours of UTC further than seven days. */
const FROM_MS = Date.parse("2026-10-28T13:00:00Z");
const ZONE = "Europe/Berlin";
const A_SPAN = { from: new Date(FROM_MS).toISOString(), to: new Date(FROM_MS + HOUR_MS).toISOString() };

const COUNTRIES = ["DE", "US", "FR"];
const DEVICES = ["desktop", "mobile"];
const SOURCES = ["search", "letter", ""];

/** The same hour of five weeks on Berlin's clock: in the last, phones in Germany look at hardly anything, and those anywhere else buy half as often from letters. */
const shopEvents: readonly TestEvent[] = [0, 1, 2, 3, 4].flatMap((back) => {
  const fromMs = FROM_MS - back * WEEK_MS - (back > 0 ? HOUR_MS : 0);
  return COUNTRIES.flatMap((country, c) =>
    DEVICES.flatMap((device, d) =>
      SOURCES.flatMap((utmSource, b) => {
        const fell = back === 0 && country === "DE" && device === "mobile";
        const seldom = back === 0 && utmSource === "letter";
        const views = fell ? 2 : 40 + ((back * 7 + c * 5 + d * 3 + b) % 5);
        return Array.from({ length: views }, (_, index): readonly TestEvent[] => {
          const timeMs = fromMs + ((index * 37 + c * 11 + d * 5 + b) % 3_600) * 1_000;
          const common = { country, device, utmSource, userId: `u${(index * 13 + c) % 50}`, timeMs };
          const view = { ...common, id: randomUUID(), name: "view", properties: { amount: index % 7 } };
          const buys = index % (seldom ? 8 : 2) === 0;
          const money = { revenue: index % 3 === 0 ? "2.5" : "4", currency: index % 5 === 0 ? "USD" : "EUR" };
          return buys ? [view, { ...view, ...money, id: randomUUID(), name: "buy" }] : [view];
        }).flat();
      }),
    ),
  );
});

const { caller, room } = explainedRoom(shopEvents);
const stranger = person();

const EXPLAIN = `query ($input: ExplainChangeInput!) { explainChange(input: $input) {
  outcome value actual expected rhythm comparedWith { from to } searched
  slices { conditions { dimension values } actual expected explains surprise chance } provenance { rowsRead exactness } } }`;
const number = z.number().nullable();
const explainedShape = z.object({
  explainChange: z.object({
    ...{ outcome: z.string(), value: z.string(), actual: number, expected: number, rhythm: z.string().nullable() },
    comparedWith: z.array(z.object({ from: z.string(), to: z.string() })),
    searched: z.array(z.string()),
    slices: z.array(
      z.object({
        conditions: z.array(z.object({ dimension: z.string(), values: z.array(z.string().nullable()) })),
        ...{ actual: number, expected: number, explains: z.number(), surprise: z.number(), chance: z.number() },
      }),
    ),
  }),
});
const explain = async (input: Record<string, unknown>, as = caller) =>
  explainedShape.parse(await room().ask(as, EXPLAIN, { input })).explainChange;
const olap = (...measures: readonly Record<string, unknown>[]) => ({ question: { olap: { range: A_SPAN, measures } } });
const DIMENSIONS = ["country", "device", "utmSource", "name"];
const spans = { ...A_SPAN, timeZone: ZONE, dimensions: DIMENSIONS };
const COUNT = { name: "n", function: "COUNT" };
const VIEWS = { ...COUNT, filter: { field: "name", eq: "view" } };

/** Events of a week that pass a test, counted from what was stored. */
const counted = (back: number, passes: (event: TestEvent) => boolean): number =>
  shopEvents.filter((event) => Math.round((FROM_MS - event.timeMs) / WEEK_MS) === back && passes(event)).length;
const mean = (passes: (event: TestEvent) => boolean): number =>
  [1, 2, 3, 4].reduce((sum, back) => sum + counted(back, passes), 0) / 4;

describe("explainChange", () => {
  test("finds the slice that fell, by both of its dimensions, with the numbers that events give, beside the same clock time of the weeks before", async () => {
    const answer = await explain({ ...olap(VIEWS), ...spans });
    const view = ({ name }: TestEvent): boolean => name === "view";
    const fell = (event: TestEvent): boolean => view(event) && event.country === "DE" && event.device === "mobile";
    expect(answer).toMatchObject({
      ...{ outcome: "EXPLAINED", rhythm: "WEEKS", actual: counted(0, view), expected: mean(view) },
      searched: DIMENSIONS,
    });
    expect(answer.comparedWith[0]?.from).toBe("2026-10-21T14:00:00+02:00");
    const [slice] = answer.slices;
    expect(new Map(slice?.conditions.map(({ dimension, values }) => [dimension, values]))).toEqual(
      new Map([
        ["country", ["DE"]],
        ["device", ["mobile"]],
      ]),
    );
    expect(slice).toMatchObject({ actual: counted(0, fell), expected: mean(fell) });
    const change = (counted(0, fell) - mean(fell)) / (counted(0, view) - mean(view));
    expect(slice?.explains).toBeCloseTo(change, 9);
    expect(slice?.chance).toBeLessThan(0.05);
  });

  test("takes a conversion apart as the ratio it is, and an average as what is added up by how many", async () => {
    const rate = {
      question: {
        olap: {
          range: A_SPAN,
          measures: [
            { name: "buys", function: "COUNT", filter: { field: "name", eq: "buy" } },
            { name: "views", function: "COUNT", filter: { field: "name", eq: "view" } },
            { name: "rate", function: "FORMULA", formula: "100 * (buys / views)" },
          ],
        },
      },
      value: { name: "rate" },
    };
    const answer = await explain({ ...rate, ...spans, dimensions: ["country", "device", "utmSource"] });
    expect(answer.outcome).toBe("EXPLAINED");
    expect(answer.slices[0]?.conditions).toEqual([{ dimension: "utmSource", values: ["letter"] }]);
    expect(answer.slices[0]?.actual).toBeLessThan(20);
    expect(answer.slices[0]?.expected).toBeGreaterThan(48);
    const average = await explain({ ...olap({ name: "a", function: "AVG", of: "properties.amount" }), ...spans });
    const amounts = shopEvents
      .filter(({ timeMs }) => timeMs >= FROM_MS)
      .map(({ properties }) => properties?.["amount"]);
    const sum = amounts.reduce<number>((all, amount) => all + Number(amount), 0);
    expect(average.actual).toBeCloseTo(sum / amounts.length, 9);
  });

  test("says that all changed alike, that nothing changed, and that there is nothing to compare with", async () => {
    const held = { where: [{ dimension: "country", values: ["DE"] }] };
    const alike = await explain({ ...olap(VIEWS), ...spans, ...held, dimensions: ["name"] });
    expect(alike).toMatchObject({ outcome: "ALIKE", slices: [] });
    const nobody = { question: { olap: { range: A_SPAN, measures: [COUNT], filter: { field: "name", eq: "none" } } } };
    expect(await explain({ ...nobody, ...spans })).toMatchObject({ outcome: "TOO_LITTLE_BEFORE", expected: null });
    expect(await explain({ ...olap(COUNT), ...spans }, stranger)).toMatchObject({ outcome: "TOO_LITTLE_BEFORE" });
    const same = { from: A_SPAN.from, to: A_SPAN.to };
    const named = [1, 2, 3].map((back) => ({
      from: new Date(FROM_MS - back * WEEK_MS - HOUR_MS).toISOString(),
      to: new Date(FROM_MS - back * WEEK_MS).toISOString(),
    }));
    const quiet = {
      ...olap({ name: "n", function: "UNIQUES", of: "name", exact: true }),
      ...same,
      comparedWith: named,
    };
    expect(await explain({ ...quiet, dimensions: ["device"] })).toMatchObject({ outcome: "UNCHANGED", rhythm: null });
  });

  test("refuses by its place what can't be taken apart or compared", async () => {
    const refused = async (input: Record<string, unknown>) =>
      (await room().answer(caller, EXPLAIN, { input })).errors?.map(({ extensions }) => extensions);
    const bad = (field: string) => [expect.objectContaining({ code: "BAD_INPUT", field })];
    expect(await refused({ ...olap({ name: "m", function: "MAX", of: "properties.amount" }), ...spans })).toEqual(
      bad("input.value.name"),
    );
    expect(await refused({ ...olap(COUNT, VIEWS), ...spans })).toEqual([
      expect.objectContaining({ code: "BAD_INPUT" }),
    ]);
    expect(await refused({ ...olap(COUNT), ...spans, value: { name: "nn" } })).toEqual(bad("input.value.name"));
    expect(await refused({ ...olap(COUNT), ...spans, dimensions: ["cuntry"] })).toEqual(bad("input.dimensions.0"));
    expect(await refused({ ...olap(COUNT), ...spans, comparedWith: [A_SPAN] })).toEqual(bad("input.comparedWith"));
    expect(await refused({ ...olap(COUNT), ...spans, where: [{ dimension: "country", values: [] }] })).toEqual(
      bad("input.where.0.values"),
    );
  });
});

const impactNumber = { actual: z.number(), expected: number, difference: number };
const sampled = z.object({
  events: z.array(z.object({ id: z.string(), name: z.string(), time: z.string(), batchId: z.string() })),
  provenance: z.object({ rowsRead: z.union([z.number(), z.string()]) }),
});
const behindShape = z.object({
  _entities: z.tuple([
    z.object({
      impact: z.object({
        people: z.object(impactNumber),
        affectedPeople: z.number(),
        revenue: z.array(z.object({ currency: z.string(), ...impactNumber })),
        rhythm: z.string().nullable(),
        comparedWith: z.array(z.object({ from: z.string() })),
      }),
      events: sampled,
    }),
  ]),
});
const BEHIND = `query ($asked: [_Any!]!) { _entities(representations: $asked) { ... on WatchedChange {
  impact { people { actual expected difference } affectedPeople rhythm comparedWith { from }
    revenue { currency actual expected difference } provenance { exactness rowsRead } }
  events(first: 4) { range { from to } events { id name time batchId receivedAt source } provenance { rowsRead } } } } }`;
const behind = async (change: Record<string, unknown>, as = caller) => {
  const asked = [{ __typename: "WatchedChange", asked: JSON.stringify({ ...A_SPAN, timeZone: ZONE, ...change }) }];
  return behindShape.parse(await room().ask(as, BEHIND, { asked }))._entities[0];
};

/** Different people, and the revenue in a currency, of events of a week that pass a test, counted from what was stored. */
const inWeek = (back: number, passes: (event: TestEvent) => boolean): readonly TestEvent[] =>
  shopEvents.filter((event) => Math.round((FROM_MS - event.timeMs) / WEEK_MS) === back && passes(event));
const peopleIn = (events: readonly TestEvent[]): number => new Set(events.map(({ userId }) => userId)).size;
const earned = (events: readonly TestEvent[], currency: string): number =>
  events.reduce((sum, event) => sum + (event.currency === currency ? Number(event.revenue) : 0), 0);
const meanOf = (of: (back: number) => number): number => [1, 2, 3, 4].reduce((sum, back) => sum + of(back), 0) / 4;

describe("what lies behind a change", () => {
  const fell = {
    where: [
      { dimension: "country", values: ["DE"] },
      { dimension: "device", values: ["mobile"] },
    ],
  };
  const inside = ({ country, device, name }: TestEvent): boolean =>
    country === "DE" && device === "mobile" && name === "buy";

  test("are the people and the money of the events that the number counts, of a ratio those of its upper part, beside comparable spans", async () => {
    const rate = {
      value: { name: "rate" },
      question: {
        olap: {
          range: A_SPAN,
          measures: [
            { name: "buys", function: "COUNT", filter: { field: "name", eq: "buy" } },
            { name: "views", function: "COUNT", filter: { field: "name", eq: "view" } },
            { name: "rate", function: "FORMULA", formula: "buys / views" },
          ],
        },
      },
    };
    const { impact, events } = await behind({ ...rate, ...fell });
    const people = (back: number): number => peopleIn(inWeek(back, inside));
    const expected = meanOf(people);
    expect(impact).toMatchObject({
      people: { actual: people(0), expected, difference: people(0) - expected },
      ...{ affectedPeople: expected - people(0), rhythm: "WEEKS" },
    });
    expect(impact.comparedWith).toHaveLength(4);
    expect(impact.revenue.map(({ currency }) => currency)).toEqual(["EUR", "USD"]);
    for (const { currency, actual, expected: usual } of impact.revenue) {
      expect(actual).toBeCloseTo(earned(inWeek(0, inside), currency), 6);
      expect(usual).toBeCloseTo(
        meanOf((back) => earned(inWeek(back, inside), currency)),
        6,
      );
    }
    const stored = new Set(inWeek(0, inside).map(({ id }) => id));
    expect(events.events.map(({ id }) => id).filter((id) => stored.has(id))).toHaveLength(events.events.length);
    expect(events.events).toHaveLength(Math.min(4, stored.size));
  });

  test("are events of all of its span, the earliest first, and all that there are where there are few", async () => {
    const { events } = await behind({ question: { olap: { range: A_SPAN, measures: [VIEWS] } } });
    const quarters = events.events.map(({ time }) => Math.floor(((Date.parse(time) - FROM_MS) * 4) / HOUR_MS));
    // All lie in the first half hour: what its quarters lack is filled with the newest of all.
    expect(quarters).toEqual([0, 1, 1, 1]);
    expect(events.events.map(({ name }) => name)).toEqual(["view", "view", "view", "view"]);
    const strange = await behind({ question: { olap: { range: A_SPAN, measures: [VIEWS] } } }, stranger);
    expect(strange.impact).toMatchObject({
      ...{ people: { actual: 0, expected: null, difference: null }, affectedPeople: 0, revenue: [], rhythm: null },
    });
    expect(strange.events.events).toEqual([]);
  });

  test("of a slice are events of that slice alone", async () => {
    const asked = `query ($input: ExplainChangeInput!) { explainChange(input: $input) { slices {
      conditions { dimension values } events(first: 3) { events { id name time batchId } provenance { rowsRead } } } } }`;
    const answer = await room().ask(caller, asked, { input: { ...olap(VIEWS), ...spans } });
    const shape = z.object({ explainChange: z.object({ slices: z.array(z.object({ events: sampled })) }) });
    const [slice] = shape.parse(answer).explainChange.slices;
    const view = (event: TestEvent): boolean =>
      event.country === "DE" && event.device === "mobile" && event.name === "view";
    const stored = new Set(inWeek(0, view).map(({ id }) => id));
    expect(slice?.events.events).toHaveLength(3);
    expect(slice?.events.events.every(({ id }) => stored.has(id))).toBe(true);
  });

  test("names the saved query, the metrics and the cohorts of its question, as things of the graph", async () => {
    const cohort = randomUUID();
    const make = async (name: string, input: string, variables: object) =>
      room().ask(caller, `mutation ($input: ${input}!) { ${name}(input: $input) { __typename } }`, {
        input: variables,
      });
    await make("defineMetric", "DefineMetricInput", {
      name: "looks",
      description: "",
      measure: { function: "COUNT", filter: VIEWS.filter },
    });
    const question = {
      olap: { range: A_SPAN, metrics: [{ name: "looks" }], filter: { not: { inCohort: { cohort } } } },
    };
    const named = `query ($asked: [_Any!]!) { _entities(representations: $asked) { ... on WatchedChange {
      definitions { __typename ... on Metric { name } } } } }`;
    const bare = { olap: { range: A_SPAN, metrics: question.olap.metrics } };
    const asked = [{ __typename: "WatchedChange", asked: JSON.stringify({ ...A_SPAN, question: bare }) }];
    expect(await room().ask(caller, named, { asked })).toEqual({
      _entities: [{ definitions: [{ __typename: "Metric", name: "looks" }] }],
    });
    expect(cohortsIn(question)).toEqual([cohort]);
  });

  test("is told nobody who may not read analytics, and of no change that is none", async () => {
    const asked = [{ __typename: "WatchedChange", asked: JSON.stringify({ ...A_SPAN, question: {} }) }];
    const { errors } = await room().answer(person(caller.tenantId, [], ["anomaly:read"]), BEHIND, { asked });
    expect(new Set(errors?.map(({ extensions }) => extensions?.["code"]))).toEqual(new Set(["FORBIDDEN"]));
    const broken = await room().answer(caller, BEHIND, { asked: [{ __typename: "WatchedChange", asked: "{" }] });
    expect(new Set(broken.errors?.map(({ extensions }) => extensions?.["code"]))).toEqual(new Set(["BAD_INPUT"]));
  });
});

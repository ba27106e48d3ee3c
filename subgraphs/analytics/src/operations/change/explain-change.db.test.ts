import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { openDashboardRoom, person } from "../../../testing/dashboard-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const [HOUR_MS, WEEK_MS] = [3_600_000, 7 * 86_400_000];
/** A Wednesday afternoon in Berlin, the week after clocks went back: the same clock time of the week before is 25 hours of UTC further than seven days. */
const FROM_MS = Date.parse("2026-10-28T13:00:00Z");
const ZONE = "Europe/Berlin";
const A_SPAN = { from: new Date(FROM_MS).toISOString(), to: new Date(FROM_MS + HOUR_MS).toISOString() };

let room: ReturnType<typeof openDashboardRoom>;
const caller = person();
const stranger = person();
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
  await storeEvents(room.world.writer, caller.tenantId, shopEvents);
});
afterAll(() => room.close());

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
          return buys ? [view, { ...view, id: randomUUID(), name: "buy" }] : [view];
        }).flat();
      }),
    ),
  );
});

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
  explainedShape.parse(await room.ask(as, EXPLAIN, { input })).explainChange;
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
      (await room.answer(caller, EXPLAIN, { input })).errors?.map(({ extensions }) => extensions);
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
    const funnel = {
      funnel: { range: A_SPAN, steps: [{ anyOf: [{ events: ["view"] }] }, { anyOf: [{ events: ["buy"] }] }] },
    };
    expect(await refused({ question: funnel, ...spans })).toEqual(bad("input.question"));
  });
});

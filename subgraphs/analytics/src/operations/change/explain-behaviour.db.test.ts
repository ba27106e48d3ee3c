import { randomUUID } from "node:crypto";
import { describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { explainedRoom } from "../../../testing/explained-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(180_000);

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
const FROM_MS = Date.parse("2026-10-21T13:00:00Z");
const iso = (ms: number): string => new Date(ms).toISOString();
const A_SPAN = { from: iso(FROM_MS), to: iso(FROM_MS + HOUR_MS) };

/** Somebody who enters in an hour of one of five weeks: how far they get, and whether they come back a day later. */
interface Visitor {
  readonly back: number;
  readonly country: string;
  readonly device: string;
  readonly depth: number;
  readonly returns: boolean;
}

/** In the last week fewer phones in Germany buy what they put into their carts, and those of France come back less often; there are also more visitors from France, who buy less. */
const visitors: readonly Visitor[] = [0, 1, 2, 3, 4].flatMap((back) =>
  ["DE", "US", "FR"].flatMap((country) =>
    ["desktop", "mobile"].flatMap((device) =>
      Array.from({ length: back === 0 && country === "FR" ? 260 : 200 }, (_, index): Visitor => {
        const fell = back === 0 && country === "DE" && device === "mobile";
        const buys = fell ? index % 12 === 0 : index % (country === "FR" ? 4 : 2) === 0;
        const stays = back === 0 && country === "FR" ? index % 10 === 0 : (index + back) % 2 === 0;
        return { back, country, device, depth: index % 5 === 4 ? 1 : buys ? 3 : 2, returns: stays };
      }),
    ),
  ),
);

const events: readonly TestEvent[] = visitors.flatMap((visitor, index) => {
  const { back, country, device, depth, returns } = visitor;
  const fromMs = FROM_MS - back * 7 * DAY_MS + ((index * 37) % 1_800) * 1_000;
  const common = { country, userId: `v${index}`, source: "web" };
  // What comes after the entry is done on another device: who entered is told by the entry alone.
  const step = (name: string, place: number): TestEvent => ({
    ...{ ...common, id: randomUUID(), name, timeMs: fromMs + place * 60_000 },
    device: place === 0 ? device : "tablet",
  });
  const later = { ...step("visit", 0), id: randomUUID(), name: "open", timeMs: fromMs + DAY_MS };
  return [...["visit", "cart", "buy"].slice(0, depth).map(step), ...(returns ? [later] : [])];
});

const { caller, room } = explainedRoom(events);

const EXPLAIN = `query ($input: ExplainChangeInput!) { explainChange(input: $input) {
  outcome value actual expected rhythm comparedWith { from }
  decompositions { dimension rate mix }
  steps { number label reached expectedReached share expectedShare effect chance }
  slices { conditions { dimension values } actual expected explains chance effects { rate mix } events(first: 3) { events { name } } }
  provenance { rowsRead } } }`;
const number = z.number().nullable();
const effects = z.object({ rate: z.number(), mix: z.number() });
const explained = z.object({
  explainChange: z.object({
    ...{ outcome: z.string(), value: z.string(), actual: number, expected: number, rhythm: z.string().nullable() },
    comparedWith: z.array(z.object({ from: z.string() })),
    decompositions: z.array(z.object({ dimension: z.string(), ...effects.shape })),
    steps: z.array(
      z.object({
        ...{ number: z.number(), label: z.string(), reached: z.number(), expectedReached: z.number() },
        ...{ share: number, expectedShare: number, effect: number, chance: number },
      }),
    ),
    slices: z.array(
      z.object({
        conditions: z.array(z.object({ dimension: z.string(), values: z.array(z.string().nullable()) })),
        ...{ actual: number, expected: number, explains: z.number(), chance: z.number(), effects: effects.nullable() },
        events: z.object({ events: z.array(z.object({ name: z.string() })) }),
      }),
    ),
  }),
});
const explain = async (input: Record<string, unknown>) =>
  explained.parse(await room().ask(caller, EXPLAIN, { input })).explainChange;

const named = (...names: readonly string[]) => names.map((name) => ({ anyOf: [{ events: [name] }] }));
const FUNNEL = { funnel: { range: A_SPAN, steps: named("visit", "cart", "buy"), window: "PT1H" } };
const DAYS = { from: iso(Date.parse("2026-10-21T00:00:00Z")), to: iso(Date.parse("2026-10-22T00:00:00Z")) };
const RETENTION = {
  retention: {
    ...{ range: DAYS, start: { events: ["visit"] }, returning: { events: ["open"] }, period: "DAY", periods: 3 },
    splitBy: ["source"],
  },
};
const dimensions = ["country", "device", "source"];

/** A share of the visitors of a week, by what is said of them. */
const share = (back: number, who: (one: Visitor) => boolean, what: (one: Visitor) => boolean) => {
  const all = visitors.filter((one) => one.back === back && who(one));
  return { value: all.filter(what).length, base: all.length };
};
const meanOf = (who: (one: Visitor) => boolean, what: (one: Visitor) => boolean): number => {
  const all = [1, 2, 3, 4].map((back) => share(back, who, what));
  return all.reduce((sum, { value }) => sum + value, 0) / all.reduce((sum, { base }) => sum + base, 0);
};
const nowOf = (who: (one: Visitor) => boolean, what: (one: Visitor) => boolean): number => {
  const { value, base } = share(0, who, what);
  return value / base;
};
const everybody = (): boolean => true;
const bought = ({ depth }: Visitor): boolean => depth === 3;

describe("the change of a conversion", () => {
  test("is owed to the step and to the entries that lost, with the numbers of the units, and is the number that is watched", async () => {
    const answer = await explain({ question: FUNNEL, ...A_SPAN, dimensions });
    const [actual, expected] = [nowOf(everybody, bought), meanOf(everybody, bought)];
    expect(answer).toMatchObject({ outcome: "EXPLAINED", value: "conversionRate", rhythm: "WEEKS" });
    expect([answer.actual, answer.expected]).toEqual([expect.closeTo(actual, 12), expect.closeTo(expected, 12)]);
    const [slice] = answer.slices;
    expect(new Map(slice?.conditions.map(({ dimension, values }) => [dimension, values]))).toEqual(
      new Map([
        ["country", ["DE"]],
        ["device", ["mobile"]],
      ]),
    );
    const fell = ({ country, device }: Visitor): boolean => country === "DE" && device === "mobile";
    expect(slice?.actual).toBeCloseTo(nowOf(fell, bought), 12);
    expect(slice?.expected).toBeCloseTo(meanOf(fell, bought), 12);
    expect(slice?.events.events.map(({ name }) => name)).toEqual(["visit", "visit", "visit"]);
    for (const { rate, mix } of answer.decompositions) expect(rate + mix).toBeCloseTo(actual - expected, 9);
    const mixOf = (name: string) => answer.decompositions.find(({ dimension }) => dimension === name)?.mix ?? 0;
    // France buys less and sends more: that part of the fall is nobody's rate.
    expect(mixOf("country")).toBeLessThan(-0.002);
    expect(mixOf("source")).toBeCloseTo(0, 12);
    expect(answer.steps.map(({ label, reached }) => [label, reached])).toEqual([
      ["visit", share(0, everybody, everybody).value],
      ["cart", share(0, everybody, ({ depth }) => depth > 1).value],
      ["buy", share(0, everybody, bought).value],
    ]);
    const [, cart, buy] = answer.steps;
    expect((cart?.effect ?? 0) + (buy?.effect ?? 0)).toBeCloseTo(actual - expected, 9);
    expect(Math.abs(cart?.effect ?? 1)).toBeLessThan(Math.abs(buy?.effect ?? 0) / 10);
    expect(buy?.chance).toBeLessThan(0.05);
    const watched = await room().ask(
      caller,
      `query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) { series { values } } }`,
      { input: { question: FUNNEL, ...A_SPAN, granularity: "HOUR" } },
    );
    expect(watched).toEqual({ watchedSeries: { series: [{ values: [answer.actual] }] } });
  });

  test("is that of how many reached a step as well, where the first step has its part", async () => {
    const answer = await explain({
      ...{ question: FUNNEL, value: { name: "reached", step: 2 }, ...A_SPAN },
      dimensions: ["country"],
    });
    expect(answer.decompositions).toEqual([]);
    expect(answer.steps.map(({ label }) => label)).toEqual(["visit", "cart"]);
    const sum = answer.steps.reduce((all, { effect }) => all + (effect ?? 0), 0);
    expect(sum).toBeCloseTo((answer.actual ?? 0) - (answer.expected ?? 0), 9);
    expect(answer.slices[0]).toMatchObject({ conditions: [{ dimension: "country", values: ["FR"] }], effects: null });
  });

  test("is that of the step that another room names", async () => {
    const shape = z.object({ _entities: z.array(z.object({ explanation: z.object({ actual: z.number() }) })) });
    const change = { question: FUNNEL, value: { name: "reached", step: 2 }, ...A_SPAN };
    const source = `query ($asked: [_Any!]!) { _entities(representations: $asked) { ... on WatchedChange { explanation { actual } } } }`;
    const told = await room().ask(caller, source, {
      asked: [{ __typename: "WatchedChange", asked: JSON.stringify(change) }],
    });
    const [found] = shape.parse(told)._entities;
    expect(found?.explanation.actual).toBe((await explain({ ...change, dimensions: ["country"] })).actual);
  });

  test("is held to a group by the entry, and refused by its place where it can't be told", async () => {
    const held = { where: [{ dimension: "country", values: ["US", "FR"] }] };
    const others = ({ country }: Visitor): boolean => country !== "DE";
    const answer = await explain({ question: FUNNEL, ...A_SPAN, ...held, dimensions: ["device"] });
    expect(answer.actual).toBeCloseTo(nowOf(others, bought), 12);
    const refused = async (input: Record<string, unknown>) =>
      (await room().answer(caller, EXPLAIN, { input: { ...A_SPAN, ...input } })).errors?.map(
        ({ extensions }) => extensions,
      );
    const bad = (field: string) => [expect.objectContaining({ code: "BAD_INPUT", field })];
    const { window: _window, ...endless } = FUNNEL.funnel;
    expect(await refused({ question: { funnel: endless } })).toEqual(bad("input.question.funnel.window"));
    expect(await refused({ question: FUNNEL, value: { step: 4 } })).toEqual(bad("input.value.step"));
    expect(await refused({ question: FUNNEL, value: { period: 1 } })).toEqual(bad("input.value.period"));
    expect(await refused({ question: FUNNEL, where: [{ dimension: "cohort", values: ["x"] }] })).toEqual(
      bad("input.where.0.dimension"),
    );
    expect(await refused({ question: RETENTION, value: { period: 7 }, ...DAYS })).toEqual(bad("input.value.period"));
    const long = { from: iso(Date.parse(DAYS.from) - 20 * DAY_MS), to: DAYS.to };
    expect(await refused({ question: RETENTION, ...long })).toEqual(bad("input.to"));
    const cohorts = { retention: { ...RETENTION.retention, splitBy: [], cohorts: [randomUUID()] } };
    expect(await refused({ question: cohorts, ...DAYS })).toEqual(bad("input.where"));
  });
});

describe("the change of retention", () => {
  test("is owed to the starts that stayed away, with the numbers of the units", async () => {
    const answer = await explain({ question: RETENTION, ...DAYS, dimensions });
    const back = ({ returns }: Visitor): boolean => returns;
    const french = ({ country }: Visitor): boolean => country === "FR";
    expect(answer).toMatchObject({ outcome: "EXPLAINED", value: "rate", rhythm: "WEEKS", steps: [] });
    const change = nowOf(everybody, back) - meanOf(everybody, back);
    expect(answer.actual).toBeCloseTo(nowOf(everybody, back), 12);
    expect(answer.expected).toBeCloseTo(meanOf(everybody, back), 12);
    const [slice] = answer.slices;
    expect(slice?.conditions).toEqual([{ dimension: "country", values: ["FR"] }]);
    expect(slice?.actual).toBeCloseTo(nowOf(french, back), 12);
    expect(slice?.expected).toBeCloseTo(meanOf(french, back), 12);
    for (const { rate, mix } of answer.decompositions) expect(rate + mix).toBeCloseTo(change, 9);
    const watched = await room().ask(
      caller,
      `query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) { series { values } } }`,
      { input: { question: RETENTION, ...DAYS, granularity: "DAY" } },
    );
    expect(watched).toEqual({ watchedSeries: { series: [{ values: [answer.actual] }] } });
  });
});

describe("what lies behind a change of behaviour", () => {
  test("are the persons that it counts, of a share as many too few as there would have been, and none of other units", async () => {
    const behind = `query ($asked: [_Any!]!) { _entities(representations: $asked) { ... on WatchedChange {
      impact { people { actual expected difference } affectedPeople revenue { currency } comparedWith { from } }
      events(first: 2) { events { name } } definitions { __typename } } } }`;
    const shape = z.object({
      _entities: z.array(
        z.object({
          impact: z.object({ people: z.object({ actual: z.number(), expected: number }) }).nullable(),
          events: z.object({ events: z.array(z.object({ name: z.string() })) }),
        }),
      ),
    });
    const asked = async (question: object) =>
      shape.parse(
        await room().ask(caller, behind, {
          asked: [{ __typename: "WatchedChange", asked: JSON.stringify({ question, ...A_SPAN }) }],
        }),
      )._entities[0];
    const found = await asked(FUNNEL);
    const { value, base } = share(0, everybody, bought);
    // Each of the weeks before counts alike.
    const usual = [1, 2, 3, 4]
      .map((back) => share(back, everybody, bought))
      .map((one) => (one.value / one.base) * base);
    expect(found?.impact?.people.actual).toBeCloseTo(value, 9);
    expect(found?.impact?.people.expected).toBeCloseTo(usual.reduce((sum, one) => sum + one, 0) / 4, 9);
    expect(found?.events.events.map(({ name }) => name)).toEqual(["visit", "visit"]);
    const ofSessions = await asked({ funnel: { ...FUNNEL.funnel, unit: { kind: "SESSION" } } });
    expect(ofSessions?.impact).toBeNull();
  });
});

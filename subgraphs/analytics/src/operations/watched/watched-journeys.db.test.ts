import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { openDashboardRoom, person } from "../../../testing/dashboard-room.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const DAY_MS = 86_400_000;
const FROM_MS = Date.parse("2026-08-03T00:00:00Z");
const DAYS = 3;
const WINDOW = {
  ...{ from: new Date(FROM_MS).toISOString(), to: new Date(FROM_MS + DAYS * DAY_MS).toISOString() },
  granularity: "DAY",
};
const range = { from: WINDOW.from, to: WINDOW.to };
const NAMES = ["home", "list", "item", "cart", "buy"] as const;

/** Events of three days and thirty people, no two of one person at the same moment, from channels that differ. */
const events: readonly TestEvent[] = Array.from({ length: 420 }, (_, index) => ({
  ...{ id: randomUUID(), name: NAMES[(index * index + (index >> 3)) % 5] ?? "home", userId: `u${(index * 11) % 30}` },
  timeMs: FROM_MS + ((index * 7_919) % (DAYS * 1_440)) * 60_000 + index,
  utmSource: ["mail", "ads", "blog", ""][((index * 7) % 11) % 4] ?? "",
}));

let room: ReturnType<typeof openDashboardRoom>;
const caller = person();
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
  await storeEvents(room.world.writer, caller.tenantId, events);
});
afterAll(() => room.close());

const WATCH = `query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) { buckets ends value emptyValue seriesCount hasMore
  series { group { name value } values samples } others { values } } }`;
const numbers = z.array(z.number().nullable());
const watchedShape = z.object({
  watchedSeries: z.object({
    ...{
      buckets: z.array(z.string()),
      ends: z.array(z.string()),
      value: z.string(),
      emptyValue: z.number().nullable(),
    },
    ...{ seriesCount: z.number(), hasMore: z.boolean(), others: z.object({ values: numbers }).nullable() },
    series: z.array(
      z.object({
        group: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
        ...{ values: numbers, samples: numbers },
      }),
    ),
  }),
});
const watch = async (question: object, value: object, more: object = {}) =>
  watchedShape.parse(await room.ask(caller, WATCH, { input: { ...WINDOW, question, value, ...more } })).watchedSeries;

describe("series of attribution", () => {
  const attribution = {
    ...{ range, conversion: { events: ["buy"] }, touchpoints: [{ filter: { field: "utmSource", exists: true } }] },
    ...{ models: [{ kind: "LINEAR" }, { kind: "MARKOV" }], dimensions: ["utmSource"], lookback: "P2D" },
  };
  const ASKED = `query ($input: AttributionInput!) { attribution(input: $input) { conversions breakdowns { models { kind
    credits { label conversions value share } } } } }`;
  const credit = z.object({
    label: z.string(),
    ...{ conversions: z.number(), value: z.number(), share: z.number().nullable() },
  });
  const shape = z.object({
    attribution: z.object({
      conversions: z.coerce.number(),
      breakdowns: z.tuple([z.object({ models: z.array(z.object({ kind: z.string(), credits: z.array(credit) })) })]),
    }),
  });
  const itself = async (from: string, to: string) =>
    shape.parse(await room.ask(caller, ASKED, { input: { ...attribution, range: { from, to } } })).attribution;

  test("are what each model gives each channel for the conversions of the bucket", async () => {
    const buckets = (await watch({ attribution }, {})).buckets;
    const asked = await Promise.all(
      buckets.map((from, at) => itself(from, new Date(FROM_MS + (at + 1) * DAY_MS).toISOString())),
    );
    for (const [kind, name, field] of [
      ["LINEAR", "credit", "conversions"],
      ["MARKOV", "credit", "conversions"],
      ["MARKOV", "share", "share"],
      ["LINEAR", "value", "value"],
    ] as const) {
      const answer = await watch({ attribution }, { name, model: kind });
      expect([answer.value, answer.emptyValue, answer.hasMore]).toEqual([name, name === "share" ? null : 0, false]);
      const expected = asked.map(
        ({ breakdowns: [{ models }] }) =>
          new Map(models.find((one) => one.kind === kind)?.credits.map((one) => [one.label, one[field]])),
      );
      expect(new Set(answer.series.map(({ group: [one] }) => one?.value))).toEqual(new Set(["ads", "blog", "mail"]));
      for (const { group, values } of answer.series)
        expect(values).toEqual(expected.map((held) => held.get(group[0]?.value ?? "") ?? answer.emptyValue));
    }
    const all = await watch({ attribution }, { name: "conversions" });
    expect(all.series.map(({ values }) => values)).toEqual([asked.map(({ conversions }) => conversions)]);
  });

  test("that are not kept are added up where credit is watched, and the heaviest are those of most credit", async () => {
    const [all, some] = [await watch({ attribution }, {}), await watch({ attribution }, {}, { maxSeries: 1 })];
    expect(some.series).toEqual(all.series.slice(0, 1));
    const rest = all.series.slice(1);
    some.others?.values.forEach((value, at) => {
      expect(value).toBeCloseTo(
        rest.reduce((sum, { values }) => sum + (values[at] ?? 0), 0),
        9,
      );
    });
    expect([some.others === null, some.seriesCount]).toEqual([false, 3]);
  });

  test("are refused of several dimensions, of a model the question has not, and so are paths of half an edge, or without the goal they need", async () => {
    const tries = [
      [
        { attribution: { ...attribution, dimensions: ["channel", "utmSource"] } },
        {},
        "input.question.attribution.dimensions",
      ],
      [{ attribution }, { model: "SHAPLEY" }, "input.value.model"],
      [{ attribution }, { name: "conversions", model: "LINEAR" }, "input.value.model"],
      [{ paths: { range } }, { name: "transitions", from: "view" }, "input.value.to"],
      [{ paths: { range } }, { name: "dropOffs" }, "input.value.from"],
      [{ paths: { range } }, { name: "paths", from: "view" }, "input.value.from"],
      [{ paths: { range } }, { name: "conversionRate" }, "input.question.paths.goal"],
    ] as const;
    for (const [question, value, field] of tries) {
      const { errors } = await room.answer(caller, WATCH, { input: { ...WINDOW, question, value } });
      expect(errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field } }]);
    }
  });
});

describe("series of paths", () => {
  const DEPTH = 4;
  const paths = { range, maxDepth: DEPTH, goal: { event: { events: ["buy"] } } };
  /** Each person's path in a bucket, followed by hand: repeats are one step, and the first steps are told. */
  const followed = (at: number): readonly { readonly steps: readonly string[]; readonly ends: boolean }[] => {
    const own = new Map<string, TestEvent[]>();
    for (const event of events.toSorted((a, b) => a.timeMs - b.timeMs))
      if (Math.floor((event.timeMs - FROM_MS) / DAY_MS) === at)
        own.set(event.userId ?? "", [...(own.get(event.userId ?? "") ?? []), event]);
    return [...own.values()].map((all) => {
      const labels = all.map(({ name }) => name).filter((name, place, names) => name !== names[place - 1]);
      return { steps: labels.slice(0, DEPTH), ends: labels.length <= DEPTH };
    });
  };
  const count = (numbersOf: (path: ReturnType<typeof followed>[number]) => number) =>
    Array.from({ length: DAYS }, (_, at) => followed(at).reduce((sum, path) => sum + numbersOf(path), 0));

  test("are how many there are, how many go from one label to the next, and how many end at it, counted by hand", async () => {
    const at = (label: string) => count(({ steps }) => steps.filter((step) => step === label).length);
    const moved = count(
      ({ steps }) => steps.filter((step, place) => step === "list" && steps[place + 1] === "cart").length,
    );
    const left = count(({ steps, ends }) => (ends && steps.at(-1) === "item" ? 1 : 0));
    const shares = (parts: readonly number[], wholes: readonly number[]) =>
      parts.map((part, place) => (wholes[place] === 0 ? null : part / (wholes[place] ?? NaN)));
    const edge = { from: "list", to: "cart" };
    for (const [value, expected] of [
      [{}, count(() => 1)],
      [{ name: "units" }, count(() => 1)],
      [{ name: "transitions", ...edge }, moved],
      [{ name: "transitionShare", ...edge }, shares(moved, at("list"))],
      [{ name: "dropOffs", from: "item" }, left],
      [{ name: "dropOffShare", from: "item" }, shares(left, at("item"))],
    ] as const) {
      const answer = await watch({ paths }, value);
      expect([value, answer.series.map(({ values }) => values)]).toEqual([value, [expected]]);
    }
    expect(moved.every((paths) => paths > 0)).toBe(true);
    const converted = await watch({ paths }, { name: "conversionRate" });
    const ASKED = `query ($input: PathsInput!) { paths(input: $input) { conversion } }`;
    const asked = await room.ask(caller, ASKED, { input: { ...paths, range: { ...range, to: converted.ends[0] } } });
    expect(asked).toEqual({ paths: { conversion: converted.series[0]?.values[0] } });
  });
});

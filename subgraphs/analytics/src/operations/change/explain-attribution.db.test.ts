import { randomUUID } from "node:crypto";
import { describe, expect, jest, test } from "@jest/globals";
import { wrongSlices, type ReferencePart } from "../../../testing/explained.ts";
import { explainedRoom } from "../../../testing/explained-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

const [MINUTE_MS, HOUR_MS, WEEK_MS] = [60_000, 3_600_000, 7 * 86_400_000];
const FROM_MS = Date.parse("2025-10-15T12:00:00Z");
const iso = (ms: number): string => new Date(ms).toISOString();
const SPAN = { from: iso(FROM_MS), to: iso(FROM_MS + HOUR_MS) };
const LOOKBACK_MS = 2 * HOUR_MS;
const SOURCES = ["mail", "ads", "blog", "ads", ""];

/** People who come by one to four campaigns and buy in an hour of five weeks, some twice and some by no campaign; in the last, ads lose their part in what phones in Germany buy. */
const events: readonly TestEvent[] = [0, 1, 2, 3, 4].flatMap((back) =>
  Array.from({ length: 360 }, (_, index): readonly TestEvent[] => {
    const [country = "", device = ""] = [
      ["DE", "US", "FR"][index % 3],
      ["phone", "desktop"][Math.floor(index / 3) % 2],
    ];
    const lost = back === 0 && country === "DE" && device === "phone";
    const buysMs = FROM_MS - back * WEEK_MS + (index % 58) * MINUTE_MS + 20_000;
    const base = { userId: `w${back}u${index}`, id: "" };
    const visits = Array.from(
      { length: index % 13 === 12 ? 0 : 1 + ((index + back) % 4) },
      (_visit, nth): TestEvent => ({
        ...{
          ...base,
          name: "visit",
          country: "ZZ",
          device: "tv",
          timeMs: buysMs - (nth + 1) * 17 * MINUTE_MS - index * 1_000,
        },
        utmSource: lost ? "blog" : (SOURCES[(index * 3 + nth * 7 + back) % 5] ?? ""),
      }),
    );
    const buy = { ...base, name: "buy", country, device, currency: "EUR", revenue: String(1 + (index % 4)) };
    const again = index % 10 === 3 ? [{ ...buy, timeMs: buysMs + 70_000 }] : [];
    return [...visits, { ...buy, timeMs: buysMs }, ...again].map((event) => ({ ...event, id: randomUUID() }));
  }).flat(),
);

type Holds = (event: Readonly<Record<string, unknown>>) => boolean;
/** A conversion with the labels of its touchpoints, the earliest first, and their ages. */
interface Conversion {
  readonly event: TestEvent;
  readonly steps: readonly string[];
  readonly agesMs: readonly number[];
}

const byUser = new Map<string, readonly TestEvent[]>();
for (const event of events.toSorted((one, other) => one.timeMs - other.timeMs))
  byUser.set(event.userId ?? "", [...(byUser.get(event.userId ?? "") ?? []), event]);

/** Conversions of a week, by definition: touchpoints of the lookback, none from before the conversion before. */
const conversionsOf = (back: number): readonly Conversion[] => {
  const fromMs = FROM_MS - back * WEEK_MS;
  return [...byUser.values()].flatMap((own) =>
    own
      .filter(({ name, timeMs }) => name === "buy" && timeMs >= fromMs && timeMs < fromMs + HOUR_MS)
      .map((event): Conversion => {
        const earlier = own.findLast(({ name, timeMs }) => name === "buy" && timeMs < event.timeMs);
        const since = Math.max(event.timeMs - LOOKBACK_MS, (earlier?.timeMs ?? -Infinity) + 1);
        const touches = own.filter(({ name, timeMs }) => name === "visit" && timeMs >= since && timeMs <= event.timeMs);
        return {
          event,
          steps: touches.map(({ utmSource = "" }) => (utmSource === "" ? "(none)" : utmSource)),
          agesMs: touches.map(({ timeMs }) => event.timeMs - timeMs),
        };
      }),
  );
};
const weeks = [0, 1, 2, 3, 4].map(conversionsOf);

const proportional = (weights: readonly number[]): readonly number[] => {
  const sum = weights.reduce((all, one) => all + one, 0);
  return weights.map((weight) => weight / sum);
};
const only = (steps: readonly string[], place: number) => steps.map((_step, at) => (at === place ? 1 : 0));
/** Shares of a conversion's touchpoints by each model. */
const SHARES: Readonly<Record<string, (one: Conversion) => readonly number[]>> = {
  FIRST: ({ steps }) => only(steps, 0),
  LAST: ({ steps }) => only(steps, steps.length - 1),
  LAST_NON_DIRECT: ({ steps }) => {
    const last = steps.findLastIndex((step) => step !== "blog");
    return only(steps, last < 0 ? steps.length - 1 : last);
  },
  LINEAR: ({ steps }) => steps.map(() => 1 / steps.length),
  POSITION: ({ steps }) =>
    proportional(steps.map((_s, at) => (at === 0 ? 50 : at === steps.length - 1 ? 30 : 20 / (steps.length - 2)))),
  POSITION_DECAY: ({ steps }) => proportional(steps.map((_s, at) => 2 ** ((at + 1 - steps.length) / 2))),
  TIME_DECAY: ({ agesMs }) => proportional(agesMs.map((age) => 2 ** (-age / HOUR_MS))),
  SHAPLEY: ({ steps }) => steps.map((step) => 1 / new Set(steps).size / steps.filter((other) => other === step).length),
};

const credits =
  (model: string, name: string) =>
  (back: number, holds: Holds): ReferencePart => {
    const own = (weeks[back] ?? []).filter(({ event }) => holds({ ...event }));
    const shareOf = (one: Conversion): number =>
      (SHARES[model]?.(one) ?? []).reduce((sum, share, at) => sum + (one.steps[at] === "ads" ? share : 0), 0);
    const worth = ({ event }: Conversion): number => (name === "value" ? Number(event.revenue) : 1);
    if (name === "conversions") return { value: own.length, base: null };
    const value = own.reduce((sum, one) => sum + shareOf(one) * worth(one), 0);
    return { value, base: name === "share" ? own.filter(({ steps }) => steps.length > 0).length : null };
  };

const opened = explainedRoom(events);

const attribution = {
  ...{ range: SPAN, conversion: { events: ["buy"] }, touchpoints: [{ events: ["visit"] }], lookback: "PT2H" },
  ...{ dimensions: ["utmSource"], value: { of: "revenue", currency: "EUR" }, directLabels: ["blog"] },
  models: [
    ...["FIRST", "LAST", "LAST_NON_DIRECT", "LINEAR", "SHAPLEY", "MARKOV"].map((kind) => ({ kind })),
    ...[
      { kind: "POSITION", first: 50, middle: 20, last: 30 },
      { kind: "POSITION_DECAY", halfLifeSteps: 2 },
    ],
    { kind: "TIME_DECAY", halfLife: "PT1H" },
  ],
};
const question = { attribution };
const where = [{ dimension: "utmSource", values: ["ads"] }];
const dimensions = ["country", "device"];

describe("the change of attribution", () => {
  test.each([
    ...Object.keys(SHARES).map((model) => [model, "credit"]),
    ...[
      ["LINEAR", "share"],
      ["TIME_DECAY", "value"],
      ["POSITION", "share"],
    ],
  ])("is that of what conversions give a label, by their own events: by %s, %s", async (model, name) => {
    const german = [...where, { dimension: "country", values: ["DE"] }];
    const asked = { question, value: { name, model }, ...SPAN, where: german, dimensions: ["device"] };
    const answer = await opened.explain(asked);
    const reference = credits(model, name);
    const ofGermans = (back: number, holds: Holds): ReferencePart =>
      reference(back, (event) => event["country"] === "DE" && holds(event));
    expect(wrongSlices(answer, ofGermans)).toEqual([]);
    expect(answer).toMatchObject({ outcome: "EXPLAINED", value: name, rhythm: "WEEKS" });
  });

  test("is that of all conversions where these are counted", async () => {
    const answer = await opened.explain({ question, value: { name: "conversions" }, ...SPAN, dimensions });
    expect(wrongSlices(answer, credits("", "conversions"))).toEqual([]);
  });

  test("is the number that is watched of the label", async () => {
    for (const [model, name] of [
      ["LINEAR", "credit"],
      ["TIME_DECAY", "value"],
      ["FIRST", "share"],
    ]) {
      const models = attribution.models.filter(({ kind }) => kind === model);
      const asked = { question: { attribution: { ...attribution, models } }, value: { name }, ...SPAN };
      const answer = await opened.explain({ ...asked, where, dimensions: ["country"] });
      const watched = (await opened.watched({ ...asked, granularity: "HOUR" })) as number[][]; // boundary: series of one bucket
      expect(watched.some(([one]) => Math.abs((one ?? 0) - (answer.actual ?? -1)) < 1e-9)).toBe(true);
    }
  });

  test("is owed to the conversions that lost the label, and concerns those it has, with their events", async () => {
    const asked = { question, value: { model: "LINEAR" }, ...SPAN, where };
    const answer = await opened.explain({ ...asked, dimensions });
    expect(new Map(answer.slices[0]?.conditions.map(({ dimension, values }) => [dimension, values]))).toEqual(
      new Map([
        ["country", ["DE"]],
        ["device", ["phone"]],
      ]),
    );
    const touched = (weeks[0] ?? []).filter(({ steps }) => steps.includes("ads"));
    const { impact, events: told } = await opened.behind(asked);
    expect(impact?.people.actual).toBe(new Set(touched.map(({ event }) => event.userId)).size);
    expect(impact?.revenue).toMatchObject([
      { currency: "EUR", actual: touched.reduce((sum, { event }) => sum + Number(event.revenue), 0) },
    ]);
    const ids = new Set(touched.map(({ event }) => event.id));
    expect(told.events.map(({ id }) => ids.has(id))).toEqual([true, true, true, true]);
  });

  test("is refused of models that learn from all journeys, of no label and of all others together, at their place", async () => {
    const refused = (more: object) =>
      opened.refusedAt({ question, value: { model: "LINEAR" }, ...SPAN, where, ...more });
    expect(await refused({ value: { model: "MARKOV" } })).toEqual(["input.value.model"]);
    expect(await refused({ value: { model: "UPLIFT" } })).toEqual(["input.value.model"]);
    expect(await refused({ where: [] })).toEqual(["input.where"]);
    expect(await refused({ where: [{ dimension: "utmSource", values: ["(other)"] }] })).toEqual(["input.where"]);
  });
});

import { randomUUID } from "node:crypto";
import { describe, expect, jest, test } from "@jest/globals";
import { wrongSlices, type ReferencePart } from "../../../testing/explained.ts";
import { explainedRoom } from "../../../testing/explained-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

const [HOUR_MS, WEEK_MS] = [3_600_000, 7 * 86_400_000];
const FROM_MS = Date.parse("2025-10-15T13:00:00Z");
const iso = (ms: number): string => new Date(ms).toISOString();
const SPAN = { from: iso(FROM_MS), to: iso(FROM_MS + HOUR_MS) };
const [COUNTRIES, DEVICES] = [
  ["DE", "US", "FR"],
  ["phone", "tablet", ""],
];

/** Orders of an hour in five weeks: in the last, those of phones in Germany have no plan or a wrong one, and France sends many of its orders twice. */
const events: readonly TestEvent[] = [0, 1, 2, 3, 4].flatMap((back) =>
  Array.from({ length: 360 }, (_, index): TestEvent => {
    const [country = "", device = ""] = [COUNTRIES[index % 3], DEVICES[Math.floor(index / 3) % 3]];
    const late = back === 0 && country === "US" && device === "tablet";
    const broken = back === 0 && country === "DE" && device === "phone";
    const twice = back === 0 && country === "FR" && index % 2 === 0;
    const plan = broken ? (index % 2 === 0 ? undefined : "gold?") : (["free", "paid"][index % 2] ?? "");
    return {
      ...{ id: randomUUID(), name: "order", country, device, userId: `u${index % 50}` },
      ...{
        timeMs: FROM_MS - back * WEEK_MS + index * 9_000,
        receivedAtMs: FROM_MS - back * WEEK_MS + index * 9_000 + (late ? 2 * HOUR_MS : (index % 7) * 60_000),
        revenue: "4",
        currency: "EUR",
      },
      properties: { ...(plan === undefined ? {} : { plan }), order: `${back} ${twice ? index % 30 : index}` },
    };
  }),
);

type Holds = (event: Readonly<Record<string, unknown>>) => boolean;
const planOf = ({ properties }: TestEvent): unknown => properties?.["plan"];
const isKnown = (event: TestEvent): boolean => ["free", "paid"].includes(String(planOf(event)));

interface Tests {
  readonly tested: (event: TestEvent) => boolean;
  readonly passes: (event: TestEvent) => boolean;
}
const seen = new Set<unknown>();
const firsts = new Set(
  events
    .toSorted((one, other) => one.timeMs - other.timeMs)
    .flatMap(({ id, properties }) => {
      const again = seen.has(properties?.["order"]);
      seen.add(properties?.["order"]);
      return again ? [] : [id];
    }),
);
const all = (): boolean => true;
const TESTS: Readonly<Record<string, Tests>> = {
  planned: { tested: all, passes: (event) => planOf(event) !== undefined },
  known: { tested: (event) => planOf(event) !== undefined, passes: isKnown },
  held: { tested: all, passes: ({ country }) => country !== "US" },
  once: { tested: all, passes: ({ id }) => firsts.has(id) },
  soon: { tested: all, passes: ({ timeMs, receivedAtMs = 0 }) => receivedAtMs - timeMs <= HOUR_MS },
};

const found =
  (expectation: string, name: string) =>
  (back: number, holds: Holds): ReferencePart => {
    const { tested, passes } = TESTS[expectation] ?? { tested: all, passes: all };
    const own = events.filter(
      (event) =>
        Math.round((FROM_MS - event.timeMs + 1_800_000) / WEEK_MS) === back && holds({ ...event }) && tested(event),
    );
    const passed = own.filter(passes).length;
    if (name === "share") return { value: passed, base: own.length };
    return { value: name === "tested" ? own.length : name === "passed" ? passed : own.length - passed, base: null };
  };

/** Between two numbers in proportion (Hyndman and Fan, 1996, type 7). */
const quantile = (numbers: readonly number[], level: number): number => {
  const ordered = numbers.toSorted((one, other) => one - other);
  const at = (ordered.length - 1) * level;
  const [low, high] = [ordered[Math.floor(at)] ?? 0, ordered[Math.ceil(at)] ?? 0];
  return low + (high - low) * (at - Math.floor(at));
};

const { explain, behind, watched: watchedOf, refusedAt } = explainedRoom(events);

const question = {
  eventQuality: {
    range: SPAN,
    event: { events: ["order"] },
    expect: [
      { name: "planned", present: { field: "properties.plan" } },
      { name: "known", valid: { field: "properties.plan", in: ["free", "paid"] } },
      { name: "held", holds: { not: { field: "country", eq: "US" } } },
      { name: "once", unique: { fields: ["properties.order"] } },
      { name: "soon", timely: { within: "PT1H" } },
    ],
  },
};
const dimensions = ["country", "device"];
const of = (expectation: string) => [{ dimension: "expectation", values: [expectation] }];

describe("the change of what an expectation finds", () => {
  test.each(
    ["planned", "known", "held", "once", "soon"].flatMap((expectation) =>
      (expectation === "soon" ? ["share", "failed"] : ["share", "failed", "passed", "tested"]).map(
        (name) => [expectation, name] as const,
      ),
    ),
  )("is that of the events of each slice, and the number that is watched: %s, %s", async (expectation, name) => {
    const asked = { question, value: { name }, ...SPAN };
    const answer = await explain({ ...asked, where: of(expectation), dimensions });
    expect(wrongSlices(answer, found(expectation, name))).toEqual([]);
    const watched = await watchedOf({ ...asked, granularity: "HOUR" });
    expect(watched).toContainEqual([answer.actual]);
  });

  test("is owed to the events that fail, even where none ever did before", async () => {
    const broken = [
      { dimension: "country", values: ["DE"] },
      { dimension: "device", values: ["phone"] },
    ];
    for (const name of ["failed", "share"]) {
      const answer = await explain({
        question,
        value: { name },
        ...SPAN,
        where: of("planned"),
        dimensions,
      });
      const [slice] = answer.slices;
      expect([
        name,
        answer.outcome,
        slice?.conditions.toSorted((one, other) => (one.dimension < other.dimension ? -1 : 1)),
      ]).toEqual([...[name, "EXPLAINED", broken]]);
      const known = new Map(events.map((event) => [event.id, event]));
      const told = (slice?.events.events ?? []).flatMap(({ id }) => known.get(id) ?? []);
      expect(told.map((event) => [event.country, event.device, planOf(event)])).toEqual(
        told.map(() => ["DE", "phone", undefined]),
      );
      expect(told).toHaveLength(3);
    }
    const twice = await explain({
      question,
      value: { name: "failed" },
      ...SPAN,
      where: of("once"),
      dimensions,
    });
    expect(twice.slices[0]?.conditions).toEqual([{ dimension: "country", values: ["FR"] }]);
    const again = twice.slices[0]?.events.events ?? [];
    expect([again.length, again.filter(({ id }) => firsts.has(id))]).toEqual([3, []]);
  });

  test.each(["planned", "once"])(
    "concerns the people and the revenue of the events that fail: %s",
    async (expectation) => {
      const { impact, events: told } = await behind({ question, ...SPAN, where: of(expectation) });
      const { tested, passes } = TESTS[expectation] ?? { tested: all, passes: all };
      const failing = events.filter((event) => event.timeMs >= FROM_MS && tested(event) && !passes(event));
      expect(impact?.people).toEqual({ actual: new Set(failing.map(({ userId }) => userId)).size, expected: 0 });
      expect(impact?.revenue).toEqual([{ currency: "EUR", actual: failing.length * 4, expected: 0 }]);
      expect(told.events).toHaveLength(4);
    },
  );

  test.each(["delaySecondsP50", "delaySecondsP95", "delaySecondsMax"])(
    "is of a delay the share of events that came later than it was before: %s",
    async (name) => {
      const delayOf = ({ timeMs, receivedAtMs = 0 }: TestEvent): number => (receivedAtMs - timeMs) / 1_000;
      const weeks = [0, 1, 2, 3, 4].map((back) =>
        events.filter(({ timeMs }) => Math.round((FROM_MS - timeMs + 1_800_000) / WEEK_MS) === back),
      );
      const level = { delaySecondsP50: 0.5, delaySecondsP95: 0.95, delaySecondsMax: 1 }[name] ?? 1;
      const before = weeks.slice(1).map((own) => quantile(own.map(delayOf), level));
      const threshold = quantile(before, 0.5);
      const answer = await explain({ question, value: { name }, ...SPAN, where: of("soon"), dimensions });
      const shares = (back: number, holds: Holds): ReferencePart => {
        const own = (weeks[back] ?? []).filter((event) => holds({ ...event }));
        return { value: own.filter((event) => delayOf(event) > threshold).length, base: own.length };
      };
      expect([wrongSlices(answer, shares), answer.threshold]).toEqual([[], threshold]);
      const { events: told, impact } = await behind({ question, value: { name }, ...SPAN, where: of("soon") });
      const late = new Map((weeks[0] ?? []).filter((event) => delayOf(event) > threshold).map((one) => [one.id, one]));
      expect(impact?.people.actual).toBe(new Set([...late.values()].map(({ userId }) => userId)).size);
      expect(told.events.filter(({ id }) => !late.has(id))).toEqual([]);
      const [slice] = answer.slices;
      if (name === "delaySecondsMax")
        expect(new Set(slice?.conditions.map(({ values }) => values[0]))).toEqual(new Set(["US", "tablet"]));
    },
  );

  test("is refused of delays where nothing is timely, of no expectation, and of one that the question has not", async () => {
    const refused = (input: Record<string, unknown>) => refusedAt({ question, ...SPAN, ...input });
    expect(await refused({ value: { name: "delaySecondsP95" }, where: of("once") })).toEqual(["input.value.name"]);
    expect(await refused({})).toEqual(["input.where"]);
    expect(await refused({ where: of("never") })).toEqual(["input.where"]);
  });
});

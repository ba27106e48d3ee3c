import { randomUUID } from "node:crypto";
import { describe, expect, jest, test } from "@jest/globals";
import { wrongSlices, type ReferencePart } from "../../../testing/explained.ts";
import { explainedRoom } from "../../../testing/explained-room.ts";
import { referencePaths, type ReferencePath } from "../../../testing/reference-path-flows.ts";
import type { TestEvent } from "../../../testing/test-events.ts";
import type { PathsInput } from "../../domain/paths/paths-input.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

const [MINUTE_MS, HOUR_MS, WEEK_MS] = [60_000, 3_600_000, 7 * 86_400_000];
const FROM_MS = Date.parse("2025-10-15T12:00:00Z");
const iso = (ms: number): string => new Date(ms).toISOString();
const SPAN = { from: iso(FROM_MS), to: iso(FROM_MS + HOUR_MS) };
const WAYS = [
  ["home", "list", "item", "cart", "buy"],
  ["list", "item", "list", "item", "cart", "buy"],
  ["home", "item", "item", "cart", "home", "list"],
  ["item", "cart", "buy", "home"],
];

/** What people of an hour of five weeks go through; of the last week those in Germany go home from the cart when they are at a phone. Nobody does two things at once. */
const events: readonly TestEvent[] = [0, 1, 2, 3, 4].flatMap((back) =>
  Array.from({ length: 360 }, (_, index): readonly TestEvent[] => {
    const country = ["DE", "US", "FR"][index % 3] ?? "";
    const begins = FROM_MS - back * WEEK_MS + (index % 53) * MINUTE_MS + index * 10;
    return (WAYS[(index * 7 + back) % 4] ?? []).map((name, step, way): TestEvent => {
      const deviceAt = (place: number): string =>
        ["phone", "desktop", ""][(Math.floor(index / 3) + Math.floor(place / 3)) % 3] ?? "";
      const left = back === 0 && country === "DE" && way[step - 1] === "cart" && deviceAt(step - 1) === "phone";
      const device = deviceAt(step);
      return {
        ...{ id: randomUUID(), name: left ? "home" : name, userId: `w${back}u${index % 350}`, country, device },
        ...{ sessionId: `s${back} ${index}`, timeMs: begins + step * (90 + (index % 5) * 40) * 1_000 },
      };
    });
  }).flat(),
);

type Holds = (event: Readonly<Record<string, unknown>>) => boolean;
type Asked = Omit<PathsInput, "range">;
interface Value {
  readonly name: string;
  readonly from?: string;
  readonly to?: string;
}
/** A step that is looked at, by its event, and whether it counts. */
interface Looked {
  readonly id: string;
  readonly counts: boolean;
}

const byId = new Map(events.map((event) => [event.id, event]));

/** The steps of a path that a number is of, by definition. */
const stepsOf = (
  { name, from, to }: Value,
  backward: boolean,
  { labels, ids, ...path }: ReferencePath,
): readonly Looked[] => {
  const anchor = { id: ids[0] ?? "", counts: name.startsWith("conver") ? path.converted : name !== "unreached" };
  if (from === undefined) return [anchor];
  return labels.flatMap((label, at) => {
    if (label !== from) return [];
    const next = labels[at + (backward ? -1 : 1)];
    const ends = at === labels.length - 1 && !path.goesOn;
    return [{ id: ids[at] ?? "", counts: name.startsWith("drop") ? ends : next === to }];
  });
};

const lookedAt = (asked: Asked, value: Value, back: number): readonly Looked[] => {
  const fromMs = FROM_MS - back * WEEK_MS;
  const units = new Map<string, TestEvent[]>();
  for (const event of events.toSorted((one, other) => one.timeMs - other.timeMs)) {
    const unit = (asked.unit?.kind === "SESSION" ? event.sessionId : event.userId) ?? "";
    if (event.timeMs >= fromMs && event.timeMs < fromMs + HOUR_MS) units.set(unit, [...(units.get(unit) ?? []), event]);
  }
  const backward = (asked.start ?? null) === null && (asked.end ?? null) !== null;
  return [...units].flatMap(([unit, own]) => {
    const { paths, lost } = referencePaths({ ...asked, range: SPAN }, unit, own);
    const told = value.name === "units" ? paths.slice(0, 1) : paths;
    const missed = value.name === "unreached" ? lost.map((id) => ({ id, counts: true })) : [];
    return [...told.flatMap((path) => stepsOf(value, backward, path)), ...missed];
  });
};

const reference = (asked: Asked, value: Value) => {
  const weeks = [0, 1, 2, 3, 4].map((back) => lookedAt(asked, value, back));
  return (back: number, holds: Holds): ReferencePart => {
    const own = (weeks[back] ?? []).filter(({ id }) => holds({ ...byId.get(id) }));
    const counted = own.filter(({ counts }) => counts).length;
    return {
      value: counted,
      base: value.name === "conversionRate" || value.name.endsWith("Share") ? own.length : null,
    };
  };
};

const opened = explainedRoom(events);
const dimensions = ["country", "device"];
const question = (asked: Asked) => ({ paths: { ...asked, range: SPAN } });
const [toBuy, fromHome, toCart] = [
  { goal: { event: { events: ["buy"] }, within: "PT1200S" } },
  { start: { event: { events: ["home"] } }, occurrence: "ANY", gap: "PT180S" },
  { end: { label: "cart" }, maxDepth: 4 },
] as const;
const [CART_TO_BUY, ITEM_TO_CART] = [
  { from: "cart", to: "buy" },
  { from: "item", to: "cart" },
];

describe("the change of a number of paths", () => {
  test.each<[Asked, Value]>([
    [{}, { name: "paths" }],
    [fromHome, { name: "paths" }],
    [fromHome, { name: "units" }],
    [{ ...fromHome, unit: { kind: "SESSION" } }, { name: "units" }],
    [{ start: { label: "item" }, end: { event: { events: ["buy"] } }, occurrence: "ANY" }, { name: "unreached" }],
    [toBuy, { name: "converted" }],
    [{ ...toBuy, ...toCart }, { name: "conversionRate" }],
    [{}, { name: "transitions", ...CART_TO_BUY }],
    [
      { repeats: "KEEP", loops: "CUT" },
      { name: "transitionShare", ...ITEM_TO_CART },
    ],
    [toCart, { name: "transitionShare", ...ITEM_TO_CART }],
    [{ maxDepth: 3 }, { name: "dropOffs", from: "cart" }],
    [
      { ...fromHome, exclude: [{ events: ["list"] }] },
      { name: "dropOffShare", from: "home" },
    ],
  ])("is that of the steps of each slice, and the number that is watched: %j, %j", async (asked, value) => {
    const input = { question: question(asked), value, ...SPAN };
    for (const where of [[], [{ dimension: "device", values: ["phone", null] }]]) {
      const answer = await opened.explain({ ...input, where, dimensions });
      const wanted = reference(asked, value);
      const held: Holds = ({ device }) => where.length === 0 || device === "phone" || device === "";
      expect(wrongSlices(answer, (back, holds) => wanted(back, (one) => held(one) && holds(one)))).toEqual([]);
      if (where.length === 0)
        expect(await opened.watched({ ...input, granularity: "HOUR" })).toContainEqual([answer.actual]);
    }
  });

  test("is owed to where it happened, with the steps it was counted by, and concerns the people whose paths they are", async () => {
    for (const value of [
      { name: "transitionShare", ...CART_TO_BUY },
      { name: "transitions", from: "cart", to: "home" },
    ]) {
      const deep = { maxDepth: 6 };
      const input = { question: question(deep), value, ...SPAN };
      const answer = await opened.explain({ ...input, dimensions });
      const [slice] = answer.slices;
      expect([value.name, answer.outcome, new Set(slice?.conditions)]).toEqual([
        ...[value.name, "EXPLAINED"],
        new Set([
          { dimension: "country", values: ["DE"] },
          { dimension: "device", values: ["phone"] },
        ]),
      ]);
      const counted = lookedAt(deep, value, 0).filter(({ counts }) => counts);
      const { impact, events: told } = await opened.behind(input);
      const people = new Set(counted.map(({ id }) => byId.get(id)?.userId));
      expect(impact?.people.actual).toBe(people.size);
      expect(impact?.revenue).toEqual([]);
      expect(told.events.map(({ name }) => name)).toEqual(["cart", "cart", "cart", "cart"]);
      const ids = new Set(counted.map(({ id }) => id));
      expect(told.events.filter(({ id }) => !ids.has(id))).toEqual([]);
      const own = (slice?.events.events ?? []).flatMap(({ id }) => (ids.has(id) ? (byId.get(id) ?? []) : []));
      expect(own.map(({ country, device }) => [country, device])).toEqual(
        value.name === "transitions" ? [1, 2, 3].map(() => ["DE", "phone"]) : [],
      );
    }
  });

  test("tells of nobody where paths are of no people, and is refused without the goal or the label it is of", async () => {
    const sessions = { question: question({ unit: { kind: "SESSION" } }), ...SPAN };
    expect((await opened.behind(sessions)).impact).toBeNull();
    const refused = (value: object) => opened.refusedAt({ question: question({}), value, ...SPAN });
    expect(await refused({ name: "converted" })).toEqual(["input.question.paths.goal"]);
    expect(await refused({ name: "transitions", from: "cart" })).toEqual(["input.value.to"]);
    expect(await refused({ name: "paths", from: "cart" })).toEqual(["input.value.from"]);
  });
});

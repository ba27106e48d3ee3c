import { randomUUID } from "node:crypto";
import { describe, expect, jest, test } from "@jest/globals";
import { wrongSlices, type ReferencePart } from "../../../testing/explained.ts";
import { explainedRoom } from "../../../testing/explained-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** A Monday; the week before it changed. */
const END_MS = Date.parse("2025-10-20T00:00:00Z");
const iso = (ms: number): string => new Date(ms).toISOString();
const WEEK = { from: iso(END_MS - WEEK_MS), to: iso(END_MS) };
const SUNDAY = { from: iso(END_MS - DAY_MS), to: iso(END_MS) };

/** A number that looks random and is the same each time. */
const drawn = (...seeds: readonly number[]): number => {
  let state = 2_166_136_261;
  for (const seed of seeds) state = Math.imul(state ^ (seed + 1), 16_777_619) >>> 0;
  state = Math.imul(state ^ (state >>> 15), 2_246_822_507) >>> 0;
  return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
};

const COUNTRIES = ["DE", "US", "FR"];
const DEVICES = ["phone", "tablet", ""];

/** Seven weeks of people who come on some days, often with another device later; in the last week most of France stays away, and those new come from Brazil. */
const events: readonly TestEvent[] = Array.from({ length: 300 }, (_, index) => {
  const born = index < 160 ? 0 : index < 230 ? 1 + (index % 5) : 6;
  const last = born === 6;
  const country = last && drawn(index, 7) < 0.8 ? "BR" : (COUNTRIES[(index + Math.floor(index / 6)) % 3] ?? "");
  const eager = 0.25 + drawn(index, 3) / 2;
  return Array.from({ length: 49 }, (_day, day): readonly TestEvent[] => {
    const week = Math.floor(day / 7);
    const gone = week === 6 && country === "FR" && drawn(index, 11) < 0.8;
    const away = (Math.floor(index / 18) + week) % 4 === 0;
    if (week < born || gone || away || drawn(index, day) > eager) return [];
    return [0, 1].flatMap((nth): readonly TestEvent[] => {
      if (nth === 1 && drawn(index, day, 9) < 0.5) return [];
      const timeMs = END_MS - (49 - day) * DAY_MS + Math.floor(drawn(index, day, nth, 13) * DAY_MS);
      const device = DEVICES[Math.floor(drawn(index, day, nth, 17) * 3)] ?? "";
      return [{ id: randomUUID(), name: "open", timeMs, userId: `u${index}`, country, device }];
    });
  }).flat();
}).flat();
const noise: readonly TestEvent[] = events.slice(0, 200).map((event) => ({ ...event, id: randomUUID(), name: "ping" }));

const byUser = new Map<string, readonly TestEvent[]>();
for (const event of events.toSorted((one, other) => one.timeMs - other.timeMs))
  byUser.set(event.userId ?? "", [...(byUser.get(event.userId ?? "") ?? []), event]);

type Holds = (event: Readonly<Record<string, unknown>>) => boolean;
const dayOf = ({ timeMs }: TestEvent): number => Math.floor(timeMs / DAY_MS);
const between = (own: readonly TestEvent[], fromMs: number, toMs: number): readonly TestEvent[] =>
  own.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs);

/** Adds up what each person adds, who is where the first of some of their events is. */
const added = (
  of: (own: readonly TestEvent[]) => { readonly first: TestEvent | undefined; readonly value: number },
  isRatio: boolean,
  holds: Holds,
): ReferencePart => {
  const all = [...byUser.values()].map(of).filter(({ first }) => first !== undefined && holds({ ...first }));
  const value = all.reduce((sum, one) => sum + one.value, 0);
  return { value, base: isRatio ? all.length : null };
};

/** How many days of a week people are active in. */
const stickiness =
  (name: string) =>
  (back: number, holds: Holds): ReferencePart =>
    added(
      (own) => {
        const here = between(own, END_MS - (back + 1) * WEEK_MS, END_MS - back * WEEK_MS);
        const days = new Map<number, number>();
        for (const event of here) days.set(dayOf(event), (days.get(dayOf(event)) ?? 0) + 1);
        return { first: here[0], value: name === "mean" ? days.size : 1 };
      },
      name === "mean",
      holds,
    );

const LENGTHS: Readonly<Record<string, number>> = { daily: 1, weekly: 7, monthly: 30, ratio: 30 };
/** Who was active on a Sunday and in the days that end with it. */
const active =
  (name: string) =>
  (back: number, holds: Holds): ReferencePart => {
    const toMs = END_MS - back * WEEK_MS;
    return added(
      (own) => {
        const here = between(own, toMs - (LENGTHS[name] ?? 0) * DAY_MS, toMs);
        const today = between(own, toMs - DAY_MS, toMs).length > 0;
        return { first: here[0], value: name === "ratio" ? Number(today) : 1 };
      },
      name === "ratio",
      holds,
    );
  };

/** Where people are in their life in a week. */
const life =
  (name: string) =>
  (back: number, holds: Holds): ReferencePart => {
    const [fromMs, toMs] = [END_MS - (back + 1) * WEEK_MS, END_MS - back * WEEK_MS];
    return added(
      (own) => {
        const [here, before] = [between(own, fromMs, toMs), between(own, fromMs - WEEK_MS, fromMs)];
        const ever = own.some(({ timeMs }) => timeMs < fromMs);
        const what =
          here.length === 0
            ? before.length > 0
              ? "dormant"
              : ""
            : !ever
              ? "fresh"
              : before.length > 0
                ? "returning"
                : "resurrecting";
        return { first: what !== name ? undefined : name === "dormant" ? before[0] : here[0], value: 1 };
      },
      false,
      holds,
    );
  };

const asking = explainedRoom([...events, ...noise]);

const dimensions = ["country", "device"];
const opened = { event: { events: ["open"] } };
const STICKINESS = { stickiness: { ...opened, range: WEEK } };
const ACTIVE = { activeUsers: { ...opened, range: SUNDAY } };
const LIFECYCLE = { lifecycle: { ...opened, range: WEEK, period: "WEEK" } };

describe("the change of who is active", () => {
  test.each([
    ...["mean", "total"].map((name) => [STICKINESS, name, WEEK, "WEEK", stickiness(name)] as const),
    ...["daily", "weekly", "monthly", "ratio"].map((name) => [ACTIVE, name, SUNDAY, "DAY", active(name)] as const),
    ...["fresh", "returning", "resurrecting", "dormant"].map(
      (name) => [LIFECYCLE, name, WEEK, "WEEK", life(name)] as const,
    ),
  ])(
    "is the number that is watched, and that of the units of each slice: %j %s",
    async (question, name, span, granularity, reference) => {
      const asked = { question, value: { name }, ...span };
      const answer = await asking.explain({ ...asked, dimensions });
      expect(wrongSlices(answer, reference)).toEqual([]);
      expect(await asking.watched({ ...asked, granularity })).toEqual([[answer.actual]]);
      for (const country of ["FR"]) {
        const where = [{ dimension: "country", values: [country] }];
        const held = await asking.explain({ ...asked, where, dimensions: ["device"] });
        expect(
          wrongSlices(held, (back, holds) => reference(back, (event) => event["country"] === country && holds(event))),
        ).toEqual([]);
      }
    },
  );

  test("is owed to those who do not come back and to those who are new, with events by which they are counted", async () => {
    const known = new Map(events.map((event) => [event.id, event]));
    const back = await asking.explain({
      question: LIFECYCLE,
      value: { name: "returning" },
      ...WEEK,
      dimensions,
    });
    expect(back.slices[0]?.conditions).toEqual([{ dimension: "country", values: ["FR"] }]);
    const told = back.slices[0]?.events.events ?? [];
    const wrong = told.filter(({ id }) => {
      const own = byUser.get(known.get(id)?.userId ?? "") ?? [];
      return known.get(id)?.country !== "FR" || between(own, END_MS - WEEK_MS, END_MS)[0]?.id !== id;
    });
    expect([told.length > 0, wrong]).toEqual([true, []]);
    // Those who stay away did something in the week before alone.
    const away = await asking.behind({ question: LIFECYCLE, value: { name: "dormant" }, ...WEEK });
    const others = away.events.events.filter(({ id }) => {
      const own = byUser.get(known.get(id)?.userId ?? "") ?? [];
      const week = between(own, END_MS - 2 * WEEK_MS, END_MS - WEEK_MS);
      return week[0]?.id !== id || between(own, END_MS - WEEK_MS, END_MS).length > 0;
    });
    expect([away.events.events.length, others]).toEqual([4, []]);
    const fresh = await asking.explain({ question: LIFECYCLE, value: { name: "fresh" }, ...WEEK, dimensions });
    expect(fresh.slices[0]?.conditions).toEqual([{ dimension: "country", values: ["BR"] }]);
  });

  test("concerns the people it counts; a mean of days concerns nobody in particular", async () => {
    const { impact, events: told } = await asking.behind({
      question: LIFECYCLE,
      value: { name: "fresh" },
      ...WEEK,
    });
    const everybody = (): boolean => true;
    expect(impact?.people.actual).toBe(life("fresh")(0, everybody).value);
    expect(impact?.people.expected).toBe(
      [1, 2, 3, 4].reduce((sum, back) => sum + life("fresh")(back, everybody).value, 0) / 4,
    );
    expect([impact?.revenue, told.events.map(({ name }) => name)]).toEqual([[], ["open", "open", "open", "open"]]);
    expect((await asking.behind({ question: STICKINESS, ...WEEK })).impact).toBeNull();
  });

  test("is the mean of the days of a longer span, and refused by its place where there are too many or nothing is named", async () => {
    const days = { from: iso(END_MS - 3 * DAY_MS), to: iso(END_MS) };
    const answer = await asking.explain({ question: ACTIVE, ...days, dimensions: ["country"] });
    const daily = (day: number): number =>
      [...byUser.values()].filter((own) => between(own, END_MS - (day + 1) * DAY_MS, END_MS - day * DAY_MS).length > 0)
        .length;
    expect(answer.actual).toBeCloseTo((daily(0) + daily(1) + daily(2)) / 3, 9);
    const refused = (input: Record<string, unknown>) => asking.refusedAt(input);
    const long = { from: iso(END_MS - 9 * DAY_MS), to: iso(END_MS) };
    expect(await refused({ question: ACTIVE, ...long })).toEqual(["input.to"]);
    expect(await refused({ question: LIFECYCLE, ...WEEK })).toEqual(["input.value.name"]);
  });
});

import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { person } from "../../../testing/dashboard-room.ts";
import { explainedRoom } from "../../../testing/explained-room.ts";
import { behindIn, explainIn, watchedIn, wrongSlices, type ReferencePart } from "../../../testing/explained.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

const [MINUTE_MS, HOUR_MS, WEEK_MS] = [60_000, 3_600_000, 7 * 86_400_000];
const FROM_MS = Date.parse("2025-10-15T13:00:00Z");
const iso = (ms: number): string => new Date(ms).toISOString();
const SPAN = { from: iso(FROM_MS), to: iso(FROM_MS + HOUR_MS) };
const WITHIN_MS = 10 * MINUTE_MS;
const MORE_THAN = 6;

/** Attempts with cards, in an hour of five weeks: in the last, cards are tried in quick succession from phones in Brazil; some of them began before the hour. */
const events: readonly TestEvent[] = [0, 1, 2, 3, 4].flatMap((back) =>
  Array.from({ length: 60 }, (_, card): readonly TestEvent[] => {
    const fast = back === 0 && card % 3 === 0;
    const common = {
      ...{ name: "pay", country: fast ? "BR" : (["DE", "US", "BR"][card % 3] ?? "") },
      ...{ properties: { card: `c${card}` }, revenue: "2.5", currency: card % 2 === 0 ? "EUR" : "USD" },
    };
    return Array.from({ length: fast ? 14 : 5 }, (_try, nth) => ({
      ...{ ...common, id: randomUUID(), userId: `u${(card * 7 + nth) % 40}`, utmSource: `s${nth % 4}` },
      device: fast && nth > 4 ? "phone" : nth % 2 === 0 ? "phone" : "desktop",
      timeMs:
        FROM_MS - back * WEEK_MS + (fast ? (card - 5) * 40_000 + nth * 30_000 : card * 7_000 + nth * 11 * MINUTE_MS),
    }));
  }).flat(),
);

type Holds = (event: Readonly<Record<string, unknown>>) => boolean;
const cardOf = ({ properties }: TestEvent): string => String(properties?.["card"]);
const byCard = new Map<string, readonly TestEvent[]>();
for (const event of events.toSorted((one, other) => one.timeMs - other.timeMs))
  byCard.set(cardOf(event), [...(byCard.get(cardOf(event)) ?? []), event]);

/** What of an entity's events lies in the window that ends with a moment; of different values the last of each. */
const windowAt = (own: readonly TestEvent[], ms: number, distinct: boolean): readonly TestEvent[] => {
  const held = own.filter(({ timeMs }) => timeMs <= ms && timeMs > ms - WITHIN_MS);
  if (!distinct) return held;
  return [...new Map(held.map((event) => [event.utmSource, event])).values()];
};

/** Moments of the hour at which what a window holds may change. */
const momentsOf = (own: readonly TestEvent[], fromMs: number): readonly number[] =>
  [fromMs, ...own.flatMap(({ timeMs }) => [timeMs, timeMs + WITHIN_MS])]
    .filter((ms) => ms >= fromMs && ms < fromMs + HOUR_MS)
    .toSorted((one, other) => one - other);

/** Entities beyond the bound: each is where the event is that took it there. */
const entities =
  (distinct: boolean, moreThan: number) =>
  (back: number, holds: Holds): ReferencePart => {
    const fromMs = FROM_MS - back * WEEK_MS;
    const found = [...byCard.values()].filter((own) => {
      const first = momentsOf(own, fromMs).find((ms) => windowAt(own, ms, distinct).length > moreThan);
      const last = first === undefined ? undefined : own.findLast(({ timeMs }) => timeMs <= first);
      return last !== undefined && holds({ ...last });
    });
    return { value: found.length, base: null };
  };

/** What the window of a card holds where it first holds most. */
const peak =
  (card: string, distinct: boolean) =>
  (back: number, holds: Holds): ReferencePart => {
    const own = byCard.get(card) ?? [];
    let most: readonly TestEvent[] = [];
    for (const ms of momentsOf(own, FROM_MS - back * WEEK_MS)) {
      const held = windowAt(own, ms, distinct);
      if (held.length > most.length) most = held;
    }
    return { value: most.filter((event) => holds({ ...event })).length, base: null };
  };

const { caller, room } = explainedRoom(events);

const velocity = {
  range: SPAN,
  event: { events: ["pay"] },
  by: "properties.card",
  within: "PT10M",
  moreThan: MORE_THAN,
};
const dimensions = ["country", "device"];
const everything = (): boolean => true;

describe("the change of velocity", () => {
  test.each([
    ["events", {}, entities(false, MORE_THAN)],
    ["different values", { distinct: "utmSource", moreThan: 3 }, entities(true, 3)],
  ])(
    "is owed to the events that took entities beyond the bound, where there were none before: of %s",
    async (_what, more, reference) => {
      const question = { velocity: { ...velocity, ...more } };
      const answer = await explainIn(room(), caller, { question, ...SPAN, dimensions });
      expect(wrongSlices(answer, reference)).toEqual([]);
      expect(await watchedIn(room(), caller, { question, ...SPAN, granularity: "HOUR" })).toEqual([[answer.actual]]);
      expect(answer).toMatchObject({ outcome: "EXPLAINED", value: "entities", rhythm: "WEEKS" });
      expect(answer.slices[0]?.conditions[0]).toEqual({ dimension: "country", values: ["BR"] });
      const known = new Map(events.map((event) => [event.id, event]));
      const told = answer.slices[0]?.events.events ?? [];
      expect(told.map(({ id }) => known.get(id)?.country)).toEqual(["BR", "BR", "BR"]);
    },
  );

  test("concerns the people, and the revenue, of entities beyond the bound", async () => {
    const { impact, events: told } = await behindIn(room(), caller, { question: { velocity }, ...SPAN });
    const fast = [...byCard.values()].filter((own) =>
      momentsOf(own, FROM_MS).some((ms) => windowAt(own, ms, false).length > MORE_THAN),
    );
    const theirs = fast.flat().filter(({ timeMs }) => timeMs >= FROM_MS && timeMs < FROM_MS + HOUR_MS);
    expect(impact?.people.actual).toBe(new Set(theirs.map(({ userId }) => userId)).size);
    const sum = (code: string): number => theirs.filter(({ currency }) => currency === code).length * 2.5;
    const revenue = new Map((impact?.revenue ?? []).map(({ currency, actual }) => [currency, actual]));
    expect([revenue.get("EUR") ?? 0, revenue.get("USD") ?? 0]).toEqual([sum("EUR"), sum("USD")]);
    expect(told.events).toHaveLength(4);
  });

  test.each([
    ["events", {}, false],
    ["different values", { distinct: "utmSource" }, true],
  ])(
    "of one entity is owed to what its window holds where it holds most, of %s, and refused of all together",
    async (_what, more, distinct) => {
      const question = { velocity: { ...velocity, ...more } };
      const where = [{ dimension: "properties.card", values: ["c9"] }];
      const asked = { question, value: { name: "peak" }, ...SPAN };
      const answer = await explainIn(room(), caller, { ...asked, where, dimensions });
      expect(wrongSlices(answer, peak("c9", distinct))).toEqual([]);
      expect(answer.actual).toBe(peak("c9", distinct)(0, everything).value);
      const refused = await room().answer(
        caller,
        `query ($input: ExplainChangeInput!) { explainChange(input: $input) { outcome } }`,
        {
          input: asked,
        },
      );
      expect(refused.errors?.map(({ extensions }) => extensions?.["field"])).toEqual(["input.where"]);
    },
  );
});

/** People who log in, in an hour of five weeks, some of them with devices that others have too: in the last week many from Brazil share some. */
const logins: readonly TestEvent[] = [0, 1, 2, 3, 4].flatMap((back) =>
  Array.from({ length: 90 }, (_, index): readonly TestEvent[] => {
    const ring =
      back === 0 && index < 30
        ? `r${Math.floor(index / 5)}`
        : index >= 84
          ? `o${Math.floor(index / 3)}`
          : `own${index}`;
    return [0, 1].map((nth) => ({
      ...{ id: randomUUID(), name: "login", userId: `m${back} ${index}`, device: nth === 0 ? "phone" : "tablet" },
      ...{ country: ring.startsWith("r") ? "BR" : (["DE", "US", "BR"][index % 3] ?? ""), properties: { device: ring } },
      ...{ timeMs: FROM_MS - back * WEEK_MS + index * 11_000 + nth * 1_000, revenue: "1", currency: "EUR" },
    }));
  }).flat(),
);

/** The rings of an hour: those who have one device, three at least. */
const ringsOf = (back: number): readonly (readonly TestEvent[])[] => {
  const fromMs = FROM_MS - back * WEEK_MS;
  const found = new Map<string, TestEvent[]>();
  for (const event of logins)
    if (event.timeMs >= fromMs && event.timeMs < fromMs + HOUR_MS && event.device === "phone") {
      const device = String(event.properties?.["device"]);
      found.set(device, [...(found.get(device) ?? []), event]);
    }
  return [...found.values()].filter(({ length }) => length >= 3);
};
const ofRings =
  (name: string) =>
  (back: number, holds: Holds): ReferencePart => {
    const all = ringsOf(back);
    const largest = Math.max(0, ...all.map(({ length }) => length));
    const counted = name === "largest" ? all.filter(({ length }) => length === largest).slice(0, 1) : all;
    const value = counted.reduce((sum, members) => {
      const own = members.filter((event) => holds({ ...event })).length;
      return sum + (name === "rings" ? own / members.length : own);
    }, 0);
    return { value, base: null };
  };

describe("the change of rings", () => {
  const rings = {
    range: SPAN,
    event: { events: ["login"] },
    of: "userId",
    through: ["properties.device"],
    minMembers: 3,
  };
  const insider = person(undefined, [], ["analytics:read", "analytics:personal-data"]);
  beforeAll(() => storeEvents(room().world.writer, insider.tenantId, logins));

  test.each(["rings", "members", "largest"])(
    "is that of their members, by the first event of each: %s",
    async (name) => {
      const asked = { question: { rings }, value: { name }, ...SPAN };
      const answer = await explainIn(room(), insider, { ...asked, dimensions });
      // Which of several equally large rings is the largest is not told: its members are all alike here.
      expect(wrongSlices(answer, ofRings(name))).toEqual([]);
      const [watched] = z
        .array(z.array(z.number()))
        .parse(await watchedIn(room(), insider, { ...asked, granularity: "HOUR" }));
      expect(watched?.[0]).toBeCloseTo(answer.actual ?? -1, 9);
    },
  );

  test("is owed to where the new members are, with their first events, and concerns them", async () => {
    const asked = { question: { rings }, value: { name: "members" }, ...SPAN };
    const answer = await explainIn(room(), insider, { ...asked, dimensions });
    expect(answer.slices[0]?.conditions).toEqual([{ dimension: "country", values: ["BR"] }]);
    const firsts = new Set(
      ringsOf(0)
        .flat()
        .map(({ id }) => id),
    );
    expect(answer.slices[0]?.events.events.map(({ id }) => firsts.has(id))).toEqual([true, true, true]);
    const { impact } = await behindIn(room(), insider, asked);
    expect([impact?.people.actual, impact?.revenue[0]?.actual]).toEqual([
      ringsOf(0).flat().length,
      ringsOf(0).flat().length * 2,
    ]);
  });
});

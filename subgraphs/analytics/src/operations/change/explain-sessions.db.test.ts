import { randomUUID } from "node:crypto";
import { describe, expect, jest, test } from "@jest/globals";
import { wrongSlices, type ReferencePart } from "../../../testing/explained.ts";
import { explainedRoom } from "../../../testing/explained-room.ts";
import type { TestEvent } from "../../../testing/test-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

const [SECOND_MS, HOUR_MS, WEEK_MS] = [1_000, 3_600_000, 7 * 86_400_000];
const FROM_MS = Date.parse("2025-10-15T12:00:00Z");
const SPAN_MS = 6 * HOUR_MS;
const iso = (ms: number): string => new Date(ms).toISOString();
const SPAN = { from: iso(FROM_MS), to: iso(FROM_MS + SPAN_MS) };
const [COUNTRIES, DEVICES] = [
  ["DE", "US", "FR"],
  ["phone", "desktop"],
];

/** Visits in six hours of five weeks: in the last, those of phones in Germany end at once. Some people come twice, and what comes after the entry is on another device. */
const events: readonly TestEvent[] = [0, 1, 2, 3, 4].flatMap((back) =>
  Array.from({ length: 240 }, (_, index): readonly TestEvent[] => {
    const [country = "", device = ""] = [COUNTRIES[index % 3], DEVICES[Math.floor(index / 3) % 2]];
    const fell = back === 0 && country === "DE" && device === "phone";
    const length = fell ? 1 : 1 + ((index * 7 + Math.floor(index / 6) + back) % 4);
    const startMs = FROM_MS - back * WEEK_MS + index * 85 * SECOND_MS;
    return Array.from({ length }, (_event, nth) => ({
      ...{ id: randomUUID(), name: nth === 2 ? "buy" : "page_view", country, userId: `u${index % 180}` },
      ...{ timeMs: startMs + nth * 41 * SECOND_MS, device: nth === 0 ? device : "watch" },
      ...(nth === 2 ? { revenue: "2.5", currency: index % 5 === 0 ? "USD" : "EUR" } : {}),
    }));
  }).flat(),
);

type Holds = (event: Readonly<Record<string, unknown>>) => boolean;
/** Things by the person they are of. */
const byUser = <Thing>(
  things: readonly Thing[],
  userOf: (thing: Thing) => string | undefined,
): Map<string, Thing[]> => {
  const found = new Map<string, Thing[]>();
  for (const thing of things) found.set(userOf(thing) ?? "", [...(found.get(userOf(thing) ?? "") ?? []), thing]);
  return found;
};
const sessions = [...byUser(events, ({ userId }) => userId).values()].flatMap((own) => {
  const found: TestEvent[][] = [];
  for (const event of own.toSorted((one, other) => one.timeMs - other.timeMs)) {
    const current = found.at(-1);
    const last = current?.at(-1);
    if (current === undefined || last === undefined || event.timeMs - last.timeMs > HOUR_MS / 2) found.push([event]);
    else current.push(event);
  }
  return found;
});
type Visit = (typeof sessions)[number];

const startOf = (visit: Visit): number => visit[0]?.timeMs ?? 0;
const lengthMs = (visit: Visit): number => (visit.at(-1)?.timeMs ?? 0) - startOf(visit);
const views = (visit: Visit): number => visit.filter(({ name }) => name === "page_view").length;
const converted = (visit: Visit): boolean => visit.some(({ name }) => name === "buy");
const engaged = (visit: Visit): boolean => lengthMs(visit) >= 10_000 || views(visit) >= 2 || converted(visit);
const revenue = (visit: Visit): number =>
  visit.reduce((sum, event) => sum + (event.currency === "EUR" ? Number(event.revenue) : 0), 0);

const ADDS: Readonly<Record<string, (visit: Visit) => number>> = {
  ...{ sessions: () => 1, events: (visit) => visit.length, eventsPerSession: (visit) => visit.length },
  ...{ pageViews: views, pagesPerSession: views, meanDurationSeconds: (visit) => lengthMs(visit) / 1_000 },
  meanActiveSeconds: (visit) => lengthMs(visit) / 1_000,
  ...{ bounced: (visit) => Number(!engaged(visit)), bounceRate: (visit) => Number(!engaged(visit)) },
  ...{ engaged: (visit) => Number(engaged(visit)), engagementRate: (visit) => Number(engaged(visit)) },
  ...{ converted: (visit) => Number(converted(visit)), conversionRate: (visit) => Number(converted(visit)) },
  ...{ revenue, revenuePerSession: revenue },
};
const RATIO = /^mean|Per|Rate$/u;

const startedIn = (back: number): readonly Visit[] =>
  sessions.filter((visit) => {
    const sinceMs = startOf(visit) - (FROM_MS - back * WEEK_MS);
    return sinceMs >= 0 && sinceMs < SPAN_MS;
  });
const found =
  (name: string) =>
  (back: number, holds: Holds): ReferencePart => {
    const all = startedIn(back);
    if (name === "people") {
      const firsts = [...byUser(all, ([entry]) => entry?.userId).values()].flatMap(
        (own) => own.toSorted((one, other) => startOf(one) - startOf(other))[0]?.[0] ?? [],
      );
      return { value: firsts.filter((entry) => holds({ ...entry })).length, base: null };
    }
    const own = all.filter(([entry]) => holds({ ...entry }));
    const value = own.reduce((sum, visit) => sum + (ADDS[name]?.(visit) ?? 0), 0);
    return { value, base: RATIO.test(name) ? own.length : null };
  };

const opened = explainedRoom(events);

const question = { sessionMetrics: { range: SPAN, conversion: { events: ["buy"] }, currency: "EUR" } };
const dimensions = ["country", "device"];

describe("the change of sessions", () => {
  test.each(["people", ...Object.keys(ADDS)])(
    "is that of the sessions by the event they are entered by: %s",
    async (name) => {
      const asked = { question, value: { name }, ...SPAN };
      const answer = await opened.explain({ ...asked, dimensions });
      expect(wrongSlices(answer, found(name))).toEqual([]);
    },
  );

  test("is the number that is watched, hour by hour", async () => {
    const span = { from: SPAN.from, to: iso(FROM_MS + HOUR_MS) };
    for (const name of ["sessions", "bounceRate", "people"]) {
      const asked = { question, value: { name }, ...span };
      const answer = await opened.explain({ ...asked, dimensions: ["country"] });
      expect([name, await opened.watched({ ...asked, granularity: "HOUR" })]).toEqual([name, [[answer.actual]]]);
    }
  });

  test("is owed to the visits that end at once, with their entries, and concerns those who had them", async () => {
    const answer = await opened.explain({ question, value: { name: "bounceRate" }, ...SPAN, dimensions });
    expect(answer.outcome).toBe("EXPLAINED");
    expect(new Map(answer.slices[0]?.conditions.map(({ dimension, values }) => [dimension, values]))).toEqual(
      new Map([
        ["country", ["DE"]],
        ["device", ["phone"]],
      ]),
    );
    const entries = new Map(startedIn(0).map((visit) => [visit[0]?.id, visit]));
    const told = (answer.slices[0]?.events.events ?? []).map(({ id }) => entries.get(id));
    expect(told.map((visit) => visit !== undefined && !engaged(visit))).toEqual([true, true, true]);
    const { impact } = await opened.behind({ question, value: { name: "converted" }, ...SPAN });
    const buyers = startedIn(0).filter(converted);
    expect(impact?.people.actual).toBe(new Set(buyers.map(([entry]) => entry?.userId)).size);
    expect(impact?.revenue.map(({ currency, actual }) => [currency, actual])).toEqual([
      ["EUR", buyers.reduce((sum, visit) => sum + revenue(visit), 0)],
    ]);
  });

  test("is refused of numbers that the question has none of", async () => {
    const refused = (name: string) =>
      opened.refusedAt({ question: { sessionMetrics: { range: SPAN } }, value: { name }, ...SPAN });
    expect(await refused("conversionRate")).toEqual(["input.question.sessionMetrics.conversion"]);
    expect(await refused("revenue")).toEqual(["input.question.sessionMetrics.currency"]);
  });
});

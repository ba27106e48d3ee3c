import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import type { LiveWindow, WindowsInput } from "../domain/windows.ts";
import { createAnalyticsStore } from "../store/analytics-store.ts";
import { createDefinitionStore } from "../store/semantic/definition-store.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { queryLiveWindows } from "./query-live-windows.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

const NOW = Date.UTC(2026, 10, 20, 12, 7, 30);
const SECOND = 1_000;

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const ask = (tenantId: TenantId, input: WindowsInput) =>
  queryLiveWindows({
    store: createAnalyticsStore(world.resources.eventStore),
    eventLog: world.resources.eventLog,
    definitions: createDefinitionStore({ sql: world.resources.sql, nowMs: () => NOW }),
    nowMs: () => NOW,
  })(callerWith(tenantId, ["analytics:read", "analytics:personal-data"]), input);

type Numbers = Pick<LiveWindow, "key" | "startMs" | "endMs" | "events" | "users" | "late" | "tooLate">;

const numbers = ({ key, startMs, endMs, events, users, late, tooLate }: LiveWindow): Numbers => ({
  key,
  startMs,
  endMs,
  events,
  users,
  late,
  tooLate,
});

const received = (event: TestEvent): number => event.receivedAtMs ?? event.timeMs;

const windowOf = (
  key: string | null,
  startMs: number,
  endMs: number,
  members: readonly TestEvent[],
  isLate: (event: TestEvent) => number,
): Numbers => {
  const taken = members.filter((event) => isLate(event) < 2);
  return {
    key,
    startMs,
    endMs,
    events: taken.length,
    users: new Set(taken.flatMap(({ userId }) => (userId === undefined ? [] : [userId]))).size,
    late: taken.filter((event) => isLate(event) === 1).length,
    tooLate: members.length - taken.length,
  };
};

/** Every window that could be, each looking through all events. */
const slidingReference = (
  events: readonly TestEvent[],
  sizeMs: number,
  slideMs: number,
  timeframeMs: number,
  latenessMs: number,
): readonly Numbers[] => {
  const windows: Numbers[] = [];
  for (let start = Math.floor((NOW - timeframeMs) / slideMs) * slideMs; start < NOW; start += slideMs) {
    const end = start + sizeMs;
    const lateness = (event: TestEvent): number =>
      received(event) < end ? 0 : received(event) < end + latenessMs ? 1 : 2;
    const members = events.filter(({ timeMs }) => timeMs >= start && timeMs < end && timeMs < NOW);
    if (members.length > 0) windows.push(windowOf(null, start, end, members, lateness));
  }
  return windows.toReversed();
};

/** Walks each key's events in order of time and opens a window after each silence. */
const sessionReference = (
  events: readonly TestEvent[],
  gapMs: number,
  timeframeMs: number,
  latenessMs: number,
): readonly Numbers[] => {
  const lateness = (event: TestEvent): number =>
    received(event) < event.timeMs + gapMs ? 0 : received(event) < event.timeMs + gapMs + latenessMs ? 1 : 2;
  const windows: Numbers[] = [];
  for (const key of new Set(events.map(({ userId }) => userId ?? null))) {
    const own = events
      .filter((event) => (event.userId ?? null) === key && event.timeMs >= NOW - timeframeMs && event.timeMs < NOW)
      .toSorted((a, b) => a.timeMs - b.timeMs);
    let open: { members: TestEvent[]; startMs: number; lastMs: number } | null = null;
    const close = (): void => {
      if (open !== null) windows.push(windowOf(key, open.startMs, open.lastMs + gapMs, open.members, lateness));
    };
    for (const event of own) {
      const inside = open !== null && event.timeMs - open.lastMs < gapMs;
      if (lateness(event) === 2) {
        if (inside) open?.members.push(event);
      } else if (open !== null && inside) {
        open.members.push(event);
        open.lastMs = event.timeMs;
      } else {
        close();
        open = { members: [event], startMs: event.timeMs, lastMs: event.timeMs };
      }
    }
    close();
  }
  return windows.toSorted((a, b) => b.startMs - a.startMs || ((a.key ?? "") < (b.key ?? "") ? -1 : 1));
};

const eventsArbitrary = fc.array(
  fc.record({
    ago: fc.integer({ min: -10, max: 900 }),
    delay: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 600 })),
    user: fc.option(fc.constantFrom("u1", "u2", "u3"), { nil: null }),
  }),
  { minLength: 1, maxLength: 60 },
);

const toEvents = (raw: readonly { ago: number; delay: number; user: string | null }[]): readonly TestEvent[] =>
  // One event per moment and user: among events of the very same millisecond there is no order to agree on.
  [...new Map(raw.map((one) => [`${one.ago}|${one.user}`, one])).values()].map(({ ago, delay, user }) => ({
    id: randomUUID(),
    name: "tick",
    timeMs: NOW - ago * SECOND,
    receivedAtMs: NOW - ago * SECOND + delay * SECOND,
    ...(user === null ? {} : { userId: user }),
  }));

const stored = async (events: readonly TestEvent[]): Promise<TenantId> => {
  const tenantId = freshTenantId();
  await storeEvents(world.writer, tenantId, events);
  return tenantId;
};

describe("liveWindows", () => {
  test("tumbling, sliding and session windows hold what walking through all events gives", async () => {
    await fc.assert(
      fc.asyncProperty(eventsArbitrary, async (raw) => {
        const events = toEvents(raw);
        const tenantId = await stored(events);
        const frame = { timeframe: "PT10M", allowedLateness: "PT2M" };
        const tumbling = await ask(tenantId, { kind: "TUMBLING", size: "PT1M", ...frame });
        expect(tumbling.windows.map(numbers)).toEqual(slidingReference(events, 60_000, 60_000, 600_000, 120_000));
        const sliding = await ask(tenantId, { kind: "SLIDING", size: "PT2M", slide: "PT45S", ...frame });
        expect(sliding.windows.map(numbers)).toEqual(slidingReference(events, 120_000, 45_000, 600_000, 120_000));
        const session = await ask(tenantId, { kind: "SESSION", gap: "PT30S", keyBy: "userId", ...frame });
        expect(session.windows.map(numbers)).toEqual(sessionReference(events, 30_000, 600_000, 120_000));
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });

  test("a window is open until its end, then closing while late events are taken, then final", async () => {
    const at = (secondsAgo: number): TestEvent => ({ id: randomUUID(), name: "a", timeMs: NOW - secondsAgo * SECOND });
    const tenantId = await stored([at(10), at(60), at(300)]);
    const { windows } = await ask(tenantId, {
      kind: "TUMBLING",
      size: "PT1M",
      timeframe: "PT10M",
      allowedLateness: "PT3M",
    });
    expect(windows.map(({ state }) => state)).toEqual(["OPEN", "CLOSING", "FINAL"]);
  });

  test("revenue is kept apart by currency and exact to four places", async () => {
    const sale = (revenue: string, currency?: string): TestEvent => ({
      id: randomUUID(),
      name: "buy",
      timeMs: NOW - SECOND,
      revenue,
      ...(currency === undefined ? {} : { currency }),
    });
    const tenantId = await stored([sale("0.1", "EUR"), sale("0.2", "EUR"), sale("5", "USD"), sale("1.0001")]);
    const { windows } = await ask(tenantId, { kind: "TUMBLING", size: "PT1M" });
    expect(windows[0]?.revenue).toEqual([
      { currency: null, amount: "1.0001" },
      { currency: "EUR", amount: "0.3" },
      { currency: "USD", amount: "5" },
    ]);
  });

  test.each([
    [{ kind: "TUMBLING" }, "need `size`"],
    [{ kind: "TUMBLING", size: "PT1M", gap: "PT1M" }, "no meaning"],
    [{ kind: "SLIDING", size: "PT1M", slide: "PT2M" }, "at most `size`"],
    [{ kind: "SLIDING", size: "PT5M", slide: "PT1S" }, "60th"],
    [{ kind: "TUMBLING", size: "PT1S", timeframe: "PT24H" }, "more than 1,000 windows"],
    [{ kind: "SESSION", gap: "P1M" }, "duration"],
  ] as const)("refuses %j", async (input, words) => {
    await expect(ask(freshTenantId(), input)).rejects.toThrow(words);
  });
});

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { openBehindRoom, type BehindRoom } from "../../../testing/behind-room.ts";
import { textOf } from "../../../testing/reference-filter.ts";
import { anyPolicy, isVisible, masked } from "../../../testing/reference-policy.ts";
import { referenceSessions, type ReferenceSession } from "../../../testing/reference-sessions.ts";
import { sessionWorld } from "../../../testing/session-arbitraries.ts";
import type { SessionCellInput, SessionOutcome } from "../../domain/behind/session-cell.ts";
import type { SessionMeasures } from "../../domain/sessions/session-answer.ts";
import type { SessionMetricsInput } from "../../domain/sessions/sessions-input.ts";
import { createSessionsStore } from "../../store/sessions-store.ts";
import { querySessionMetrics } from "../query-sessions.ts";
import { behindCounts } from "./read-behind.ts";

jest.setTimeout(180_000);

let room: BehindRoom;
beforeAll(() => {
  room = openBehindRoom(Date.UTC(2027, 0, 2));
});
afterAll(() => room.close());

const holds = async (...asked: Parameters<BehindRoom["compare"]>): Promise<void> => {
  const { told, expected } = await room.compare(...asked);
  expect(told).toEqual(expected);
};

const IS: Readonly<Record<SessionOutcome, (session: ReferenceSession) => boolean>> = {
  ALL: () => true,
  BOUNCED: ({ bounced }) => bounced,
  NOT_BOUNCED: ({ bounced }) => !bounced,
  ENGAGED: ({ engaged }) => engaged,
  NOT_ENGAGED: ({ engaged }) => !engaged,
  CONVERTED: ({ converted }) => converted,
  NOT_CONVERTED: ({ converted }) => !converted,
};

const numberOf = (measures: SessionMeasures | undefined, outcome: SessionOutcome): number => {
  const { sessions = 0, bounced = 0, engaged = 0, converted = 0 } = measures ?? {};
  return {
    ...{ ALL: sessions, BOUNCED: bounced, NOT_BOUNCED: sessions - bounced, ENGAGED: engaged },
    ...{ NOT_ENGAGED: sessions - engaged, CONVERTED: converted ?? 0, NOT_CONVERTED: sessions - (converted ?? 0) },
  }[outcome];
};

const asExpected = (sessions: readonly ReferenceSession[]) => ({
  units: sessions.length,
  ids: sessions.flatMap(({ events }) => events.map(({ id }) => id)),
});

const metrics = () => {
  const { eventStore, nowMs } = room.deps;
  return querySessionMetrics({ sessions: createSessionsStore(eventStore), nowMs });
};

const countryOf = ({ events: [first] }: ReferenceSession): string | null =>
  first === undefined ? null : (textOf(first, "country") ?? null);

describe("what is behind a number of sessions", () => {
  test("is each session it counts, by all its events, as a reference finds them that walks event by event: of all, a bucket, a group, both", async () => {
    const outcomes = fc.constantFrom(...Object.keys(IS));
    const asked = fc.record({
      choice: fc.nat(),
      outcome: outcomes,
      by: fc.constantFrom("START", "GROUP", "BOTH", "ALL"),
    });
    await fc.assert(
      fc.asyncProperty(sessionWorld, fc.array(asked, { minLength: 8, maxLength: 8 }), async (world, cells) => {
        const caller = await room.stored(world.events);
        for (const [place, question] of world.questions.entries()) {
          const { choice, by, outcome: given } = cells[place] ?? { choice: 0, by: "ALL", outcome: "ALL" };
          const input: SessionMetricsInput = { ...question, granularity: "HOUR", breakdown: ["country"], first: 100 };
          const outcome = Object.keys(IS).find((one): one is SessionOutcome => one === given) ?? "ALL";
          if ((input.conversion ?? null) === null && outcome.endsWith("CONVERTED")) continue;
          const answer = await metrics()(caller, input);
          const known = referenceSessions(input, world.events);
          const chosen = known[choice % Math.max(1, known.length)];
          if (chosen === undefined) continue;
          const bucket = answer.buckets.findLastIndex((start) => Date.parse(start) <= chosen.startMs);
          const [fromMs, toMs] = [bucket, bucket + 1].map((at) => Date.parse(answer.buckets[at] ?? "9999-01-01"));
          const ofStart = by === "START" || by === "BOTH";
          const ofGroup = by === "GROUP" || by === "BOTH";
          const meant = known.filter(
            (one) =>
              IS[outcome](one) &&
              (!ofStart || (one.startMs >= (fromMs ?? 0) && one.startMs < (toMs ?? 0))) &&
              (!ofGroup || countryOf(one) === countryOf(chosen)),
          );
          const group = answer.groups.find(({ values }) => values[0] === countryOf(chosen));
          const total = ofGroup ? group?.measures : answer.total;
          const series = ofGroup ? group?.series : answer.series;
          const number = numberOf(ofStart ? series?.[bucket] : total, outcome);
          expect({ input, by, outcome, units: meant.length }).toEqual({ input, by, outcome, units: number });
          const cell: SessionCellInput = {
            outcome,
            start: ofStart ? (answer.buckets[bucket] ?? null) : null,
            values: ofGroup ? [countryOf(chosen)] : null,
          };
          await holds(caller, world.events, { sessions: { input, cell } }, asExpected(meant));
        }
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });

  test("of a page are the sessions that have it, came in by it or left by it", async () => {
    const roles = fc.constantFrom("ANY" as const, "ENTRY" as const, "EXIT" as const);
    await fc.assert(
      fc.asyncProperty(sessionWorld, fc.nat(), roles, fc.boolean(), async (world, choice, role, bounced) => {
        const caller = await room.stored(world.events);
        for (const question of world.questions.slice(0, 3)) {
          const input: SessionMetricsInput = { ...question, pages: 100 };
          const { pages } = await metrics()(caller, input);
          const page = pages[choice % Math.max(1, pages.length)];
          if (page === undefined) continue;
          const outcome = bounced ? "BOUNCED" : "ALL";
          const meant = referenceSessions(input, world.events).filter(
            (one) =>
              IS[outcome](one) &&
              {
                ANY: one.pages.includes(page.page),
                ENTRY: one.pages[0] === page.page,
                EXIT: one.pages.at(-1) === page.page,
              }[role],
          );
          const number = { ANY: page.sessions, ENTRY: bounced ? page.bounced : page.entries, EXIT: page.exits }[role];
          if (!bounced || role === "ENTRY") expect(meant).toHaveLength(number);
          const cell = { outcome, page: { page: page.page, role } } as const;
          await holds(caller, world.events, { sessions: { input, cell } }, asExpected(meant));
        }
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });

  test("is for a caller under data policies that of a store which holds the visible events alone, with masked values", async () => {
    await fc.assert(
      fc.asyncProperty(sessionWorld, anyPolicy, async ({ events, questions }, policy) => {
        const caller = { ...(await room.stored(events)), dataPolicy: policy };
        const shown = events.filter((event) => isVisible(event, policy)).map((event) => masked(event, policy));
        for (const question of questions.slice(0, 3)) {
          // People may be masked: what they did is put together by what is not.
          const input = { ...question, definition: { by: "SENT" as const } };
          const meant = referenceSessions(input, shown);
          await holds(caller, shown, { sessions: { input, cell: {} } }, asExpected(meant));
        }
      }),
      { numRuns: 5, endOnFailure: true },
    );
  });

  test("is of the asker's own tenant, though another has a session of the same id", async () => {
    const timeMs = Date.parse("2026-11-01T10:00:00Z");
    const [own, other] = [randomUUID(), randomUUID()];
    const caller = await room.stored([{ id: own, name: "view", timeMs, sessionId: "s", userId: "own" }]);
    await room.stored([{ id: other, name: "view", timeMs, sessionId: "s", userId: "other" }]);
    const range = { from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z" };
    const found = await room.readBehind(caller, {
      sessions: { input: { range, definition: { by: "SENT" } }, cell: {} },
    });
    expect(found.ids).toEqual([own]);
    expect(found.people.map(({ userId }) => userId)).toEqual(["own"]);
  });

  const input = { range: { from: "2026-11-01T00:00:00Z", to: "2026-11-08T00:00:00Z" } };
  const daily = { ...input, granularity: "DAY" as const };
  test.each<[string, SessionMetricsInput, SessionCellInput, string]>([
    ["a bucket of none", input, { start: "2026-11-01T00:00:00Z" }, "cell.start"],
    ["a bucket that is none", daily, { start: "2026-11-01T01:00:00Z" }, "cell.start"],
    ["values of no fields", input, { values: ["x"] }, "cell.values"],
    ["conversions of none", input, { outcome: "CONVERTED" }, "cell.outcome"],
    ["an empty page", input, { page: { page: "" } }, "cell.page.page"],
    ["a page of a bucket", daily, { start: "2026-11-01T00:00:00Z", page: { page: "/" } }, "cell.page"],
    ["a sample", { ...input, sample: 0.5 }, {}, "input.sample"],
    ["a wrong question", { ...input, engagedViews: 0 }, {}, "input.engagedViews"],
  ])("%s is refused, with its place", async (_what, question, cell, field) => {
    const caller = await room.stored([]);
    await expect(behindCounts(room.deps)(caller, { sessions: { input: question, cell } })).rejects.toMatchObject({
      code: "BAD_INPUT",
      extras: { field: `of.sessions.${field}` },
    });
  });
});

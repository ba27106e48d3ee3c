import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import fc from "fast-check";
import { openBehindRoom, type BehindRoom } from "../../../testing/behind-room.ts";
import { anyPolicy } from "../../../testing/reference-policy.ts";
import { sessionWorld } from "../../../testing/session-arbitraries.ts";
import type { TestEvent } from "../../../testing/test-events.ts";
import { jobEffort, type Effort } from "../effort.ts";
import type { BehindInput } from "./behind-question.ts";
import { behindCounts, behindEvents, behindPeople } from "./read-behind.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(240_000);

let room: BehindRoom;
beforeAll(() => {
  room = openBehindRoom(Date.UTC(2027, 0, 2));
});
afterAll(() => room.close());

/** An effort whose slices hold so many events each, all at once where none is said, and how many slices it read. */
const slicing = (sliceEvents: number | null, maxEvents = 1_000_000) => {
  let slices = 0;
  const effort: Effort = {
    ...jobEffort(() => {
      slices += 1;
    }, new AbortController().signal),
    ...{ sliceEvents, maxEvents },
  };
  return { effort, read: () => slices };
};

/** All that is told behind a number, page by page in its order. */
const toldBy = async (effort: Effort, caller: Caller, of: BehindInput, first: number) => {
  const deps = { ...room.deps, effort };
  const { provenance, ...counts } = await behindCounts(deps)(caller, of);
  const [events, people]: [unknown[], unknown[]] = [[], []];
  for (let after: string | null = null, more = true; more;) {
    const { edges, pageInfo } = await behindEvents(deps)(caller, of, { first, after });
    events.push(edges.map(({ cursor, node }) => [cursor, node.id]));
    ({ hasNextPage: more, endCursor: after } = pageInfo);
  }
  for (let after: string | null = null, more = true; more;) {
    const page = await behindPeople(deps)(caller, of, { first, after });
    people.push(page.nodes);
    ({ hasNextPage: more, endCursor: after } = page);
  }
  return { counts, exactness: provenance.exactness, events, people };
};

/** Many events of one moment, whose order in a list ids alone decide. */
const coarse = (event: TestEvent): TestEvent => ({ ...event, timeMs: Math.floor(event.timeMs / 900_000) * 900_000 });

describe("what is behind a number of sessions of so many events that it is read in slices of their units", () => {
  test("is what is read at once: as many units, people and events, in the same order and by the same cursors, people by the first and the last of their events, under a data policy too", async () => {
    await fc.assert(
      fc.asyncProperty(
        sessionWorld,
        fc.integer({ min: 2, max: 8 }),
        fc.integer({ min: 4, max: 9 }),
        fc.option(anyPolicy, { nil: null }),
        async (world, sliceEvents, first, dataPolicy) => {
          const caller = { ...(await room.stored(world.events.map(coarse))), dataPolicy };
          for (const input of world.questions.slice(0, 1)) {
            const of = { sessions: { input, cell: {} } };
            const sliced = slicing(sliceEvents);
            const told = await toldBy(sliced.effort, caller, of, first);
            expect({ input, ...told }).toEqual({
              input,
              ...(await toldBy(slicing(null).effort, caller, of, first)),
            });
            if (told.counts.events > sliceEvents) expect(sliced.read()).toBeGreaterThan(1);
          }
        },
      ),
      { numRuns: 4, endOnFailure: true },
    );
  });

  test("is refused beyond what may be looked at, with what to change and no job, since none answers it", async () => {
    const timeMs = Date.parse("2026-11-01T10:00:00Z");
    const seen = (minutes: number): TestEvent => ({
      ...{ id: crypto.randomUUID(), name: "view", userId: "ada", timeMs: timeMs + minutes * 60_000 },
    });
    const caller = await room.stored([seen(0), seen(1), seen(2)]);
    const input = { range: { from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z" } };
    const deps = { ...room.deps, effort: slicing(1, 2).effort };
    const asking = behindCounts(deps)(caller, { sessions: { input, cell: {} } });
    await expect(asking).rejects.toMatchObject({
      code: "QUERY_TOO_COSTLY",
      message:
        "The sessions would be made of 3 events, more than 2: take a shorter range, or a `filter` that leaves fewer events.",
      extras: { field: "of.sessions.input.range", events: 3, limit: 2 },
    });
  });
});

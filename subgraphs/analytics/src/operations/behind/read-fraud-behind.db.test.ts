import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { callerWith } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { openBehindRoom, type BehindRoom } from "../../../testing/behind-room.ts";
import { anyAttempts } from "../../../testing/any-attempts.ts";
import { referenceRings, referenceVelocity } from "../../../testing/reference-fraud.ts";
import type { TestEvent } from "../../../testing/test-events.ts";
import { queryRings, queryVelocity } from "../fraud/query-fraud.ts";
import { behindCounts } from "./read-behind.ts";

jest.setTimeout(240_000);
const [MINUTE_MS, START_MS] = [60_000, Date.parse("2026-03-29T00:00:00Z")];
const END_MS = START_MS + 120 * MINUTE_MS;
const range = { from: new Date(START_MS).toISOString(), to: new Date(END_MS).toISOString() };

let room: BehindRoom;
beforeAll(() => {
  room = openBehindRoom(START_MS + 1_000 * MINUTE_MS);
});
afterAll(() => room.close());

const deps = () => ({
  ...room.deps,
  readBands: () => Promise.reject(new Error("No question here asks what others reported.")),
});
const cardOf = ({ properties }: TestEvent): string => {
  const card = properties?.["card"];
  return typeof card === "string" ? card : "";
};

const attempts = anyAttempts(START_MS, 50);

describe("what is behind a number of velocity", () => {
  const asked = fc.record({
    minutes: fc.constantFrom(1, 5, 30),
    moreThan: fc.integer({ min: 0, max: 3 }),
    by: fc.constantFrom("device" as const, "userId" as const),
    distinct: fc.constantFrom(null, "properties.card"),
  });

  test("is what a look at every moment finds: of all entities the windows that took them beyond the bound, of one its fullest window and its events of the range", async () => {
    await fc.assert(
      fc.asyncProperty(attempts, asked, async (events, { minutes, moreThan, by, distinct }) => {
        const caller = await room.stored(events);
        const withinMs = minutes * MINUTE_MS;
        const input = { range, by, distinct, moreThan, within: `PT${minutes}M`, event: { events: ["pay"] } };
        const answer = await queryVelocity(deps())(caller, input);
        const countedOf = (event: TestEvent): string => (distinct === null ? event.id : cardOf(event));
        const entityOf = (event: TestEvent): string => event[by] ?? "";
        const pays = events.filter(
          (event) => event.name === "pay" && entityOf(event) !== "" && countedOf(event) !== "",
        );
        const wanted = referenceVelocity(pays, {
          ...{ fromMs: START_MS, toMs: END_MS, withinMs, moreThan, entityOf, countedOf },
        });
        const within = (entity: string, atMs: number): readonly TestEvent[] =>
          pays.filter((one) => entityOf(one) === entity && one.timeMs <= atMs && one.timeMs > atMs - withinMs);
        const compared = async (cell: object, own: readonly TestEvent[], units: number): Promise<void> => {
          const ids = own.map(({ id }) => id);
          const { told, expected } = await room.compare(caller, events, { velocity: { input, cell } }, { units, ids });
          expect(told).toEqual(expected);
        };
        const took = wanted.flatMap(({ entity, firstAtMs }) => within(entity, firstAtMs));
        expect(answer.entities).toBe(wanted.length);
        await compared({}, took, answer.entities);
        for (const { entity, peakAtMs } of wanted.slice(0, 2)) {
          const told = answer.top.find((one) => one.entity === entity);
          await compared({ entity }, within(entity, peakAtMs), told?.peak ?? -1);
          const own = pays.filter((one) => entityOf(one) === entity && one.timeMs >= START_MS && one.timeMs < END_MS);
          await compared({ entity, number: "EVENTS" }, own, told?.events ?? -1);
        }
        // Somebody who never was beyond the bound has no number.
        await compared({ entity: "nobody" }, [], 0);
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });

  test("is refused where no entity is named and the number is one of an entity, or of those that others reported", async () => {
    const caller = await room.stored([]);
    const input = { range, by: "device", moreThan: 1, within: "PT1M", event: {} };
    const refused = (of: object, cell: object) =>
      behindCounts(room.deps)(caller, { velocity: { input: { ...input, ...of }, cell } });
    await expect(refused({}, { number: "PEAK" })).rejects.toMatchObject({
      ...{ code: "BAD_INPUT", extras: { field: "of.velocity.cell.entity" } },
    });
    await expect(refused({ reported: {} }, {})).rejects.toMatchObject({
      ...{ code: "BAD_INPUT", extras: { field: "of.velocity.input.reported" } },
    });
    await expect(refused({ by: "devize" }, {})).rejects.toMatchObject({
      ...{ code: "BAD_INPUT", extras: { field: "of.velocity.input.by" } },
    });
  });
});

describe("what is behind a number of rings", () => {
  test("are the events by which members share what connects them: of all rings, of one, and of one value", async () => {
    await fc.assert(
      fc.asyncProperty(attempts, fc.integer({ min: 2, max: 4 }), async (events, sharedByAtMost) => {
        const caller = await room.stored(events);
        const input = { range, through: ["device", "properties.card"], sharedByAtMost, minMembers: 2 };
        const answer = await queryRings(deps())(caller, input);
        const memberOf = (event: TestEvent): string => event.userId ?? "";
        const through = [(event: TestEvent): string => event.device ?? "", cardOf];
        const { rings } = referenceRings(events, {
          ...{ fromMs: START_MS, toMs: END_MS, memberOf, through, sharedByAtMost, minMembers: 2, newWithinMs: 0 },
        });
        const seen = events.filter((one) => one.timeMs >= START_MS && one.timeMs < END_MS && memberOf(one) !== "");
        /** The values of an event that some but not too many share, by the places of their fields. */
        const sharing = (event: TestEvent): readonly number[] =>
          through.flatMap((read, place) => {
            const value = read(event);
            const members = new Set(seen.filter((one) => value !== "" && read(one) === value).map(memberOf));
            return members.size >= 2 && members.size <= sharedByAtMost ? [place] : [];
          });
        const compared = async (cell: object, own: readonly TestEvent[], units: number): Promise<void> => {
          const ids = own.map(({ id }) => id);
          const { told, expected } = await room.compare(caller, events, { rings: { input, cell } }, { units, ids });
          expect(told).toEqual(expected);
        };
        const of = (members: readonly string[]): readonly TestEvent[] =>
          seen.filter((event) => members.includes(memberOf(event)) && sharing(event).length > 0);
        const everybody = rings.flatMap(({ members }) => members);
        expect([answer.ringCount, answer.memberCount]).toEqual([rings.length, everybody.length]);
        await compared({ number: "RINGS" }, of(everybody), answer.ringCount);
        await compared({}, of(everybody), answer.memberCount);
        const [ring] = answer.rings;
        const [member] = ring?.members ?? [];
        const members = rings.find((one) => one.members.includes(member ?? ""))?.members ?? [];
        if (ring === undefined || member === undefined) return;
        await compared({ member }, of(members), ring.memberCount);
        await compared({ member, number: "LINKS" }, of(members), ring.links);
        await compared({ member, number: "EVENTS" }, of(members), ring.events);
        const [value] = ring.shared;
        const place = value?.field === "device" ? 0 : 1;
        const shared = { field: value?.field ?? "", value: value?.value ?? "" };
        const own = seen.filter((event) => through[place]?.(event) === shared.value);
        await compared({ member, shared }, own, value?.links.length ?? -1);
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });

  test("needs the permission to see who members are, and a field that the rings are through", async () => {
    const caller = await room.stored([]);
    const input = { range, through: ["device"] };
    const refused = (cell: object, by = caller) => behindCounts(room.deps)(by, { rings: { input, cell } });
    await expect(refused({}, callerWith(caller.tenantId, ["analytics:read"]))).rejects.toMatchObject({
      ...{ code: "FORBIDDEN", extras: { field: "of.rings.input.of" } },
    });
    await expect(refused({ shared: { field: "url", value: "x" } })).rejects.toMatchObject({
      ...{ code: "BAD_INPUT", extras: { field: "of.rings.cell.shared.field" } },
    });
  });
});

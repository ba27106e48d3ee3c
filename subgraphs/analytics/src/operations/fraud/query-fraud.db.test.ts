import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { Refusal } from "@tessera/platform/errors/refusal";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { z } from "zod";
import { anyAttempts } from "../../../testing/any-attempts.ts";
import { referenceRings, referenceVelocity } from "../../../testing/reference-fraud.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import { createFraudStore } from "../../store/fraud/fraud-store.ts";
import { queryRings, queryVelocity } from "./query-fraud.ts";

jest.setTimeout(180_000);
const [MINUTE_MS, START_MS] = [60_000, Date.parse("2026-03-29T00:00:00Z")];
const iso = (ms: number): string => new Date(ms).toISOString();
const range = { from: iso(START_MS), to: iso(START_MS + 120 * MINUTE_MS) };

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const deps = () => ({
  fraud: createFraudStore(world.resources.eventStore),
  readBands: () => Promise.reject(new Error("No question here asks what others reported.")),
  nowMs: () => START_MS + 1_000 * MINUTE_MS,
});
const callerOf = (tenantId: TenantId) => callerWith(tenantId, ["analytics:read", "analytics:personal-data"]);
const textOf = ({ properties }: TestEvent, name: string): string => z.string().catch("").parse(properties?.[name]);

const attempts = anyAttempts(START_MS, 60);
const stored = async (events: readonly TestEvent[]): Promise<TenantId> => {
  const tenantId = freshTenantId();
  await storeEvents(world.writer, tenantId, events);
  return tenantId;
};

describe("velocity", () => {
  const asked = fc.record({
    minutes: fc.constantFrom(1, 5, 30),
    moreThan: fc.integer({ min: 0, max: 4 }),
    by: fc.constantFrom("device", "userId"),
    distinct: fc.constantFrom(null, "properties.card"),
  });

  test("is what a look at every moment of the range says, of events and of different values, whatever falls together", async () => {
    await fc.assert(
      fc.asyncProperty(attempts, fc.array(asked, { minLength: 4, maxLength: 4 }), async (events, questions) => {
        const tenantId = await stored(events);
        for (const { minutes, moreThan, by, distinct } of questions) {
          const input = { range, by, distinct, moreThan, within: `PT${minutes}M`, event: { events: ["pay"] } };
          const { top, entities } = await queryVelocity(deps())(callerOf(tenantId), input);
          const wanted = referenceVelocity(
            events.filter(({ name }) => name === "pay"),
            {
              ...{ fromMs: START_MS, toMs: Date.parse(range.to), withinMs: minutes * MINUTE_MS, moreThan },
              entityOf: (event) => (by === "device" ? event.device : event.userId) ?? "",
              countedOf: (event) => (distinct === null ? event.id : textOf(event, "card")),
            },
          );
          expect(entities).toBe(wanted.length);
          const order = wanted.toSorted((a, b) => b.peak - a.peak || (a.entity < b.entity ? -1 : 1));
          expect(top).toEqual(
            order.map(({ peakAtMs, firstAtMs, ...same }) => ({
              ...same,
              ...{ peakAt: iso(peakAtMs), firstAt: iso(firstAtMs), reported: null },
            })),
          );
        }
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });

  test("tells the highest peaks first and how many more there are, of its own tenant alone, and says what it cost", async () => {
    const pay = (device: string, count: number, country = "DE"): readonly TestEvent[] =>
      Array.from({ length: count }, (_, at) => ({
        ...{ id: randomUUID(), name: "pay", timeMs: START_MS + at * 1_000, device, country },
      }));
    const tenantId = await stored([...pay("a", 5), ...pay("b", 9), ...pay("c", 7, "US"), ...pay("d", 3)]);
    const input = { range, by: "device", moreThan: 3, within: "PT10S", event: {}, first: 2 };
    const answer = await queryVelocity(deps())(callerOf(tenantId), input);
    expect(answer).toMatchObject({ entities: 3, hasMore: true });
    expect(answer.top.map(({ entity, peak }) => [entity, peak])).toEqual([
      ["b", 9],
      ["c", 7],
    ]);
    expect(answer.provenance).toMatchObject({ exactness: "EXACT", tables: [{ table: "events" }] });
    expect(answer.provenance.rowsRead).toBeGreaterThan(0);
    const other = await queryVelocity(deps())(callerOf(freshTenantId()), input);
    expect(other).toMatchObject({ entities: 0, top: [], hasMore: false });
  });

  test("looks at what a data policy lets through alone, and tells what it hid", async () => {
    const pay = (device: string, country: string, at: number): TestEvent => ({
      ...{ id: randomUUID(), name: "pay", timeMs: START_MS + at, device, country, userId: `u${at}` },
    });
    const tenantId = await stored([
      pay("a", "DE", 1),
      pay("a", "DE", 2),
      pay("a", "US", 3),
      pay("b", "US", 4),
      pay("b", "US", 5),
    ]);
    const dataPolicy: DataPolicy = {
      ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, synthetic: null },
      ...{ masks: {}, salt: "00".repeat(16) },
    };
    const caller = { ...callerOf(tenantId), dataPolicy };
    const answer = await queryVelocity(deps())(caller, { range, by: "device", moreThan: 1, within: "PT1S", event: {} });
    expect(answer.top).toMatchObject([{ entity: "a", peak: 2 }]);
    expect(answer.provenance.rowsFilteredBy).toEqual(["country"]);
    const { rings } = await queryRings(deps())(caller, { range, through: ["device"], minMembers: 2 });
    expect(rings.map(({ members }) => members)).toEqual([["u1", "u2"]]);
  });

  const least = { range, by: "device", moreThan: 1, within: "PT1M", event: {} };
  test.each([
    [{ by: "devize" }, "BAD_INPUT", "input.by"],
    [{ by: "revenue" }, "BAD_INPUT", "input.by"],
    [{ by: "userId" }, "FORBIDDEN", "input.by"],
    [{ distinct: "device" }, "BAD_INPUT", "input.distinct"],
    [{ distinct: "time" }, "BAD_INPUT", "input.distinct"],
    [{ within: "P32D" }, "BAD_INPUT", "input.within"],
    [{ moreThan: -1 }, "BAD_INPUT", "input.moreThan"],
    [{ first: 1_001 }, "BAD_INPUT", "input.first"],
    [{ event: { events: [] } }, "BAD_INPUT", "input.event.events"],
  ])("with %j is refused with %s at %s", async (part, code, field) => {
    const asking = queryVelocity(deps())(callerWith(freshTenantId(), ["analytics:read"]), { ...least, ...part });
    const refusal: unknown = await asking.catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({ code, extras: { field } });
  });
});

describe("rings", () => {
  const asked = fc.record({
    sharedByAtMost: fc.integer({ min: 2, max: 4 }),
    minMembers: fc.integer({ min: 2, max: 4 }),
    newWithin: fc.constantFrom(10, 60),
  });

  test("are those that a walk from member to member finds, with what they share, how dense and how new", async () => {
    await fc.assert(
      fc.asyncProperty(attempts, fc.array(asked, { minLength: 3, maxLength: 3 }), async (events, questions) => {
        const tenantId = await stored(events);
        for (const { newWithin, ...bounds } of questions) {
          const input = { range, through: ["device", "properties.card"], newWithin: `PT${newWithin}M`, ...bounds };
          const answer = await queryRings(deps())(callerOf(tenantId), input);
          const wanted = referenceRings(events, {
            ...{ fromMs: START_MS, toMs: Date.parse(range.to), newWithinMs: newWithin * MINUTE_MS, ...bounds },
            memberOf: (event) => event.userId ?? "",
            through: [(event) => event.device ?? "", (event) => textOf(event, "card")],
          });
          expect(answer).toMatchObject({ ringCount: wanted.rings.length, hubs: wanted.hubs, hasMore: false });
          const byScore = wanted.rings.toSorted(
            (a, b) =>
              b.score - a.score ||
              b.members.length - a.members.length ||
              (a.members.join() < b.members.join() ? -1 : 1),
          );
          expect(
            answer.rings.map(({ members, links, sharedCount, density, newness, score }) => ({
              ...{ members, links, sharedCount, density, newness, score },
            })),
          ).toEqual(byScore);
          expect(answer.memberCount).toBe(wanted.rings.reduce((sum, { members }) => sum + members.length, 0));
          // Every edge that is told is one: its member has that value.
          for (const { shared, members } of answer.rings)
            for (const { field, value, links } of shared)
              for (const { member } of links) {
                expect(members).toContain(member);
                const has = (event: TestEvent): boolean =>
                  event.userId === member && (field === "device" ? event.device : textOf(event, "card")) === value;
                expect(events.some(has)).toBe(true);
              }
        }
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });

  const least = { range, of: "sessionId", through: ["device"] };
  test.each([
    [{ of: "userId" }, "FORBIDDEN", "input.of"],
    [{ through: [] }, "BAD_INPUT", "input.through"],
    [{ through: ["device", "device"] }, "BAD_INPUT", "input.through.1"],
    [{ through: ["sessionId"] }, "BAD_INPUT", "input.through.0"],
    [{ through: ["anonymousId"] }, "FORBIDDEN", "input.through.0"],
    [{ sharedByAtMost: 51 }, "BAD_INPUT", "input.sharedByAtMost"],
    [{ minMembers: 1 }, "BAD_INPUT", "input.minMembers"],
    [{ newWithin: "PT0S" }, "BAD_INPUT", "input.newWithin"],
    [{ first: 0 }, "BAD_INPUT", "input.first"],
  ])("with %j are refused with %s at %s", async (part, code, field) => {
    const asking = queryRings(deps())(callerWith(freshTenantId(), ["analytics:read"]), { ...least, ...part });
    expect(await asking.catch((error: unknown) => error)).toMatchObject({ code, extras: { field } });
  });
});

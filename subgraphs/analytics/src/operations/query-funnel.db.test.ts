import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { countHere } from "../../testing/count-here.ts";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import type { FunnelInput } from "../domain/funnel/funnel-input.ts";
import { createFunnelStore } from "../store/funnel-store.ts";
import { anyFunnel, FUNNEL_RANGE } from "../../testing/funnel-arbitraries.ts";
import { manyUnits, referenceOf, unitInput } from "../../testing/funnel-world.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { queryFunnel } from "./query-funnel.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const ask = (tenantId: TenantId, input: FunnelInput, caller = callerWith(tenantId, ["analytics:read"])) =>
  queryFunnel({ funnels: createFunnelStore(world.resources.eventStore), counting: countHere, nowMs: () => Date.now() })(
    caller,
    input,
  );

const at = (seconds: number): number => Date.parse("2026-03-02T10:00:00Z") + seconds * 1_000;
const event = (userId: string, name: string, seconds: number, more: Partial<TestEvent> = {}): TestEvent => ({
  ...{ id: randomUUID(), name, userId, timeMs: at(seconds), source: "web" },
  ...more,
});
const named = (...names: readonly string[]) => names.map((name) => ({ anyOf: [{ events: [name] }] }));

const count = <T>(values: readonly T[]): ReadonlyMap<T, number> =>
  values.reduce((counts, value) => counts.set(value, (counts.get(value) ?? 0) + 1), new Map<T, number>());

/** What units did one after another, every run of up to so many names counted by hand. */
const pathsAfter = (units: readonly { readonly afterwards: readonly string[] }[], depth: number) => {
  if (depth === 1) return [];
  const isBefore = (run: readonly string[], names: readonly string[]): boolean =>
    run.every((name, index) => names[index] === name);
  const runs = units.flatMap(({ afterwards }) =>
    Array.from({ length: Math.min(depth, afterwards.length) + 1 }, (_, length) => afterwards.slice(0, length)),
  );
  return [...new Map([[], ...runs].map((run) => [JSON.stringify(run), run])).values()].map((events) => {
    const own = units.filter(({ afterwards }) => isBefore(events, afterwards));
    const ended = own.filter(({ afterwards }) => afterwards.length === events.length).length;
    return { events, units: own.length, ended, others: events.length === depth ? own.length - ended : 0 };
  });
};
const sorted = (paths: readonly object[]): readonly string[] => paths.map((path) => JSON.stringify(path)).toSorted();

describe("a funnel over stored events", () => {
  test("held to entries before a moment counts those alone, and tells of them, and of those with some value, by each field of them, what a reference tells that tries every way", async () => {
    const kinds = fc.constantFrom("PERSON", "SESSION", "FIELD");
    const asked = fc.tuple(anyFunnel, kinds, fc.integer({ min: 0, max: 12 }), fc.constantFrom("pro", "free", null));
    await fc.assert(
      fc.asyncProperty(manyUnits, fc.array(asked, { minLength: 8, maxLength: 8 }), async (events, funnels) => {
        const tenantId = freshTenantId();
        if (events.length > 0) await storeEvents(world.writer, tenantId, events);
        for (const [input, kind, seconds, plan] of funnels) {
          const fields = ["properties.plan", "source"];
          const question = { ...input, unit: unitInput(kind) };
          const entries = { beforeMs: at(seconds), fields, held: plan === null ? [] : [[plan]] };
          const told = (await ask(tenantId, { ...question, entries })).entries;
          const before = referenceOf(question, kind, events).filter(({ entry }) => entry.atMs < at(seconds));
          const known = before.filter(({ entry }) => plan === null || entry.values[0] === plan);
          // A group is that of the first event that has a value, which need not be the one that entered.
          const grouped = before.filter((unit) => plan === null || unit.plan === plan);
          const reachedBy = (units: typeof known) =>
            input.steps.map((_step, index) => units.filter(({ places }) => (places[index] ?? -1) >= 0).length);
          const byPlan = plan === null ? {} : { breakdown: { field: "properties.plan", first: 100 } };
          const entriesBefore = new Date(at(seconds)).toISOString();
          const { result, groups } = await ask(tenantId, { ...question, ...byPlan, entriesBefore });
          const held = plan === null ? result : groups.find(({ value }) => value === plan)?.result;
          const reached = [told?.reached, held?.steps.map((step) => step.reached) ?? input.steps.map(() => 0)];
          expect({ input, reached }).toEqual({ input, reached: [reachedBy(known), reachedBy(grouped)] });
          fields.forEach((_field, index) => {
            const values = new Set(known.map(({ entry }) => entry.values[index]));
            const expected = [...values].map((value) => [
              value,
              reachedBy(known.filter(({ entry }) => entry.values[index] === value)),
            ]);
            expect(new Map(told?.fields[index]?.values)).toEqual(new Map(expected.map(([value, all]) => [value, all])));
            expect(told?.fields[index]?.cut).toBe(false);
          });
        }
      }),
      { numRuns: 6, endOnFailure: true },
    );
  });

  test("counts, groups and next events are those of a reference that tries every way, for people, sessions and ids", async () => {
    await fc.assert(
      fc.asyncProperty(
        manyUnits,
        fc.array(fc.tuple(anyFunnel, fc.constantFrom("PERSON", "SESSION", "FIELD"), fc.integer({ min: 1, max: 3 })), {
          minLength: 8,
          maxLength: 8,
        }),
        async (events, funnels) => {
          const tenantId = freshTenantId();
          if (events.length > 0) await storeEvents(world.writer, tenantId, events);
          for (const [input, kind, depth] of funnels) {
            const whole = {
              ...{
                ...input,
                unit: unitInput(kind),
                dropOffs: { first: 50, depth },
                trend: { granularity: "HOUR" as const },
              },
              breakdown: { field: "properties.plan", first: 100 },
            };
            const { result, groups, dropOffs, trend } = await ask(tenantId, whole);
            const known = referenceOf(whole, kind, events);
            const reached = input.steps.map(
              (_step, index) => known.filter(({ places }) => (places[index] ?? -1) >= 0).length,
            );
            expect({ input, kind, reached: result.steps.map((step) => step.reached) }).toEqual({
              input,
              kind,
              reached,
            });
            expect(new Map(groups.map(({ value, result: own }) => [value, own.entered]))).toEqual(
              count(known.map(({ plan }) => plan)),
            );
            expect(trend?.steps.map((step) => step.reached.reduce((sum, units) => sum + units, 0))).toEqual(reached);
            dropOffs.forEach(({ step, droppedOff, next, paths }, index) => {
              const dropped = known.filter((one) => one.depth === index + 1);
              expect({ whole, paths: sorted(paths) }).toEqual({ whole, paths: sorted(pathsAfter(dropped, depth)) });
              expect(droppedOff).toBe(result.steps[step - 1]?.droppedOff);
              expect(new Map(next.map(({ name, units }) => [name, units]))).toEqual(
                count(dropped.map((one) => one.next)),
              );
            });
          }
        },
      ),
      { numRuns: 12, endOnFailure: true },
    );
  });

  test("of drop-offs of which few are shown, the numbers of what came next add up, path by path", async () => {
    await fc.assert(
      fc.asyncProperty(
        manyUnits,
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 2, max: 5 }),
        async (events, first, depth) => {
          const tenantId = freshTenantId();
          if (events.length > 0) await storeEvents(world.writer, tenantId, events);
          const { dropOffs } = await ask(tenantId, {
            ...{ range: FUNNEL_RANGE, steps: named("a", "d", "c"), dropOffs: { first, depth } },
          });
          const wrong = dropOffs.flatMap(({ droppedOff, paths }) => [
            ...(paths[0]?.units === droppedOff ? [] : [paths[0]]),
            ...paths.filter(({ events: run, units, ended, others }) => {
              const on = paths.filter(
                (other) =>
                  other.events.length === run.length + 1 && run.every((name, index) => other.events[index] === name),
              );
              return on.length > first || units !== ended + others + on.reduce((sum, one) => sum + one.units, 0);
            }),
          ]);
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: 10, endOnFailure: true },
    );
  });

  test("events of one millisecond keep the order they were sent in", async () => {
    const tenantId = freshTenantId();
    await storeEvents(world.writer, tenantId, [
      event("ada", "b", 0),
      event("ada", "a", 0),
      event("bob", "a", 0),
      event("bob", "b", 0),
    ]);
    const { result } = await ask(tenantId, { range: FUNNEL_RANGE, steps: named("a", "b") });
    expect(result.steps.map(({ reached }) => reached)).toEqual([2, 1]);
  });

  test("twenty steps are one question", async () => {
    const tenantId = freshTenantId();
    const names = Array.from({ length: 20 }, (_, index) => `step ${index}`);
    await storeEvents(
      world.writer,
      tenantId,
      names.map((name, index) => event("ada", name, index)),
    );
    const { result } = await ask(tenantId, { range: FUNNEL_RANGE, steps: named(...names), window: "PT19S" });
    expect([result.steps.length, result.converted, result.timeToConvert.meanSeconds]).toEqual([20, 1, 19]);
    const short = await ask(tenantId, { range: FUNNEL_RANGE, steps: named(...names), window: "PT18S" });
    expect(short.result.steps.map(({ reached }) => reached)).toEqual([...names.slice(1).map(() => 1), 0]);
  });

  test("says where it was read: the copy in order of persons, or the events when a field needs them", async () => {
    const tenantId = freshTenantId();
    await storeEvents(world.writer, tenantId, [event("ada", "a", 0, { country: "DE" })]);
    const narrow = await ask(tenantId, { range: FUNNEL_RANGE, steps: named("a") });
    expect(narrow.provenance).toMatchObject({
      exactness: "EXACT",
      rejectedTables: [],
      tables: [{ table: "events_by_person" }],
    });
    const wide = await ask(tenantId, { range: FUNNEL_RANGE, steps: named("a"), breakdown: { field: "country" } });
    expect(wide.provenance).toMatchObject({
      tables: [{ table: "events" }],
      rejectedTables: [{ table: "events_by_person", reason: "It does not hold country, which is asked about." }],
    });
    expect(wide.groups.map(({ value }) => value)).toEqual(["DE"]);
    expect(wide.provenance.rowsRead).toBeGreaterThan(0);
  });

  test("a group that converts more often, what it did, and that it may be no chance", async () => {
    const tenantId = freshTenantId();
    const units = Array.from({ length: 200 }, (_, index) => index);
    await storeEvents(
      world.writer,
      tenantId,
      units.flatMap((index) => {
        const [user, pro] = [`u${index}`, index % 2 === 0];
        const converts = pro ? index % 10 !== 0 : index % 10 === 1;
        return [
          event(user, "a", 0, { properties: { plan: pro ? "pro" : "free" } }),
          ...(converts ? [event(user, "help", 1)] : []),
          event(user, "noise", 2),
          ...(converts ? [event(user, "b", 10)] : []),
        ];
      }),
    );
    const answer = await ask(tenantId, {
      ...{ range: FUNNEL_RANGE, steps: named("a", "b"), dropOffs: {}, breakdown: { field: "properties.plan" } },
      correlation: { events: 5, fields: ["properties.plan"] },
    });
    expect(answer.groups.map(({ value, result }) => [value, result.entered, result.converted])).toEqual([
      ["free", 100, 20],
      ["pro", 100, 80],
    ]);
    expect(answer.groupsTest?.chiSquare).toBeCloseTo(72, 9);
    expect(answer.groups.every(({ versusRest }) => versusRest !== null && versusRest.pAdjusted < 1e-12)).toBe(true);
    expect(answer.dropOffs).toEqual([
      { step: 1, label: "a", droppedOff: 100, next: [{ name: "noise", units: 100 }], others: 0, paths: [] },
    ]);
    // What everyone did tells nothing and is left out.
    expect(answer.correlation.map(({ kind, value }) => `${kind} ${value}`)).toEqual([
      "EVENT help",
      "FIELD free",
      "FIELD pro",
    ]);
    expect(answer.correlation[0]).toMatchObject({ convertedWith: 100, convertedWithout: 0, notConvertedWith: 0 });
    expect(answer.correlation.find(({ value }) => value === "pro")?.oddsRatio).toBeCloseTo(16, 9);
    expect(answer.result.timeToConvert.histogram).toEqual([{ fromSeconds: 5, toSeconds: 15, count: 100 }]);
  });

  test("a sample looks at a part of the persons, says so, and is near", async () => {
    const tenantId = freshTenantId();
    const users = Array.from({ length: 2_000 }, (_, index) => `u${index}`);
    await storeEvents(
      world.writer,
      tenantId,
      users.flatMap((user) => [event(user, "a", 0), event(user, "b", 1)]),
    );
    const { result, provenance } = await ask(tenantId, { range: FUNNEL_RANGE, steps: named("a", "b"), sample: 0.25 });
    const { exactness, relativeError } = provenance;
    expect(exactness).toBe("APPROXIMATE");
    expect(Math.abs(result.entered - 2_000)).toBeLessThan(2_000 * 6 * (relativeError ?? 0));
    expect(result.conversion).toBe(1);
  });

  test("a data policy hides rows from the funnel, and the answer says by which column", async () => {
    const tenantId = freshTenantId();
    await storeEvents(world.writer, tenantId, [
      event("ada", "a", 0, { country: "DE" }),
      event("ada", "b", 1, { country: "FR" }),
      event("eve", "a", 0, { country: "FR" }),
    ]);
    const dataPolicy: DataPolicy = {
      ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, masks: {} },
      ...{ synthetic: null, salt: "0123456789abcdef0123456789abcdef" },
    };
    const input = { range: FUNNEL_RANGE, steps: named("a", "b") };
    expect((await ask(tenantId, input)).result.steps.map(({ reached }) => reached)).toEqual([2, 1]);
    const { result, provenance } = await ask(tenantId, input, {
      ...callerWith(tenantId, ["analytics:read"]),
      dataPolicy,
    });
    expect(result.steps.map(({ reached }) => reached)).toEqual([1, 0]);
    expect(provenance).toMatchObject({ rowsFilteredBy: ["country"], tables: [{ table: "events" }] });
  });

  test("another tenant's events are not there", async () => {
    const [mine, theirs] = [freshTenantId(), freshTenantId()];
    await storeEvents(world.writer, theirs, [event("ada", "a", 0)]);
    expect((await ask(mine, { range: FUNNEL_RANGE, steps: named("a") })).result).toMatchObject({
      ...{ entered: 0, converted: 0, conversion: null, conversionInterval: null },
    });
  });
});

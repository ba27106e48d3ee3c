import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import {
  referenceCounts,
  referenceDrift,
  referenceNumberBins,
  referenceQuantile,
  referenceTextBins,
} from "../../../testing/reference-quality.ts";
import {
  EXPECTATIONS,
  numberOf,
  orders,
  QUALITY_START_MS as START_MS,
  referenceTested,
  scores,
  textOf,
} from "../../../testing/quality-world.ts";
import { storeEvents, type TestEvent } from "../../../testing/test-events.ts";
import { createQualityStore } from "../../store/quality/quality-store.ts";
import { queryDrift, queryEventQuality } from "./query-quality.ts";

jest.setTimeout(180_000);
const MINUTE_MS = 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();
const range = { from: iso(START_MS), to: iso(START_MS + 60 * MINUTE_MS) };

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const deps = () => ({
  quality: createQualityStore(world.resources.eventStore),
  nowMs: () => START_MS + 1_000 * MINUTE_MS,
});
const callerOf = (tenantId: TenantId) => callerWith(tenantId, ["analytics:read"]);
const stored = async (events: readonly TestEvent[]): Promise<TenantId> => {
  const tenantId = freshTenantId();
  await storeEvents(world.writer, tenantId, events);
  return tenantId;
};
const inRange = ({ timeMs }: TestEvent): boolean => timeMs >= START_MS && timeMs < Date.parse(range.to);

describe("the quality of events", () => {
  test("is what going through the events one by one says, of every kind of expectation, whatever is missing", async () => {
    await fc.assert(
      fc.asyncProperty(orders, fc.constantFrom(undefined, "order"), async (events, name) => {
        const tenantId = await stored(events);
        const event = name === undefined ? {} : { events: [name] };
        const input = { range, event, expect: EXPECTATIONS };
        const answer = await queryEventQuality(deps())(callerOf(tenantId), input);
        const own = events.filter((one) => inRange(one) && (name === undefined || one.name === name));
        const wanted = referenceTested(own).map(({ tested, passed }) => ({
          ...{ tested: tested.length, passed: passed.length },
        }));
        expect(answer.events).toBe(own.length);
        expect(answer.expectations.map(({ tested, passed }) => ({ tested, passed }))).toEqual(wanted);
        for (const { tested, passed, failed, share, atLeast, met } of answer.expectations) {
          expect(failed).toBe(tested - passed);
          expect(share).toBe(tested === 0 ? null : passed / tested);
          expect(met).toBe(tested === 0 || atLeast === null ? null : passed / tested >= atLeast);
        }
        const delay = answer.expectations.at(-1)?.delay ?? null;
        const late = own.map(({ timeMs, receivedAtMs }) => ((receivedAtMs ?? timeMs) - timeMs) / 1_000);
        expect(delay === null).toBe(late.length === 0);
        if (delay !== null) {
          expect(delay.maxSeconds).toBe(Math.max(...late));
          expect(delay.p50Seconds).toBeCloseTo(referenceQuantile(late, 0.5), 6);
          expect(delay.p95Seconds).toBeCloseTo(referenceQuantile(late, 0.95), 6);
          expect(delay.p99Seconds).toBeCloseTo(referenceQuantile(late, 0.99), 6);
        }
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  test("tests what a data policy lets through alone, tells what it hid, and says what it cost", async () => {
    const order = (country: string, order: string): TestEvent => ({
      ...{ id: randomUUID(), name: "order", timeMs: START_MS, country, properties: { order } },
    });
    const tenantId = await stored([order("DE", "a"), order("DE", "b"), order("US", "a"), order("US", "a")]);
    const dataPolicy: DataPolicy = {
      ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, synthetic: null },
      ...{ masks: {}, salt: "00".repeat(16) },
    };
    const input = { range, expect: [{ name: "once", unique: { fields: ["properties.order"] }, atLeast: 1 }] };
    const [all, some] = [callerOf(tenantId), { ...callerOf(tenantId), dataPolicy }];
    expect(await queryEventQuality(deps())(all, input)).toMatchObject({ met: false, expectations: [{ share: 0.5 }] });
    const answer = await queryEventQuality(deps())(some, input);
    expect(answer).toMatchObject({ events: 2, met: true, expectations: [{ tested: 2, share: 1 }] });
    expect(answer.provenance).toMatchObject({ exactness: "EXACT", rowsFilteredBy: ["country"] });
    expect(answer.provenance.rowsRead).toBeGreaterThan(0);
    const drifted = { range, field: "country", kind: "CATEGORICAL", reference: range, minSamples: 10 } as const;
    expect(await queryDrift(deps())(some, drifted)).toMatchObject({ samples: 2, enough: false, psi: null });
    expect(await queryEventQuality(deps())(callerOf(freshTenantId()), input)).toMatchObject({ events: 0, met: null });
  });

  const present = { field: "country" };
  test.each([
    [[], "BAD_INPUT", "input.expect"],
    [[{ name: "e" }], "BAD_INPUT", "input.expect.0"],
    [[{ name: "e", present, holds: { field: "country", eq: "DE" } }], "BAD_INPUT", "input.expect.0"],
    [[{ name: "", present }], "BAD_INPUT", "input.expect.0.name"],
    [
      [
        { name: "e", present },
        { name: "e", present },
      ],
      ...(["BAD_INPUT", "input.expect.1.name"] as const),
    ],
    [[{ name: "e", present, atLeast: 1.1 }], "BAD_INPUT", "input.expect.0.atLeast"],
    [[{ name: "e", present: { field: "contry" } }], "BAD_INPUT", "input.expect.0.present.field"],
    [[{ name: "e", present: { field: "userId" } }], "FORBIDDEN", "input.expect.0.present.field"],
    [[{ name: "e", valid: { field: "country" } }], "BAD_INPUT", "input.expect.0.valid"],
    [[{ name: "e", valid: { field: "country", gt: 1 } }], "BAD_INPUT", "input.expect.0.valid.gt"],
    [[{ name: "e", valid: { field: "country", matches: "(" } }], "BAD_INPUT", "input.expect.0.valid.matches"],
    [[{ name: "e", unique: { fields: [] } }], "BAD_INPUT", "input.expect.0.unique.fields"],
    [[{ name: "e", unique: { fields: ["device", "device"] } }], "BAD_INPUT", "input.expect.0.unique.fields.1"],
    [[{ name: "e", unique: { fields: ["time"] } }], "BAD_INPUT", "input.expect.0.unique.fields.0"],
    [[{ name: "e", timely: { within: "P400D" } }], "BAD_INPUT", "input.expect.0.timely.within"],
  ] as const)("with %j expected is refused with %s at %s", async (expect_, code, field) => {
    const asking = queryEventQuality(deps())(callerOf(freshTenantId()), { range, expect: expect_ });
    expect(await asking.catch((error: unknown) => error)).toMatchObject({ code, extras: { field } });
  });
});

describe("drift", () => {
  const asked = fc.record({
    bins: fc.integer({ min: 2, max: 6 }),
    kind: fc.constantFrom("NUMERIC", "CATEGORICAL"),
    trailing: fc.constantFrom("PT10M", "PT20M"),
  });
  test("is what the definitions say of bins that are found by counting, of numbers and of names", async () => {
    await fc.assert(
      fc.asyncProperty(scores, fc.array(asked, { minLength: 4, maxLength: 4 }), async (events, questions) => {
        const tenantId = await stored(events);
        for (const { bins, kind, trailing } of questions) {
          const input = { range, field: "properties.score", kind, bins, reference: { trailing }, minSamples: 10 };
          const answer = await queryDrift(deps())(callerOf(tenantId), input);
          const sinceMs = START_MS - Number(trailing.slice(2, -1)) * MINUTE_MS;
          const before = events.filter(({ timeMs }) => timeMs >= sinceMs && timeMs < START_MS);
          const now = events.filter(inRange);
          const numbers = (of: readonly TestEvent[]) => of.flatMap((event) => numberOf(event, "score") ?? []);
          const texts = (of: readonly TestEvent[]) => of.flatMap((event) => textOf(event, "score") ?? []);
          const counts =
            kind === "NUMERIC"
              ? referenceCounts(referenceNumberBins(numbers(before), bins), numbers(before), numbers(now))
              : referenceCounts(referenceTextBins(texts(before), bins), texts(before), texts(now));
          expect(answer.bins.map((bin) => ({ reference: bin.referenceCount, now: bin.count }))).toEqual(counts);
          const [m, n] = kind === "NUMERIC" ? [numbers(before), numbers(now)] : [texts(before), texts(now)];
          expect(answer).toMatchObject({
            ...{ samples: n.length, referenceSamples: m.length, enough: Math.min(m.length, n.length) >= 10 },
            ...{ missing: now.length - n.length, referenceMissing: before.length - m.length },
          });
          if (!answer.enough) {
            expect([answer.psi, answer.p, answer.jensenShannon]).toEqual([null, null, null]);
            continue;
          }
          const wanted = referenceDrift(counts);
          expect(answer.psi).toBeCloseTo(wanted.psi, 9);
          expect(answer.jensenShannon).toBeCloseTo(wanted.jensenShannon, 6);
        }
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });

  const least = { range, field: "properties.score", kind: "NUMERIC", reference: { trailing: "PT10M" } } as const;
  test.each([
    [{ field: "scor" }, "BAD_INPUT", "input.field"],
    [{ field: "country" }, "BAD_INPUT", "input.field"],
    [{ field: "time", kind: "CATEGORICAL" }, "BAD_INPUT", "input.field"],
    [{ field: "userId", kind: "CATEGORICAL" }, "FORBIDDEN", "input.field"],
    [{ reference: {} }, "BAD_INPUT", "input.reference"],
    [{ reference: { from: range.from } }, "BAD_INPUT", "input.reference"],
    [{ reference: { ...range, trailing: "P1D" } }, "BAD_INPUT", "input.reference"],
    [{ reference: { ...range, gap: "P1D" } }, "BAD_INPUT", "input.reference.gap"],
    [{ reference: { trailing: "PT1S" } }, "BAD_INPUT", "input.reference.trailing"],
    [{ bins: 51 }, "BAD_INPUT", "input.bins"],
    [{ minSamples: 9 }, "BAD_INPUT", "input.minSamples"],
  ] as const)("with %j is refused with %s at %s", async (part, code, field) => {
    const asking = queryDrift(deps())(callerOf(freshTenantId()), { ...least, ...part });
    expect(await asking.catch((error: unknown) => error)).toMatchObject({ code, extras: { field } });
  });
});

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { anyEvent, anyRules, inputOf, written } from "../../testing/attribution-world.ts";
import { countHere } from "../../testing/count-here.ts";
import { anyFunnel } from "../../testing/funnel-arbitraries.ts";
import { manyUnits, referenceOf, unitInput } from "../../testing/funnel-world.ts";
import { sessionWorld } from "../../testing/session-arbitraries.ts";
import { storeEvents } from "../../testing/test-events.ts";
import type { AttributionInput } from "../domain/attribution/question.ts";
import type { FunnelInput } from "../domain/funnel/funnel-input.ts";
import type { PathsInput } from "../domain/paths/paths-input.ts";
import type { SessionMetricsInput } from "../domain/sessions/sessions-input.ts";
import { createAttributionStore } from "../store/attribution-store.ts";
import { createFunnelStore } from "../store/funnel-store.ts";
import { createPathsStore } from "../store/paths-store.ts";
import { createSessionsStore } from "../store/sessions-store.ts";
import { jobEffort, type Effort, type SlicesRead } from "./effort.ts";
import { queryAttribution } from "./query-attribution.ts";
import { queryFunnel } from "./query-funnel.ts";
import { queryPaths } from "./query-paths.ts";
import { querySessionMetrics, querySessions } from "./query-sessions.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

/** A job whose slices hold so many events each, and what it told of them. */
const slicing = (sliceEvents: number | null): { readonly effort: Effort; readonly told: SlicesRead[] } => {
  const told: SlicesRead[] = [];
  const effort = jobEffort((read) => told.push(read), new AbortController().signal);
  return { told, effort: { ...effort, sliceEvents } };
};

const deps = (effort: Effort) => {
  const { eventStore } = world.resources;
  const stores = { funnels: createFunnelStore(eventStore), paths: createPathsStore(eventStore) };
  return {
    ...stores,
    sessions: createSessionsStore(eventStore),
    attribution: createAttributionStore(eventStore),
    counting: countHere,
    nowMs: () => Date.parse("2026-04-01T00:00:00Z"),
    effort,
  };
};

const reader = (tenantId: TenantId) => callerWith(tenantId, ["analytics:read"]);
const kinds = fc.constantFrom("PERSON", "SESSION", "FIELD");

/** Everything that can be asked of a funnel at once. */
const askedWhole = (input: FunnelInput, kind: "PERSON" | "SESSION" | "FIELD"): FunnelInput => ({
  ...{ ...input, unit: unitInput(kind), dropOffs: { first: 50, depth: 2 }, trend: { granularity: "HOUR" } },
  breakdown: { field: "properties.plan", first: 2 },
  correlation: { events: 3, fields: ["source"] },
});

describe("a question answered in slices of its units", () => {
  test("gives a funnel the numbers, times, groups, trend, drop-offs and correlations it has in one, and those of a reference that tries every way", async () => {
    const funnels = fc.array(fc.tuple(anyFunnel, kinds, fc.integer({ min: 1, max: 5 })), {
      minLength: 5,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(manyUnits, funnels, async (events, asked) => {
        const tenantId = freshTenantId();
        await storeEvents(world.writer, tenantId, events);
        for (const [input, kind, sliceEvents] of asked) {
          const question = askedWhole(input, kind);
          const [inOne, inSlices] = [slicing(null), slicing(sliceEvents)];
          const { provenance: _one, ...whole } = await queryFunnel(deps(inOne.effort))(reader(tenantId), question);
          const { provenance: _all, ...sliced } = await queryFunnel(deps(inSlices.effort))(reader(tenantId), question);
          expect({ input, kind, answer: sliced }).toEqual({ input, kind, answer: whole });
          const known = referenceOf(question, kind, events);
          const reached = input.steps.map(
            (_step, index) => known.filter(({ places }) => (places[index] ?? -1) >= 0).length,
          );
          expect(sliced.result.steps.map((step) => step.reached)).toEqual(reached);
          const { of = 0 } = inSlices.told[0] ?? {};
          expect(inSlices.told.map(({ slices }) => slices)).toEqual(Array.from({ length: of }, (_, at) => at + 1));
          expect(inOne.told).toHaveLength(1);
        }
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });

  test("gives paths the nodes, links and whole paths they have in one", async () => {
    const anyPaths = fc.record({
      occurrence: fc.constantFrom("FIRST", "ANY"),
      repeats: fc.constantFrom("COLLAPSE", "KEEP"),
      maxDepth: fc.integer({ min: 2, max: 4 }),
      start: fc.constantFrom(null, { label: "a" }),
      goal: fc.constantFrom(null, { event: { events: ["b"] } }),
      topPaths: fc.constant(5),
    });
    await fc.assert(
      fc.asyncProperty(
        manyUnits,
        fc.array(fc.tuple(anyPaths, kinds, fc.integer({ min: 1, max: 5 })), { minLength: 5, maxLength: 5 }),
        async (events, asked) => {
          const tenantId = freshTenantId();
          await storeEvents(world.writer, tenantId, events);
          const range = { from: "2026-03-01T00:00:00Z", to: "2026-04-01T00:00:00Z" };
          for (const [input, kind, sliceEvents] of asked) {
            const question: PathsInput = { ...input, range, unit: unitInput(kind), minLink: 1 };
            const ask = async (size: number | null) => {
              const { provenance: _from, ...answer } = await queryPaths(deps(slicing(size).effort))(
                reader(tenantId),
                question,
              );
              return answer;
            };
            expect({ question, answer: await ask(sliceEvents) }).toEqual({ question, answer: await ask(null) });
          }
        },
      ),
      { numRuns: 4, endOnFailure: true },
    );
  });

  test("gives attribution the conversions, credits of every model, roles and paths it has in one: of people, stitched or not, and of companies", async () => {
    const models: AttributionInput["models"] = [
      ...[{ kind: "LINEAR" } as const, { kind: "MARKOV" } as const, { kind: "SHAPLEY", game: "RATE" } as const],
      { kind: "TIME_DECAY", halfLife: "PT2S" },
    ];
    /** The order of paths that are equally frequent, and the last digits of sums, are not said. */
    const comparable = (answer: object): unknown =>
      JSON.parse(
        JSON.stringify(answer, (key, value: unknown) => {
          if (typeof value === "number") return Number(value.toPrecision(8));
          return key === "paths" && Array.isArray(value)
            ? value
                .map((one) =>
                  JSON.stringify(one, (_key, part: unknown) =>
                    typeof part === "number" ? Number(part.toPrecision(8)) : part,
                  ),
                )
                .toSorted()
            : value;
        }),
      );
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { minLength: 1, maxLength: 40 }),
        fc.array(fc.tuple(anyRules, fc.integer({ min: 1, max: 8 })), { minLength: 3, maxLength: 3 }),
        async (drawn, asked) => {
          const tenantId = freshTenantId();
          await storeEvents(world.writer, tenantId, drawn.map(written));
          for (const [rules, sliceEvents] of asked) {
            const input: AttributionInput = { ...inputOf(rules), models, topPaths: 1_000 };
            const answered = async (size: number | null) => {
              const { effort, told } = slicing(size);
              const asking = deps(effort);
              // The store's index tells of whole granules; of so few events that would be thousands of slices.
              const attribution = { ...asking.attribution, estimate: () => Promise.resolve(drawn.length) };
              const ask = queryAttribution({ ...asking, attribution });
              const { provenance: _from, ...answer } = await ask(reader(tenantId), input);
              return { answer: comparable(answer), slices: told.length };
            };
            const [inSlices, inOne] = [await answered(sliceEvents), await answered(null)];
            expect({ rules, answer: inSlices.answer }).toEqual({ rules, answer: inOne.answer });
            expect(inOne.slices).toBe(1);
          }
        },
      ),
      { numRuns: 6, endOnFailure: true },
    );
  });

  test("gives sessions the numbers, series, groups and pages they have in one: of persons, accounts, values, and as sent", async () => {
    await fc.assert(
      fc.asyncProperty(
        sessionWorld,
        fc.subarray(["country", "source"]),
        fc.constantFrom("NONE", "HOUR", "DAY"),
        fc.integer({ min: 1, max: 5 }),
        async ({ events, questions }, breakdown, granularity, sliceEvents) => {
          const tenantId = freshTenantId();
          await storeEvents(world.writer, tenantId, events);
          for (const question of questions) {
            const input: SessionMetricsInput = {
              ...{ ...question, breakdown, granularity, first: 100, levels: [0, 0.25, 0.5], pages: 2 },
            };
            const ask = async (size: number | null) => {
              const { provenance, ...answer } = await querySessionMetrics(deps(slicing(size).effort))(
                reader(tenantId),
                input,
              );
              return { ...answer, approximations: provenance.approximations };
            };
            expect({ input, answer: await ask(sliceEvents) }).toEqual({ input, answer: await ask(null) });
          }
        },
      ),
      { numRuns: 6, endOnFailure: true },
    );
  });

  test("gives sessions of a part of the persons the numbers and errors they have in one", async () => {
    await fc.assert(
      fc.asyncProperty(sessionWorld, fc.integer({ min: 1, max: 5 }), async ({ events, questions }, sliceEvents) => {
        const tenantId = freshTenantId();
        await storeEvents(world.writer, tenantId, events);
        for (const { range } of questions.slice(0, 2)) {
          const input: SessionMetricsInput = { range, sample: 0.5, breakdown: ["country"], levels: [0.5], pages: 2 };
          const ask = async (size: number | null) => {
            const { provenance, ...answer } = await querySessionMetrics(deps(slicing(size).effort))(
              reader(tenantId),
              input,
            );
            return { ...answer, approximations: provenance.approximations, sampling: provenance.sampling };
          };
          const whole = await ask(null);
          expect(whole.sampling).toMatchObject({ fraction: 0.5 });
          expect({ input, answer: await ask(sliceEvents) }).toEqual({ input, answer: whole });
        }
      }),
      { numRuns: 3, endOnFailure: true },
    );
  });

  test("lists the sessions that are listed in one, page by page, in the same order and by the same cursors", async () => {
    await fc.assert(
      fc.asyncProperty(
        sessionWorld,
        fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 })),
        async ({ events, questions }, [sliceEvents, first]) => {
          const tenantId = freshTenantId();
          await storeEvents(world.writer, tenantId, events);
          for (const input of questions.slice(0, 3)) {
            const page = async (size: number | null, after: string | null) => {
              const { edges, pageInfo } = await querySessions(deps(slicing(size).effort))(reader(tenantId), {
                ...{ input, first, after },
              });
              return { edges, pageInfo };
            };
            const one = await page(null, null);
            const { endCursor } = one.pageInfo;
            expect({ input, page: await page(sliceEvents, null) }).toEqual({ input, page: one });
            if (endCursor !== null) expect(await page(sliceEvents, endCursor)).toEqual(await page(null, endCursor));
          }
        },
      ),
      { numRuns: 6, endOnFailure: true },
    );
  });

  test("refuses sessions in more groups and buckets than are kept of so many events, and says how to narrow", async () => {
    const tenantId = freshTenantId();
    const day = Date.parse("2026-03-02T00:00:00Z");
    await storeEvents(
      world.writer,
      tenantId,
      Array.from({ length: 500 }, (_, index) => ({
        ...{ id: randomUUID(), name: "view", userId: `u${index}`, country: `c${index}`, timeMs: day + index * 1_000 },
      })),
    );
    const range = { from: "2026-03-02T00:00:00Z", to: "2026-03-03T00:00:00Z" };
    const asked = querySessionMetrics(deps(slicing(100).effort))(reader(tenantId), { range, breakdown: ["country"] });
    await expect(asked).rejects.toMatchObject({
      code: "BAD_INPUT",
      extras: { field: "input.breakdown" },
      message: expect.stringContaining("take wider buckets, or a shorter range"),
    });
  });
});

import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { Refusal } from "@tessera/platform/errors/refusal";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { anyActivity, anyUnit, BASES, distinct, peopleAround } from "../../testing/behaviour-world.ts";
import { referenceActiveUsers, referenceLifecycle, referenceStickiness } from "../../testing/reference-activity.ts";
import { storeEvents } from "../../testing/test-events.ts";
import { COHORT_KEPT } from "../domain/cohort.ts";
import { behaviourStatements } from "../store/behaviour-statements.ts";
import { createCohortStore } from "../store/cohort-store.ts";
import { queryActiveUsers, queryLifecycle, queryStickiness } from "./query-activity.ts";
import { queryRetention } from "./query-retention.ts";

jest.setTimeout(180_000);
/** After everything the random worlds hold. */
/** After every period of the questions has ended, in every zone: the year ends five hours later in New York than in UTC. */
const NOW_MS = Date.UTC(2027, 0, 2);

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const deps = (nowMs = NOW_MS) => ({
  eventStore: world.resources.eventStore,
  statements: behaviourStatements,
  cohorts: createCohortStore({ ...world.resources, kept: COHORT_KEPT }),
  nowMs: () => nowMs,
});

describe("stickiness, lifecycle and active users", () => {
  test("are what their definitions say, unit by unit, for any matcher, unit, period and zone", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .constantFrom(...BASES)
          .chain((baseMs) =>
            fc.tuple(
              peopleAround(baseMs),
              fc.array(fc.tuple(anyActivity(baseMs), anyUnit), { minLength: 4, maxLength: 4 }),
            ),
          ),
        async ([events, questions]) => {
          const known = distinct(events);
          const tenantId = freshTenantId();
          await storeEvents(world.writer, tenantId, known);
          const caller = callerWith(tenantId, ["analytics:read"]);
          for (const [question, unit] of questions) {
            const input = { ...question, unit };
            const sticky = await queryStickiness(deps())(caller, input);
            expect(sticky.units).toEqual(referenceStickiness(known, input));
            const once = { ...input, minimum: 1 };
            const life = await queryLifecycle(deps())(caller, once);
            const lines = life.starts.map((_start, index) => ({
              ...{ fresh: life.fresh[index], returning: life.returning[index] },
              ...{ resurrecting: life.resurrecting[index], dormant: life.dormant[index] },
            }));
            expect(lines).toEqual(referenceLifecycle(known, once));
            const users = await queryActiveUsers(deps())(caller, once);
            const days = users.days.map((_day, index) => ({
              ...{ daily: users.daily[index], weekly: users.weekly[index], monthly: users.monthly[index] },
            }));
            expect(days).toEqual(referenceActiveUsers(known, once));
          }
        },
      ),
      { numRuns: 12, endOnFailure: true },
    );
  });

  test("say of periods that have not ended that they are incomplete; who may still come is not called dormant", async () => {
    const nowMs = Date.UTC(2026, 4, 20, 12);
    const caller = callerWith(freshTenantId(), ["analytics:read"]);
    const range = { from: "2026-05-19T00:00:00Z", to: "2026-05-21T00:00:00Z" };
    const life = await queryLifecycle(deps(nowMs))(caller, { range, event: {}, period: "DAY" });
    expect({ complete: life.complete, dormant: life.dormant }).toEqual({ complete: [true, false], dormant: [0, null] });
    const users = await queryActiveUsers(deps(nowMs))(caller, { range, event: {} });
    expect({ complete: users.complete, ratio: users.ratio }).toEqual({ complete: [true, false], ratio: [null, null] });
    const sticky = await queryStickiness(deps(nowMs))(caller, { range, event: {} });
    expect(sticky).toMatchObject({ periods: 2, units: [0, 0], total: 0, mean: null, complete: false });
  });

  const range = { from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" };
  const retention = { start: {}, returning: {} };
  test.each([
    ["activeUsers", { range: { ...range, from: "2024-01-01T00:00:00Z" }, event: {} }, "input.range"],
    ["activeUsers", { range: { from: range.to, to: range.from }, event: {} }, "input.range.from"],
    ["activeUsers", { range, event: {}, timeZone: "Mars/Olympus" }, "input.timeZone"],
    ["activeUsers", { range, event: { events: [] } }, "input.event.events"],
    ["activeUsers", { range, event: {}, cohort: "x" }, "input.cohort"],
    ["activeUsers", { range, event: {}, cohort: "x", unit: { kind: "SESSION" } }, "input.cohort"],
    ["activeUsers", { range, event: { filter: { field: "contry", eq: "DE" } } }, "input.event.filter.field"],
    ["retention", { ...retention, range, periods: 121 }, "input.periods"],
    ["retention", { ...retention, range, brackets: [0] }, "input.brackets"],
    ["retention", { ...retention, range, brackets: [0, 3, 2] }, "input.brackets.2"],
    ["retention", { ...retention, range, period: "MONTH", clock: "ELAPSED" }, "input.period"],
    ["retention", { ...retention, range: { from: "2020-01-01T00:00:00Z", to: range.to } }, "input.range"],
    ["retention", { ...retention, range, splitBy: ["revenue"] }, "input.splitBy.0"],
    ["retention", { ...retention, range, splitBy: ["nothing"] }, "input.splitBy.0"],
    ["retention", { ...retention, range, value: {} }, "input.value.currency"],
    ["retention", { ...retention, range, value: { of: "country" } }, "input.value.of"],
    ["retention", { ...retention, range, cohorts: ["x"], splitBy: ["source"] }, "input.cohorts"],
    ["retention", { ...retention, range, cohorts: ["x"] }, "input.cohorts.0"],
    ["retention", { ...retention, range, confidence: 1 }, "input.confidence"],
    ["retention", { ...retention, range, asOf: "2999-01-01T00:00:00Z" }, "input.asOf"],
    ["retention", { ...retention, range, minimum: 0 }, "input.minimum"],
  ] as const)("%s refuses %j, naming %s", async (kind, input, field) => {
    const caller = callerWith(freshTenantId(), ["analytics:read"]);
    const asked =
      kind === "retention" ? queryRetention(deps())(caller, input) : queryActiveUsers(deps())(caller, input);
    const error: unknown = await asked.then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error instanceof Refusal ? { code: error.code, field: error.extras.field } : error).toEqual({
      ...{ code: "BAD_INPUT", field },
    });
  });
});

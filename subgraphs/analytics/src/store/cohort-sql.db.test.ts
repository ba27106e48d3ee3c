import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { anyMatcher, BASES, distinct, peopleAround, ZONES } from "../../testing/behaviour-world.ts";
import { referenceCohort } from "../../testing/reference-cohorts.ts";
import { personOf } from "../../testing/reference-behaviour.ts";
import { storeEvents } from "../../testing/test-events.ts";
import { behaviourRules } from "../domain/behaviour-rules.ts";
import type { CohortDefinitionInput } from "../domain/cohort-input.ts";
import { parseCohortDefinition } from "../domain/cohort-definition.ts";
import { closeDefinition } from "../domain/cohort-references.ts";
import { cohortSizeOf } from "./behaviour-rows.ts";
import { cohortSizeStatement, cohortSql } from "./cohort-sql.ts";
import { personSql } from "./cohort-members-sql.ts";
import { createParams } from "./params.ts";

jest.setTimeout(180_000);
const DAY_MS = 86_400_000;
const SEEN = { personalData: true };

let world: TestResources;
beforeAll(() => {
  world = openTestResources();
});
afterAll(() => world.close());

const iso = (ms: number): string => new Date(ms).toISOString();
const anyWindow = (baseMs: number) =>
  fc.oneof(
    fc.constant(null),
    fc.record({ last: fc.constantFrom("P3D", "P10D", "PT36H") }),
    fc.record({
      lastPeriods: fc.integer({ min: 1, max: 3 }),
      period: fc.constantFrom("DAY", "WEEK", "MONTH"),
      timeZone: fc.constantFrom(...ZONES),
    }),
    fc.record({ from: fc.integer({ min: -20, max: 5 }).map((days) => iso(baseMs + days * DAY_MS)) }),
    fc.record({
      from: fc.constant(iso(baseMs - 9 * DAY_MS)),
      to: fc.integer({ min: -8, max: 9 }).map((days) => iso(baseMs + days * DAY_MS)),
    }),
  );

const leaf = (baseMs: number): fc.Arbitrary<CohortDefinitionInput> =>
  fc.oneof(
    fc.record({
      did: fc
        .record({
          event: anyMatcher,
          comparison: fc.constantFrom("AT_LEAST", "AT_MOST", "EXACTLY"),
          times: fc.integer({ min: 0, max: 4 }),
          within: anyWindow(baseMs),
        })
        .map((did) => (did.comparison === "AT_LEAST" && did.times === 0 ? { ...did, times: 1 } : did)),
    }),
    fc.record({
      first: fc.record({ event: anyMatcher, within: anyWindow(baseMs).map((window) => window ?? { last: "P7D" }) }),
    }),
    fc.record({
      sequence: fc.record({
        steps: fc.array(anyMatcher, { minLength: 2, maxLength: 4 }),
        completedWithin: fc.constantFrom("PT1S", "P1D", "P6D", "P30D"),
        within: anyWindow(baseMs),
      }),
    }),
    fc.record({
      latest: fc.constantFrom<NonNullable<CohortDefinitionInput["latest"]>[]>(
        { field: "country", eq: "DE" },
        { field: "source", exists: false },
        { not: { field: "properties.plan", in: ["pro", "2"] } },
        {
          and: [
            { field: "properties.points", gte: 1 },
            { field: "source", startsWith: "w" },
          ],
        },
        {
          or: [
            { field: "country", contains: "U" },
            { field: "properties.plan", eq: "true" },
          ],
        },
      ),
    }),
  );
const anyDefinition = (baseMs: number): fc.Arbitrary<CohortDefinitionInput> =>
  fc.letrec<{ node: CohortDefinitionInput }>((tie) => ({
    node: fc.oneof(
      { depthSize: "small", maxDepth: 3 },
      leaf(baseMs),
      fc.record({ union: fc.array(tie("node"), { minLength: 1, maxLength: 3 }) }),
      fc.record({ intersect: fc.array(tie("node"), { minLength: 1, maxLength: 3 }) }),
      fc.record({ except: fc.record({ of: tie("node"), without: tie("node") }) }),
    ),
  })).node;

const idOf = (person: string) => {
  const [kind, id = ""] = person.split(" ");
  return kind === "user" ? { userId: id, anonymousId: null } : { userId: null, anonymousId: id };
};

describe("who is in a cohort", () => {
  test("is who the definition says, person by person, for any definition, window, zone and moment", async () => {
    let [members, empty] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...BASES).chain((baseMs) =>
          fc.tuple(
            peopleAround(baseMs),
            fc.array(fc.tuple(anyDefinition(baseMs), fc.integer({ min: -10, max: 25 })), {
              minLength: 8,
              maxLength: 8,
            }),
            fc.constant(baseMs),
          ),
        ),
        async ([events, asked, baseMs]) => {
          const known = distinct(events);
          const tenantId = freshTenantId();
          await storeEvents(world.writer, tenantId, known);
          const people = [...new Set(known.flatMap((event) => personOf(event) ?? []))].toSorted();
          for (const [definition, days] of asked) {
            const asOfMs = baseMs + days * DAY_MS;
            const node = closeDefinition(parseCohortDefinition(definition, "definition", SEEN), null, new Map());
            const params = createParams();
            const sql = cohortSql(node, { rules: behaviourRules, tenantId, policy: null, asOfMs }, params);
            const inIt = people.map((person) => `countIf(person = ${personSql(tenantId, idOf(person), params)})`);
            const text = `SELECT [${["count()", ...inIt].join(", ")}] AS counts FROM (${sql})`;
            const { rows } = await world.resources.eventStore.query(
              wholeTenant(tenantId),
              { name: "test", text, params: params.values },
              (row) => (typeof row === "object" && row !== null ? Object.values(row).flat() : []).map(Number),
            );
            const expected = referenceCohort(definition, { events: known, asOfMs, cohorts: {} });
            const counts = [expected.size, ...people.map((person) => (expected.has(person) ? 1 : 0))];
            expect({ definition, counts: rows[0] }).toEqual({ definition, counts });
            members += expected.size;
            empty += expected.size === 0 ? 1 : 0;
          }
        },
      ),
      { numRuns: 15, endOnFailure: true },
    );
    expect(members).toBeGreaterThan(0);
    expect(empty).toBeGreaterThan(0);
  });

  test("of nobody known is nobody; everybody is told beside the size", async () => {
    const tenantId = freshTenantId();
    await storeEvents(world.writer, tenantId, [
      { id: "00000000-0000-4000-8000-000000000001", name: "view", timeMs: BASES[0] ?? 0 },
      { id: "00000000-0000-4000-8000-000000000002", name: "view", timeMs: BASES[0] ?? 0, userId: "u" },
      { id: "00000000-0000-4000-8000-000000000003", name: "buy", timeMs: BASES[0] ?? 0, anonymousId: "u" },
    ]);
    const definition = { did: { event: { events: ["buy"] }, comparison: "AT_MOST", times: 0 } } as const;
    const node = closeDefinition(parseCohortDefinition(definition, "definition", SEEN), null, new Map());
    const scope = { rules: behaviourRules, tenantId, policy: null, asOfMs: (BASES[0] ?? 0) + 1 };
    const { rows } = await world.resources.eventStore.query(
      wholeTenant(tenantId),
      cohortSizeStatement(node, scope),
      cohortSizeOf,
    );
    expect(rows).toEqual([{ size: 1, everybody: 2 }]);
  });
});

import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import fc from "fast-check";
import { anyMatcher, BASES, distinct, peopleAround, ZONES } from "../../testing/behaviour-world.ts";
import { referenceCohort, type SaidOfMember } from "../../testing/reference-cohorts.ts";
import { personOf, unitOf } from "../../testing/reference-behaviour.ts";
import { storeEvents, type TestEvent } from "../../testing/test-events.ts";
import { behaviourRules } from "../domain/behaviour-rules.ts";
import type { CohortDefinitionInput } from "../domain/cohort-input.ts";
import { parseCohortDefinition } from "../domain/cohort-definition.ts";
import { closeDefinition } from "../domain/cohort-references.ts";
import { accountsOf, OF_PEOPLE, type CohortOf } from "../domain/cohort-unit.ts";
import { cohortSizeOf } from "./behaviour-rows.ts";
import { cohortSizeStatement, cohortSql } from "./cohort-sql.ts";
import { accountSql, personSql } from "./cohort-members-sql.ts";
import { createParams } from "./params.ts";

jest.setTimeout(180_000);
const DAY_MS = 86_400_000;
const SEEN = { personalData: true };
const OF_COMPANIES: CohortOf = { unit: "ACCOUNTS", group: "company" };

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
    fc.record({
      traits: fc.array(
        fc.oneof(
          fc.record({ trait: fc.constantFrom("plan", "seats"), exists: fc.boolean() }),
          fc.record({ trait: fc.constant("plan"), eq: fc.constantFrom("free", "pro") }),
          fc.record({ trait: fc.constant("seats"), eq: fc.integer({ min: 1, max: 3 }) }),
        ),
        { minLength: 1, maxLength: 2 },
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
const company = (event: TestEvent): string | null => unitOf(event, { kind: "GROUP", group: "company" });

/** Random things said of people and companies, in the order they count. */
const anySaid = (baseMs: number): fc.Arbitrary<readonly SaidOfMember[]> =>
  fc.array(
    fc
      .record({
        member: fc.constantFrom("user u1", "user u2", "visitor a1", "acme", "zeta"),
        said: fc.constantFrom(
          ...[
            { trait: "plan", op: "SET" as const, value: "pro" },
            { trait: "plan", op: "SET_ONCE" as const, value: "free" },
            { trait: "plan", op: "UNSET" as const, value: null },
            { trait: "seats", op: "INCREMENT" as const, value: 1 },
            { trait: "seats", op: "SET" as const, value: 2 },
          ],
        ),
        days: fc.integer({ min: -15, max: 15 }),
      })
      .map(({ member, said, days }) => ({ member, ...said, atMs: baseMs + days * DAY_MS })),
    { maxLength: 12 },
  );

const NUMBERED = { visitor: 0, user: 1 } as const;
const keep = (tenantId: string, said: readonly SaidOfMember[]): Promise<unknown> => {
  const rows = said.map(({ member, trait, op, value, atMs }, place) => {
    const [kind = "", id = ""] = member.split(" ");
    const key =
      kind === "user" || kind === "visitor" ? { id, kind: NUMBERED[kind] } : { id: `company:${kind}`, kind: 2 };
    const text = op === "UNSET" ? "" : JSON.stringify(value);
    return [key.id, String(key.kind), trait, String(atMs), String(place).padStart(3, "0"), op, text];
  });
  return world.storeOwner.command({
    query:
      "INSERT INTO tessera.worker_traits (tenant_id, person, trait, at, place, op, value) " +
      "SELECT {tenant: String}, cityHash64({tenant: String}, r[1], toUInt8(r[2])), r[3], fromUnixTimestamp64Milli(toInt64(r[4])), r[5], r[6], r[7] " +
      "FROM (SELECT arrayJoin({rows: Array(Array(String))}) AS r)",
    query_params: { tenant: tenantId, rows },
  });
};

describe("who is in a cohort", () => {
  test("is who the definition says, person by person and account by account, for any definition, window, zone and moment", async () => {
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
            anySaid(baseMs),
            fc.constant(baseMs),
          ),
        ),
        async ([events, asked, said, baseMs]) => {
          const known = distinct(events);
          const tenantId = freshTenantId();
          await storeEvents(world.writer, tenantId, known);
          // What was said at the same moment counts in no order that the reference knows.
          const facts = [...new Map(said.map((one) => [`${one.member} ${one.trait} ${one.atMs}`, one])).values()];
          if (facts.length > 0) await keep(tenantId, facts);
          for (const [definition, days, of] of asked.flatMap(([one, day]) => [
            [one, day, OF_PEOPLE] as const,
            [one, day, OF_COMPANIES] as const,
          ])) {
            const [asOfMs, accounts] = [baseMs + days * DAY_MS, accountsOf(tenantId, of)];
            const memberOf = accounts === null ? personOf : company;
            const people = [...new Set(known.flatMap((event) => memberOf(event) ?? []))].toSorted();
            const node = closeDefinition(parseCohortDefinition(definition, "definition", SEEN), null, new Map(), of);
            const params = createParams();
            const sql = cohortSql(node, { rules: behaviourRules, tenantId, policy: null, accounts, asOfMs }, params);
            const numberOf = (member: string): string =>
              accounts === null ? personSql(tenantId, idOf(member), params) : accountSql(member, accounts, params);
            const inIt = people.map((person) => `countIf(person = ${numberOf(person)})`);
            const text = `SELECT [${["count()", ...inIt].join(", ")}] AS counts FROM (${sql})`;
            const { rows } = await world.resources.eventStore.query(
              wholeTenant(tenantId),
              { name: "test", text, params: params.values },
              (row) => (typeof row === "object" && row !== null ? Object.values(row).flat() : []).map(Number),
            );
            const expected = referenceCohort(definition, { events: known, asOfMs, cohorts: {}, memberOf, said: facts });
            const counts = [expected.size, ...people.map((person) => (expected.has(person) ? 1 : 0))];
            expect({ of, definition, counts: rows[0] }).toEqual({ of, definition, counts });
            members += expected.size;
            empty += expected.size === 0 ? 1 : 0;
          }
        },
      ),
      { numRuns: 10, endOnFailure: true },
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
    const scope = { rules: behaviourRules, tenantId, policy: null, accounts: null, asOfMs: (BASES[0] ?? 0) + 1 };
    const { rows } = await world.resources.eventStore.query(
      wholeTenant(tenantId),
      cohortSizeStatement(node, scope),
      cohortSizeOf,
    );
    expect(rows).toEqual([{ size: 1, everybody: 2 }]);
  });
});

import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it, jest } from "@jest/globals";
import { z } from "zod";
import { eventually } from "../testing/eventually.ts";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";
import { createTesseraClient, type TesseraClient } from "../testing/tessera-client.ts";

jest.setTimeout(180_000);
const DAY_MS = 86_400_000;

let instance: SharedTenant;
let client: TesseraClient;
let cohortId: string;

const iso = (ms: number): string => new Date(ms).toISOString();
const nowMs = Date.now();
const range = { from: iso(nowMs - 10 * DAY_MS), to: iso(nowMs) };
const rest = async (
  id: string,
  search = "",
  apiKey = instance.apiKey,
): Promise<{ status: number; body: Record<string, unknown> }> => {
  const answer = await fetch(`${instance.url}/api/v2/analytics/cohort/${id}${search}`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  const body: unknown = await answer.json();
  return { status: answer.status, body: z.record(z.string(), z.unknown()).parse(body) };
};

const CELLS =
  "{ size size_error: sizeError eligible returned returned_errors: returnedErrors rate low high complete returned_so_far: returnedSoFar value cumulative_value: cumulativeValue cumulative_value_per_start: cumulativeValuePerStart }";
const FILTER = "filter { parts { field eq } }";
/** A definition as far as this one goes; what it does not say is null. */
const DEFINITION = `definition { parts { intersect did { event { events ${FILTER} } comparison times
  within { last lastPeriods period timeZone from to } } latest { parts { and not field eq exists } } } }`;
/** The answer of the route in the words of the graph, which aliases what REST calls otherwise. */
const QUESTION = `query ($id: ID!, $retention: RetentionInput!) { cohort(id: $id) {
  id name description group version ${DEFINITION} definitions { kind name version } recompute_every: recomputeEvery
  computation { state runs as_of: asOf version due_at: dueAt error { code detail } }
  size history(first: 100) { as_of: asOf version size entered left }
  retention(input: $retention) {
    range { from to } columns { from to } groups { dimensions cohort { id name } rows { start cells ${CELLS} } total ${CELLS} }
    has_more_groups: hasMoreGroups total ${CELLS}
  }
  created_at: createdAt updated_at: updatedAt
} }`;

/** A part of an answer without what it does not say. */
const sayingOnly = (part: unknown): unknown => {
  if (Array.isArray(part)) return part.map(sayingOnly);
  if (typeof part !== "object" || part === null) return part;
  const said = Object.entries(part).filter(([, member]: [string, unknown]) => member !== null);
  return Object.fromEntries(said.map(([name, member]: [string, unknown]) => [name, sayingOnly(member)]));
};

beforeAll(async () => {
  instance = await openTenant();
  client = createTesseraClient(instance.url, instance.apiKey);
  const buy = (userId: string, days: number) => ({
    ...{ id: randomUUID(), name: "buy", userId, time: iso(nowMs - days * DAY_MS), revenue: "10.50", currency: "EUR" },
  });
  await client.send([buy("ada", 8), buy("ada", 7), buy("bob", 6), buy("bob", 1), buy("cyd", 3)]);
  const buyers = { did: { event: { events: ["buy"] }, times: 2, within: { last: "P30D" } } };
  const known = {
    not: {
      and: [
        { field: "country", exists: true },
        { field: "country", eq: "XX" },
      ],
    },
  };
  const definition = { intersect: [buyers, { latest: known }] };
  const shape = z.object({ createCohort: z.object({ cohort: z.object({ id: z.string() }) }) });
  const made = await client.ask(
    shape,
    "mutation ($input: CreateCohortInput!) { createCohort(input: $input) { ... on CohortSaved { cohort { id } } } }",
    { input: { name: "Regulars", definition } },
  );
  cohortId = made.createCohort.cohort.id;
  await eventually(async () => {
    expect((await rest(cohortId)).body).toMatchObject({ computation: { state: "idle", runs: 1 }, size: 2 });
  });
});

describe("GET /api/v2/analytics/cohort/{cohort_id}", () => {
  it("tells the definition so that it can be sent as it is: it is the same one, and no new version", async () => {
    const { body } = await rest(cohortId);
    const change =
      "mutation ($id: ID!, $input: UpdateCohortInput!) { updateCohort(id: $id, input: $input) { ... on CohortSaved { cohort { version } } } }";
    const asked = await client.ask(
      z.object({ cohort: z.object({ definition: z.unknown() }) }),
      `query ($id: ID!) { cohort(id: $id) { ${DEFINITION} } }`,
      { id: cohortId },
    );
    const saved = z.object({ updateCohort: z.object({ cohort: z.object({ version: z.number() }) }) });
    for (const definition of [body["definition"], asked.cohort.definition]) {
      const { updateCohort } = await client.ask(saved, change, { id: cohortId, input: { definition } });
      expect(updateCohort.cohort.version).toBe(1);
    }
  });

  it("answers what the graph answers", async () => {
    const retention = {
      ...{ range, start: { events: ["buy"] }, returning: { events: ["buy"] }, period: "DAY", periods: 9 },
      ...{ kind: "ON_OR_AFTER", timeZone: "Europe/Berlin", value: { of: "revenue", currency: "EUR" } },
    };
    const search = new URLSearchParams({
      ...range,
      ...{ start_events: "buy", return_events: "buy", period: "day", periods: "9", kind: "on_or_after" },
      ...{ time_zone: "Europe/Berlin", currency: "EUR" },
    });
    const { status, body } = await rest(cohortId, `?${search.toString()}`);
    const graph = await client.ask(z.object({ cohort: z.record(z.string(), z.unknown()) }), QUESTION, {
      id: cohortId,
      retention,
    });
    const { computation, ...expected } = z
      .looseObject({ computation: z.looseObject({ state: z.string() }) })
      .parse(graph.cohort);
    expect(status).toBe(200);
    const { provenance, ...numbers } = z.looseObject({ provenance: z.unknown() }).parse(body["retention"]);
    expect({ ...body, retention: numbers }).toEqual({
      ...expected,
      unit: "people",
      definition: sayingOnly(expected["definition"]),
      computation: { ...computation, state: computation.state.toLowerCase() },
    });
    expect(provenance).toMatchObject({ exactness: "exact", time_zone: "Europe/Berlin" });
    expect(numbers).toMatchObject({ total: { size: 2 } });
  });

  it("asks of a cohort of accounts whether its accounts come back", async () => {
    const company = { groups: { company: "acme" } };
    const buy = (userId: string, days: number) => ({
      ...{ id: randomUUID(), name: "order", userId, time: iso(nowMs - days * DAY_MS), properties: company },
    });
    await client.send([buy("ada", 8), buy("bob", 3)]);
    const input = {
      name: "Accounts",
      unit: "ACCOUNTS",
      group: "company",
      definition: { did: { event: {}, times: 2 } },
    };
    const made = await client.ask(
      z.object({ createCohort: z.object({ cohort: z.object({ id: z.string() }) }) }),
      "mutation ($input: CreateCohortInput!) { createCohort(input: $input) { ... on CohortSaved { cohort { id } } } }",
      { input },
    );
    const search = new URLSearchParams({
      ...range,
      start_events: "order",
      return_events: "order",
      kind: "on_or_after",
    });
    const { status, body } = await rest(made.createCohort.cohort.id, `?${search.toString()}&period=day&periods=2`);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { unit: "accounts", group: "company", retention: { total: { size: 1, returned: [1, 1] } } },
    });
  });

  it("answers what the graph answers of brackets, filters, groups of cohorts, a property's value, another confidence and an earlier moment", async () => {
    const asOf = iso(nowMs - DAY_MS / 2);
    const buys = { field: "name", in: ["buy"] };
    const shared = { startAt: "EVERY", period: "DAY", brackets: [0, 1, 3, 7], confidence: 0.9, asOf };
    const groups: readonly (readonly [Record<string, unknown>, Record<string, string>])[] = [
      [
        { cohorts: [cohortId], value: { of: "properties.points" } },
        { cohorts: cohortId, value_of: "properties.points" },
      ],
      [
        { splitBy: ["name"], maxGroups: 1 },
        { split_by: "name", max_groups: "1" },
      ],
    ];
    for (const [asked, words] of groups) {
      const retention = {
        ...{ range, start: { filter: buys }, returning: { events: ["buy"], filter: buys } },
        ...{ ...shared, ...asked },
      };
      const search = new URLSearchParams({
        ...{
          ...range,
          ...words,
          start_at: "every",
          period: "day",
          brackets: "0,1,3,7",
          confidence: "0.9",
          as_of: asOf,
        },
        ...{ return_events: "buy", start_filter: JSON.stringify(buys), return_filter: JSON.stringify(buys) },
      });
      const { status, body } = await rest(cohortId, `?${search.toString()}`);
      const shape = z.object({ cohort: z.object({ retention: z.record(z.string(), z.unknown()) }) });
      const graph = await client.ask(shape, QUESTION, { id: cohortId, retention });
      const { provenance: _own, ...numbers } = z.looseObject({ provenance: z.unknown() }).parse(body["retention"]);
      expect({ status, numbers }).toEqual({ status: 200, numbers: graph.cohort.retention });
      expect(numbers).toMatchObject({ columns: [{ from: 0 }, { from: 1 }, { from: 3 }] });
    }
  });

  it("says of another tenant's cohort what it says of one there never was, over REST and in the filters of questions", async () => {
    const [other, never] = [await openTenant(), randomUUID()];
    const asked = async (id: string) => {
      const { status, body } = await rest(id, "", other.apiKey);
      const { traceId: _own, ...told } = body;
      return { status, told: JSON.stringify(told).replaceAll(id, "<id>") };
    };
    const unknown = await asked(never);
    expect(unknown).toEqual({ status: 404, told: expect.stringContaining('"code":"NOT_FOUND"') });
    expect(await asked(cohortId)).toEqual(unknown);
    expect(await rest("none")).toMatchObject({ status: 404, body: { code: "NOT_FOUND" } });
    const counted = async (cohort: string, apiKey: string) => {
      const answer = await fetch(`${instance.url}/api/v2/analytics/realtime/query`, {
        method: "POST",
        headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
        body: JSON.stringify({
          ...{ range, measures: [{ function: "count" }] },
          filters: [{ in_cohort: { cohort } }],
        }),
      });
      const body = z
        .looseObject({ code: z.string().optional(), detail: z.string().optional() })
        .parse(await answer.json());
      return { status: answer.status, code: body.code, detail: body.detail };
    };
    expect(await counted(cohortId, instance.apiKey)).toMatchObject({ status: 200 });
    expect(await counted(never, other.apiKey)).toMatchObject({ status: 400, code: "BAD_INPUT" });
    expect(await counted(cohortId, other.apiKey)).toEqual(await counted(never, other.apiKey));
  });
});

import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { eventually } from "../testing/eventually.ts";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";
import { at, NUMBERS, range, view } from "./behind-numbers.ts";
import { inRestWords } from "./graph-words.ts";

const BEHIND = "/api/v2/analytics/behind";
let instance: SharedTenant;

const post = async (path: string, body: unknown) => {
  const headers = { authorization: `Bearer ${instance.apiKey}`, "content-type": "application/json" };
  const answer = await fetch(`${instance.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, text: await answer.text() };
};
const asked = async (path: string, body: unknown) => {
  const { status, text } = await post(path, body);
  return { status, body: z.record(z.string(), z.unknown()).parse(JSON.parse(text)) };
};
const SHORT = "{ id name time }";
const BEHIND_QUERY = `query ($of: BehindInput!) {
  behind(of: $of) {
    counts { units people events credit creditedValue range { from to } }
    events { edges { node { id name time receivedAt userId anonymousId utmSource revenue currency qualityFlags properties batchId } } range { from to } }
    people { nodes { userId anonymousId events firstEvent ${SHORT} lastEvent ${SHORT} } range { from to } }
    journeys { nodes { endedAt conversion ${SHORT} value credit creditedValue touchpoints { label time credit event ${SHORT} } } range { from to } }
  }
}`;
const list = z.object({ nodes: z.array(z.unknown()), range: z.unknown() });
const told = z.object({
  data: z.object({
    behind: z.object({
      counts: z.record(z.string(), z.unknown()),
      events: z.object({ edges: z.array(z.object({ node: z.record(z.string(), z.unknown()) })), range: z.unknown() }),
      people: list,
      journeys: list.nullable(),
    }),
  }),
});
const graph = async (of: unknown) => {
  const { body } = await asked("/graphql", { query: BEHIND_QUERY, variables: { of } });
  return told.parse(body).data.behind;
};
/** Properties stay as they were sent. */
const eventInWords = ({ properties, ...event }: Record<string, unknown>): Record<string, unknown> => ({
  ...z.record(z.string(), z.unknown()).parse(inRestWords(event)),
  properties,
});

beforeAll(async () => {
  instance = await openTenant();
  const person = (userId: string, from: number, names: readonly string[]) =>
    names.map((name, place) => ({
      ...{
        id: randomUUID(),
        name,
        userId,
        time: at(from + place),
        utmSource: "mail",
        properties: { planName: { aB: 1 } },
      },
      ...(name === "purchase" ? { revenue: "2.50", currency: "EUR" } : {}),
    }));
  const events = [
    ...person("ada", 2, ["page_view", "page_view", "purchase"]),
    ...person("bob", 5, ["page_view", "sign_up"]),
    ...person("cem", 26, ["page_view", "purchase", "page_view"]),
    { id: randomUUID(), name: "page_view", anonymousId: "x", time: at(30) },
  ];
  expect((await asked("/api/v2/events", events)).status).toBe(200);
}, 120_000);

describe("what is behind a number is over REST what it is in GraphQL", () => {
  it.each(Object.entries(NUMBERS))("%s", async (kind, [of, inGraph]) => {
    const expected = await graph(inGraph);
    const counts = await asked(BEHIND, { of });
    expect(counts).toMatchObject({ status: 200, body: z.looseObject({}).parse(inRestWords(expected.counts)) });
    const events = expected.events.edges.map(({ node }) => eventInWords(node));
    expect(events.length).toBeGreaterThan(0);
    const listed = await asked(`${BEHIND}/events`, { of });
    expect(listed.body).toMatchObject({ events, next_cursor: null, range: expected.events.range });
    const people = await asked(`${BEHIND}/people`, { of });
    expect(people.body).toMatchObject({
      ...{ people: inRestWords(expected.people.nodes), next_cursor: null, range: expected.people.range },
    });
    const journeys = await asked(`${BEHIND}/journeys`, { of });
    if (expected.journeys === null) expect(journeys).toMatchObject({ status: 400, body: { field: "of" } });
    else expect(journeys.body).toMatchObject({ journeys: inRestWords(expected.journeys.nodes), next_cursor: null });
    expect(kind === "attribution").toBe(expected.journeys !== null);
  });

  it("cohortSizes", async () => {
    const made = z.object({ data: z.object({ createCohort: z.object({ cohort: z.object({ id: z.string() }) }) }) });
    const create =
      "mutation ($input: CreateCohortInput!) { createCohort(input: $input) { ... on CohortSaved { cohort { id } } } }";
    const definition = { did: { event: { events: ["purchase"] } } };
    const { body } = await asked("/graphql", {
      ...{ query: create, variables: { input: { name: "Buyers", definition } } },
    });
    const cohort = made.parse(body).data.createCohort.cohort.id;
    // Its computation is of now, which lies in the range.
    const whole = { from: at(0), to: at(24 * 30) };
    const input = { cohort, range: whole };
    const of = { cohort_sizes: { input: { ...input, time_zone: "UTC" }, cell: { number: "entered" } } };
    await eventually(async () => {
      expect((await asked(BEHIND, { of })).body).toMatchObject({ units: 2, people: 2, events: 6 });
    });
    const expected = await graph({ cohortSizes: { input, cell: { number: "ENTERED" } } });
    const people = await asked(`${BEHIND}/people`, { of });
    expect(people.body).toMatchObject({ people: inRestWords(expected.people.nodes), next_cursor: null });
    const lines = await post(`${BEHIND}/people/ndjson`, { of });
    expect(lines.text.trimEnd().split("\n")).toHaveLength(2);
    expect((await asked(BEHIND, { of: { cohort_sizes: { input, cell: { as_of: at(0) } } } })).body).toMatchObject({
      ...{ code: "BAD_INPUT", field: "of.cohort_sizes.cell.as_of" },
    });
  });

  it("in pages, and all of it as lines", async () => {
    const [of] = NUMBERS["olap"] ?? [];
    const first = await asked(`${BEHIND}/events`, { of, first: 3 });
    const second = await asked(`${BEHIND}/events`, { of, first: 50, after: first.body["next_cursor"] });
    const { body } = await asked(`${BEHIND}/events`, { of });
    const eventsOf = (page: Record<string, unknown>) => z.array(z.unknown()).parse(page["events"]);
    expect([...eventsOf(first.body), ...eventsOf(second.body)]).toEqual(eventsOf(body));
    const lines = await post(`${BEHIND}/events/ndjson`, { of });
    expect(
      lines.text
        .trimEnd()
        .split("\n")
        .map((line): unknown => JSON.parse(line)),
    ).toEqual(eventsOf(body));
    const people = await asked(`${BEHIND}/people`, { of });
    const personLines = await post(`${BEHIND}/people/ndjson`, { of });
    expect(
      personLines.text
        .trimEnd()
        .split("\n")
        .map((line): unknown => JSON.parse(line)),
    ).toEqual(people.body["people"]);
    const [attribution] = NUMBERS["attribution"] ?? [];
    const journeys = await asked(`${BEHIND}/journeys`, { of: attribution });
    const journeyLines = await post(`${BEHIND}/journeys/ndjson`, { of: attribution });
    expect(
      journeyLines.text
        .trimEnd()
        .split("\n")
        .map((line): unknown => JSON.parse(line)),
    ).toEqual(journeys.body["journeys"]);
  });

  it("for what it can't tell: the same code, said as a problem, and the field by the name it was given", async () => {
    const of = { funnel: { input: { range, steps: [{ any_of: [view] }] }, cell: { step: 2 } } };
    expect(await asked(BEHIND, { of })).toMatchObject({
      ...{ status: 400, body: { code: "BAD_INPUT", field: "of.funnel.cell.step" } },
    });
    const wrong = {
      olap: { input: { range, measures: [{ function: "count" }], filters: [{ field: "cuontry", eq: 1 }] }, cell: {} },
    };
    expect(await asked(`${BEHIND}/events`, { of: wrong })).toMatchObject({
      ...{ status: 400, body: { code: "BAD_INPUT", field: "of.olap.input.filters.0.field" } },
    });
  });
});

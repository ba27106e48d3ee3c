import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";
import { inRestWords } from "./graph-words.ts";

const EXPECTATIONS = "/api/v2/analytics/expectations";
const QUALITY = "/api/v2/analytics/event-quality";
const day = 86_400_000;
const today = Math.floor(Date.now() / day) * day;
const at = (minutes: number): string => new Date(today - day + minutes * 60_000).toISOString();
const range = { from: at(0), to: at(1_440) };

let instance: SharedTenant;
const shape = z.record(z.string(), z.unknown());
const asked = async (path: string, body?: unknown) => {
  const headers = { authorization: `Bearer ${instance.apiKey}`, "content-type": "application/json" };
  const init = body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(`${instance.url}${path}`, init);
  return { status: answer.status, body: shape.parse(await answer.json()) };
};
const graph = async (query: string, variables: object = {}): Promise<Record<string, unknown>> => {
  const { body } = await asked("/graphql", { query, variables });
  return z.object({ data: shape }).parse(body).data;
};

beforeAll(async () => {
  instance = await openTenant();
  const events = Array.from({ length: 12 }, (_, index) => ({
    ...{ id: randomUUID(), name: index % 3 === 0 ? "page_view" : "purchase", userId: `u${index}`, time: at(index) },
    ...(index % 4 === 0 ? {} : { utmSource: "mail" }),
    properties: { planName: index % 5 === 0 ? "Gold" : "paid" },
  }));
  expect((await asked("/api/v2/events", events)).status).toBe(200);
}, 120_000);

/** In REST's words, with kinds in small letters. */
const inWords = (told: unknown): unknown =>
  JSON.parse(
    JSON.stringify(inRestWords(told)).replaceAll(
      /"kind":"(\w+)"/g,
      (_all, kind: string) => `"kind":"${kind.toLowerCase()}"`,
    ),
  );

const NUMBERS = `range { from to } events met expectations { name kind tested passed failed share atLeast met
  delay { p50Seconds p95Seconds p99Seconds maxSeconds } }`;
const expect_ = [
  { name: "from somewhere", present: { field: "utm_source" }, at_least: 0.5 },
  { name: "plan", valid: { field: "properties.planName", in: ["paid", "free"], type: "email" } },
  {
    name: "held",
    holds: {
      or: [
        { field: "utm_source", eq: "mail" },
        { field: "name", eq: "page_view" },
      ],
    },
  },
  { name: "once", unique: { fields: ["user_id", "utm_source"] } },
  { name: "soon", timely: { within: "P30D" } },
];
const inGraph = [
  { name: "from somewhere", present: { field: "utmSource" }, atLeast: 0.5 },
  { name: "plan", valid: { field: "properties.planName", in: ["paid", "free"], type: "EMAIL" } },
  {
    name: "held",
    holds: {
      or: [
        { field: "utmSource", eq: "mail" },
        { field: "name", eq: "page_view" },
      ],
    },
  },
  { name: "once", unique: { fields: ["userId", "utmSource"] } },
  { name: "soon", timely: { within: "P30D" } },
];
const listed = z.object({
  expectations: z.array(z.looseObject({ id: z.string(), name: z.string(), definition: shape })),
});

describe("what is expected of events is over REST what it is in GraphQL", () => {
  it("asked of the events of a range, written out and kept", async () => {
    const event = { events: ["purchase"] };
    const wanted = await graph(`query ($input: EventQualityInput!) { eventQuality(input: $input) { ${NUMBERS} } }`, {
      input: { range, event, expect: inGraph },
    });
    const { status, body } = await asked(QUALITY, { range, event, expect: expect_ });
    expect(status).toBe(200);
    expect(body).toMatchObject(shape.parse(inWords(wanted["eventQuality"])));
    expect(body["provenance"]).toMatchObject({ exactness: "exact" });
  });

  it("kept, listed with its tests and versions, sent again as it was told, named in a question, and deleted", async () => {
    const where = { not: { field: "utm_source", eq: "other" } };
    for (const one of expect_) {
      const saved = await asked(EXPECTATIONS, { event: "purchase", where, expect: one, span: "PT6H" });
      expect([saved.status, saved.body["changed"]]).toEqual([200, true]);
    }
    const list = await asked(`${EXPECTATIONS}?event=purchase&verdicts=5&versions=true`);
    const { expectations } = listed.parse(list.body);
    expect(expectations.map(({ name }) => name)).toEqual(expect_.map(({ name }) => name).toSorted());
    const told = await graph(
      `{ expectations(event: "purchase") { id name version createdBy createdAt definition { version event kind atLeast span definedBy definedAt } } }`,
    );
    const plain = listed.parse({ expectations: inWords(told["expectations"]) }).expectations;
    expect(expectations.map(({ verdict: _now, verdicts: _then, versions: _all, ...one }) => one)).toMatchObject(plain);
    expect(expectations.map(({ versions }) => z.array(z.unknown()).parse(versions).length)).toEqual([1, 1, 1, 1, 1]);
    for (const { name, definition } of expectations) {
      const { event, where: meant, span, at_least, present, valid, holds, unique, timely } = definition;
      expect([event, meant, span]).toEqual(["purchase", where, "PT6H"]);
      const again = { present, valid, holds, unique, timely, at_least, name };
      const saved = await asked(EXPECTATIONS, { event, where: meant, span, expect: again });
      expect([name, saved.status, saved.body["changed"]]).toEqual([name, 200, false]);
    }
    const kept = expectations.map(({ id }) => ({ id, version: 1 }));
    const wanted = await graph(`query ($input: EventQualityInput!) { eventQuality(input: $input) { ${NUMBERS} } }`, {
      input: { range, kept },
    });
    const quality = await asked(QUALITY, { range, kept });
    expect(quality.body).toMatchObject(shape.parse(inWords(wanted["eventQuality"])));
    expect(quality.body["provenance"]).toMatchObject({
      definitions: expectations.map(({ name }) => ({ kind: "expectation", name, version: 1 })),
    });
    const [first] = expectations;
    const gone = await asked(`${EXPECTATIONS}/${first?.id}/remove`, {});
    expect(gone).toEqual({ status: 200, body: { id: first?.id } });
    expect(await asked(`${EXPECTATIONS}/${first?.id}/remove`, {})).toMatchObject({
      ...{ status: 404, body: { code: "NOT_FOUND", field: "expectation_id" } },
    });
    expect(await asked(QUALITY, { range, kept })).toMatchObject({
      ...{ status: 400, body: { code: "BAD_INPUT", field: "kept.0.id" } },
    });
  });

  it("refused as the graph refuses it, the field by the name it was given", async () => {
    const both = { name: "both", present: { field: "country" }, timely: { within: "PT1M" } };
    expect(await asked(QUALITY, { range, expect: [both] })).toMatchObject({
      ...{ status: 400, body: { code: "BAD_INPUT", field: "expect.0" } },
    });
    expect(await asked(EXPECTATIONS, { expect: both })).toMatchObject({
      ...{ status: 400, body: { code: "BAD_INPUT", field: "expect" } },
    });
    const stale = { event: "purchase", expect: { name: "soon", timely: { within: "PT1M" } }, expected_version: 7 };
    expect(await asked(EXPECTATIONS, stale)).toMatchObject({
      ...{ status: 409, body: { code: "CONFLICT", field: "expected_version" } },
    });
    expect(await asked(`${EXPECTATIONS}?verdicts=201`)).toMatchObject({ status: 400, body: { field: "verdicts" } });
  });
});

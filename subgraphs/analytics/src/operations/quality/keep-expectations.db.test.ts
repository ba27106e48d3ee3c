import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { buildAnalytics, type TestAnalytics } from "../../../testing/build-analytics.ts";
import { KEPT_EXPECTATIONS } from "../../domain/quality/kept-expectation.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(120_000);

let world: TestResources;
let analytics: TestAnalytics;
beforeAll(() => {
  world = openTestResources();
  const ingest = () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] });
  analytics = buildAnalytics(world.resources, { ingest });
});
afterAll(async () => {
  await analytics.close();
  await world.close();
});

const newCaller = (): Caller => callerWith(freshTenantId(), ["analytics:read", "analytics:define"]);
const ask = async (caller: Caller, source: string, variables: Record<string, unknown> = {}) => {
  const { data, errors } = await askSubgraph(analytics.subgraph, caller, source, variables);
  expect(errors).toBeUndefined();
  return data;
};
const refused = async (caller: Caller, input: object) =>
  (await askSubgraph(analytics.subgraph, caller, SAVE, { input })).errors?.[0]?.extensions;

const VERSION = `version event where { parts { field exists eq } } kind present { field } valid { field type in matches gt gte lt lte }
  holds { parts { field gt } } unique { fields } timely { within } atLeast span definedBy definedAt`;
const KEPT = `id name version definition { ${VERSION} } versions { version atLeast } createdBy createdAt`;
const SAVE = `mutation ($input: SaveExpectationInput!) { saveExpectation(input: $input) { __typename
  ... on ExpectationSaved { changed expectation { ${KEPT} } } ... on TooManyExpectations { limit event } } }`;
const DELETE = `mutation ($id: ID!) { deleteExpectation(id: $id) { __typename ... on ExpectationNotFound { id } } }`;
const LIST = `query ($event: String) { expectations(event: $event) { ${KEPT} } }`;

const saved = z.object({ saveExpectation: z.object({ expectation: z.looseObject({ id: z.string() }) }) });
const save = async (caller: Caller, input: object) =>
  saved.parse(await ask(caller, SAVE, { input })).saveExpectation.expectation;
const names = async (caller: Caller, event: string | null = null): Promise<readonly string[]> =>
  z
    .object({ expectations: z.array(z.object({ name: z.string() })) })
    .parse(await ask(caller, LIST, { event }))
    .expectations.map(({ name }) => name);

const PRESENT = { event: "buy", expect: { name: "plan is set", present: { field: "properties.plan" } } };

describe("kept expectations", () => {
  test("are told as they were said, of every kind, with what is meant where nothing is said", async () => {
    const caller = newCaller();
    const by = `${caller.subject.kind}:${caller.subject.id}`;
    const said: readonly (readonly [object, object])[] = [
      [{ present: { field: "country" } }, { kind: "PRESENT", present: { field: "country" } }],
      [
        { valid: { field: "properties.age", type: "INTEGER", gte: 18, lt: 130 }, atLeast: 0.95 },
        { kind: "VALID", valid: { field: "properties.age", type: "INTEGER", gte: 18, lt: 130 }, atLeast: 0.95 },
      ],
      [
        { holds: { field: "properties.total", gt: 0 } },
        { kind: "HOLDS", holds: { parts: [{ field: "properties.total", gt: 0 }] } },
      ],
      [{ unique: { fields: ["properties.order"] } }, { kind: "UNIQUE", unique: { fields: ["properties.order"] } }],
      [{ timely: { within: "PT5M" } }, { kind: "TIMELY", timely: { within: "PT5M" } }],
    ];
    for (const [at, [asked, told]] of said.entries()) {
      const kept = await save(caller, { expect: { name: `of kind ${at}`, ...asked } });
      expect(kept).toMatchObject({
        ...{ name: `of kind ${at}`, version: 1, createdBy: by },
        definition: { event: null, where: null, atLeast: 1, span: "PT24H", definedBy: by, ...told },
      });
    }
    const narrow = { ...PRESENT, where: { field: "country", eq: "DE" }, span: "PT1H" };
    expect(await save(caller, narrow)).toMatchObject({
      definition: { event: "buy", where: { parts: [{ field: "country", eq: "DE" }] }, span: "PT1H" },
    });
  });

  test("have versions: what is said again makes none, a change makes the next, and what is meant for another one is refused", async () => {
    const caller = newCaller();
    const first = await save(caller, PRESENT);
    expect(await ask(caller, SAVE, { input: { ...PRESENT, span: "P1D" } })).toMatchObject({
      saveExpectation: { changed: false, expectation: first },
    });
    const changed = { ...PRESENT, expect: { ...PRESENT.expect, atLeast: 0.5 } };
    expect(await save(caller, { ...changed, expectedVersion: 1 })).toMatchObject({
      ...{ id: first.id, version: 2 },
      versions: [
        { version: 2, atLeast: 0.5 },
        { version: 1, atLeast: 1 },
      ],
    });
    expect(await refused(caller, { ...PRESENT, expectedVersion: 1 })).toMatchObject({
      ...{ code: "CONFLICT", field: "input.expectedVersion" },
    });
    expect(await refused(newCaller(), { ...PRESENT, expectedVersion: 1 })).toMatchObject({ code: "CONFLICT" });
  });

  test("are listed by name, of all events or of those of one name, and are gone when they are deleted", async () => {
    const caller = newCaller();
    const { id } = await save(caller, PRESENT);
    await save(caller, { expect: { name: "any", timely: { within: "PT1H" } } });
    await save(caller, { ...PRESENT, event: "view", expect: { ...PRESENT.expect, name: "views" } });
    expect([await names(caller), await names(caller, "buy"), await names(caller, "nothing")]).toEqual([
      ["any", "plan is set", "views"],
      ["any", "plan is set"],
      ["any"],
    ]);
    expect(await ask(caller, DELETE, { id })).toEqual({ deleteExpectation: { __typename: "ExpectationDeleted" } });
    expect(await names(caller)).toEqual(["any", "views"]);
    const again = await save(caller, PRESENT);
    expect([again.id === id, again["version"]]).toEqual([false, 1]);
  });

  test("of others are as unknown ones: not listed, not changed, not deleted", async () => {
    const [caller, other] = [newCaller(), newCaller()];
    const { id } = await save(caller, PRESENT);
    for (const unknown of [id, randomUUID(), "no id"])
      expect(await ask(other, DELETE, { id: unknown })).toEqual({
        deleteExpectation: { __typename: "ExpectationNotFound", id: unknown },
      });
    expect(await save(other, PRESENT)).toMatchObject({ version: 1 });
    expect([await names(other), await names(caller)]).toEqual([["plan is set"], ["plan is set"]]);
  });

  test("are as many as there may be of a name of events, which one that moves to it counts towards", async () => {
    const caller = newCaller();
    for (let at = 0; at < KEPT_EXPECTATIONS.ofEvent; at += 1)
      await save(caller, { ...PRESENT, expect: { ...PRESENT.expect, name: `${at}` } });
    const refusal = { __typename: "TooManyExpectations", limit: KEPT_EXPECTATIONS.ofEvent, event: "buy" };
    expect(await ask(caller, SAVE, { input: PRESENT })).toEqual({ saveExpectation: refusal });
    await save(caller, { ...PRESENT, event: "view" });
    expect(await ask(caller, SAVE, { input: PRESENT })).toEqual({ saveExpectation: refusal });
    // What is kept of the name may change, and what leaves it makes room.
    const first = { ...PRESENT.expect, name: "0" };
    expect(await save(caller, { ...PRESENT, expect: { ...first, atLeast: 0.9 } })).toMatchObject({ version: 2 });
    await save(caller, { ...PRESENT, event: "view", expect: first });
    expect(await save(caller, PRESENT)).toMatchObject({ version: 2 });
  });

  test("are refused with the place of what can't be tested: people, dimensions, personal data, spans, shares, nothing", async () => {
    const caller = newCaller();
    const of = (expected: object, more: object = {}) => ({ expect: { name: "refused", ...expected }, ...more });
    const present = { present: { field: "country" } };
    const inCohort = { inCohort: { cohort: randomUUID() } };
    const cases: readonly (readonly [object, string, string])[] = [
      [of({}), "BAD_INPUT", "input.expect"],
      [of({ ...present, timely: { within: "PT1M" } }), "BAD_INPUT", "input.expect"],
      [of({ ...present, atLeast: 2 }), "BAD_INPUT", "input.expect.atLeast"],
      [of({ holds: inCohort }), "BAD_INPUT", "input.expect.holds.inCohort"],
      [of(present, { where: inCohort }), "BAD_INPUT", "input.where.inCohort"],
      [of({ present: { field: "dimensions.channel" } }), "BAD_INPUT", "input.expect.present.field"],
      [of({ present: { field: "userId" } }), "FORBIDDEN", "input.expect.present.field"],
      [of(present, { span: "PT1M" }), "BAD_INPUT", "input.span"],
      [of(present, { span: "P8D" }), "BAD_INPUT", "input.span"],
      [of(present, { event: "" }), "BAD_INPUT", "input.event"],
    ];
    const wrong: unknown[] = [];
    for (const [input, code, field] of cases) {
      const told = await refused(caller, input);
      if (told?.["code"] !== code || (code === "BAD_INPUT" && told["field"] !== field)) wrong.push([input, told]);
    }
    expect(wrong).toEqual([]);
    expect(await names(caller)).toEqual([]);
  });
});

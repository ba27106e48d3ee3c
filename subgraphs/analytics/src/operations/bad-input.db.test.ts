import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { count, FILTERS, many, QUESTIONS, range, RANGES, WRONG, type Input } from "../../testing/bad-input.ts";
import { buildAnalytics, type TestAnalytics } from "../../testing/build-analytics.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(300_000);

let world: TestResources;
let analytics: TestAnalytics;
let caller: Caller;
beforeAll(async () => {
  world = openTestResources();
  await world.resources.eventLog.start();
  analytics = buildAnalytics(world.resources, {
    ingest: () => Promise.resolve({ accepted: 0, duplicate: 0, rejected: 0, outcomes: [] }),
  });
  caller = callerWith(freshTenantId(), ["analytics:read", "analytics:define", "cohorts:manage", "dashboards:edit"]);
  const metric = { name: "buyers", measure: { function: "COUNT", filter: { field: "name", eq: "buy" } } };
  const source = "mutation ($input: DefineMetricInput!) { defineMetric(input: $input) { __typename } }";
  await askSubgraph(analytics.subgraph, caller, source, { input: metric });
});
afterAll(async () => {
  await analytics.close();
  await world.resources.eventLog.stop();
  await world.close();
});

const NAMES = Object.keys(QUESTIONS);

/** A value put at a place of an input. */
const withAt = (at: unknown, [first, ...rest]: readonly (string | number)[], value: unknown): unknown => {
  if (first === undefined) return value;
  const inner: unknown = typeof at === "object" && at !== null ? Reflect.get(at, first) : undefined;
  const put = withAt(inner, rest, value);
  if (typeof first === "number") return [put];
  return { ...(typeof at === "object" && at !== null ? at : {}), [first]: put };
};

const isInput = (value: unknown): value is Input => typeof value === "object" && value !== null;
/** The question's own input with a filter where its first one stands. */
const filtered = (question: string, filter: Input): Input => {
  const [, , base, place] = QUESTIONS[question] ?? [];
  const input = withAt(base, place ?? [], filter);
  return isInput(input) ? input : {};
};

/** What a question is answered with, or refused with: code, place and words of each error. */
const asked = async (question: string, patch: Input) => {
  const [type = "", selection = "", base = {}] = QUESTIONS[question] ?? [];
  const source = `query ($input: ${type}!) { ${question}(input: $input) { ${selection} } }`;
  const { data, errors } = await askSubgraph(analytics.subgraph, caller, source, { input: { ...base, ...patch } });
  return {
    answered: data !== null && data !== undefined && errors === undefined,
    errors: (errors ?? []).map(({ message, extensions }) => [extensions?.["code"], extensions?.["field"], message]),
  };
};
const refusedAt = (field: string, words: string | RegExp) => ({
  answered: false,
  errors: [
    ["BAD_INPUT", field, typeof words === "string" ? expect.stringContaining(words) : expect.stringMatching(words)],
  ],
});

describe.each(NAMES)("bad input to `%s`", (question) => {
  test("is told from a question that is answered", async () => {
    expect(await asked(question, {})).toEqual({ answered: true, errors: [] });
  });

  test.each(RANGES)("a range that is %s is refused there", async (_what, bad, place, words) => {
    expect(await asked(question, { range: bad })).toMatchObject({
      answered: false,
      errors: [["BAD_INPUT", expect.stringContaining(`input.${place}`), expect.stringMatching(words)]],
    });
  });

  test.each(FILTERS)("%s in a filter is refused there", async (_what, filter, place, words) => {
    const at = (QUESTIONS[question]?.[3] ?? []).join(".");
    const { answered, errors } = await asked(question, filtered(question, filter));
    const code = words === "analytics:personal-data" ? "FORBIDDEN" : "BAD_INPUT";
    expect({ answered, errors }).toEqual({
      answered: false,
      errors: [[code, `input.${at}${place}`, expect.stringContaining(words)]],
    });
  });

  test("a zone that is none, and numbers that are none, don't fit the input's type, and the place is told", async () => {
    const zone: Input = question === "attribution" ? { lookback: "a week" } : { timeZone: "Mars/Olympus" };
    const numbers = [Infinity, -Infinity, NaN].map((gt) => filtered(question, { field: "revenue", gt }));
    for (const patch of [zone, ...numbers]) {
      const { answered, errors } = await asked(question, patch);
      expect({ answered, words: errors.map(([, , words]) => words) }).toEqual({
        answered: false,
        words: [expect.stringMatching(/at "input\.(timeZone|lookback|.*filter\.gt)"/)],
      });
    }
  });
});

describe("bad input to one question", () => {
  test.each(WRONG)(
    "to `%s`: %s is refused where it stands, with what to do",
    async (question, _what, patch, field, words) => {
      expect(await asked(question, patch)).toEqual(refusedAt(field, words));
    },
  );

  test("a division by zero, and what is beyond every number, are null in the answer and never NaN", async () => {
    const source = `query ($input: OlapInput!) { olap(input: $input) { totals { name ... on NumberColumn { numbers } ... on IntegerColumn { integers } } } }`;
    const measures = [
      count,
      ...["count / 0", "0 / count", "count / count", "1e308 * 1e308", "-1 / count"].map((formula, index) => ({
        ...{ name: `f${index}`, function: "FORMULA", formula },
      })),
    ];
    const { data, errors } = await askSubgraph(analytics.subgraph, caller, source, { input: { range, measures } });
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      olap: { totals: [{ integers: [0] }, ...many(5, (index) => ({ name: `f${index}`, numbers: [null] }))] },
    });
  });

  test("a cohort that leads back to itself is refused with the way", async () => {
    const ask = (source: string, variables: Input) => askSubgraph(analytics.subgraph, caller, source, variables);
    const create =
      "mutation ($input: CreateCohortInput!) { createCohort(input: $input) { ... on CohortSaved { cohort { id } } } }";
    const shape = z.object({ createCohort: z.object({ cohort: z.object({ id: z.string() }) }) });
    const made = async (name: string, definition: Input) =>
      shape.parse((await ask(create, { input: { name, definition } })).data).createCohort.cohort.id;
    const first = await made("first", { list: true });
    const second = await made("second", { cohort: first });
    const update =
      "mutation ($id: ID!, $input: UpdateCohortInput!) { updateCohort(id: $id, input: $input) { __typename } }";
    const input = { definition: { union: [{ list: true }, { cohort: second }] } };
    const { errors } = await ask(update, { id: first, input });
    expect(errors?.map(({ message, extensions }) => [extensions?.["code"], extensions?.["field"], message])).toEqual([
      [
        "BAD_INPUT",
        expect.stringContaining("definition.union.1.cohort"),
        expect.stringContaining("first -> second -> first"),
      ],
    ]);
  });

  test("a widget of a dashboard is refused at the part of its question", async () => {
    const create =
      "mutation ($input: CreateDashboardInput!) { createDashboard(input: $input) { ... on DashboardCreated { dashboard { id } } } }";
    const shape = z.object({ createDashboard: z.object({ dashboard: z.object({ id: z.string() }) }) });
    const { data } = await askSubgraph(analytics.subgraph, caller, create, {
      input: { id: randomUUID(), title: "Bad input" },
    });
    const { id } = shape.parse(data).createDashboard.dashboard;
    const edit = `mutation ($id: ID!, $operations: [DashboardOperationInput!]!) {
      editDashboard(id: $id, baseVersion: 1, operations: $operations, idempotencyKey: "bad") { __typename } }`;
    const olap = { range, measures: [count], dimensions: ["cuontry"] };
    const operations = [
      { addWidget: { id: randomUUID(), title: "Bad", question: { olap }, box: { x: 0, y: 0, width: 6, height: 4 } } },
    ];
    const { errors } = await askSubgraph(analytics.subgraph, caller, edit, { id, operations });
    expect(errors?.map(({ message, extensions }) => [extensions?.["code"], extensions?.["field"], message])).toEqual([
      ["BAD_INPUT", expect.stringContaining("dimensions.0"), expect.stringContaining("Did you mean `country`?")],
    ]);
  });
});

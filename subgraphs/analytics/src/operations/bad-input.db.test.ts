import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { askSubgraph, callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { z } from "zod";
import { FILTERS, many, RANGES, WRONG } from "../../testing/bad-input.ts";
import { WRONG_DEFINITIONS } from "../../testing/bad-input-definitions.ts";
import { WRONG_NAMES } from "../../testing/bad-input-names.ts";
import { count, QUESTIONS, range, type Input, type QuestionKind } from "../../testing/bad-input-questions.ts";
import { buildAnalytics, type TestAnalytics } from "../../testing/build-analytics.ts";
import { storeEvents } from "../../testing/test-events.ts";

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
  caller = callerWith(freshTenantId(), [
    ...(["analytics:read", "analytics:define", "cohorts:manage", "dashboards:edit", "audit:read", "jobs:run"] as const),
  ]);
  const timeMs = Date.parse("2026-10-01T00:00:00Z");
  await storeEvents(world.writer, caller.tenantId, [
    { id: randomUUID(), name: "buy", timeMs, properties: { plan: 1, groups: { company: "acme" } } },
  ]);
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
const kindOf = (question: string): QuestionKind => {
  const kind = QUESTIONS[question];
  if (kind === undefined) throw new Error(`There is no question ${question}.`);
  return kind;
};
/** The question's own input with a filter where its first one stands. */
const filtered = (question: string, filter: Input): Input => {
  const { input, filterAt } = kindOf(question);
  const put = withAt(input, filterAt ?? [], filter);
  return isInput(put) ? put : {};
};

/** What a question is answered with, or refused with: code, place and words of each error. */
const asked = async (question: string, patch: Input) => {
  const { type, selection, input } = kindOf(question);
  const source = `query ($input: ${type}!) { ${question}(input: $input) { ${selection} } }`;
  const { data, errors } = await askSubgraph(analytics.subgraph, caller, source, { input: { ...input, ...patch } });
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

// What is recorded of executions is another room's, which is not here.
test.each(NAMES.filter((name) => name !== "apiExecutions"))(
  "`%s` is answered, so that what is told of bad input to it is told of that alone",
  async (question) => {
    expect(await asked(question, {})).toEqual({ answered: true, errors: [] });
  },
);

describe.each(NAMES.filter((name) => "range" in kindOf(name).input))("a bad range of `%s`", (question) => {
  test.each(RANGES)("that is %s is refused there", async (_what, bad, place, words) => {
    expect(await asked(question, { range: bad })).toMatchObject({
      answered: false,
      errors: [["BAD_INPUT", expect.stringContaining(`input.${place}`), expect.stringMatching(words)]],
    });
  });
});

describe.each(NAMES.filter((name) => kindOf(name).filterAt !== null))("a bad filter of `%s`", (question) => {
  const at = (kindOf(question).filterAt ?? []).join(".");

  test.each(FILTERS)("with %s is refused there", async (what, filter, place, words) => {
    const { answered, errors } = await asked(question, filtered(question, filter));
    const code = words === "analytics:personal-data" ? "FORBIDDEN" : "BAD_INPUT";
    const noCohorts = what.includes("cohort") && !kindOf(question).cohorts;
    expect({ answered, errors }).toEqual({
      answered: false,
      errors: [
        noCohorts
          ? [code, `input.${at}.inCohort`, expect.stringMatching(/cohort/i)]
          : [code, `input.${at}${place}`, expect.stringContaining(words)],
      ],
    });
  });

  test("with a slip of a property that was sent is refused there, and asked all the same when it is allowed", async () => {
    const slip = filtered(question, { field: "properties.paln", exists: true });
    const words = "Did you mean `properties.plan`? With `allowUnknown: true` it is asked all the same.";
    expect(await asked(question, slip)).toEqual(refusedAt(`input.${at}.field`, words));
    expect(await asked(question, { ...slip, allowUnknown: true })).toEqual({ answered: true, errors: [] });
  });

  test("with numbers that are none doesn't fit the input's type, and the place is told", async () => {
    for (const gt of [Infinity, -Infinity, NaN]) {
      const { answered, errors } = await asked(question, filtered(question, { field: "revenue", gt }));
      expect({ answered, words: errors.map(([, , words]) => words) }).toEqual({
        ...{ answered: false, words: [expect.stringMatching(/at "input\..*filter\.gt"/)] },
      });
    }
  });
});

test.each(NAMES)("a zone, a duration or a moment of `%s` that is none is refused there", async (question) => {
  const { answered, errors } = await asked(question, kindOf(question).noText);
  expect({ answered, words: errors.map(([, , words]) => words) }).toEqual({
    ...{ answered: false, words: [expect.stringMatching(/at "input\.(timeZone|lookback|timeframe|asOf)"/)] },
  });
});

describe("bad input to one question", () => {
  test.each([...WRONG, ...WRONG_NAMES])(
    "to `%s`: %s is refused where it stands, with what to do",
    async (question, _what, patch, field, words) => {
      expect(await asked(question, patch)).toEqual(refusedAt(field, words));
    },
  );

  test.each(WRONG_DEFINITIONS)(
    "by `%s`: %s is refused where it stands, with what to do",
    async (name, _what, input, field, words) => {
      const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
      const source = `mutation ($input: ${type}!) { ${name}(input: $input) { __typename } }`;
      const { errors } = await askSubgraph(analytics.subgraph, caller, source, { input });
      expect(errors?.map(({ message, extensions }) => [extensions?.["code"], extensions?.["field"], message])).toEqual([
        ["BAD_INPUT", field, expect.stringContaining(words)],
      ]);
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

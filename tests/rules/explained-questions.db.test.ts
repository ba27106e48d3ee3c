import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { askSubgraph, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { isInputObjectType } from "graphql";
import { z } from "zod";
import { managerOf, openCohortRoom, type CohortRoom } from "../../subgraphs/analytics/testing/cohort-room.ts";
import { openAuditRoom, type AuditRoom } from "../../subgraphs/governance/src/testing/audit-room.ts";
import { rulesOverAnalytics, shopEvents, START_MS, watcherOf } from "../testing/rules-over-analytics.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(400_000);

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
const DAYS = [0, 1, 2, 3, 4];
const shop = freshTenantId();
const caller = watcherOf(shop, randomUUID());
const { room, analytics, make, turnAt } = rulesOverAnalytics([[shop, shopEvents]]);

/** What the document says of a question's numbers. */
interface Row {
  readonly questions: readonly string[];
  readonly numbers: string;
  readonly told: Readonly<Record<"slices" | "people" | "revenue" | "events", boolean>>;
  readonly leadsTo: string;
}
const document = readFileSync(new URL("../../docs/explained-changes.md", import.meta.url), "utf8");
const namesIn = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/gu)].map(([, name = ""]) => name);
const table: readonly Row[] = (document.split("## What each question tells")[1]?.split("\n## ")[0] ?? "")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => {
    const [question = "", numbers = "", ...rest] = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    const [slices, people, revenue, events] = rest.map((cell) => cell === "yes");
    return {
      ...{ questions: namesIn(question), numbers, leadsTo: rest[4] ?? "" },
      told: { slices: slices === true, people: people === true, revenue: revenue === true, events: events === true },
    };
  });

let cohorts: CohortRoom;
let cohortId = "";
let keptId = "";
let audit: AuditRoom;
/** A cohort that is computed at the beginning of each day, and executions of every day, of the fifth more failures. */
beforeAll(async () => {
  cohorts = openCohortRoom(START_MS + HOUR_MS);
  const definition = { did: { event: { events: ["view"] }, within: { last: "P1D" } } };
  const cohort = await cohorts.created(managerOf(shop), "lookers", definition);
  for (const day of DAYS) {
    cohorts.clock.nowMs = START_MS + day * DAY_MS + HOUR_MS;
    await cohorts.computed(cohort);
  }
  cohortId = cohort.id;
  audit = openAuditRoom();
  for (const day of DAYS) {
    const of = { startedAtMs: START_MS + day * DAY_MS + 12 * HOUR_MS, operationName: "Sales" };
    await audit.append(shop, 10 + day, of);
    await audit.append(shop, day === 4 ? 8 : 1, { ...of, operationName: "Buys", decision: "FAILED", code: "INTERNAL" });
  }
  const query = { range: days, measures: [{ name: "n", function: "COUNT" }], filter: { field: "name", eq: "buy" } };
  const save = `mutation ($olap: OlapInput!) { saveQuery(input: { name: "buys", olap: $olap }) { __typename } }`;
  await askSubgraph(analytics().subgraph, caller, save, { olap: query });
  const keep = `mutation ($input: SaveExpectationInput!) { saveExpectation(input: $input) { ... on ExpectationSaved { expectation { id } } } }`;
  const known = { name: "kept known", holds: { field: "country", in: ["DE", "FR"] } };
  const kept = await askSubgraph(analytics().subgraph, caller, keep, { input: { event: "buy", expect: known } });
  const shape = z.object({ saveExpectation: z.object({ expectation: z.object({ id: z.string() }) }) });
  keptId = shape.parse(kept.data).saveExpectation.expectation.id;
});
afterAll(async () => {
  await cohorts.close();
  await audit.close();
});
/** Has what rules asked be recorded, so that executions of the fifth day are told as complete. */
const recordExecutions = async (): Promise<void> => {
  const source = `query ($range: TimeRangeInput!) { apiExecutions(input: { range: $range }) { complete } }`;
  const range = { from: iso(4), to: iso(5) };
  const isComplete = async (): Promise<boolean> => {
    const { data } = await askSubgraph(analytics().subgraph, caller, source, { range });
    const shape = z.object({ apiExecutions: z.object({ complete: z.array(z.boolean()) }) });
    return shape.parse(data).apiExecutions.complete.every((one) => one);
  };
  // Other tests' transactions on the same server can hold entries back for a moment.
  while (!(await isComplete())) await audit.consumer.drain();
};

const iso = (day: number): string => new Date(START_MS + day * DAY_MS).toISOString();
const days = { from: iso(0), to: iso(4) };
const [view, buy] = [{ events: ["view"] }, { events: ["buy"] }];
const olap = (measure: object) => ({
  range: days,
  measures: [measure],
  filter: { field: "name", in: ["buy", "fail"] },
});
const credited = {
  ...{ range: days, conversion: buy, touchpoints: [view], dimensions: ["utmSource"], lookback: "PT1H" },
  models: [{ kind: "LINEAR" }, { kind: "MARKOV" }],
};
const quality = {
  ...{ range: days, event: buy },
  expect: [
    { name: "known", holds: { field: "country", in: ["DE", "FR"] } },
    { name: "soon", timely: { within: "PT1H" } },
  ],
};
const cards = { range: days, event: {}, by: "properties.card", within: "PT1H", moreThan: 5 };
const drift = { range: days, event: {}, field: "properties.ms", kind: "NUMERIC", minSamples: 20 };

/** Rules by the question, the number as the document names it, what is watched, and where it has several series one of them. */
const rules = (): readonly (readonly [
  question: string,
  number: string,
  input: object,
  value: object,
  group?: string,
])[] => [
  ["olap", "counts", olap({ name: "n", function: "COUNT" }), {}],
  ["olap", "quantiles", olap({ name: "ms", function: "QUANTILES", of: "properties.ms", levels: [0.9] }), {}],
  [
    ...(["timeSeries", "averages"] as const),
    { range: days, granularity: "DAY", measures: [{ name: "ms", function: "AVG", of: "properties.ms" }] },
    {},
  ],
  ["savedQuery", "the same", { name: "buys" }, {}],
  ["funnel", "conversionRate", { range: days, window: "PT1H", steps: [{ anyOf: [view] }, { anyOf: [buy] }] }, {}],
  ["retention", "rate", { range: days, start: view, returning: view }, { period: 1 }],
  ["stickiness", "total", { range: days, event: view }, { name: "total" }],
  ["stickiness", "mean", { range: days, event: view }, { name: "mean" }],
  ["lifecycle", "fresh", { range: days, event: view }, { name: "fresh" }],
  ["activeUsers", "daily", { range: days, event: view }, { name: "daily" }],
  ["activeUsers", "ratio", { range: days, event: view }, { name: "ratio" }],
  ["sessionMetrics", "all", { range: days, currency: "EUR" }, { name: "revenue" }],
  ["attribution", "whose credits add up", credited, { name: "credit", model: "LINEAR" }, "blog"],
  ["attribution", "MARKOV", credited, { name: "credit", model: "MARKOV" }],
  ["paths", "transitionShare", { range: days }, { name: "transitionShare", from: "view", to: "buy" }],
  ["velocity", "entities", cards, { name: "entities" }],
  [
    ...(["rings", "largest"] as const),
    {
      ...{ range: days, of: "properties.account", through: ["properties.device"] },
      ...{ sharedByAtMost: 10, minMembers: 3 },
    },
    { name: "largest" },
  ],
  ["eventQuality", "failed", quality, { name: "failed" }, "known"],
  ["eventQuality", "share", { range: days, event: {}, kept: [{ id: keptId }] }, { name: "share" }, "kept known"],
  ["eventQuality", "delaySecondsMax", quality, { name: "delaySecondsMax" }, "soon"],
  ["drift", "psi", { ...drift, reference: days }, { name: "psi" }],
  ["cohortSizes", "size", { cohort: cohortId, range: days }, {}],
  ["cohortSizes", "ageSeconds", { cohort: cohortId, range: days }, { name: "ageSeconds" }],
  ["apiExecutions", "failedShare", { range: days }, { name: "failedShare" }],
  ["apiExecutions", "latencyMsP95", { range: days }, { name: "latencyMsP95" }],
];

const RAISED = `{ rules(first: 100) { edges { node { name failureCode } } }
  anomalies(first: 100) { edges { node { rule { name } group { value } change { asked } } } } }`;
const raisedShape = z.object({
  rules: z.object({
    edges: z.array(z.object({ node: z.object({ name: z.string(), failureCode: z.string().nullable() }) })),
  }),
  anomalies: z.object({
    edges: z.array(
      z.object({
        node: z.object({
          rule: z.object({ name: z.string() }),
          group: z.array(z.object({ value: z.string().nullable() })),
          change: z.object({ asked: z.string() }).nullable(),
        }),
      }),
    ),
  }),
});
const TOLD = `query ($asked: [_Any!]!) { _entities(representations: $asked) { ... on WatchedChange {
  explanation { outcome searched slices { explains } } impact { people { actual } revenue { currency actual } }
  events(first: 2) { events { id batchId } } definitions { __typename } cohorts { name } } } }`;
const listed = z.array(z.unknown());
const toldShape = z.object({
  _entities: z.tuple([
    z.object({
      explanation: z.object({ outcome: z.string(), searched: z.array(z.string()), slices: listed }),
      impact: z.object({ people: z.object({ actual: z.number() }), revenue: listed }).nullable(),
      events: z.object({ events: listed }),
      definitions: z.array(z.object({ __typename: z.string() })),
      cohorts: z.array(z.object({ name: z.string() })),
    }),
  ]),
});

/** What the change of an anomaly tells, in the words of the document, and what it leads to. */
interface Told extends Pick<Row, "told"> {
  readonly outcome: string | null;
  readonly leadsTo: readonly string[];
}

const toldOf = async (change: { readonly asked: string } | null): Promise<Told> => {
  const nothing = { slices: false, people: false, revenue: false, events: false };
  if (change === null) return { told: nothing, outcome: null, leadsTo: [] };
  const asked = [{ __typename: "WatchedChange", asked: change.asked }];
  const { data, errors } = await askSubgraph(analytics().subgraph, caller, TOLD, { asked });
  if (errors !== undefined) throw new Error(`${change.asked}: ${JSON.stringify(errors)}`);
  const [{ explanation, impact, events, definitions, cohorts: named }] = toldShape.parse(data)._entities;
  const told = {
    ...{ slices: explanation.searched.length > 0, people: impact !== null },
    ...{ revenue: (impact?.revenue ?? []).length > 0, events: events.events.length > 0 },
  };
  const links = [...definitions.map((one) => one.__typename), ...named.map(({ name }) => name)];
  return { told, outcome: explanation.outcome, leadsTo: links };
};

describe("an anomaly of every question that is watched", () => {
  test("tells what the document says of its number: slices, people, revenue, events and what it leads to", async () => {
    // The document tells of the questions that the SDL has, and every row is walked.
    const type = analytics().subgraph.schema.getType("DashboardQuestionInput");
    const known = isInputObjectType(type) ? Object.keys(type.getFields()) : [];
    expect(new Set(table.flatMap(({ questions }) => questions))).toEqual(new Set(known));
    const rowOf = (question: string, number: string): Row | undefined =>
      table.find(({ questions, numbers }) => questions.includes(question) && numbers.includes(number));
    expect(table.filter((row) => !rules().some(([question, number]) => rowOf(question, number) === row))).toEqual([]);

    // The first bucket of a rule that counts is the last that had ended: the fifth day.
    room().clock.ms = START_MS + 5 * DAY_MS + HOUR_MS;
    for (const [question, number, input, value] of rules()) {
      const watched = { question: { [question]: input }, value, granularity: "DAY" };
      await make(shop, `${question} ${number}`, watched, { side: "ABOVE", high: -1 });
    }
    await turnAt(5, 2);
    await recordExecutions();
    await turnAt(6, 2);
    const { data } = await askSubgraph(room().subgraph, caller, RAISED);
    const raised = raisedShape.parse(data);
    expect(raised.rules.edges.filter(({ node }) => node.failureCode !== null)).toEqual([]);
    const wrong: unknown[] = [];
    const outcomes = new Map<string, string | null>();
    for (const [question, number, , , group] of rules()) {
      const name = `${question} ${number}`;
      const found = raised.anomalies.edges.find(
        ({ node }) => node.rule.name === name && (group ?? node.group[0]?.value) === node.group[0]?.value,
      );
      if (found === undefined) {
        wrong.push(`${name} raised nothing`);
        continue;
      }
      const row = rowOf(question, number);
      const { told, outcome, leadsTo } = await toldOf(found.node.change);
      outcomes.set(name, outcome);
      if (JSON.stringify(told) !== JSON.stringify(row?.told)) wrong.push([name, told, found.node.change?.asked]);
      const link = { "the saved query": "SavedQuery", "the cohort": "lookers" }[row?.leadsTo ?? ""];
      if (link !== undefined && !leadsTo.includes(link)) wrong.push([name, leadsTo]);
    }
    expect(wrong).toEqual([]);
    expect(Object.fromEntries(outcomes)).toMatchObject({ "funnel conversionRate": "EXPLAINED" });
  });

  test("is of no rule over a kept expectation that the tenant does not have: it is refused at its place", async () => {
    const question = { eventQuality: { range: days, event: {}, kept: [{ id: keptId }, { id: randomUUID() }] } };
    const watched = { question, value: { name: "failed" }, granularity: "DAY" };
    await expect(make(shop, "of nothing kept", watched, { side: "ABOVE", high: 0 })).rejects.toThrow(
      '"field":"input.question.question.eventQuality.kept.1.id"',
    );
  });
});

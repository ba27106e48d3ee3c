import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { askSubgraph, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { isInputObjectType } from "graphql";
import { z } from "zod";
import { managerOf, openCohortRoom, type CohortRoom } from "../../subgraphs/analytics/testing/cohort-room.ts";
import { openAuditRoom, type AuditRoom } from "../../subgraphs/governance/src/testing/audit-room.ts";
import { rulesOverAnalytics, shopEvents, START_MS, watcherOf } from "../testing/rules-over-analytics.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(400_000);

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
const shop = freshTenantId();
const caller = watcherOf(shop, randomUUID());
const { room, analytics, make, turnAt } = rulesOverAnalytics([[shop, shopEvents]]);
const iso = (day: number): string => new Date(START_MS + day * DAY_MS).toISOString();
const days = { from: iso(3), to: iso(5) };
const COUNTRIES = ["DE", "FR", "BR"] as const;

/** What the document says of a question: what it is told apart by, and which of its numbers stand together beyond the bound. */
const document = readFileSync(new URL("../../docs/watched-series.md", import.meta.url), "utf8");
const namesIn = (cell = ""): readonly string[] => [...cell.matchAll(/`([^`]+)`/gu)].map(([, name = ""]) => name);
const table = (document.split("**Question by question.**")[1]?.split("\n\n")[1] ?? "")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .map(([, question, by = "", , , together = ""]) => ({ questions: namesIn(question), by, together }));

let cohorts: CohortRoom;
let audit: AuditRoom;
const cohortIds: string[] = [];
beforeAll(async () => {
  cohorts = openCohortRoom(START_MS + 3 * DAY_MS);
  for (const name of ["view", "buy", "login"]) {
    const definition = { did: { event: { events: [name] }, within: { last: "P5D" } } };
    const cohort = await cohorts.created(managerOf(shop), name, definition);
    cohorts.clock.nowMs = START_MS + 5 * DAY_MS;
    await cohorts.computed(cohort);
    cohortIds.push(cohort.id);
  }
  audit = openAuditRoom();
  for (const day of [3, 4])
    for (const [place, operationName] of ["Sales", "Buys", "People"].entries())
      await audit.append(shop, 5 + place, { startedAtMs: START_MS + day * DAY_MS + 12 * HOUR_MS, operationName });
  const olap = { range: days, measures: [{ name: "n", function: "COUNT" }], dimensions: ["country"] };
  const save = `mutation ($olap: OlapInput!) { saveQuery(input: { name: "countries", olap: $olap }) { __typename } }`;
  await askSubgraph(analytics().subgraph, caller, save, { olap });
  const define = `mutation ($input: DefineSegmentInput!) { defineSegment(input: $input) { __typename } }`;
  for (const country of COUNTRIES)
    await askSubgraph(analytics().subgraph, caller, define, {
      input: { name: country.toLowerCase(), filter: { field: "country", eq: country } },
    });
});
afterAll(async () => {
  await cohorts.close();
  await audit.close();
});

const [view, buy] = [{ events: ["view"] }, { events: ["buy"] }];
const steps = { range: days, window: "PT1H", steps: [{ anyOf: [view] }, { anyOf: [buy] }] };
const retained = { range: days, start: view, returning: view };
const sessions = { range: days, breakdown: ["country"] };
const credited = { range: days, conversion: buy, touchpoints: [view], dimensions: ["utmSource"], lookback: "PT1H" };
const cards = { range: days, event: {}, by: "properties.card", within: "PT1H", moreThan: 1 };
const quality = {
  ...{ range: days, event: buy },
  expect: [
    ...COUNTRIES.slice(0, 2).map((country) => ({ name: country, holds: { field: "country", eq: country } })),
    { name: "soon", timely: { within: "PT1H" } },
  ],
};
const measured = (measure: object) => ({ range: days, measures: [measure], dimensions: ["country"] });
const mean = { name: "ms", function: "AVG", of: "properties.ms" };
const count = { name: "n", function: "COUNT" };
/** Whether the others are to stand together: as the document says of the number. */
type Together = "TOGETHER" | "APART" | "ONE";
/** Each row of the table by at least one number of either kind: question, what it is told apart by, what is asked, and which number. */
const ASKED = (): readonly (readonly [question: string, by: string, input: object, value: object, is: Together])[] => [
  ["olap", "dimensions", measured(count), {}, "TOGETHER"],
  ["olap", "dimensions", measured(mean), {}, "APART"],
  [
    ...(["timeSeries", "dimensions"] as const),
    { range: days, granularity: "DAY", measures: [count], splitBy: ["country"] },
    ...([{}, "TOGETHER"] as const),
  ],
  ["savedQuery", "dimensions", { name: "countries" }, {}, "TOGETHER"],
  ["funnel", "a field", { ...steps, breakdown: { field: "country" } }, { name: "entered" }, "TOGETHER"],
  ["funnel", "a field", { ...steps, breakdown: { field: "country" } }, {}, "APART"],
  [
    ...(["funnel", "cohorts, segments"] as const),
    { ...steps, breakdown: { segments: COUNTRIES.map((country) => ({ name: country.toLowerCase() })) } },
    ...([{ name: "entered" }, "APART"] as const),
  ],
  ["retention", "fields", { ...retained, splitBy: ["country"] }, { name: "returned", period: 0 }, "TOGETHER"],
  ["retention", "fields", { ...retained, splitBy: ["country"] }, { name: "size", period: 0 }, "TOGETHER"],
  ["retention", "fields", { ...retained, splitBy: ["country"] }, { name: "rate", period: 0 }, "APART"],
  ["retention", "cohorts", { ...retained, cohorts: cohortIds }, { name: "size", period: 0 }, "APART"],
  ["sessionMetrics", "fields", sessions, {}, "TOGETHER"],
  ["sessionMetrics", "fields", { ...sessions, currency: "EUR" }, { name: "revenue" }, "TOGETHER"],
  ["sessionMetrics", "fields", sessions, { name: "people" }, "APART"],
  ["attribution", "a dimension", { ...credited, models: [{ kind: "LINEAR" }] }, {}, "TOGETHER"],
  ["attribution", "a dimension", { ...credited, models: [{ kind: "LINEAR" }] }, { name: "share" }, "APART"],
  ["velocity", "entities, of `peak`", cards, { name: "peak" }, "APART"],
  ["eventQuality", "expectations", quality, { name: "passed" }, "APART"],
  ["apiExecutions", "operation, kind, code", { range: days, by: "OPERATION" }, { name: "executions" }, "TOGETHER"],
  ["apiExecutions", "operation, kind, code", { range: days, by: "OPERATION" }, { name: "failedShare" }, "APART"],
  ["stickiness", "nothing", { range: days, event: view }, { name: "total" }, "ONE"],
  ["lifecycle", "nothing", { range: days, event: view }, { name: "fresh" }, "ONE"],
  ["activeUsers", "nothing", { range: days, event: view }, { name: "daily" }, "ONE"],
  ["paths", "nothing", { range: days }, {}, "ONE"],
  [
    ...(["rings", "nothing"] as const),
    {
      ...{ range: days, of: "properties.account", through: ["properties.device"] },
      ...{ sharedByAtMost: 10, minMembers: 3 },
    },
    ...([{}, "ONE"] as const),
  ],
  [
    ...(["drift", "nothing"] as const),
    { range: days, event: {}, field: "properties.ms", kind: "NUMERIC", minSamples: 20, reference: days },
    ...([{}, "ONE"] as const),
  ],
  ["cohortSizes", "nothing", { cohort: cohortIds[0], range: days }, {}, "ONE"],
];
type Asked = ReturnType<typeof ASKED>[number];
const rowOf = ([question, by]: Asked) => table.find((row) => row.questions.includes(question) && row.by === by);
const nameOf = ([question, by, input, value]: Asked): string =>
  `${question} by ${by} ${JSON.stringify(value)} ${JSON.stringify(input).length}`;

const WATCH = `query ($input: WatchedSeriesInput!) { watchedSeries(input: $input) { value complete seriesCount hasMore
  series { group { name value } values } others { group { value } values } } }`;
const numbers = z.array(z.number().nullable());
const answerShape = z.object({
  watchedSeries: z.object({
    ...{ value: z.string(), complete: z.array(z.boolean()), seriesCount: z.number(), hasMore: z.boolean() },
    series: z.array(
      z.object({ group: z.array(z.object({ name: z.string(), value: z.string().nullable() })), values: numbers }),
    ),
    others: z.object({ group: z.array(z.object({ value: z.null() })), values: numbers }).nullable(),
  }),
});
const BOUND = 2;
const watched = async ([question, , input, value]: Asked, maxSeries: number) => {
  const asked = { question: { [question]: input }, value, ...days, granularity: "DAY", maxSeries };
  const { data, errors } = await askSubgraph(analytics().subgraph, caller, WATCH, { input: asked });
  if (errors !== undefined) throw new Error(`${question}: ${JSON.stringify(errors)}`);
  return answerShape.parse(data).watchedSeries;
};
const total = (series: readonly { readonly values: readonly (number | null)[] }[], at: number): number =>
  series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0);

/** What is not as the document says of a question asked for all its series and for two. */
const wrongOf = async (asked: Asked): Promise<readonly unknown[]> => {
  const [, , , , is] = asked;
  const [all, cut] = [await watched(asked, 1_000), await watched(asked, BOUND)];
  const wrong: unknown[] = [];
  const claim = (right: boolean, what: string): void => {
    if (!right) wrong.push([nameOf(asked), what, all, cut]);
  };
  const named = namesIn(rowOf(asked)?.together).includes(all.value) || rowOf(asked)?.together === "counts and sums";
  claim(is === "ONE" || (is === "TOGETHER") === (named && all.value !== "ms"), "the document says something else");
  claim(!all.hasMore && all.others === null && all.series.length === all.seriesCount, "all are told");
  if (is === "ONE") claim(cut.series.length === 1 && cut.seriesCount === 1 && cut.others === null, "there is one");
  else {
    claim(all.series.length > BOUND, "there are more than the bound");
    claim(cut.series.length === BOUND && cut.seriesCount > BOUND, "two are told, and that there are more");
    claim((is === "TOGETHER") === (cut.others !== null), "the others stand together where they add up");
  }
  for (const { group, values } of cut.series) {
    const same = all.series.find((one) => JSON.stringify(one.group) === JSON.stringify(group));
    const differs = values.some((value, at) => value !== null && value !== same?.values[at]);
    claim(!differs, `${JSON.stringify(group)} is what it is among all, or unknown`);
  }
  for (const at of is === "TOGETHER" ? all.complete.keys() : []) {
    const together = total([...cut.series, ...(cut.others === null ? [] : [cut.others])], at);
    claim(Math.abs(together - total(all.series, at)) < 1e-6, `bucket ${at} holds everything`);
  }
  return wrong;
};

const RAISED = `{ rules(first: 100) { edges { node { name failureCode lastFailure } } }
  anomalies(first: 100) { edges { node { rule { name } group { name value } } } } }`;
const raisedShape = z.object({
  rules: z.object({ edges: z.array(z.object({ node: z.object({ name: z.string(), failureCode: z.null() }) })) }),
  anomalies: z.object({
    edges: z.array(
      z.object({
        node: z.object({
          rule: z.object({ name: z.string() }),
          group: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
        }),
      }),
    ),
  }),
});

/** Has what executions are told of be recorded, so that their buckets are complete. */
const recordExecutions = async (): Promise<void> => {
  const source = `query ($range: TimeRangeInput!) { apiExecutions(input: { range: $range }) { complete } }`;
  const shape = z.object({ apiExecutions: z.object({ complete: z.array(z.boolean()) }) });
  for (;;) {
    const { data } = await askSubgraph(analytics().subgraph, caller, source, { range: days });
    // Other tests' transactions on the same server can hold entries back for a moment.
    if (shape.parse(data).apiExecutions.complete.every((one) => one)) return;
    await audit.consumer.drain();
  }
};

test("Of every question with more groups than a rule keeps the heaviest are told as they are, the others together where they add up, and that there are more in any case", async () => {
  // The document tells of the questions that the SDL has, and every row is walked.
  const type = analytics().subgraph.schema.getType("DashboardQuestionInput");
  const known = isInputObjectType(type) ? Object.keys(type.getFields()) : [];
  expect(new Set(table.flatMap(({ questions }) => questions))).toEqual(new Set(known));
  expect(table.filter((row) => !ASKED().some((asked) => rowOf(asked) === row))).toEqual([]);

  room().clock.ms = START_MS + 5 * DAY_MS + 2 * HOUR_MS;
  await recordExecutions();
  const wrong: unknown[] = [];
  for (const asked of ASKED()) wrong.push(...(await wrongOf(asked)));
  expect(wrong).toEqual([]);

  for (const asked of ASKED()) {
    const [question, , input, value] = asked;
    const watch = { question: { [question]: input }, value, granularity: "DAY", maxSeries: BOUND };
    await make(shop, nameOf(asked), watch, { side: "ABOVE", high: -1 });
  }
  await turnAt(5, 3);
  const { data } = await askSubgraph(room().subgraph, caller, RAISED);
  const { anomalies, rules } = raisedShape.parse(data);
  expect(rules.edges).toHaveLength(ASKED().length);
  const raised = new Map(ASKED().map((asked) => [nameOf(asked), { own: 0, others: 0 }]));
  for (const { node } of anomalies.edges) {
    const of = raised.get(node.rule.name);
    if (of !== undefined) of[node.group[0]?.name === "*" ? "others" : "own"] += 1;
  }
  expect(Object.fromEntries(raised)).toEqual(
    Object.fromEntries(
      ASKED().map((asked) => [
        nameOf(asked),
        { own: asked[4] === "ONE" ? 1 : BOUND, others: asked[4] === "TOGETHER" ? 1 : 0 },
      ]),
    ),
  );
});

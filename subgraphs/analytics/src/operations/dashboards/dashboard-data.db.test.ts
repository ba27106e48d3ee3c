import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import type { DataPolicy } from "@tessera/contracts/data-policy";
import { z } from "zod";
import { BOX, counts, DAY, openDashboardRoom, person } from "../../../testing/dashboard-room.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

let room: ReturnType<typeof openDashboardRoom>;
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
});
afterAll(() => room.close());

const DATA = `query ($id: ID!, $variables: [DashboardVariableChoiceInput!]! = [], $filter: EventFilterInput,
  $range: TimeRangeInput, $widgets: [ID!]) {
  dashboardData(id: $id, variables: $variables, filter: $filter, range: $range, widgets: $widgets) {
    dashboard { version }
    widgets { widget { title chart } error { code field } answer { __typename
      ... on OlapResult { totals { name ... on IntegerColumn { integers } } provenance { rowsRead } }
      ... on TimeSeries { lines { values } }
      ... on FunnelAnswer { result { steps { reached } } } } } } }`;
const data = (caller: Caller, id: string, rest: Record<string, unknown> = {}) =>
  room.ask(caller, DATA, { id, ...rest });
const total = (n: number, title: string) => ({
  widget: expect.objectContaining({ title }),
  error: null,
  answer: expect.objectContaining({ __typename: "OlapResult", totals: [expect.objectContaining({ integers: [n] })] }),
});

const board = async (caller: Caller, widgets: Readonly<Record<string, object>>) => {
  const id = await room.create(caller);
  const ids = Object.fromEntries(Object.keys(widgets).map((title) => [title, randomUUID()]));
  const operations = Object.entries(widgets).map(([title, content]) => ({
    addWidget: { id: ids[title], title, box: BOX, ...content },
  }));
  const { version } = await room.edit(caller, id, 1, operations);
  return { id, ids, version };
};

describe("what a dashboard shows", () => {
  test("is every question's own answer, of its own type; one that fails says why and leaves the others alone", async () => {
    const caller = person();
    await room.shop(caller.tenantId);
    const save = `mutation ($olap: OlapInput!) { saveQuery(input: { name: "buys", olap: $olap }) { __typename } }`;
    await room.ask(caller, save, counts(["buy"]));
    const event = { events: ["view"] };
    const cohort = randomUUID();
    const { id } = await board(caller, {
      views: { question: counts(["view"]) },
      said: { text: "Hello" },
      kept: { question: { savedQuery: { name: "buys" } } },
      steps: { question: { funnel: { range: DAY, steps: [{ anyOf: [event] }, { anyOf: [{ events: ["buy"] }] }] } } },
      gone: { question: { stickiness: { range: DAY, event, cohort } } },
      hours: {
        question: {
          timeSeries: { range: DAY, granularity: "HOUR", measures: [{ name: "n", function: "COUNT" }] },
        },
      },
    });
    expect(await data(caller, id)).toEqual({
      dashboardData: {
        dashboard: { version: 2 },
        widgets: [
          total(3, "views"),
          { widget: { title: "said", chart: "TEXT" }, answer: null, error: null },
          total(1, "kept"),
          {
            widget: { title: "steps", chart: "FUNNEL" },
            error: null,
            answer: { __typename: "FunnelAnswer", result: { steps: [{ reached: 3 }, { reached: 1 }] } },
          },
          {
            widget: { title: "gone", chart: "BAR" },
            answer: null,
            error: { code: expect.stringMatching(/^(BAD_INPUT|NOT_FOUND)$/), field: expect.any(String) },
          },
          {
            widget: { title: "hours", chart: "LINE" },
            error: null,
            answer: expect.objectContaining({ __typename: "TimeSeries" }),
          },
        ],
      },
    });
  });

  test("is narrowed by the dashboard's filter and the reader's, in every event that is asked for, and moved to another range", async () => {
    const caller = person();
    await room.shop(caller.tenantId);
    const { id, version } = await board(caller, {
      all: { question: counts(["view", "buy"]) },
      steps: {
        question: {
          funnel: { range: DAY, steps: [{ anyOf: [{ events: ["view"] }] }, { anyOf: [{ events: ["buy"] }] }] },
        },
      },
    });
    const entered = (...counted: readonly number[]) =>
      expect.objectContaining({
        answer: { __typename: "FunnelAnswer", result: { steps: counted.map((one) => ({ reached: one })) } },
      });
    const widgets = (...each: readonly unknown[]) => ({
      dashboardData: expect.objectContaining({ widgets: each }),
    });
    expect(await data(caller, id)).toEqual(widgets(total(4, "all"), entered(3, 1)));
    await room.edit(caller, id, version, [{ setFilter: { filter: { field: "country", eq: "DE" } } }]);
    expect(await data(caller, id)).toEqual(widgets(total(3, "all"), entered(2, 1)));
    const filter = { field: "name", eq: "view" };
    expect(await data(caller, id, { filter })).toEqual(widgets(total(2, "all"), entered(2, 0)));
    const range = { from: "2026-11-18T00:00:00Z", to: DAY.from };
    expect(await data(caller, id, { range })).toEqual(widgets(total(0, "all"), entered(0, 0)));
    await room.edit(caller, id, version + 1, [{ setRange: { range } }]);
    expect(await data(caller, id)).toEqual(widgets(total(0, "all"), entered(0, 0)));
    expect(await data(caller, id, { range: DAY })).toEqual(widgets(total(3, "all"), entered(2, 1)));
  });

  test("follows variables at their places alone, by their types, never within a text", async () => {
    const caller = person();
    await room.shop(caller.tenantId);
    const { id, ids, version } = await board(caller, {
      chosen: { question: counts(["view"]) },
      free: { question: counts(["view"]) },
      lost: { question: counts(["view"]) },
    });
    const place = (title: string, ...path: readonly string[]) => ({ widgetId: ids[title], path });
    await room.edit(caller, id, version, [
      {
        setVariable: {
          ...{ name: "names", type: "TEXTS", value: { texts: ["buy"] } },
          places: [place("chosen", "filter", "in"), place("lost", "filter", "eq")],
        },
      },
      {
        setVariable: {
          ...{ name: "limit", type: "NUMBER", value: { number: 10 } },
          places: [place("chosen", "limit")],
        },
      },
    ]);
    const lost = { error: { code: "BAD_INPUT", field: "variables.names" }, answer: null };
    const answered = (chosen: unknown) => ({
      dashboardData: expect.objectContaining({
        widgets: [chosen, total(3, "free"), expect.objectContaining(lost)],
      }),
    });
    expect(await data(caller, id)).toEqual(answered(total(1, "chosen")));
    const choose = (name: string, value: object) => data(caller, id, { variables: [{ name, ...value }] });
    expect(await choose("names", { texts: ["view", "buy"] })).toEqual(answered(total(4, "chosen")));
    // A value is a value, whatever it says.
    expect(await choose("names", { texts: ["view') OR 1 = 1 --"] })).toEqual(answered(total(0, "chosen")));
    expect(await choose("limit", { number: 2.5 })).toEqual(
      answered(expect.objectContaining({ error: { code: "BAD_INPUT", field: "question.limit" } })),
    );
    const refused = async (variables: readonly object[]) =>
      (await room.answer(caller, DATA, { id, variables })).errors?.[0]?.extensions;
    expect(await refused([{ name: "names", text: "view" }])).toMatchObject({ code: "BAD_INPUT", field: "variables.0" });
    expect(await refused([{ name: "nams", texts: [] }])).toMatchObject({
      code: "BAD_INPUT",
      field: "variables.0.name",
    });
  });

  test("is sessions as well, of the events that the filters leave; and a filter may name a cohort", async () => {
    const caller = person(undefined, [], ["analytics:read", "analytics:define", "dashboards:edit", "cohorts:manage"]);
    await room.shop(caller.tenantId);
    const { id, version } = await board(caller, {
      visits: { question: { sessionMetrics: { range: DAY } } },
      all: { question: counts(["view", "buy"]) },
    });
    const VISITS = `query ($id: ID!, $filter: EventFilterInput) { dashboardData(id: $id, filter: $filter) { widgets {
      widget { chart } error { code } answer { ... on SessionMetrics { total { sessions events } }
      ... on OlapResult { totals { ... on IntegerColumn { integers } } } } } } }`;
    const shown = (sessions: number, events: number) => ({
      dashboardData: {
        widgets: [
          { widget: { chart: "NUMBER" }, error: null, answer: { total: { sessions, events } } },
          { widget: { chart: "NUMBER" }, error: null, answer: { totals: [{ integers: [events] }] } },
        ],
      },
    });
    expect(await room.ask(caller, VISITS, { id })).toEqual(shown(4, 4));
    const filter = { field: "country", eq: "DE" };
    expect(await room.ask(caller, VISITS, { id, filter })).toEqual(shown(3, 3));
    const made = `mutation ($input: CreateCohortInput!) { createCohort(input: $input) { ... on CohortSaved { cohort { id } } } }`;
    const input = { name: "buyers", definition: { did: { event: { events: ["buy"] } } } };
    const shape = z.object({ createCohort: z.object({ cohort: z.object({ id: z.string() }) }) });
    const cohort = shape.parse(await room.ask(caller, made, { input })).createCohort.cohort.id;
    await room.edit(caller, id, version, [{ setFilter: { filter: { inCohort: { cohort } } } }]);
    expect(await room.ask(caller, VISITS, { id })).toEqual(shown(2, 2));
    expect(await room.ask(caller, VISITS, { id, filter: { field: "name", eq: "view" } })).toEqual(shown(1, 1));
  });

  test("is what the reader may see: personal data and rows hidden by a data policy stay so, whoever asked the question", async () => {
    const owner = person(undefined, [], ["analytics:read", "dashboards:edit", "analytics:personal-data"]);
    await room.shop(owner.tenantId);
    const { id } = await board(owner, {
      people: { question: counts(["view"], ["userId"]) },
      views: { question: counts(["view"]) },
    });
    const share = `mutation ($id: ID!) { shareDashboard(id: $id, input: { view: { scope: TENANT }, edit: { scope: OWNER } }) {
      __typename } }`;
    await room.ask(owner, share, { id });
    const denied = {
      widget: expect.objectContaining({ title: "people" }),
      answer: null,
      error: expect.objectContaining({ code: "FORBIDDEN" }),
    };
    const reader = person(owner.tenantId);
    expect(await data(reader, id)).toMatchObject({ dashboardData: { widgets: [denied, total(3, "views")] } });
    const dataPolicy: DataPolicy = {
      ...{ allow: { country: ["US"] }, deny: {}, atLeast: {}, lessThan: {}, synthetic: null },
      ...{ masks: {}, salt: "00".repeat(16) },
    };
    expect(await data({ ...reader, dataPolicy }, id)).toMatchObject({
      dashboardData: { widgets: [denied, total(1, "views")] },
    });
    expect(await data(person(), id)).toEqual({ dashboardData: null });
  });
});

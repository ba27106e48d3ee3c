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

const CREATE = `mutation ($id: ID!, $input: DashboardLinkInput!) { createDashboardLink(id: $id, input: $input) { __typename
  ... on DashboardLinkCreated { token link { id sharedBy widgets openVariables rangeOpen uses lastUsedAt revokedAt } } } }`;
const REVOKE = `mutation ($id: ID!) { revokeDashboardLink(id: $id) { __typename } }`;
const LIST = "query ($id: ID!) { dashboardLinks(id: $id) { id name uses lastUsedAt revokedAt } }";
const READ = `query ($variables: [DashboardVariableChoiceInput!]! = [], $range: TimeRangeInput, $widgets: [ID!]) {
  sharedDashboard { title variables { name value } widgets { id title text chart }
    data(variables: $variables, range: $range, widgets: $widgets, maxStaleness: "PT0S") { widgetId error
      answer { ... on OlapResult { totals { ... on IntegerColumn { integers } } } } } } }`;
const created = z.object({ createDashboardLink: z.object({ token: z.string(), link: z.object({ id: z.string() }) }) });

const soon = (): string => new Date(Date.now() + 3_600_000).toISOString();
const made = async (caller: Caller, id: string, input: object = {}) =>
  created.parse(await room.ask(caller, CREATE, { id, input: { name: "Wall", expiresAt: soon(), ...input } }))
    .createDashboardLink.link.id;
/** Whoever presents a link, as the edge knows them. */
const presented = ({ tenantId }: Caller, id: string, rest: Partial<Caller> = {}): Caller => ({
  ...{ ...person(tenantId, [], ["dashboards:shared"]), subject: { kind: "LINK", id } },
  ...rest,
});
const board = async (owner: Caller, widgets: Readonly<Record<string, object>>) => {
  const id = await room.create(owner);
  const ids = Object.fromEntries(Object.keys(widgets).map((title) => [title, randomUUID()]));
  const operations = Object.entries(widgets).map(([title, content]) => ({
    addWidget: { id: ids[title], title, box: BOX, ...content },
  }));
  await room.edit(owner, id, 1, operations);
  return { id, ids };
};
const refusal = async (caller: Caller, source: string, variables: Record<string, unknown>) =>
  (await room.answer(caller, source, variables)).errors?.[0]?.extensions;
const nothing = { sharedDashboard: null };
const total = (n: number) => expect.objectContaining({ error: null, answer: { totals: [{ integers: [n] }] } });

describe("a link to a dashboard", () => {
  test("shows the widgets that are shared, under the reader's policy, without questions, personal data and anything else", async () => {
    const owner = person(undefined, [], ["analytics:read", "dashboards:edit", "analytics:personal-data"]);
    await room.shop(owner.tenantId);
    const { id, ids } = await board(owner, {
      views: { question: counts(["view"]) },
      people: { question: counts(["view"], ["userId"]) },
      hidden: { question: counts(["buy"]) },
      note: { text: "Hello" },
    });
    const link = await made(owner, id, { widgets: [ids["views"], ids["people"], ids["note"]] });
    const dataPolicy: DataPolicy = {
      ...{ allow: { country: ["DE"] }, deny: {}, atLeast: {}, lessThan: {}, synthetic: null },
      ...{ masks: {}, salt: "00".repeat(16) },
    };
    const shown = (views: number) => ({
      sharedDashboard: {
        ...{ title: "Sales", variables: [] },
        widgets: [
          { id: ids["views"], title: "views", text: null, chart: "NUMBER" },
          { id: ids["people"], title: "people", text: null, chart: "BAR" },
          { id: ids["note"], title: "note", text: "Hello", chart: "TEXT" },
        ],
        data: [
          total(views),
          { widgetId: ids["people"], error: "FORBIDDEN", answer: null },
          { widgetId: ids["note"], error: null, answer: null },
        ],
      },
    });
    expect(await room.ask(presented(owner, link), READ)).toEqual(shown(3));
    expect(await room.ask(presented(owner, link, { dataPolicy }), READ)).toEqual(shown(2));
    expect(await room.ask(presented(owner, link), READ, { widgets: [ids["hidden"], ids["views"]] })).toMatchObject({
      sharedDashboard: { data: [total(3)] },
    });
    for (const query of [
      `{ dashboard(id: "${id}") { title } }`,
      "{ dashboards { edges { cursor } } }",
      `{ dashboardLinks(id: "${id}") { id } }`,
    ])
      expect(await refusal(presented(owner, link), query, {})).toMatchObject({ code: "FORBIDDEN" });
  });

  test("lets readers set the variables and the range that are open, and no others", async () => {
    const owner = person();
    await room.shop(owner.tenantId);
    const { id, ids } = await board(owner, { chosen: { question: counts(["view"]) } });
    const variable = (name: string, ...path: readonly string[]) => ({
      setVariable: {
        ...{ name, type: path.includes("in") ? "TEXTS" : "NUMBER", places: [{ widgetId: ids["chosen"], path }] },
        value: path.includes("in") ? { texts: ["buy"] } : { number: 10 },
      },
    });
    await room.edit(owner, id, 2, [variable("names", "filter", "in"), variable("limit", "limit")]);
    const link = presented(owner, await made(owner, id, { openVariables: ["names"] }));
    expect(await room.ask(link, READ)).toMatchObject({
      sharedDashboard: { variables: [{ name: "names", value: ["buy"] }], data: [total(1)] },
    });
    const variables = [{ name: "names", texts: ["view", "buy"] }];
    expect(await room.ask(link, READ, { variables })).toMatchObject({ sharedDashboard: { data: [total(4)] } });
    expect(await refusal(link, READ, { variables: [{ name: "limit", number: 1 }] })).toMatchObject({
      ...{ code: "BAD_INPUT", field: "variables.0.name" },
    });
    expect(await refusal(link, READ, { range: DAY })).toMatchObject({ code: "BAD_INPUT", field: "range" });
    const open = presented(owner, await made(owner, id, { rangeOpen: true }));
    const range = { from: "2026-11-18T00:00:00Z", to: DAY.from };
    expect(await room.ask(open, READ, { range })).toMatchObject({ sharedDashboard: { data: [total(0)] } });
  });

  test("is made, listed and ended by those who may share the dashboard; every reading is counted, and none after its end", async () => {
    const owner = person();
    const [viewer, keeper, foreign] = [
      person(owner.tenantId),
      person(owner.tenantId, [], ["analytics:read", "dashboards:edit", "access:manage"]),
      person(),
    ];
    const { id } = await board(owner, { views: { question: counts(["view"]) } });
    const SHARE = `mutation ($id: ID!) { shareDashboard(id: $id, input: { view: { scope: TENANT }, edit: { scope: OWNER } }) { __typename } }`;
    await room.ask(owner, SHARE, { id });
    const input = { name: "Wall", expiresAt: soon() };
    expect(await refusal(viewer, CREATE, { id, input })).toMatchObject({ code: "FORBIDDEN" });
    expect(await refusal(viewer, LIST, { id })).toMatchObject({ code: "FORBIDDEN" });
    const notFound = { createDashboardLink: { __typename: "DashboardNotFound" } };
    expect(await room.ask(foreign, CREATE, { id, input })).toEqual(notFound);
    expect(await room.ask(foreign, LIST, { id })).toEqual({ dashboardLinks: null });
    const bound = { ...owner, networks: ["10.0.0.0/8"] };
    expect(await refusal(bound, CREATE, { id, input })).toMatchObject({ code: "FORBIDDEN" });
    const link = await made(keeper, id);
    for (let reads = 0; reads < 3; reads += 1) await room.ask(presented(owner, link), READ);
    expect(await room.ask(owner, LIST, { id })).toEqual({
      dashboardLinks: [{ id: link, name: "Wall", uses: 3, lastUsedAt: expect.any(String), revokedAt: null }],
    });
    const gone = { revokeDashboardLink: { __typename: "DashboardLinkNotFound" } };
    expect(await room.ask(foreign, REVOKE, { id: link })).toEqual(gone);
    expect(await room.ask(owner, REVOKE, { id: "nonsense" })).toEqual(gone);
    expect(await room.ask(presented(foreign, link), READ)).toEqual(nothing);
    expect(await refusal(owner, READ, {})).toMatchObject({ code: "FORBIDDEN", permission: "dashboards:shared" });
    expect(await room.ask(owner, REVOKE, { id: link })).toEqual({
      revokeDashboardLink: { __typename: "DashboardLinkRevoked" },
    });
    expect(room.ended).toContain(link);
    expect(await room.ask(presented(owner, link), READ)).toEqual(nothing);
    expect(await room.ask(owner, LIST, { id })).toMatchObject({
      dashboardLinks: [{ uses: 3, revokedAt: expect.any(String) }],
    });
    const last = await made(owner, id);
    await room.ask(owner, "mutation ($id: ID!) { removeDashboard(id: $id) { __typename } }", { id });
    expect(await room.ask(presented(owner, last), READ)).toEqual(nothing);
  });

  test.each([
    [{ name: " " }, "input.name"],
    [{ expiresAt: "2020-01-01T00:00:00Z" }, "input.expiresAt"],
    [{ expiresAt: new Date(Date.now() + 91 * 86_400_000).toISOString() }, "input.expiresAt"],
    [{ widgets: [] }, "input.widgets"],
    [{ widgets: [randomUUID()] }, "input.widgets.0"],
    [{ openVariables: ["nams"] }, "input.openVariables.0"],
  ])("says what is wrong with it where it stands: %j", async (rest, field) => {
    const owner = person();
    const id = await room.create(owner);
    const input = { name: "Wall", expiresAt: soon(), ...rest };
    expect(await refusal(owner, CREATE, { id, input })).toMatchObject({ code: "BAD_INPUT", field });
  });
});

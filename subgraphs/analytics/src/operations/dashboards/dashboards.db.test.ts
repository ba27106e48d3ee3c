import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Caller } from "@tessera/contracts/caller";
import { BOX, counts, openDashboardRoom, person } from "../../../testing/dashboard-room.ts";
import { applyChanges } from "../../domain/dashboards/apply-change.ts";
import { emptyDocument } from "../../domain/dashboards/document.ts";
import { createDashboardStore } from "../../store/dashboards/dashboard-store.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

let room: ReturnType<typeof openDashboardRoom>;
beforeAll(async () => {
  room = openDashboardRoom();
  await room.open();
});
afterAll(() => room.close());

const added = (id: string, title: string, rest: object = { text: "" }) => ({
  addWidget: { id, title, box: BOX, ...rest },
});
const storeOf = () => createDashboardStore(room.world.resources);
const SHOWN = `query ($id: ID!, $version: Int) { dashboard(id: $id, version: $version) {
  version latestVersion title owner changedBy widgets { id title chart chartChosen text box { x y } placed { x y }
    question { kind input suggestion { chart } } }
  variables { name value } } }`;
const shown = (caller: Caller, id: string, version?: number) => room.ask(caller, SHOWN, { id, version });

describe("editing a dashboard", () => {
  test("adds what is validated by the question's own parser, suggests charts, and lays out what overlaps", async () => {
    const caller = person();
    const id = await room.create(caller);
    const [first, second] = [randomUUID(), randomUUID()];
    const { version, outcomes } = await room.edit(caller, id, 1, [
      added(first, "By country", { question: counts(["view"], ["country"]) }),
      added(second, "Said", { text: "Look!", chart: "TABLE", after: first }),
      { setVariable: { name: "who", type: "TEXTS", value: { texts: ["view"] }, places: [] } },
    ]);
    expect([version, outcomes.map(({ kind }) => kind)]).toEqual([2, ["APPLIED", "APPLIED", "APPLIED"]]);
    const subject = `USER:${caller.subject.id}`;
    expect(await shown(caller, id)).toEqual({
      dashboard: {
        ...{ version: 2, latestVersion: 2, title: "Sales", owner: subject, changedBy: subject },
        variables: [{ name: "who", value: ["view"] }],
        widgets: [
          expect.objectContaining({
            ...{ id: first, chart: "MAP", chartChosen: false, text: null, placed: { x: 0, y: 0 } },
            question: {
              kind: "OLAP",
              input: expect.objectContaining({ dimensions: ["country"], limit: 1_000 }),
              suggestion: { chart: "MAP" },
            },
          }),
          expect.objectContaining({
            ...{ id: second, chart: "TABLE", chartChosen: true, text: "Look!", question: null },
            ...{ box: { x: 0, y: 0 }, placed: { x: 0, y: 4 } },
          }),
        ],
      },
    });
  });

  test.each([
    ["a field that is none", counts([], ["contry"]), "BAD_INPUT", /^operations\.1\.addWidget\.question\.olap\./],
    [
      "a field that the editor may not see",
      counts([], ["userId"]),
      "FORBIDDEN",
      /^operations\.1\.addWidget\.question\.olap\./,
    ],
    [
      "a funnel without steps",
      { funnel: { range: { sliding: "P1D" }, steps: [] } },
      "BAD_INPUT",
      /^operations\.1\.addWidget\.question\.funnel\.steps/,
    ],
    [
      "a saved query that is none",
      { savedQuery: { name: "nobody" } },
      "BAD_INPUT",
      /^operations\.1\.addWidget\.question\.savedQuery\.name/,
    ],
    ["no question", {}, "BAD_INPUT", /^operations\.1\.addWidget\.question$/],
  ])("refuses %s where it stands, and makes nothing of the edit", async (_what, question, code, field) => {
    const caller = person();
    const id = await room.create(caller);
    const operations = [{ setTitle: "New" }, added(randomUUID(), "W", { question })];
    const { errors } = await room.tryEdit(caller, id, 1, operations);
    expect(errors?.[0]?.extensions).toMatchObject({ code, field: expect.stringMatching(field) });
    expect(await shown(caller, id)).toMatchObject({ dashboard: { version: 1, title: "Sales" } });
  });

  test("sent again by its key changes nothing and tells the same; another edit by the key is refused", async () => {
    const caller = person();
    const id = await room.create(caller);
    const key = randomUUID();
    const operations = [added(randomUUID(), "Once"), { removeVariable: "none" }];
    const first = await room.edit(caller, id, 1, operations, key);
    await room.edit(caller, id, 2, [{ setTitle: "Since" }]);
    const again = await room.edit(caller, id, 1, operations, key);
    expect([first.replayed, again]).toEqual([false, { ...first, replayed: true }]);
    expect(await shown(caller, id)).toMatchObject({ dashboard: { version: 3, widgets: [{ title: "Once" }] } });
    const { errors } = await room.tryEdit(caller, id, 1, [{ setTitle: "Other" }], key);
    expect(errors?.[0]?.extensions).toMatchObject({ code: "CONFLICT", field: "idempotencyKey" });
  });

  test("by two at once loses nothing: both stand, conflicts are told, and what is told makes what there is", async () => {
    const [one] = [person()];
    const other = person(one.tenantId);
    const id = await room.create(one, { edit: { scope: "TENANT" } });
    const widgets = Array.from({ length: 8 }, () => randomUUID());
    await room.edit(
      one,
      id,
      1,
      widgets.slice(0, 4).map((widget) => added(widget, "start")),
    );
    const edits = widgets.map((widget, index) => ({
      caller: index % 2 === 0 ? one : other,
      operations: [
        index < 4 ? { setWidgetTitle: { id: widget, title: `t${index}` } } : added(widget, `t${index}`),
        { setTitle: `by ${index}` },
      ],
    }));
    const outcomes = await Promise.all(edits.map((edit) => room.edit(edit.caller, id, 2, edit.operations)));
    expect(outcomes.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    const kinds = outcomes.flatMap((edit) => edit.outcomes.map(({ kind }) => kind));
    expect(kinds.filter((kind) => kind === "OVERWROTE")).toHaveLength(7);
    const [now] = await storeOf().find(one.tenantId, [id]);
    const titles = new Map(now?.document.widgets.map((widget) => [widget.id, widget.title]));
    expect(widgets.map((widget) => titles.get(widget))).toEqual(widgets.map((_widget, index) => `t${index}`));
    const made = await storeOf().versions(one.tenantId, id, { first: 100, before: null });
    const told = made.toReversed().flatMap(({ changes }) => changes);
    expect(applyChanges(emptyDocument("Sales", ""), told)).toEqual(now?.document);
  });

  test("on a version that is not there yet, or too old, is refused; what is removed meanwhile is dropped and told", async () => {
    const caller = person();
    const id = await room.create(caller);
    const widget = randomUUID();
    await room.edit(caller, id, 1, [added(widget, "W")]);
    await room.edit(caller, id, 2, [{ removeWidget: widget }]);
    const late = await room.edit(caller, id, 2, [{ moveWidget: { id: widget, box: BOX } }]);
    expect(late).toMatchObject({
      version: 3,
      outcomes: [{ kind: "DROPPED", reason: "WIDGET_REMOVED", version: 3 }],
    });
    const { errors } = await room.tryEdit(caller, id, 4, [{ setTitle: "x" }]);
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_INPUT", field: "baseVersion" });
  });
});

describe("versions of a dashboard", () => {
  test("are all there as they were, and one can be brought back, which is a version itself", async () => {
    const caller = person();
    const id = await room.create(caller);
    for (let version = 1; version <= 42; version += 1)
      await room.edit(caller, id, version, [{ setTitle: `v${version + 1}` }, added(randomUUID(), `w${version + 1}`)]);
    for (const version of [1, 2, 19, 20, 21, 40, 42, 43])
      expect(await shown(caller, id, version)).toMatchObject({
        dashboard: {
          ...{ version, latestVersion: 43, title: version === 1 ? "Sales" : `v${version}` },
          widgets: Array.from({ length: version - 1 }, (_, index) => ({ title: `w${index + 2}` })),
        },
      });
    expect(await shown(caller, id, 44)).toEqual({ dashboard: null });
    const restore = `mutation ($id: ID!, $version: Int!) { restoreDashboard(id: $id, version: $version) {
      ... on DashboardEdited { version dashboard { title widgets { title }
        versions(first: 2) { edges { node { version restoredFrom operations { kind } } } pageInfo { hasNextPage } } } } } }`;
    expect(await room.ask(caller, restore, { id, version: 42 })).toEqual({
      restoreDashboard: {
        version: 44,
        dashboard: {
          title: "v42",
          widgets: Array.from({ length: 41 }, (_, index) => ({ title: `w${index + 2}` })),
          versions: {
            edges: [
              {
                node: {
                  ...{ version: 44, restoredFrom: 42 },
                  operations: [{ kind: "SET_TITLE" }, { kind: "REMOVE_WIDGET" }],
                },
              },
              { node: expect.objectContaining({ version: 43, restoredFrom: null }) },
            ],
            pageInfo: { hasNextPage: true },
          },
        },
      },
    });
    expect(await shown(caller, id, 43)).toMatchObject({ dashboard: { title: "v43" } });
    const { errors } = await room.answer(caller, restore, { id, version: 99 });
    expect(errors?.[0]?.extensions).toMatchObject({ code: "BAD_INPUT", field: "version" });
  });
});

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { anyBox, anyEdits, WIDGET_IDS } from "../../../testing/dashboard-arbitraries.ts";
import { asksForGap, editModel, emptyModel, shownDocument, shownModel } from "../../../testing/reference-dashboard.ts";
import { applyChanges } from "./apply-change.ts";
import { difference } from "./difference.ts";
import { DASHBOARD_LIMITS, emptyDocument, GRID_COLUMNS, type DashboardDocument, type Widget } from "./document.ts";
import type { Operation } from "./operation.ts";
import { keyBetween, MAX_ORDER_KEY, spreadKeys } from "./order-key.ts";
import { rebase, type EditMade } from "./rebase.ts";
import { settle } from "./settle.ts";

const RUNS = 1_000;
const [FIRST = "", SECOND = "", THIRD = ""] = WIDGET_IDS;
const BOX = { x: 0, y: 0, width: 6, height: 4 };

const added = (id: string, title = "t", after?: string): Operation => ({
  kind: "ADD_WIDGET",
  widget: { id, title, box: BOX, content: { kind: "TEXT", text: "" }, chart: null },
  after,
});

interface Server {
  readonly document: DashboardDocument;
  readonly made: readonly EditMade[];
}

const opened: Server = { document: emptyDocument("Sales", ""), made: [] };
const versionOf = ({ made }: Server): number => made.at(-1)?.version ?? 1;

/** What a server does with an edit. */
const serve = (server: Server, base: number, operations: readonly Operation[], by = "USER:a") => {
  const since = server.made.filter(({ version }) => version > base);
  const { document, changes, outcomes } = rebase(server.document, since, operations, by);
  const version = versionOf(server) + 1;
  const made = changes.length === 0 ? server.made : [...server.made, { version, by, changes }];
  return { server: { document, made }, outcomes };
};

describe("edits made at the same time", () => {
  test("come to what the plain definition says, whatever they are and however old the version they were made on", () => {
    fc.assert(
      fc.property(anyEdits, (edits) => {
        let [server, model, ordered] = [opened, emptyModel("Sales"), true];
        for (const { by, behind, operations } of edits) {
          const base = Math.max(1, versionOf(server) - behind);
          ordered &&= !asksForGap(model, { by, base, operations });
          model = editModel(model, { by, base, operations });
          ({ server } = serve(server, base, operations, by));
          const [shown, wanted] = [shownDocument(server.document), shownModel(model)];
          const inOrder = (one: typeof shown.widgets) =>
            ordered ? one : one.toSorted((a, b) => (a.id < b.id ? -1 : 1));
          expect({ ...shown, widgets: inOrder(shown.widgets) }).toEqual({
            ...wanted,
            widgets: inOrder(wanted.widgets),
          });
          // After a place in a gap the orders may differ, and with them what changes nothing.
          if (!ordered) return;
          expect(versionOf(server)).toBe(model.history.at(-1)?.version ?? 1);
        }
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test("are told so that whoever applies what is told has what the server has, from any version on", () => {
    fc.assert(
      fc.property(anyEdits, fc.nat(14), (edits, from) => {
        let server = opened;
        const documents = [server.document];
        for (const { by, behind, operations } of edits) {
          const before = versionOf(server);
          ({ server } = serve(server, Math.max(1, before - behind), operations, by));
          if (versionOf(server) > before) documents.push(server.document);
        }
        const start = Math.min(from, documents.length - 1);
        const changes = server.made.slice(start).flatMap((made) => made.changes);
        expect(applyChanges(documents[start] ?? opened.document, changes)).toEqual(server.document);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  test("all stand when they are about different things, whoever comes first", () => {
    const { server } = serve(opened, 1, [added(FIRST), added(SECOND)]);
    const one: readonly Operation[] = [
      { kind: "SET_WIDGET_TITLE", widgetId: FIRST, title: "mine" },
      { kind: "MOVE_WIDGET", widgetId: SECOND, box: { ...BOX, x: 12 } },
      { kind: "SET_TITLE", title: "Our sales" },
    ];
    const other: readonly Operation[] = [
      { kind: "MOVE_WIDGET", widgetId: FIRST, box: { ...BOX, y: 9 } },
      { kind: "SET_WIDGET_CHART", widgetId: SECOND, chart: "BAR" },
      added(THIRD, "theirs", FIRST),
    ];
    const both = [
      serve(serve(server, 2, one, "USER:a").server, 2, other, "USER:b"),
      serve(serve(server, 2, other, "USER:b").server, 2, one, "USER:a"),
    ];
    expect(both[0]?.server.document).toEqual(both[1]?.server.document);
    expect(both.map(({ outcomes }) => outcomes.map(({ kind }) => kind))).toEqual([
      ["APPLIED", "APPLIED", "APPLIED"],
      ["APPLIED", "APPLIED", "APPLIED"],
    ]);
    expect(shownDocument(both[0]?.server.document ?? opened.document)).toMatchObject({
      title: "Our sales",
      widgets: [
        { id: FIRST, title: "mine", box: { y: 9 } },
        { id: THIRD, title: "theirs" },
        { id: SECOND, box: { x: 12 }, chart: "BAR" },
      ],
    });
  });

  test("tell what they overwrote, and what came to nothing, and why", () => {
    const { server } = serve(opened, 1, [added(FIRST), added(SECOND)]);
    const next = serve(
      server,
      2,
      [
        { kind: "SET_TITLE", title: "Theirs" },
        { kind: "REMOVE_WIDGET", widgetId: FIRST },
        { kind: "SET_WIDGET_TITLE", widgetId: SECOND, title: "theirs" },
      ],
      "USER:b",
    ).server;
    const stale = serve(next, 2, [
      { kind: "SET_TITLE", title: "Mine" },
      { kind: "SET_WIDGET_TITLE", widgetId: FIRST, title: "mine" },
      { kind: "REMOVE_WIDGET", widgetId: SECOND },
      { kind: "REMOVE_WIDGET", widgetId: FIRST },
      { kind: "REMOVE_WIDGET", widgetId: THIRD },
      { kind: "PLACE_WIDGET", widgetId: SECOND, after: FIRST },
      { kind: "PLACE_WIDGET", widgetId: SECOND, after: THIRD },
      { kind: "SET_DESCRIPTION", description: "" },
      added(FIRST),
      added(SECOND),
      { kind: "REMOVE_VARIABLE", name: "country" },
    ]);
    expect(stale.outcomes).toEqual([
      { kind: "OVERWROTE", version: 3 },
      { kind: "DROPPED", reason: "WIDGET_REMOVED", version: 3 },
      { kind: "DROPPED", reason: "WIDGET_EDITED_SINCE", version: 3 },
      { kind: "UNCHANGED" },
      { kind: "DROPPED", reason: "WIDGET_UNKNOWN", version: null },
      { kind: "UNCHANGED" },
      { kind: "DROPPED", reason: "WIDGET_UNKNOWN", version: null },
      { kind: "UNCHANGED" },
      { kind: "DROPPED", reason: "WIDGET_REMOVED", version: 3 },
      { kind: "DROPPED", reason: "WIDGET_EXISTS", version: null },
      { kind: "DROPPED", reason: "VARIABLE_UNKNOWN", version: null },
    ]);
    // Looked at again, the removal counts.
    expect(serve(stale.server, 4, [{ kind: "REMOVE_WIDGET", widgetId: SECOND }]).outcomes).toEqual([
      { kind: "APPLIED" },
    ]);
  });

  test("never make more widgets or variables than there may be", () => {
    const uuid = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
    const widgets = Array.from({ length: DASHBOARD_LIMITS.widgets + 1 }, (_, index) => added(uuid(index)));
    const variables = Array.from({ length: DASHBOARD_LIMITS.variables + 1 }, (_, index): Operation => ({
      kind: "SET_VARIABLE",
      variable: { name: `v${index}`, type: "NUMBER", value: index, places: [] },
    }));
    const { server, outcomes } = serve(opened, 1, [...widgets, ...variables]);
    expect(outcomes.filter(({ kind }) => kind === "DROPPED")).toEqual([
      { kind: "DROPPED", reason: "TOO_MANY_WIDGETS", version: null },
      { kind: "DROPPED", reason: "TOO_MANY_VARIABLES", version: null },
    ]);
    expect(server.document.widgets).toHaveLength(DASHBOARD_LIMITS.widgets);
  });
});

describe("the difference of two documents", () => {
  test("makes one of the other, and is nothing between equal ones", () => {
    const documentOf = (edits: readonly { readonly operations: readonly Operation[] }[]): DashboardDocument =>
      edits.reduce((server, { operations }) => serve(server, versionOf(server), operations).server, opened).document;
    fc.assert(
      fc.property(anyEdits, anyEdits, (one, other) => {
        const [from, to] = [documentOf(one), documentOf(other)];
        expect(applyChanges(from, difference(from, to))).toEqual(to);
        expect(difference(to, to)).toEqual([]);
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });
});

describe("keys of order", () => {
  test("lie strictly between any two, and are compared as text", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { maxLength: 80 }), (places) => {
        const keys: string[] = [];
        for (const place of places) {
          const at = place % (keys.length + 1);
          keys.splice(at, 0, keyBetween(keys[at - 1] ?? null, keys[at] ?? null));
        }
        expect(keys).toEqual([...new Set(keys)].toSorted((a, b) => (a < b ? -1 : 1)));
        expect(keys.every((key) => !key.endsWith("0"))).toBe(true);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(spreadKeys(60)).toEqual([...new Set(spreadKeys(60))].toSorted((a, b) => (a < b ? -1 : 1)));
  });

  test("never grow without end: widgets put to the same place ten thousand times keep their order and short keys", () => {
    let server = serve(opened, 1, [added(FIRST), added(SECOND), added(THIRD)]).server;
    for (let turn = 0; turn < 10_000; turn += 1) {
      const [, one, other] = server.document.widgets;
      const moved = (turn % 2 === 0 ? other : one)?.id ?? "";
      const after = server.document.widgets[0]?.id ?? "";
      const operations: readonly Operation[] = [{ kind: "PLACE_WIDGET", widgetId: moved, after }];
      ({ server } = { server: { ...serve(server, versionOf(server), operations).server, made: [] } });
    }
    expect(server.document.widgets.map(({ id }) => id).toSorted()).toEqual([FIRST, SECOND, THIRD]);
    expect(server.document.widgets.every(({ order }) => order.length <= MAX_ORDER_KEY)).toBe(true);
  });
});

describe("boxes that are wanted at the same cells", () => {
  const overlapping = (a: Widget["box"], b: Widget["box"]): boolean =>
    Array.from({ length: a.width * a.height }, (_, cell) => ({
      x: a.x + (cell % a.width),
      y: a.y + Math.floor(cell / a.width),
    })).some(({ x, y }) => x >= b.x && x < b.x + b.width && y >= b.y && y < b.y + b.height);

  test("come to lie on no other, in the columns where they are wanted, the same way in whatever order they are told", () => {
    fc.assert(
      fc.property(fc.array(anyBox, { maxLength: 12 }), (boxes) => {
        const widgets = boxes.map((box, index): Widget => ({
          ...{ id: String(index), order: spreadKeys(boxes.length)[index] ?? "", title: "t", box },
          ...{ content: { kind: "TEXT", text: "" }, chart: null },
        }));
        const settled = settle(widgets);
        expect(settle(widgets.toReversed())).toEqual(settled);
        const all = [...settled];
        expect(all.map(([id, box]) => [id, { ...box, y: 0 }])).toEqual(
          all.map(([id]) => [id, { ...boxes[Number(id)], y: 0 }]),
        );
        const raised = all.filter(([id, box]) => box.y < (boxes[Number(id)]?.y ?? 0));
        const outside = all.filter(([, box]) => box.x + box.width > GRID_COLUMNS);
        const met = all.filter(([id, box]) => all.some(([other, there]) => other !== id && overlapping(box, there)));
        expect({ raised, outside, met }).toEqual({ raised: [], outside: [], met: [] });
        const free = boxes.every((a, one) => boxes.every((b, other) => one === other || !overlapping(a, b)));
        if (free) expect(widgets.map(({ id }) => settled.get(id))).toEqual(boxes);
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });
});

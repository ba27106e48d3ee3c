import type { DashboardDocument, Widget } from "../src/domain/dashboards/document.ts";
import { widgetOf, type Operation } from "../src/domain/dashboards/operation.ts";

/** An edit as a model sees it: who made it, on which version, of what. */
export interface ModelEdit {
  readonly by: string;
  readonly base: number;
  readonly operations: readonly Operation[];
}

/** What a model says of a widget, its place told by the order of the list it is in. */
type ModelWidget = Omit<Widget, "order">;

/**
 * A dashboard by the plain words of its definition: a list of widgets in which removed ones leave a mark where they were, and registers that hold what
 * was set last. Every version is kept whole, so that what an edit could not have seen is found by looking.
 */
export interface ModelDashboard {
  readonly registers: Readonly<Record<string, unknown>>;
  readonly variables: ReadonlyMap<string, unknown>;
  /** Widgets and the marks of removed ones, in the order of reading. */
  readonly list: readonly { readonly id: string; readonly widget: ModelWidget | null }[];
  /** Edits that changed something, with the version each made. */
  readonly history: readonly {
    readonly by: string;
    readonly version: number;
    /** Operations that changed something, in their order. */
    readonly done: readonly Operation[];
  }[];
}

/** A model of a dashboard with nothing on it, of version 1. */
export const emptyModel = (title: string): ModelDashboard => ({
  registers: { title, description: "", range: null, filter: null },
  ...{ variables: new Map(), list: [], history: [] },
});

interface Seen {
  readonly removedSince: ReadonlySet<string>;
  readonly touchedByOthers: ReadonlySet<string>;
}

const seenBy = ({ history }: ModelDashboard, { by, base }: ModelEdit): Seen => {
  const [removedSince, touchedByOthers] = [new Set<string>(), new Set<string>()];
  for (const one of history.filter(({ version }) => version > base))
    for (const operation of one.done) {
      const id = widgetOf(operation);
      if (operation.kind === "REMOVE_WIDGET") removedSince.add(operation.widgetId);
      if (operation.kind === "ADD_WIDGET") removedSince.delete(operation.widget.id);
      if (id !== null && one.by !== by) touchedByOthers.add(id);
    }
  return { removedSince, touchedByOthers };
};

type List = ModelDashboard["list"];

const insertAfter = (list: List, widget: ModelWidget, after: string | null | undefined): List => {
  const one = { id: widget.id, widget };
  if (after === undefined) return [...list, one];
  const at = after === null ? -1 : list.findIndex(({ id }) => id === after);
  return [...list.slice(0, at + 1), one, ...list.slice(at + 1)];
};

const set = (list: List, widgetId: string, part: Partial<ModelWidget>): List =>
  list.map((one) =>
    one.id === widgetId && one.widget !== null ? { ...one, widget: { ...one.widget, ...part } } : one,
  );

/** The list after an operation on widgets; the same list when it comes to nothing. */
const listAfter = (list: List, operation: Operation, { removedSince, touchedByOthers }: Seen): List => {
  const live = (id: string): boolean => list.some((one) => one.id === id && one.widget !== null);
  const known = (id: string): boolean => live(id) || removedSince.has(id);
  switch (operation.kind) {
    case "ADD_WIDGET": {
      const { widget, after } = operation;
      if (known(widget.id) || (typeof after === "string" && !known(after))) return list;
      return insertAfter(
        list.filter(({ id }) => id !== widget.id),
        widget,
        after,
      );
    }
    case "REMOVE_WIDGET":
      return !live(operation.widgetId) || touchedByOthers.has(operation.widgetId)
        ? list
        : list.map((one) => (one.id === operation.widgetId ? { ...one, widget: null } : one));
    case "PLACE_WIDGET": {
      const { widgetId, after } = operation;
      const moved = list.find(({ id }) => id === widgetId)?.widget ?? null;
      if (moved === null || after === widgetId || (after !== null && !known(after))) return list;
      const others = list.filter(({ id }) => id !== widgetId);
      return insertAfter(others, moved, after);
    }
    case "MOVE_WIDGET":
      return set(list, operation.widgetId, { box: operation.box });
    case "SET_WIDGET_TITLE":
      return set(list, operation.widgetId, { title: operation.title });
    case "SET_WIDGET_CONTENT":
      return set(list, operation.widgetId, { content: operation.content });
    case "SET_WIDGET_CHART":
      return set(list, operation.widgetId, { chart: operation.chart });
    default:
      return list;
  }
};

const after = (model: ModelDashboard, operation: Operation, seen: Seen): ModelDashboard => {
  switch (operation.kind) {
    case "SET_TITLE":
      return { ...model, registers: { ...model.registers, title: operation.title } };
    case "SET_DESCRIPTION":
      return { ...model, registers: { ...model.registers, description: operation.description } };
    case "SET_RANGE":
      return { ...model, registers: { ...model.registers, range: operation.range } };
    case "SET_FILTER":
      return { ...model, registers: { ...model.registers, filter: operation.filter } };
    case "SET_VARIABLE":
      return { ...model, variables: new Map([...model.variables, [operation.variable.name, operation.variable]]) };
    case "REMOVE_VARIABLE":
      return { ...model, variables: new Map([...model.variables].filter(([name]) => name !== operation.name)) };
    default:
      return { ...model, list: listAfter(model.list, operation, seen) };
  }
};

/** What can be seen of a model: registers, variables by name, and widgets in the order of reading. */
export const shownModel = ({ registers, variables, list }: ModelDashboard) => ({
  ...registers,
  variables: [...variables].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, variable]) => variable),
  widgets: list.flatMap(({ widget }) => widget ?? []),
});

/** The same of a document. */
export const shownDocument = ({ widgets, ...rest }: DashboardDocument) => ({
  ...rest,
  widgets: widgets.map(({ order: _order, ...widget }) => widget),
});

/** The model after an edit that reached the server next. */
export const editModel = (model: ModelDashboard, edit: ModelEdit): ModelDashboard => {
  const seen = seenBy(model, edit);
  const done: Operation[] = [];
  let now = model;
  for (const operation of edit.operations) {
    const next = after(now, operation, seen);
    if (JSON.stringify(shownModel(next)) === JSON.stringify(shownModel(now))) continue;
    done.push(operation);
    now = next;
  }
  if (done.length === 0) return model;
  const version = (model.history.at(-1)?.version ?? 1) + 1;
  return { ...now, history: [...model.history, { by: edit.by, version, done }] };
};

/** True when an edit asks for a place after a widget that was removed since: which of the places around the gap it is, is not defined. */
export const asksForGap = (model: ModelDashboard, edit: ModelEdit): boolean => {
  const { removedSince } = seenBy(model, edit);
  return edit.operations.some((one) => "after" in one && typeof one.after === "string" && removedSince.has(one.after));
};

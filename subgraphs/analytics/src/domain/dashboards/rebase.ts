import { applyChange } from "./apply-change.ts";
import { DASHBOARD_LIMITS, type DashboardDocument, type Widget } from "./document.ts";
import { registerOf, widgetOf, type Change, type DropReason, type Operation, type Outcome } from "./operation.ts";
import { keyBetween, MAX_ORDER_KEY, spreadKeys } from "./order-key.ts";

/** What was done in one version. */
export interface EditMade {
  readonly version: number;
  readonly by: string;
  readonly changes: readonly Change[];
}

/** What an edit comes to, put after all that was done since the version it was made on. */
export interface Rebased {
  readonly document: DashboardDocument;
  readonly changes: readonly Change[];
  /** One for each operation, in their order. */
  readonly outcomes: readonly Outcome[];
}

/** What was done since an edit's version, by what an operation may meet with. */
interface Met {
  /** The version that wrote a register last, of those since. */
  readonly writers: ReadonlyMap<string, number>;
  /** Widgets removed since: by which version, and the place each had. */
  readonly removed: ReadonlyMap<string, { readonly version: number; readonly order: string }>;
  /** Widgets that somebody else changed since, by the last version that did. */
  readonly editedByOthers: ReadonlyMap<string, number>;
}

const meetings = (since: readonly EditMade[], editor: string): Met => {
  const writers = new Map<string, number>();
  const removed = new Map<string, { version: number; order: string }>();
  const editedByOthers = new Map<string, number>();
  for (const { version, by, changes } of since)
    for (const change of changes) {
      writers.set(registerOf(change), version);
      const widgetId = widgetOf(change);
      if (change.kind === "REMOVE_WIDGET") removed.set(change.widgetId, { version, order: change.order });
      if (change.kind === "ADD_WIDGET") removed.delete(change.widget.id);
      if (widgetId !== null && by !== editor) editedByOthers.set(widgetId, version);
    }
  return { writers, removed, editedByOthers };
};

const dropped = (reason: DropReason, version: number | null = null): Outcome => ({ kind: "DROPPED", reason, version });

/** What becomes of one operation: the changes it is, or why there are none. */
type Step = { readonly change: Change } | { readonly outcome: Outcome };

const find = (document: DashboardDocument, id: string): Widget | undefined =>
  document.widgets.find((widget) => widget.id === id);

const gone = (met: Met, widgetId: string): Outcome => {
  const removal = met.removed.get(widgetId);
  return removal === undefined ? dropped("WIDGET_UNKNOWN") : dropped("WIDGET_REMOVED", removal.version);
};

/** The key of the place after a widget, where it is now or was when it was removed; null when nothing is known of it. */
const placeAfter = (
  { widgets }: DashboardDocument,
  met: Met,
  moved: string,
  after: string | null | undefined,
): string | null => {
  const others = widgets.filter(({ id }) => id !== moved);
  if (after === undefined) return keyBetween(others.at(-1)?.order ?? null, null);
  if (after === null) return keyBetween(null, others[0]?.order ?? null);
  const left = others.find(({ id }) => id === after)?.order ?? met.removed.get(after)?.order;
  if (left === undefined) return null;
  return keyBetween(left, others.find(({ order }) => order > left)?.order ?? null);
};

const addWidget = (
  document: DashboardDocument,
  met: Met,
  { widget, after }: Extract<Operation, { kind: "ADD_WIDGET" }>,
): Step => {
  if (find(document, widget.id) !== undefined) return { outcome: dropped("WIDGET_EXISTS") };
  if (met.removed.has(widget.id)) return { outcome: gone(met, widget.id) };
  if (document.widgets.length >= DASHBOARD_LIMITS.widgets) return { outcome: dropped("TOO_MANY_WIDGETS") };
  const order = placeAfter(document, met, widget.id, after);
  if (order === null) return { outcome: gone(met, after ?? "") };
  return { change: { kind: "ADD_WIDGET", widget: { ...widget, order } } };
};

const removeWidget = (document: DashboardDocument, met: Met, widgetId: string): Step => {
  const widget = find(document, widgetId);
  if (widget === undefined)
    return { outcome: met.removed.has(widgetId) ? { kind: "UNCHANGED" } : dropped("WIDGET_UNKNOWN") };
  const edited = met.editedByOthers.get(widgetId);
  if (edited !== undefined) return { outcome: dropped("WIDGET_EDITED_SINCE", edited) };
  return { change: { kind: "REMOVE_WIDGET", widgetId, order: widget.order } };
};

const placeWidget = (
  document: DashboardDocument,
  met: Met,
  { widgetId, after }: Extract<Operation, { kind: "PLACE_WIDGET" }>,
): Step => {
  const { widgets } = document;
  const index = widgets.findIndex(({ id }) => id === widgetId);
  if (index < 0) return { outcome: gone(met, widgetId) };
  if (after === widgetId || (widgets[index - 1]?.id ?? null) === after) return { outcome: { kind: "UNCHANGED" } };
  const order = placeAfter(document, met, widgetId, after);
  return order === null ? { outcome: gone(met, after ?? "") } : { change: { kind: "PLACE_WIDGET", widgetId, order } };
};

const setVariable = (
  { variables }: DashboardDocument,
  change: Extract<Operation, { kind: "SET_VARIABLE" | "REMOVE_VARIABLE" }>,
): Step => {
  const known = variables.some(
    ({ name }) => name === (change.kind === "SET_VARIABLE" ? change.variable.name : change.name),
  );
  if (change.kind === "REMOVE_VARIABLE" && !known) return { outcome: dropped("VARIABLE_UNKNOWN") };
  if (!known && variables.length >= DASHBOARD_LIMITS.variables) return { outcome: dropped("TOO_MANY_VARIABLES") };
  return { change };
};

const stepOf = (document: DashboardDocument, met: Met, operation: Operation): Step => {
  switch (operation.kind) {
    case "ADD_WIDGET":
      return addWidget(document, met, operation);
    case "REMOVE_WIDGET":
      return removeWidget(document, met, operation.widgetId);
    case "PLACE_WIDGET":
      return placeWidget(document, met, operation);
    case "SET_VARIABLE":
    case "REMOVE_VARIABLE":
      return setVariable(document, operation);
    case "SET_TITLE":
    case "SET_DESCRIPTION":
    case "SET_RANGE":
    case "SET_FILTER":
      return { change: operation };
    default:
      return find(document, operation.widgetId) === undefined
        ? { outcome: gone(met, operation.widgetId) }
        : { change: operation };
  }
};

/** Whether two documents say the same; what they hold is plain JSON whose fields stand in the order of its types. */
const same = (one: DashboardDocument, other: DashboardDocument): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** New keys for all widgets, in the order they have, once one has become too long. */
const spread = ({ widgets }: DashboardDocument): readonly Change[] => {
  if (widgets.every(({ order }) => order.length <= MAX_ORDER_KEY)) return [];
  const keys = spreadKeys(widgets.length);
  return widgets.map(({ id, order }, index) => ({
    ...{ kind: "PLACE_WIDGET" as const, widgetId: id, order: keys[index] ?? order },
  }));
};

/**
 * Puts operations made on an earlier version after all that was done since, one after the other:
 * a register is set by whoever comes last, and is told as OVERWROTE when it was set since; what is asked of a widget that was removed since is dropped,
 * as is the removal of one that somebody else changed since; a place after a widget is found where that widget is now, or was when it was removed.
 */
export const rebase = (
  head: DashboardDocument,
  since: readonly EditMade[],
  operations: readonly Operation[],
  editor: string,
): Rebased => {
  const met = meetings(since, editor);
  const [changes, outcomes]: [Change[], Outcome[]] = [[], []];
  let document = head;
  for (const operation of operations) {
    const step = stepOf(document, met, operation);
    if ("outcome" in step) {
      outcomes.push(step.outcome);
      continue;
    }
    const next = applyChange(document, step.change);
    const version = met.writers.get(registerOf(step.change));
    if (same(document, next)) outcomes.push({ kind: "UNCHANGED" });
    else {
      changes.push(step.change);
      outcomes.push(version === undefined ? { kind: "APPLIED" } : { kind: "OVERWROTE", version });
    }
    document = next;
  }
  const spreading = spread(document);
  return {
    document: spreading.reduce(applyChange, document),
    changes: [...changes, ...spreading],
    outcomes,
  };
};

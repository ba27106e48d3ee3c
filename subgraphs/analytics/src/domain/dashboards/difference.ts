import type { DashboardDocument, Widget } from "./document.ts";
import type { Change } from "./operation.ts";

const differs = (one: unknown, other: unknown): boolean => JSON.stringify(one) !== JSON.stringify(other);

const widgetChanges = (from: Widget, to: Widget): readonly Change[] => {
  const widgetId = to.id;
  const changes: Change[] = [];
  if (from.title !== to.title) changes.push({ kind: "SET_WIDGET_TITLE", widgetId, title: to.title });
  if (differs(from.box, to.box)) changes.push({ kind: "MOVE_WIDGET", widgetId, box: to.box });
  if (differs(from.content, to.content)) changes.push({ kind: "SET_WIDGET_CONTENT", widgetId, content: to.content });
  if (from.chart !== to.chart) changes.push({ kind: "SET_WIDGET_CHART", widgetId, chart: to.chart });
  if (from.order !== to.order) changes.push({ kind: "PLACE_WIDGET", widgetId, order: to.order });
  return changes;
};

const variableChanges = (from: DashboardDocument, to: DashboardDocument): readonly Change[] => {
  const before = new Map(from.variables.map((one) => [one.name, one]));
  const after = new Set(to.variables.map(({ name }) => name));
  return [
    ...from.variables
      .filter(({ name }) => !after.has(name))
      .map(({ name }): Change => ({ kind: "REMOVE_VARIABLE", name })),
    ...to.variables
      .filter((one) => differs(before.get(one.name), one))
      .map((variable): Change => ({ kind: "SET_VARIABLE", variable })),
  ];
};

/** The changes that make one document of another: nothing that is the same in both is named. */
export const difference = (from: DashboardDocument, to: DashboardDocument): readonly Change[] => {
  const before = new Map(from.widgets.map((widget) => [widget.id, widget]));
  const after = new Set(to.widgets.map(({ id }) => id));
  const own: Change[] = [];
  if (from.title !== to.title) own.push({ kind: "SET_TITLE", title: to.title });
  if (from.description !== to.description) own.push({ kind: "SET_DESCRIPTION", description: to.description });
  if (differs(from.range, to.range)) own.push({ kind: "SET_RANGE", range: to.range });
  if (differs(from.filter, to.filter)) own.push({ kind: "SET_FILTER", filter: to.filter });
  return [
    ...own,
    ...variableChanges(from, to),
    ...from.widgets
      .filter(({ id }) => !after.has(id))
      .map(({ id, order }): Change => ({ kind: "REMOVE_WIDGET", widgetId: id, order })),
    ...to.widgets.flatMap((widget): readonly Change[] => {
      const was = before.get(widget.id);
      return was === undefined ? [{ kind: "ADD_WIDGET", widget }] : widgetChanges(was, widget);
    }),
  ];
};

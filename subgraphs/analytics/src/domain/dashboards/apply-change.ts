import { byOrder, type DashboardDocument, type Widget } from "./document.ts";
import type { Change } from "./operation.ts";
import type { DashboardVariable } from "./variable.ts";

const withWidget = (
  document: DashboardDocument,
  widgetId: string,
  change: (widget: Widget) => Widget,
): DashboardDocument => ({
  ...document,
  widgets: document.widgets.map((widget) => (widget.id === widgetId ? change(widget) : widget)).toSorted(byOrder),
});

const byName = (a: DashboardVariable, b: DashboardVariable): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

const withoutVariable = ({ variables }: DashboardDocument, name: string): readonly DashboardVariable[] =>
  variables.filter((one) => one.name !== name);

/** The document after a change. Changes of widgets that are not there do nothing: {@link Change} is made only for those that are. */
export const applyChange = (document: DashboardDocument, change: Change): DashboardDocument => {
  switch (change.kind) {
    case "SET_TITLE":
      return { ...document, title: change.title };
    case "SET_DESCRIPTION":
      return { ...document, description: change.description };
    case "SET_RANGE":
      return { ...document, range: change.range };
    case "SET_FILTER":
      return { ...document, filter: change.filter };
    case "SET_VARIABLE": {
      const others = withoutVariable(document, change.variable.name);
      return { ...document, variables: [...others, change.variable].toSorted(byName) };
    }
    case "REMOVE_VARIABLE":
      return { ...document, variables: withoutVariable(document, change.name) };
    case "ADD_WIDGET":
      return { ...document, widgets: [...document.widgets, change.widget].toSorted(byOrder) };
    case "REMOVE_WIDGET":
      return { ...document, widgets: document.widgets.filter(({ id }) => id !== change.widgetId) };
    case "MOVE_WIDGET":
      return withWidget(document, change.widgetId, (widget) => ({ ...widget, box: change.box }));
    case "SET_WIDGET_TITLE":
      return withWidget(document, change.widgetId, (widget) => ({ ...widget, title: change.title }));
    case "SET_WIDGET_CONTENT":
      return withWidget(document, change.widgetId, (widget) => ({ ...widget, content: change.content }));
    case "SET_WIDGET_CHART":
      return withWidget(document, change.widgetId, (widget) => ({ ...widget, chart: change.chart }));
    case "PLACE_WIDGET":
      return withWidget(document, change.widgetId, (widget) => ({ ...widget, order: change.order }));
  }
};

/** The document after changes, one after the other. */
export const applyChanges = (document: DashboardDocument, changes: readonly Change[]): DashboardDocument =>
  changes.reduce(applyChange, document);

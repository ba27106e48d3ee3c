import type { TimeRangeInput } from "../asked-range.ts";
import type { FilterInput } from "../filter-input.ts";
import type { ChartType } from "./chart.ts";
import type { Box, Widget, WidgetContent } from "./document.ts";
import type { DashboardVariable } from "./variable.ts";

/** What sets one register of a dashboard, and is the same whatever else was done. */
type Setting =
  | { readonly kind: "SET_TITLE"; readonly title: string }
  | { readonly kind: "SET_DESCRIPTION"; readonly description: string }
  | { readonly kind: "SET_RANGE"; readonly range: TimeRangeInput | null }
  | { readonly kind: "SET_FILTER"; readonly filter: FilterInput | null }
  | { readonly kind: "SET_VARIABLE"; readonly variable: DashboardVariable }
  | { readonly kind: "REMOVE_VARIABLE"; readonly name: string }
  | { readonly kind: "MOVE_WIDGET"; readonly widgetId: string; readonly box: Box }
  | { readonly kind: "SET_WIDGET_TITLE"; readonly widgetId: string; readonly title: string }
  | { readonly kind: "SET_WIDGET_CONTENT"; readonly widgetId: string; readonly content: WidgetContent }
  | { readonly kind: "SET_WIDGET_CHART"; readonly widgetId: string; readonly chart: ChartType | null };

/** What an editor asks for, seen from the version that they had before them. */
export type Operation =
  | Setting
  | {
      readonly kind: "ADD_WIDGET";
      readonly widget: Omit<Widget, "order">;
      /** The widget it is read after; null for the first place, undefined for the last. */
      readonly after: string | null | undefined;
    }
  | { readonly kind: "REMOVE_WIDGET"; readonly widgetId: string }
  | { readonly kind: "PLACE_WIDGET"; readonly widgetId: string; readonly after: string | null };

/** What was done: says the same to whoever applies it to the version before. */
export type Change =
  | Setting
  | { readonly kind: "ADD_WIDGET"; readonly widget: Widget }
  /** With the place that it had, where those who meant to come after it still go. */
  | { readonly kind: "REMOVE_WIDGET"; readonly widgetId: string; readonly order: string }
  | { readonly kind: "PLACE_WIDGET"; readonly widgetId: string; readonly order: string };

/** Why an operation came to nothing. */
export type DropReason =
  | "WIDGET_REMOVED"
  | "WIDGET_UNKNOWN"
  | "WIDGET_EXISTS"
  | "WIDGET_EDITED_SINCE"
  | "VARIABLE_UNKNOWN"
  | "TOO_MANY_WIDGETS"
  | "TOO_MANY_VARIABLES";

/** What became of an operation; `version` is the one that it met with. */
export type Outcome =
  | { readonly kind: "APPLIED" | "UNCHANGED" }
  | { readonly kind: "OVERWROTE"; readonly version: number }
  | { readonly kind: "DROPPED"; readonly reason: DropReason; readonly version: number | null };

/** The register that a change writes: of two that write the same one, the later counts. */
export const registerOf = (change: Change): string => {
  switch (change.kind) {
    case "SET_TITLE":
      return "title";
    case "SET_DESCRIPTION":
      return "description";
    case "SET_RANGE":
      return "range";
    case "SET_FILTER":
      return "filter";
    case "SET_VARIABLE":
      return `variable ${change.variable.name}`;
    case "REMOVE_VARIABLE":
      return `variable ${change.name}`;
    case "ADD_WIDGET":
      return `widget ${change.widget.id} itself`;
    case "REMOVE_WIDGET":
      return `widget ${change.widgetId} itself`;
    case "MOVE_WIDGET":
      return `widget ${change.widgetId} box`;
    case "SET_WIDGET_TITLE":
      return `widget ${change.widgetId} title`;
    case "SET_WIDGET_CONTENT":
      return `widget ${change.widgetId} content`;
    case "SET_WIDGET_CHART":
      return `widget ${change.widgetId} chart`;
    case "PLACE_WIDGET":
      return `widget ${change.widgetId} order`;
  }
};

/** The widget that a change is about; null for the dashboard's own. */
export const widgetOf = (change: Operation | Change): string | null => {
  if (change.kind === "ADD_WIDGET") return change.widget.id;
  return "widgetId" in change ? change.widgetId : null;
};

import type { TimeRangeInput } from "../asked-range.ts";
import type { FilterInput } from "../filter-input.ts";
import type { ChartType } from "./chart.ts";
import type { Question } from "./question.ts";
import type { DashboardVariable } from "./variable.ts";

/** Where a widget lies on a grid of {@link GRID_COLUMNS} columns: its left upper cell, its width and height in cells. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What a widget shows: the answer to a question, or a text. */
export type WidgetContent =
  { readonly kind: "QUESTION"; readonly question: Question } | { readonly kind: "TEXT"; readonly text: string };

/** A part of a dashboard. */
export interface Widget {
  /** A lower-case UUID, given by who added it. */
  readonly id: string;
  /** Its place in the order of reading; see order-key.ts. */
  readonly order: string;
  readonly title: string;
  /** Where its editors want it; where it comes to lie is told by `settle`. */
  readonly box: Box;
  readonly content: WidgetContent;
  /** Null: the chart that the question suggests. */
  readonly chart: ChartType | null;
}

/** What a dashboard is in one of its versions. */
export interface DashboardDocument {
  readonly title: string;
  readonly description: string;
  /** The range of every question in place of its own; null leaves each its own. */
  readonly range: TimeRangeInput | null;
  /** What events must pass besides what questions ask of them. */
  readonly filter: FilterInput | null;
  /** By name. */
  readonly variables: readonly DashboardVariable[];
  /** In the order of reading. */
  readonly widgets: readonly Widget[];
}

/** Columns of the grid: 24 divide into halves, thirds, quarters, sixths and eighths. */
export const GRID_COLUMNS = 24;

/** What a dashboard may hold: what a person takes in is far below, and a version stays below a megabyte. */
export const DASHBOARD_LIMITS = {
  widgets: 60,
  variables: 20,
  places: 20,
  operations: 50,
  title: 200,
  description: 2_000,
  text: 10_000,
  question: 8_192,
  filter: 8_192,
  rows: 10_000,
  widgetHeight: 100,
} as const;

/** A dashboard with nothing on it. */
export const emptyDocument = (title: string, description: string): DashboardDocument => ({
  ...{ title, description },
  ...{ range: null, filter: null, variables: [], widgets: [] },
});

/** By place in the order of reading: keys of one dashboard are compared as text, character by character. */
export const byOrder = (a: Widget, b: Widget): number => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0);

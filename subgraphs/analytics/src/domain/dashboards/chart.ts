/** Ways to show an answer, as in the SDL. */
export const CHART_TYPES = [
  "NUMBER",
  "LINE",
  "BAR",
  "STACKED_BAR",
  "HEATMAP",
  "FUNNEL",
  "SANKEY",
  "TABLE",
  "MAP",
  "TEXT",
] as const;

/** One of {@link CHART_TYPES}. */
export type ChartType = (typeof CHART_TYPES)[number];

import type { ReportCell, ReportTable, Section, Shape } from "./section.ts";

/** What a picture may hold and still be read: more is left to the tables. */
export const PICTURE_LIMITS = {
  lines: 7,
  bars: 30,
  moments: 2_000,
  cells: 40,
  steps: 30,
  nodes: 60,
  links: 200,
} as const;

/** What is drawn: bars lie where their categories are no moments. */
export type Picture =
  | { readonly kind: "LINES" | "COLUMNS" | "STACKED_COLUMNS" | "BARS" | "STACKED_BARS"; readonly of: SeriesShape }
  | { readonly kind: "HEATMAP"; readonly of: Extract<Shape, { readonly kind: "MATRIX" }> }
  | { readonly kind: "FUNNEL"; readonly of: Extract<Shape, { readonly kind: "STEPS" }> }
  | { readonly kind: "FLOWS"; readonly of: Extract<Shape, { readonly kind: "FLOWS" }> };

/** Lines or bars to be drawn. */
export type SeriesShape = Extract<Shape, { readonly kind: "SERIES" }>;

/** A picture, and what of the answer it leaves out. */
export interface PictureOf {
  readonly picture: Picture;
  readonly notes: readonly string[];
}

const left = (what: string, shown: number, all: number): readonly string[] =>
  all <= shown ? [] : [`The picture shows ${shown} of ${all} ${what}; the table has all.`];

const sizeOf = (values: readonly (number | null)[]): number =>
  values.reduce((sum: number, one) => sum + Math.abs(one ?? 0), 0);

/** The greatest of some things, in the order they stand in. */
const greatest = <One>(all: readonly One[], most: number, size: (one: One) => number): readonly One[] => {
  if (all.length <= most) return all;
  const kept = new Set(all.toSorted((a, b) => size(b) - size(a)).slice(0, most));
  return all.filter((one) => kept.has(one));
};

const drawSeries = (shape: SeriesShape, chart: string): PictureOf => {
  const series = greatest(shape.series, PICTURE_LIMITS.lines, ({ values }) => sizeOf(values));
  const notes = left("series", series.length, shape.series.length);
  if (shape.timed) {
    const from = Math.max(0, shape.categories.length - PICTURE_LIMITS.moments);
    const of = {
      ...{ ...shape, categories: shape.categories.slice(from) },
      series: series.map(({ name, values }) => ({ name, values: values.slice(from) })),
    };
    const kind = chart === "BAR" ? "COLUMNS" : chart === "STACKED_BAR" ? "STACKED_COLUMNS" : "LINES";
    return {
      picture: { kind, of },
      notes: [...notes, ...left("moments", of.categories.length, shape.categories.length)],
    };
  }
  const places = shape.categories.map((_category, place) => place);
  // Countries are ranked, as a map that few mail readers show would not rank them; all else stays in the answer's order.
  const ranked =
    chart === "MAP" ? places.toSorted((a, b) => (series[0]?.values[b] ?? 0) - (series[0]?.values[a] ?? 0)) : places;
  const shown = ranked.slice(0, PICTURE_LIMITS.bars);
  const of = {
    ...{ ...shape, categories: shown.map((place) => shape.categories[place] ?? "") },
    series: series.map(({ name, values }) => ({ name, values: shown.map((place) => values[place] ?? null) })),
  };
  const kind = chart === "STACKED_BAR" ? "STACKED_BARS" : "BARS";
  return { picture: { kind, of }, notes: [...notes, ...left("rows", shown.length, places.length)] };
};

/** Flows with the most paths, between the nodes that they join. */
const drawFlows = (shape: Extract<Shape, { readonly kind: "FLOWS" }>): PictureOf => {
  const links = greatest(shape.links, PICTURE_LIMITS.links, ({ value }) => value);
  const through = shape.nodes.map((_node, index) =>
    links.reduce((sum, { from, to, value }) => sum + (from === index || to === index ? value : 0), 0),
  );
  const joined = shape.nodes.map((_node, index) => index).filter((index) => (through[index] ?? 0) > 0);
  const kept = greatest(joined, PICTURE_LIMITS.nodes, (index) => through[index] ?? 0);
  const places = new Map(kept.map((index, place) => [index, place]));
  const drawn = links.flatMap(({ from, to, value }) => {
    const [begin, end] = [places.get(from), places.get(to)];
    return begin === undefined || end === undefined ? [] : [{ from: begin, to: end, value }];
  });
  const nodes = kept.flatMap((index) => shape.nodes[index] ?? []);
  return {
    picture: { kind: "FLOWS", of: { kind: "FLOWS", nodes, links: drawn } },
    notes: left("flows", drawn.length, shape.links.length),
  };
};

const isEmpty = (shape: Shape): boolean => {
  switch (shape.kind) {
    case "NONE":
    case "NUMBERS":
      return true;
    case "SERIES":
      return shape.series.every(({ values }) => values.every((value) => value === null));
    case "MATRIX":
      return shape.values.every((line) => line.every((value) => value === null));
    case "STEPS":
      return shape.steps.length === 0;
    case "FLOWS":
      return shape.links.length === 0;
  }
};

/** What is drawn of an answer by its chart, where the answer allows for it, else by what suits the answer; null for a table, numbers and nothing. */
export const pictureOf = (chart: string, shape: Shape): PictureOf | null => {
  if (chart === "TABLE" || chart === "NUMBER" || isEmpty(shape)) return null;
  switch (shape.kind) {
    case "NONE":
    case "NUMBERS":
      return null;
    case "SERIES":
      return drawSeries(shape, chart);
    case "MATRIX": {
      const { cells } = PICTURE_LIMITS;
      const of = {
        ...{ ...shape, rows: shape.rows.slice(0, cells), columns: shape.columns.slice(0, cells) },
        values: shape.values.slice(0, cells).map((line) => line.slice(0, cells)),
      };
      const notes = [
        ...left("rows", of.rows.length, shape.rows.length),
        ...left("columns", of.columns.length, shape.columns.length),
      ];
      return { picture: { kind: "HEATMAP", of }, notes };
    }
    case "STEPS":
      return {
        picture: { kind: "FUNNEL", of: { ...shape, steps: shape.steps.slice(0, PICTURE_LIMITS.steps) } },
        notes: left("steps", Math.min(shape.steps.length, PICTURE_LIMITS.steps), shape.steps.length),
      };
    case "FLOWS":
      return drawFlows(shape);
  }
};

/** The few numbers of a section that stand by themselves, large; null where it has more or others. */
export const figuresOf = (
  section: Extract<Section, { readonly kind: "ANSWER" }>,
): readonly { readonly column: ReportTable["columns"][number]; readonly cell: ReportCell }[] | null => {
  const { shape, tables } = section.parts;
  const [table] = tables;
  if (shape.kind !== "NUMBERS" || section.chart === "TABLE" || table === undefined) return null;
  return table.columns.map((column, place) => ({ column, cell: table.rows[0]?.[place] ?? null }));
};

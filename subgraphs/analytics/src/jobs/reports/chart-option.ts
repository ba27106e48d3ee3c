import { textWidth } from "@tessera/platform/pictures/text-width";
import { numberText, shareText } from "../../domain/reports/number-text.ts";
import { inOneLine } from "@tessera/platform/pictures/printable";
import type { Picture, SeriesShape } from "../../domain/reports/picture.ts";

/** Width of every picture in pixels of the page: what mail readers show without scrolling. */
export const PICTURE_WIDTH = 720;
/** Colours of Okabe and Ito, which people with any deficiency of colour vision tell apart, the darkest on white first (jfly.uni-koeln.de/color, 2008). */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
/** Light to dark of one hue: order is told by lightness alone. */
const HEAT = ["#f1f6fb", "#c6dbef", "#6baed6", "#2171b5", "#08306b"];
const [INK, FAINT, GRID] = ["#24292f", "#57606a", "#d8dee4"];
const DASHES = ["solid", "dashed", "dotted"] as const;
const SYMBOLS = ["circle", "rect", "triangle", "diamond"] as const;

const FONT = "DejaVu Sans";
const FONT_SIZE = 12;
/** Characters of a label beside a bar, and of a series in the legend. */
const [LABEL_CHARACTERS, LEGEND_CHARACTERS] = [32, 40];
const [TOP, BOTTOM, RIGHT] = [16, 34, 24];
const LEGEND_LINE = 22;
/** Pixels of a row of bars, of a row of a heatmap, and the height of pictures that have no rows. */
const [BAR_ROW, HEAT_ROW, TALL] = [26, 24, 320];
/** More points than this are drawn without marks. */
const MARKED_POINTS = 40;

const label = (text: string): string => inOneLine(text, LABEL_CHARACTERS);
const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => textWidth(text, FONT_SIZE)));

/** What echarts is told to draw, and how high. */
export interface Drawing {
  readonly option: Readonly<Record<string, unknown>>;
  readonly height: number;
}

const base = {
  animation: false,
  backgroundColor: "#ffffff",
  color: COLOURS,
  textStyle: { fontFamily: FONT, fontSize: FONT_SIZE, color: INK },
};
const AXIS_TEXT = { fontFamily: FONT, fontSize: FONT_SIZE, color: INK, hideOverlap: true };

const legendOf = (names: readonly string[]): { readonly legend: object; readonly height: number } => {
  if (names.length < 2) return { legend: { show: false }, height: 0 };
  const perLine = PICTURE_WIDTH - 40;
  let [lines, used] = [1, 0];
  for (const name of names) {
    const wanted = textWidth(name, FONT_SIZE) + 46;
    if (used + wanted > perLine && used > 0) [lines, used] = [lines + 1, 0];
    used += wanted;
  }
  const textStyle = { fontFamily: FONT, fontSize: FONT_SIZE, color: INK };
  return {
    legend: { left: 12, right: 12, top: 8, itemGap: 14, textStyle, data: names },
    height: lines * LEGEND_LINE + 8,
  };
};

/** Names of series, each another: equal ones are one to a legend. */
const distinct = (names: readonly string[]): readonly string[] => {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const text = inOneLine(name, LEGEND_CHARACTERS);
    const before = seen.get(text) ?? 0;
    seen.set(text, before + 1);
    return before === 0 ? text : `${text} (${before + 1})`;
  });
};

const valueText =
  (format: SeriesShape["format"]) =>
  (value: number): string =>
    Math.abs(value) >= 1e6 && format === null
      ? value.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: 1 })
      : numberText(value, format);

const valuesOf = ({ series }: SeriesShape): readonly number[] =>
  series.flatMap(({ values }) => values.filter((value) => value !== null));

const alongTime = (kind: "LINES" | "COLUMNS" | "STACKED_COLUMNS", shape: SeriesShape): Drawing => {
  const names = distinct(shape.series.map(({ name }) => name));
  const { legend, height } = legendOf(names);
  const text = valueText(shape.format);
  const [least, most] = [Math.min(0, ...valuesOf(shape)), Math.max(0, ...valuesOf(shape))];
  const marked = shape.categories.length <= MARKED_POINTS;
  const series = shape.series.map(({ values }, place) =>
    kind === "LINES"
      ? {
          ...{ type: "line", name: names[place], data: values, connectNulls: false, showSymbol: marked },
          ...{ symbol: SYMBOLS[place % SYMBOLS.length], symbolSize: 6 },
          lineStyle: { width: 2, type: DASHES[place % DASHES.length] },
        }
      : { type: "bar", name: names[place], data: values, ...(kind === "STACKED_COLUMNS" ? { stack: "all" } : {}) },
  );
  const left = Math.max(widest([text(least), text(most * 1.2), text(most / 3)]) + 18, 48);
  return {
    height: TALL + height,
    option: {
      ...{ ...base, legend, series },
      grid: { left, right: RIGHT, top: TOP + height, bottom: BOTTOM, containLabel: false },
      xAxis: {
        ...{ type: "category", data: shape.categories.map(label), boundaryGap: kind !== "LINES" },
        ...{ axisLabel: AXIS_TEXT, axisLine: { lineStyle: { color: FAINT } } },
      },
      yAxis: { type: "value", axisLabel: { ...AXIS_TEXT, formatter: text }, splitLine: { lineStyle: { color: GRID } } },
    },
  };
};

const asBars = (shape: SeriesShape, stack: boolean, told?: (place: number) => string): Drawing => {
  const names = distinct(shape.series.map(({ name }) => name));
  const { legend, height } = legendOf(names);
  const text = valueText(shape.format);
  const categories = shape.categories.map(label);
  const perCategory = stack ? 1 : Math.max(1, shape.series.length);
  const texts = told === undefined ? valuesOf(shape).map(text) : categories.map((_category, place) => told(place));
  const inside = { show: !stack, position: "right", fontFamily: FONT, fontSize: 11, color: INK };
  const tell = ({ dataIndex, value }: { readonly dataIndex: number; readonly value: number | null }): string =>
    told?.(dataIndex) ?? (value === null ? "" : text(value));
  return {
    height: TOP + height + BOTTOM + categories.length * (BAR_ROW * Math.max(1, perCategory * 0.72)),
    option: {
      ...{ ...base, legend },
      grid: {
        ...{ left: Math.min(260, widest(categories) + 18), top: TOP + height, bottom: BOTTOM, containLabel: false },
        right: stack ? RIGHT : Math.min(240, widest(texts) + 22),
      },
      yAxis: {
        ...{ type: "category", inverse: true, data: categories, axisTick: { show: false } },
        ...{ axisLabel: { ...AXIS_TEXT, interval: 0, hideOverlap: false }, axisLine: { lineStyle: { color: FAINT } } },
      },
      xAxis: { type: "value", axisLabel: { ...AXIS_TEXT, formatter: text }, splitLine: { lineStyle: { color: GRID } } },
      series: shape.series.map(({ values }, place) => ({
        ...{ type: "bar", name: names[place], data: values, barMaxWidth: 22, label: { ...inside, formatter: tell } },
        ...(stack ? { stack: "all" } : {}),
      })),
    },
  };
};

const asFunnel = ({ of }: Extract<Picture, { readonly kind: "FUNNEL" }>): Drawing => {
  const [first] = of.steps;
  const told = (place: number): string => {
    const { value = 0 } = of.steps[place] ?? {};
    return `${numberText(value)}${first === undefined || first.value === 0 ? "" : ` (${shareText(value / first.value)})`}`;
  };
  const shape: SeriesShape = {
    ...{ kind: "SERIES", timed: false, format: null },
    categories: of.steps.map(({ label: name }, place) => `${place + 1}. ${name}`),
    series: [{ name: "reached", values: of.steps.map(({ value }) => value) }],
  };
  return asBars(shape, false, told);
};

const asHeatmap = ({ of }: Extract<Picture, { readonly kind: "HEATMAP" }>): Drawing => {
  const [rows, columns] = [of.rows.map(label), of.columns.map(label)];
  const cells = of.values.flatMap((line, y) => line.flatMap((value, x) => (value === null ? [] : [[x, y, value]])));
  const values = cells.map(([, , value = 0]) => value);
  const [least, most] = [of.shares ? 0 : Math.min(...values), of.shares ? 1 : Math.max(...values)];
  const text = (value: number): string => (of.shares ? `${Math.round(value * 100)} %` : valueText(null)(value));
  const left = Math.min(260, widest(rows) + 18);
  const room = (PICTURE_WIDTH - left - RIGHT) / Math.max(1, columns.length);
  const turned = widest(columns) + 8 > room;
  const head = turned ? Math.min(150, widest(columns) * 0.72 + 24) : 28;
  return {
    height: head + rows.length * HEAT_ROW + 56,
    option: {
      ...base,
      grid: { left, right: RIGHT, top: head, bottom: 56, containLabel: false },
      xAxis: {
        ...{ type: "category", data: columns, position: "top", axisTick: { show: false } },
        axisLabel: { ...AXIS_TEXT, interval: 0, hideOverlap: false, rotate: turned ? 45 : 0 },
      },
      yAxis: {
        type: "category",
        data: rows,
        inverse: true,
        axisTick: { show: false },
        axisLabel: { ...AXIS_TEXT, interval: 0, hideOverlap: false },
      },
      visualMap: {
        ...{
          type: "continuous",
          min: least,
          max: most === least ? least + 1 : most,
          orient: "horizontal",
          left: "center",
          bottom: 8,
        },
        ...{
          calculable: false,
          itemHeight: 160,
          itemWidth: 12,
          inRange: { color: HEAT },
          text: [text(most), text(least)],
        },
        textStyle: { fontFamily: FONT, fontSize: 11, color: INK },
      },
      series: [
        {
          ...{ type: "heatmap", data: cells, itemStyle: { borderColor: "#ffffff", borderWidth: 1 } },
          label: {
            ...{ show: widest(values.map(text)) + 4 < room, fontFamily: FONT, fontSize: 10 },
            formatter: ({ value }: { readonly value: readonly number[] }) => text(value[2] ?? 0),
          },
        },
      ],
    },
  };
};

const asFlows = ({ of }: Extract<Picture, { readonly kind: "FLOWS" }>): Drawing => {
  const depths = new Map<number, number>();
  for (const { depth } of of.nodes) depths.set(depth, (depths.get(depth) ?? 0) + 1);
  const nameOf = (index: number): string => inOneLine(of.nodes[index]?.name ?? "", 18);
  return {
    height: Math.max(TALL, Math.max(0, ...depths.values()) * 38 + 40),
    option: {
      ...base,
      series: [
        {
          ...{
            type: "sankey",
            left: 12,
            right: 120,
            top: 16,
            bottom: 16,
            nodeWidth: 12,
            nodeGap: 12,
            draggable: false,
          },
          ...{ emphasis: { disabled: true }, layoutIterations: 32 },
          label: {
            fontFamily: FONT,
            fontSize: 11,
            color: INK,
            formatter: ({ name }: { readonly name: string }) => nameOf(Number(name)),
          },
          lineStyle: { color: "source", opacity: 0.35 },
          data: of.nodes.map(({ depth }, index) => ({
            name: String(index),
            depth,
            itemStyle: { color: COLOURS[index % COLOURS.length] },
          })),
          links: of.links.map(({ from, to, value }) => ({ source: String(from), target: String(to), value })),
        },
      ],
    },
  };
};

/** What is to be drawn of a picture. */
export const chartOption = (picture: Picture): Drawing => {
  switch (picture.kind) {
    case "LINES":
    case "COLUMNS":
    case "STACKED_COLUMNS":
      return alongTime(picture.kind, picture.of);
    case "BARS":
    case "STACKED_BARS":
      return asBars(picture.of, picture.kind === "STACKED_BARS");
    case "FUNNEL":
      return asFunnel(picture);
    case "HEATMAP":
      return asHeatmap(picture);
    case "FLOWS":
      return asFlows(picture);
  }
};

import { inOneLine } from "@tessera/platform/pictures/printable";
import type { Window } from "../evaluation.ts";
import type { KeptBucket } from "../rules/series.ts";

/** On what a picture is looked at. */
export type PictureTheme = "LIGHT" | "DARK";

/** What a picture of an anomaly shows. */
export interface AnomalyPictured {
  readonly title: string;
  /** Judged buckets around the episode, oldest first. */
  readonly course: readonly KeptBucket[];
  readonly span: Window;
  readonly raisedAtMs: number;
  readonly acknowledgedAtMs: number | null;
  readonly resolvedAtMs: number | null;
  readonly timeZone: string;
}

/** Pixels of the page: what mail readers show without scrolling. */
export const PICTURE_SIZE = { width: 720, height: 340 } as const;
const FONT = { fontFamily: "DejaVu Sans", fontSize: 12 };
/** Characters of a title. */
const TITLE_CHARACTERS = 90;

/** Colours of Okabe and Ito, which people with any deficiency of colour vision tell apart (jfly.uni-koeln.de/color, 2008), in a lighter and a darker set. */
export const THEMES = {
  LIGHT: { ground: "#ffffff", ink: "#24292f", faint: "#57606a", grid: "#d8dee4", value: "#0072b2", odd: "#d55e00" },
  DARK: { ground: "#0d1117", ink: "#e6edf3", faint: "#9da7b3", grid: "#30363d", value: "#56b4e9", odd: "#e69f00" },
} as const satisfies Record<PictureTheme, Readonly<Record<string, string>>>;

/** A number as people read it: grouped, short where it is large, with the digits that tell it apart. */
const numberText = (value: number): string =>
  Math.abs(value) >= 1e6
    ? value.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: 1 })
    : value.toLocaleString("en-US", { maximumSignificantDigits: 6 });

const clockOf = (timeZone: string): ((ms: number) => string) => {
  const parts = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" } as const;
  const format = new Intl.DateTimeFormat("sv-SE", { ...parts, hourCycle: "h23", timeZone });
  return (ms) => format.format(ms);
};

/** The buckets with a place of nothing wherever some are missing between two. */
const withGaps = (course: readonly KeptBucket[]): readonly (KeptBucket | null)[] =>
  course.flatMap((bucket, at) => {
    const before = course[at - 1];
    const gap = before !== undefined && bucket.atMs > before.untilMs;
    return gap ? [null, bucket] : [bucket];
  });

/** The place of the last bucket that begins no later; the first where none does. */
const placeOf = (buckets: readonly (KeptBucket | null)[], ms: number): number =>
  Math.max(
    0,
    buckets.findLastIndex((bucket) => bucket !== null && bucket.atMs <= ms),
  );

const bandOf = ({ low, high }: KeptBucket): readonly [number, number] | null =>
  low === null || high === null ? null : [low, high];

type Buckets = readonly (KeptBucket | null)[];
type Colours = (typeof THEMES)[PictureTheme];
type Option = Readonly<Record<string, unknown>>;

const LINE = { type: "line", symbol: "none", silent: true, emphasis: { disabled: true }, connectNulls: false };
const textOf = ({ ink }: Colours) => ({ ...FONT, color: ink });
const reader =
  (buckets: Buckets) =>
  (read: (bucket: KeptBucket) => number | null): readonly (number | null)[] =>
    buckets.map((bucket) => (bucket === null ? null : read(bucket)));

/** The band between both bounds, each bound that there is, and what was expected. */
const usualSeries = (buckets: Buckets, { faint }: Colours): readonly Option[] => {
  const of = reader(buckets);
  const band = { ...LINE, stack: "band", stackStrategy: "all", lineStyle: { opacity: 0 } };
  const bound = { ...LINE, lineStyle: { color: faint, width: 1, type: "dotted" } };
  const widthOf = (bucket: KeptBucket): number | null => {
    const held = bandOf(bucket);
    return held === null ? null : held[1] - held[0];
  };
  return [
    { ...band, name: "low of band", data: of((bucket) => bandOf(bucket)?.[0] ?? null) },
    {
      ...{ ...band, name: "band", itemStyle: { color: faint }, areaStyle: { color: faint, opacity: 0.2 } },
      data: of(widthOf),
    },
    { ...bound, name: "low", data: of(({ low }) => low) },
    { ...bound, name: "high", data: of(({ high }) => high) },
    {
      ...{ ...LINE, name: "expected", itemStyle: { color: faint }, data: of(({ expected }) => expected) },
      lineStyle: { color: faint, width: 1.5, type: "dashed" },
    },
  ];
};

/** Where the alert went: each moment in a line of its own, and those far to the right written to the left. */
const marksOf = (
  { raisedAtMs, acknowledgedAtMs, resolvedAtMs }: AnomalyPictured,
  buckets: Buckets,
  colour: Colours,
): readonly Option[] => {
  const moments = [
    { name: "raised", ms: raisedAtMs - 1 },
    ...(acknowledgedAtMs === null ? [] : [{ name: "seen", ms: acknowledgedAtMs }]),
    ...(resolvedAtMs === null ? [] : [{ name: "over", ms: resolvedAtMs - 1 }]),
  ];
  return moments.map(({ name, ms }, at) => {
    const place = placeOf(buckets, ms);
    const align = place > buckets.length * 0.7 ? "right" : "left";
    const label = { ...textOf(colour), formatter: "{b}", position: "end", distance: 2 + at * 14, align };
    return { name, xAxis: place, label };
  });
};

/** The value with the episode and its marks, and each bucket that was an anomaly. */
const seenSeries = (pictured: AnomalyPictured, buckets: Buckets, colour: Colours): readonly Option[] => {
  const of = reader(buckets);
  const { span } = pictured;
  const inside = [{ xAxis: placeOf(buckets, span.fromMs) }, { xAxis: placeOf(buckets, span.toMs - 1) }];
  const lineStyle = { color: colour.odd, type: "solid", width: 1 };
  return [
    {
      ...{ ...LINE, name: "value", itemStyle: { color: colour.value }, lineStyle: { color: colour.value, width: 2 } },
      data: of(({ value }) => value),
      markArea: { silent: true, itemStyle: { color: colour.odd, opacity: 0.12 }, data: [inside] },
      markLine: { silent: true, symbol: "none", lineStyle, data: marksOf(pictured, buckets, colour) },
    },
    {
      ...{ ...LINE, name: "anomalous", symbol: "diamond", symbolSize: 9, showAllSymbol: true },
      ...{ lineStyle: { opacity: 0 }, itemStyle: { color: colour.odd } },
      data: of(({ value, outcome }) => (outcome === "ANOMALOUS" ? value : null)),
    },
  ];
};

/** What echarts is told to draw: the value, what was expected, the band, each bucket that was an anomaly, the episode, and where its alert went. */
export const pictureOption = (pictured: AnomalyPictured, theme: PictureTheme): Option => {
  const colour = THEMES[theme];
  const buckets = withGaps(pictured.course);
  const clock = clockOf(pictured.timeZone);
  const text = textOf(colour);
  const title = inOneLine(pictured.title, TITLE_CHARACTERS);
  return {
    animation: false,
    backgroundColor: colour.ground,
    textStyle: text,
    title: { text: title, left: 12, top: 8, textStyle: { ...text, fontSize: 14 } },
    legend: { data: ["value", "expected", "band"], right: 12, top: 30, textStyle: text },
    grid: { left: 72, right: 32, top: 104, bottom: 34 },
    xAxis: {
      type: "category",
      boundaryGap: false,
      data: buckets.map((bucket) => (bucket === null ? "" : clock(bucket.atMs))),
      axisLabel: { ...text, hideOverlap: true },
      axisLine: { lineStyle: { color: colour.faint } },
    },
    yAxis: {
      type: "value",
      scale: true,
      axisLabel: { ...text, formatter: numberText },
      splitLine: { lineStyle: { color: colour.grid } },
    },
    series: [...usualSeries(buckets, colour), ...seenSeries(pictured, buckets, colour)],
  };
};

/** What a picture shows in words, for whoever does not see it. */
export const pictureText = ({ title, course, span, resolvedAtMs, timeZone }: AnomalyPictured): string => {
  const clock = clockOf(timeZone);
  const inside = course.filter(({ atMs }) => atMs >= span.fromMs && atMs < span.toMs);
  const odd = inside.filter(({ outcome }) => outcome === "ANOMALOUS");
  const [first] = odd.length > 0 ? odd : inside;
  const values = inside.flatMap(({ value }) => value ?? []);
  const usual =
    first === undefined || first.expected === null ? "" : ` where ${numberText(first.expected)} was expected`;
  const held = first === undefined ? null : bandOf(first);
  const band = held === null ? "" : ` (${numberText(held[0])} to ${numberText(held[1])})`;
  return [
    `${inOneLine(title, TITLE_CHARACTERS)}:`,
    first === undefined || first.value === null ? "no value" : `${numberText(first.value)}${usual}${band}`,
    `at ${clock(first?.atMs ?? span.fromMs)} (${timeZone});`,
    `${odd.length} of ${course.length} buckets are anomalous,`,
    values.length === 0
      ? ""
      : `values of the episode from ${numberText(Math.min(...values))} to ${numberText(Math.max(...values))};`,
    resolvedAtMs === null ? "it lasts." : `it was over at ${clock(resolvedAtMs)}.`,
  ]
    .filter((part) => part !== "")
    .join(" ");
};

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** A drawn SVG that says in words what it shows. */
export const withWords = (svg: string, words: string): string =>
  svg.replace(/^<svg /u, () => `<svg role="img" aria-label="${escaped(words)}" `);

import { inOneLine } from "@tessera/platform/pictures/printable";
import type { Window } from "../evaluation.ts";
import type { KeptBucket } from "../rules/series.ts";
import type { NumberShown } from "./number-shown.ts";

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
  /** Which number it is. */
  readonly shown: NumberShown;
}

/** Pixels of the page: what mail readers show without scrolling. */
export const PICTURE_SIZE = { width: 720, height: 340 } as const;
const FONT = { fontFamily: "DejaVu Sans", fontSize: 12 };
/** Characters of a title: as many as the page is wide. */
const TITLE_CHARACTERS = 80;
/** Places that a gap takes at most: a longer one is drawn as long as that. */
const GAP_PLACES = 100;

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

/** A number with what it is of: a part of a hundred, a time, money. */
const withUnit = (value: number, unit: string): string =>
  [numberText(value), unit].filter((part) => part !== "").join(" ");

const clockOf = (timeZone: string): ((ms: number) => string) => {
  const parts = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" } as const;
  const format = new Intl.DateTimeFormat("sv-SE", { ...parts, hourCycle: "h23", timeZone });
  return (ms) => format.format(ms);
};

/** A bucket at its place in time; nothing where none was judged. */
interface Place {
  readonly atMs: number;
  readonly bucket: KeptBucket | null;
}

/** The buckets with as many places of nothing between two as there are buckets missing, so that time runs evenly. */
const placesOf = (course: readonly KeptBucket[]): readonly Place[] =>
  course.flatMap((bucket, at) => {
    const before = course[at - 1];
    const here = { atMs: bucket.atMs, bucket };
    if (before === undefined || bucket.atMs <= before.untilMs) return [here];
    const width = Math.max(1, before.untilMs - before.atMs);
    const missing = Math.min(GAP_PLACES, Math.max(1, Math.round((bucket.atMs - before.untilMs) / width)));
    const gap = Array.from({ length: missing }, (_, place) => before.untilMs + place * width);
    return [...gap.map((atMs) => ({ atMs, bucket: null })), here];
  });

/** The place of the last bucket that begins no later; the first where none does. */
const placeOf = (places: Places, ms: number): number =>
  Math.max(
    0,
    places.findLastIndex(({ bucket }) => bucket !== null && bucket.atMs <= ms),
  );

const bandOf = ({ low, high }: KeptBucket): readonly [number, number] | null =>
  low === null || high === null ? null : [low, high];

type Places = readonly Place[];
type Read = (bucket: KeptBucket) => number | null;
type Colours = (typeof THEMES)[PictureTheme];
type Option = Readonly<Record<string, unknown>>;

const LINE = { type: "line", symbol: "none", silent: true, emphasis: { disabled: true }, connectNulls: false };
const textOf = ({ ink }: Colours) => ({ ...FONT, color: ink });
const reader =
  (places: Places, { times }: NumberShown) =>
  (read: Read): readonly (number | null)[] =>
    places.map(({ bucket }) => {
      const told = bucket === null ? null : read(bucket);
      return told === null ? null : told * times;
    });

/** The band between both bounds, each bound that there is, and what was expected. */
const usualSeries = (pictured: AnomalyPictured, places: Places, { faint }: Colours): readonly Option[] => {
  const of = reader(places, pictured.shown);
  const band = { ...LINE, stack: "band", stackStrategy: "all", lineStyle: { opacity: 0 } };
  const bound = { ...LINE, itemStyle: { color: faint }, lineStyle: { color: faint, width: 1.5, type: "dotted" } };
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
  places: Places,
  colour: Colours,
): readonly Option[] => {
  const moments = [
    { name: "raised", ms: raisedAtMs - 1 },
    ...(acknowledgedAtMs === null ? [] : [{ name: "seen", ms: acknowledgedAtMs }]),
    ...(resolvedAtMs === null ? [] : [{ name: "over", ms: resolvedAtMs - 1 }]),
  ];
  return moments.map(({ name, ms }, at) => {
    const place = placeOf(places, ms);
    const align = place > places.length * 0.7 ? "right" : "left";
    const label = { ...textOf(colour), formatter: "{b}", position: "end", distance: 2 + at * 14, align };
    return { name, xAxis: place, label };
  });
};

/** Whether a bucket is an anomaly that holds nothing: something was missing. */
const isMissing = ({ value, outcome }: KeptBucket): boolean => outcome === "ANOMALOUS" && value === null;

/** Values whose neighbours are unknown, through which no line goes. */
const aloneIn = (values: readonly (number | null)[]): readonly (number | null)[] =>
  values.map((value, at) => ((values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null ? value : null));

const diamonds = (colour: string) => ({
  ...{ ...LINE, symbol: "diamond", symbolSize: 9, showAllSymbol: true, lineStyle: { opacity: 0 } },
  itemStyle: { color: colour },
});

/** The value with the episode and its marks, each bucket that was an anomaly, and where one was that something was missing. */
const seenSeries = (pictured: AnomalyPictured, places: Places, colour: Colours): readonly Option[] => {
  const of = reader(places, pictured.shown);
  const { span } = pictured;
  const inside = [{ xAxis: placeOf(places, span.fromMs) }, { xAxis: placeOf(places, span.toMs - 1) }];
  const lineStyle = { color: colour.odd, type: "solid", width: 1 };
  const [shade, value] = [{ color: colour.odd, opacity: 0.12 }, { color: colour.value }];
  const values = of((bucket) => bucket.value);
  return [
    {
      ...{ ...LINE, name: "value", itemStyle: value, lineStyle: { ...value, width: 2 }, data: values },
      markArea: { silent: true, itemStyle: shade, data: [inside] },
      markLine: { silent: true, symbol: "none", lineStyle, data: marksOf(pictured, places, colour) },
    },
    {
      ...{ ...LINE, name: "value alone", symbol: "circle", symbolSize: 4, showAllSymbol: true, itemStyle: value },
      ...{ lineStyle: { opacity: 0 }, data: aloneIn(values) },
    },
    {
      ...{ ...diamonds(colour.odd), name: "anomalous" },
      data: of((bucket) => (bucket.outcome === "ANOMALOUS" ? bucket.value : null)),
    },
    {
      ...{ ...diamonds(colour.ground), name: "missing" },
      itemStyle: { color: colour.ground, borderColor: colour.odd, borderWidth: 2 },
      data: of((bucket) => (isMissing(bucket) ? (bucket.expected ?? bucket.low ?? 0) : null)),
    },
    // Nothing is drawn of it: the shade of the episode has its name in the legend by it.
    { ...LINE, name: "episode", itemStyle: { ...shade, opacity: 0.4 }, lineStyle: { opacity: 0 }, data: [] },
  ];
};

/** Signs of lines in a legend, as they are drawn: through, dashed, dotted. */
const SIGNS = {
  line: "path://M0 4h22v2h-22z",
  dashes: "path://M0 4h6v2h-6z M8 4h6v2h-6z M16 4h6v2h-6z",
  dots: "path://M0 4h2v2h-2z M5 4h2v2h-2z M10 4h2v2h-2z M15 4h2v2h-2z M20 4h2v2h-2z",
} as const;

/** The names of what there is to see, with the signs they are drawn by. */
const legendOf = ({ course, span }: AnomalyPictured, { ground, odd }: Colours): readonly Option[] => {
  const has = (read: (bucket: KeptBucket) => boolean): boolean => course.some(read);
  const hollow = { itemStyle: { color: ground, borderColor: odd, borderWidth: 2 } };
  const entries: readonly (readonly [name: string, sign: Option, there: boolean])[] = [
    ["value", { icon: SIGNS.line }, true],
    ["expected", { icon: SIGNS.dashes }, has(({ expected }) => expected !== null)],
    ["band", { icon: "rect", itemStyle: { opacity: 0.3 } }, has((bucket) => bandOf(bucket) !== null)],
    // Bounds of a band are its edges; one that stands alone is named.
    ["low", { icon: SIGNS.dots }, has(({ low, high }) => low !== null && high === null)],
    ["high", { icon: SIGNS.dots }, has(({ low, high }) => high !== null && low === null)],
    ["anomalous", { icon: "diamond" }, has((bucket) => bucket.outcome === "ANOMALOUS" && bucket.value !== null)],
    ["missing", { icon: "diamond", ...hollow }, has(isMissing)],
    // An episode of one bucket is a line, which says when it was raised.
    ["episode", { icon: "rect" }, course.filter(({ atMs }) => atMs >= span.fromMs && atMs < span.toMs).length > 1],
  ];
  return entries.flatMap(([name, sign, there]) => (there ? [{ name, ...sign }] : []));
};

/** What legends call a bound that stands alone. */
const CALLED: Readonly<Record<string, string>> = { low: "lower bound", high: "upper bound" };

const axesOf = (pictured: AnomalyPictured, places: Places, colour: Colours): Option => {
  const [text, clock] = [textOf(colour), clockOf(pictured.timeZone)];
  const { name, unit, each } = pictured.shown;
  const faint = { ...text, color: colour.faint };
  return {
    grid: { left: 80, right: 32, top: 116, bottom: 52 },
    xAxis: {
      ...{ type: "category", boundaryGap: false, data: places.map(({ atMs }) => clock(atMs)) },
      ...{ name: `time in ${pictured.timeZone}`, nameLocation: "middle", nameGap: 30, nameTextStyle: faint },
      axisLabel: { ...text, hideOverlap: true },
      axisLine: { onZero: false, lineStyle: { color: colour.faint } },
    },
    yAxis: {
      ...{ type: "value", scale: true, nameTextStyle: { ...faint, align: "left", padding: [0, 0, 0, -68] } },
      ...{ name: [name === "" ? "value" : name, each].filter((part) => part !== "").join(", "), nameGap: 8 },
      axisLabel: { ...text, formatter: (value: number) => withUnit(value, unit) },
      splitLine: { lineStyle: { color: colour.grid } },
    },
  };
};

/** What echarts is told to draw: the value, what was expected, the band, each bucket that was an anomaly, the episode, and where its alert went. */
export const pictureOption = (pictured: AnomalyPictured, theme: PictureTheme): Option => {
  const colour = THEMES[theme];
  const places = placesOf(pictured.course);
  const text = textOf(colour);
  const legend = { left: 12, top: 32, itemGap: 14, itemWidth: 22, itemHeight: 9, textStyle: text };
  return {
    animation: false,
    backgroundColor: colour.ground,
    textStyle: text,
    title: {
      ...{ text: inOneLine(pictured.title, TITLE_CHARACTERS), left: 12, top: 8, textStyle: { ...text, fontSize: 14 } },
    },
    legend: { ...legend, data: legendOf(pictured, colour), formatter: (name: string) => CALLED[name] ?? name },
    ...axesOf(pictured, places, colour),
    series: [...usualSeries(pictured, places, colour), ...seenSeries(pictured, places, colour)],
  };
};

/** What a picture shows in words, for whoever does not see it. */
export const pictureText = ({ title, course, span, resolvedAtMs, timeZone, shown }: AnomalyPictured): string => {
  const clock = clockOf(timeZone);
  const told = (value: number): string => withUnit(value * shown.times, shown.unit);
  const inside = course.filter(({ atMs }) => atMs >= span.fromMs && atMs < span.toMs);
  const odd = inside.filter(({ outcome }) => outcome === "ANOMALOUS");
  const [first] = odd.length > 0 ? odd : inside;
  const values = inside.flatMap(({ value }) => value ?? []);
  const usual = first === undefined || first.expected === null ? "" : ` where ${told(first.expected)} was expected`;
  const held = first === undefined ? null : bandOf(first);
  const band = held === null ? "" : ` (${told(held[0])} to ${told(held[1])})`;
  const number = [shown.name, shown.each].filter((part) => part !== "").join(", ");
  return [
    `${inOneLine(title, TITLE_CHARACTERS)}${number === "" ? "" : ` (${number})`}:`,
    first === undefined || first.value === null ? `no value${usual}` : `${told(first.value)}${usual}${band}`,
    `at ${clock(first?.atMs ?? span.fromMs)} (${timeZone});`,
    `${odd.length} of ${course.length} buckets are anomalous,`,
    values.length === 0
      ? ""
      : `values of the episode from ${told(Math.min(...values))} to ${told(Math.max(...values))};`,
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

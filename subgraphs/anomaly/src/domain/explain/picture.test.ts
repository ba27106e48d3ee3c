import { describe, expect, test } from "@jest/globals";
import { drawSvg, pngOf } from "@tessera/platform/pictures/draw-picture";
import fc from "fast-check";
import { z } from "zod";
import { findingsOf } from "../../../testing/detector-definitions.ts";
import { observationsOf } from "../../../testing/series-arbitraries.ts";
import type { KeptBucket } from "../rules/series.ts";
import { ANY_NUMBER } from "./number-shown.ts";
import { PICTURE_SIZE, pictureOption, pictureText, THEMES, withWords, type AnomalyPictured } from "./picture.ts";

const HOUR_MS = 3_600_000;
const FROM_MS = Date.parse("2026-11-19T00:00:00Z");
const bucketAt = (hour: number, value: number | null, more: Partial<KeptBucket> = {}): KeptBucket => ({
  ...{ atMs: FROM_MS + hour * HOUR_MS, untilMs: FROM_MS + (hour + 1) * HOUR_MS, value },
  ...{
    expected: 100 + 30 * Math.sin(hour / 4),
    low: 60 + 30 * Math.sin(hour / 4),
    high: 140 + 30 * Math.sin(hour / 4),
  },
  ...{ score: 0, outcome: "NORMAL", ...more },
});
const usual = Array.from({ length: 48 }, (_, hour) =>
  bucketAt(hour, 100 + 30 * Math.sin(hour / 4) + ((hour * 37) % 23)),
);
const odd = [48, 49, 50, 51].map((hour) => bucketAt(hour, 320 + hour, { score: 3, outcome: "ANOMALOUS" }));
const after = [52, 53, 54].map((hour) => bucketAt(hour, 110));
const pictured: AnomalyPictured = {
  ...{ title: 'Errors <of> "checkout" — country DE', course: [...usual, ...odd, ...after], timeZone: "Europe/Berlin" },
  shown: { name: "errors", unit: "", times: 1, each: "each hour" },
  span: { fromMs: FROM_MS + 48 * HOUR_MS, toMs: FROM_MS + 52 * HOUR_MS },
  ...{
    raisedAtMs: FROM_MS + 49 * HOUR_MS,
    acknowledgedAtMs: FROM_MS + 50.5 * HOUR_MS,
    resolvedAtMs: FROM_MS + 53 * HOUR_MS,
  },
};
const drawn = (theme: "LIGHT" | "DARK", of: AnomalyPictured = pictured): string =>
  withWords(drawSvg(pictureOption(of, theme), PICTURE_SIZE), pictureText(of));
/** Relative luminance of a colour (WCAG 2.2). */
const luminance = (colour: string): number => {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one: string, other: string): number => {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};

/** The last day of a noisy series that jumps at its end, as a detector judges it. */
const judgedBy = (detector: object): readonly KeptBucket[] => {
  const values = Array.from(
    { length: 700 },
    (_, place) => 100 + ((place * 7_919) % 101) / 10 + (place >= 696 ? 90 : 0),
  );
  const series = observationsOf(values);
  return findingsOf(detector, series).flatMap(({ expected, low, high, score, outcome }, place): KeptBucket[] => {
    const bucket = series[place];
    if (bucket === undefined || place < 676) return [];
    const { atMs, untilMs, value } = bucket;
    return [{ atMs, untilMs, value, expected, low, high, score, outcome }];
  });
};

describe("a picture of an anomaly", () => {
  test("says in words what it shows, on the clock of the rule's zone", () => {
    expect(pictureText(pictured)).toBe(
      'Errors <of> "checkout" — country DE (errors, each hour): 368 where 83.9028 was expected (43.9028 to 123.903) at 2026-11-21 01:00 (Europe/Berlin); 4 of 55 buckets are anomalous, values of the episode from 368 to 371; it was over at 2026-11-21 06:00.',
    );
    expect(pictureText({ ...pictured, course: [], resolvedAtMs: null })).toContain("no value at 2026-11-21 01:00");
    expect(pictureText({ ...pictured, shown: ANY_NUMBER })).toMatch(/^Errors <of> "checkout" — country DE: 368 where/u);
    const shares = { name: "failedShare", unit: "%", times: 100, each: "each minute" };
    expect(pictureText({ ...pictured, shown: shares })).toContain(
      "(failedShare, each minute): 36,800 % where 8,390.28 % was expected (4,390.28 % to 12,390.3 %)",
    );
  });

  test("tells what number it is, in its unit, each how wide, in which zone, and names every sign that is drawn and no other", () => {
    const shown = { name: "failedShare", unit: "%", times: 100, each: "each hour" };
    const words = (of: AnomalyPictured): readonly string[] =>
      [...drawn("LIGHT", of).matchAll(/<text[^>]*>([^<]*)/gu)].map(([, text = ""]) => text);
    const bounded = { low: null, expected: null };
    const at = (hour: number, more: Partial<KeptBucket>) => bucketAt(hour, more.value ?? null, more);
    const above = [
      at(48, { ...bounded, high: 1, value: 3, outcome: "ANOMALOUS" }),
      at(55, { ...bounded, value: 0.25 }),
    ];
    const gone = [at(48, { value: 0.5 }), at(49, { value: null, outcome: "ANOMALOUS" })];
    const all = ["value", "expected", "band", "lower bound", "upper bound", "anomalous", "missing", "episode"];
    const named = (course: readonly KeptBucket[]): readonly string[] => {
      const texts = words({ ...pictured, course, shown });
      expect(texts).toContain("failedShare, each hour");
      expect(texts).toContain("time in Europe/Berlin");
      expect(texts.some((text) => /^[\d,.]+ %$/u.test(text))).toBe(true);
      return all.filter((name) => texts.includes(name));
    };
    expect(named(pictured.course)).toEqual(["value", "expected", "band", "anomalous", "episode"]);
    expect(named(above)).toEqual(["value", "upper bound", "anomalous"]);
    expect(named(gone)).toEqual(["value", "expected", "band", "missing", "episode"]);
  });

  test("has time run evenly over what is missing, and shows a value that stands alone", () => {
    const course = [bucketAt(0, 1), bucketAt(1, 2), bucketAt(5, 3), bucketAt(6, null), bucketAt(7, 4)];
    const { xAxis, series } = z
      .object({
        xAxis: z.object({ data: z.array(z.string()) }),
        series: z.array(z.object({ name: z.string(), data: z.array(z.number().nullable()) })),
      })
      .parse(pictureOption({ ...pictured, course }, "LIGHT"));
    expect(xAxis.data.map((time) => time.slice(11))).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((hour) => `0${hour}:00`));
    const of = (name: string) => series.find((one) => one.name === name)?.data;
    expect(of("value")).toEqual([1, 2, null, null, null, 3, null, 4]);
    expect(of("value alone")).toEqual([null, null, null, null, null, 3, null, 4]);
  });

  test.each([
    { kind: "ISOLATION_FOREST", rarity: 2 },
    { kind: "HALF_SPACE_TREES", rarity: 2 },
    { kind: "CHANGEPOINT", confirm: 2 },
    { kind: "SEASONAL_BAND", seasons: "DAY" },
    { kind: "ROBUST_Z" },
  ])("by %j shows what was expected and the bound that was passed", (detector) => {
    const course = judgedBy(detector);
    const odd = course.filter(({ outcome }) => outcome === "ANOMALOUS");
    expect(odd.length).toBeGreaterThan(0);
    const [first] = odd;
    const of = { ...pictured, course, span: { fromMs: first?.atMs ?? 0, toMs: course.at(-1)?.untilMs ?? 0 } };
    const lines = z
      .array(z.object({ name: z.string(), data: z.array(z.number().nullable()) }))
      .parse(pictureOption(of, "LIGHT")["series"]);
    const at = course.indexOf(first ?? bucketAt(0, null));
    const shown = (name: string): number | null => lines.find((line) => line.name === name)?.data[at] ?? null;
    expect(shown("expected")).toBe(first?.expected);
    expect(shown("high")).toBe(first?.high);
    expect(shown("high")).toBeLessThan(190);
    expect(shown("expected")).toBeGreaterThan(99);
    expect(shown("expected")).toBeLessThan(111);
    expect(pictureText(of)).toContain("was expected");
  });

  test("holds no markup of what it shows, the same for the same numbers, and is a PNG as well", async () => {
    const svg = drawn("LIGHT");
    expect(svg).toBe(drawn("LIGHT"));
    expect(svg).toContain('role="img" aria-label="Errors &lt;of&gt; &quot;checkout&quot;');
    expect(svg).not.toContain("<of>");
    const png = await pngOf(svg, THEMES.LIGHT.ground);
    expect(Buffer.from(png.subarray(1, 4)).toString()).toBe("PNG");
    expect(new DataView(png.buffer, png.byteOffset).getUint32(16)).toBe(2 * PICTURE_SIZE.width);
  });

  test("can be read by whoever needs contrast, light and dark (WCAG 2.2 AA: texts 4.5, lines 3)", () => {
    for (const { ground, ink, faint, value, odd: mark } of Object.values(THEMES)) {
      for (const text of [ink, faint]) expect(contrast(text, ground)).toBeGreaterThan(4.5);
      for (const line of [value, mark]) expect(contrast(line, ground)).toBeGreaterThan(3);
    }
    expect(drawn("DARK")).toContain(THEMES.DARK.ground);
  });

  test("is drawn of whatever was judged: nothing, gaps, missing values, bands that are open", () => {
    const number = fc.oneof(fc.constant(null), fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }));
    const bucket = fc.record({ hour: fc.nat(99), value: number, expected: number, low: number, high: number });
    const outcome = fc.constantFrom("ANOMALOUS" as const, "NORMAL" as const, "LEARNING" as const, "NO_DATA" as const);
    fc.assert(
      fc.property(fc.uniqueArray(bucket, { selector: ({ hour }) => hour, maxLength: 30 }), outcome, (all, said) => {
        const course = all
          .toSorted((one, other) => one.hour - other.hour)
          .map(({ hour, value, ...same }) => bucketAt(hour, value, { ...same, outcome: said }));
        const svg = drawn("DARK", { ...pictured, course });
        expect(svg.startsWith("<svg ")).toBe(true);
        expect(svg).not.toMatch(/NaN|Infinity|undefined/u);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});

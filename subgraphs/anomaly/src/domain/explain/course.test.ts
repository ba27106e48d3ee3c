import { describe, expect, test } from "@jest/globals";
import { freshAlert } from "../alerts/alert-state.ts";
import type { JudgedSeries, KeptBucket } from "../rules/series.ts";
import type { SettledSeries } from "../rules/settle-series.ts";
import { courseOf, KEPT_OF_EPISODE } from "./course.ts";

const kept = (atMs: number): KeptBucket => ({
  ...{ atMs, untilMs: atMs + 10, value: atMs, expected: null, low: null, high: null, score: 0, outcome: "NORMAL" },
});
const judged = (...at: readonly number[]): Pick<JudgedSeries, "outcomes" | "recent"> => ({
  recent: [0, 10, 20, ...at].map(kept),
  outcomes: at.map((atMs) => {
    const { untilMs, value, expected, low, high, score, outcome } = kept(atMs);
    const finding = { outcome, score, expected, low, high, side: null, because: "", weighed: [] };
    return { kind: "JUDGED", bucket: { atMs, untilMs, value, samples: null, finding } };
  }),
});
const settled = (
  state: "OK" | "FIRING" | "RESOLVED",
  episodeSinceMs: number | null,
): Pick<SettledSeries, "alert" | "anomalies"> => ({
  alert: { ...freshAlert(0), state, episodeSinceMs },
  anomalies: [],
});
const times = (course: readonly KeptBucket[]): readonly number[] => course.map(({ atMs }) => atMs);

describe("the buckets that are kept of an episode", () => {
  test("are with its first all that the series remembered, then those of each turn, and none while nothing is wrong", () => {
    expect(times(courseOf(judged(30, 40), settled("FIRING", 40)))).toEqual([0, 10, 20, 30, 40]);
    expect(times(courseOf(judged(50), settled("FIRING", 40)))).toEqual([50]);
    expect(courseOf(judged(50), settled("OK", null))).toEqual([]);
    expect(courseOf(judged(50), settled("RESOLVED", 40))).toEqual([]);
    expect(courseOf(judged(), settled("FIRING", 40))).toEqual([]);
  });

  test("end with the five hundredth of it", () => {
    const late = 40 + KEPT_OF_EPISODE * 10;
    expect(times(courseOf(judged(late - 10, late, late + 10), settled("FIRING", 40)))).toEqual([late - 10]);
  });
});

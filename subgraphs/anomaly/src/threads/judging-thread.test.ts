import { afterAll, expect, test } from "@jest/globals";
import { createThreadPool } from "@tessera/platform/runtime/thread-pool";
import { definedSeries } from "../../testing/detector-definitions.ts";
import { observationsOf } from "../../testing/series-arbitraries.ts";
import { judgeRule } from "../domain/rules/judge-rule.ts";
import { fingerprintOf } from "../domain/rules/series.ts";
import type { ToJudge } from "../domain/rules/watch-plan.ts";
import { createJudging } from "../operations/judging.ts";
import { createFitSeasons } from "./fit-seasons.ts";

const pool = createThreadPool({ program: new URL("./judging-thread.ts", import.meta.url), threads: 1 });
afterAll(() => pool.close());
const judge = createJudging(pool);
const fit = createFitSeasons();
const BAND = definedSeries({ kind: "SEASONAL_BAND", method: "MSTL", seasons: "DAY" });
const ENSEMBLE = definedSeries({
  ...{ kind: "ENSEMBLE", atLeast: 1 },
  members: [{ detector: BAND }, { detector: { kind: "EWMA" } }],
});
const RULE = "0198c0de-0000-4000-8000-000000000009" as Parameters<typeof fingerprintOf>[0]; // boundary: an id of the form of rules'

/** Series of days, one place of which is high. */
const seriesOf = (count: number): readonly ToJudge[] =>
  Array.from({ length: count }, (_, at): ToJudge => {
    const group = [{ name: "page", value: `/${at}` }];
    const values = Array.from({ length: 120 }, (_value, place) =>
      place === 110 ? 200 : 40 + 20 * Math.sin((place * Math.PI) / 12) + ((place * 7 + at * 3) % 5),
    );
    const buckets = observationsOf(values).map((observation) => ({ kind: "HELD" as const, observation }));
    const series = { fingerprint: fingerprintOf(RULE, group), group, recent: [], seenAtMs: 0, detector: undefined };
    return { series, buckets };
  });

test("What is fitted is judged in a thread as it would be here, in whatever parts it comes, and by what was kept", async () => {
  for (const definition of [BAND, ENSEMBLE]) {
    const all = seriesOf(23);
    const whole = judgeRule(definition, all, 0, fit);
    expect(await judge(definition, all, 0)).toEqual(whole);
    const halves = (from: number, to?: number): readonly ToJudge[] =>
      all.map(({ series, buckets }) => ({ series, buckets: buckets.slice(from, to) }));
    const first = await judge(definition, halves(0, 90), 0);
    const asText = (kept: unknown): unknown => JSON.parse(JSON.stringify(kept));
    const kept = new Map(first.map((one) => [one.fingerprint, asText(one.detector)]));
    const second = await judge(
      definition,
      halves(90).map(({ series, buckets }) => ({
        series: { ...series, detector: kept.get(series.fingerprint) },
        buckets,
      })),
      0,
    );
    expect(second.map(({ detector }) => detector)).toEqual(whole.map(({ detector }) => detector));
    expect(second.map(({ outcomes }) => outcomes)).toEqual(whole.map(({ outcomes }) => outcomes.slice(90)));
    const said = second.flatMap(({ outcomes }) =>
      outcomes.flatMap((one) => (one.kind === "JUDGED" ? [one.bucket.finding] : [])),
    );
    expect(said.filter(({ because }) => because.includes("MSTL forecasts")).length).toBeGreaterThan(23);
    expect(said.filter(({ outcome }) => outcome === "ANOMALOUS").length).toBeGreaterThanOrEqual(23);
  }
});

test("What is not fitted is judged without a thread", async () => {
  const none = createJudging({
    begin: () => {
      throw new Error("No thread is to be asked.");
    },
  });
  const plain = definedSeries({ kind: "EWMA" });
  expect(await none(plain, seriesOf(3), 0)).toEqual(judgeRule(plain, seriesOf(3), 0));
  expect(await none(BAND, [], 0)).toEqual([]);
});

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { referenceChanges } from "../../testing/reference-explain.ts";
import { rankChanges, SIGNIFICANT_CHANGE, type ChangeMoment } from "./changes-near.ts";

const [HOUR_MS, DAY_MS] = [3_600_000, 86_400_000];
const onset = { fromMs: Date.parse("2026-11-21T10:00:00Z"), toMs: Date.parse("2026-11-21T11:00:00Z") };
const label = fc.record({ service: fc.constantFrom("shop", "search") }, { requiredKeys: [] });
const moments = fc
  .array(
    fc.record({
      leadMs: fc.integer({ min: -2 * HOUR_MS, max: 16 * DAY_MS }),
      stream: fc.constantFrom("DEPLOY", "FLAG", "CAMPAIGN"),
      edge: fc.constantFrom("BEGAN" as const, "ENDED" as const),
      labels: label,
    }),
    { maxLength: 40 },
  )
  .map((all) =>
    all.map(({ leadMs, ...same }, at): ChangeMoment<string> => ({ ...same, of: `c${at}`, atMs: onset.toMs - leadMs })),
  );
const deploy = (leadMs: number, of = "deploy"): ChangeMoment<string> => ({
  ...{ of, edge: "BEGAN", atMs: onset.toMs - leadMs, stream: "DEPLOY", labels: {} },
});

describe("changes near an anomaly", () => {
  test("have the chances that counting each stream gives, corrected by definition, in their order", () => {
    fc.assert(
      fc.property(moments, label, (all, labels) => {
        const ranked = rankChanges(onset, all, { ...labels });
        const wanted = referenceChanges(onset, all);
        expect(ranked).toHaveLength(wanted.size);
        for (const { of, edge, chance, atMs, leadMs } of ranked) {
          expect(chance).toBeCloseTo(wanted.get(`${of} ${edge}`) ?? NaN, 10);
          expect(leadMs).toBe(onset.toMs - atMs);
        }
        const chances = ranked.map(({ chance }) => chance);
        expect(chances).toEqual(chances.toSorted((one, other) => one - other));
      }),
      { numRuns: 500, endOnFailure: true },
    );
  });

  test("do not depend on the order in which they are told", () => {
    fc.assert(
      fc.property(
        moments.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => {
          const chances = (ranked: ReturnType<typeof rankChanges<string>>) =>
            new Map(ranked.map((one) => [one.of, one]));
          expect(chances(rankChanges(onset, shuffled, {}))).toEqual(chances(rankChanges(onset, all, {})));
        },
      ),
      { numRuns: 200, endOnFailure: true },
    );
  });

  test("say much where it happened once, nothing where it happens all the time, and nothing after the bucket", () => {
    const [once] = rankChanges(onset, [deploy(2 * HOUR_MS)], {});
    expect(once?.chance).toBeLessThan(0.01);
    const often = Array.from({ length: 14 * 24 }, (_, hour) => deploy((hour + 0.5) * HOUR_MS, `d${hour}`));
    const ranked = rankChanges(onset, often, {});
    expect(ranked.filter(({ chance }) => chance <= SIGNIFICANT_CHANGE)).toEqual([]);
    expect(rankChanges(onset, [deploy(0), deploy(-HOUR_MS), deploy(25.5 * HOUR_MS)], {})).toEqual([]);
  });

  test("with labels of the anomaly come first among those that chance explains alike", () => {
    const same = { edge: "BEGAN", atMs: onset.fromMs } as const;
    const all = [
      { ...same, of: "search", stream: "a", labels: { service: "search" } },
      { ...same, of: "shop", stream: "b", labels: { service: "shop" } },
    ];
    expect(rankChanges(onset, all, { service: "shop", country: "DE" }).map(({ of }) => of)).toEqual(["shop", "search"]);
    expect(rankChanges(onset, all, { service: "shop" })[0]?.sharedLabels).toEqual(["service"]);
  });
});

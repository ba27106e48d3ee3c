import { describe, expect, test } from "@jest/globals";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { attribute, conservationOf } from "./attribute.ts";
import type { AttributionModel } from "./model.ts";
import { distinctSteps, type PathGroup, type PathSet } from "./paths.ts";

const folder = fileURLToPath(new URL("../../../../../../shared/data/attribution-pathdata/", import.meta.url));
const present = existsSync(`${folder}reference.json`);
if (!present) process.stderr.write(`Skipped: the data set attribution-pathdata is not at ${folder}.\n`);
const guarded = present ? describe : describe.skip;

const byLabel = z.record(z.string(), z.number());
const reference = z.object({
  channels: z.array(z.string()),
  total_conversions: z.number(),
  first_touch: z.object({ conversions: byLabel, value: byLabel }),
  last_touch: z.object({ conversions: byLabel, value: byLabel }),
  linear_every_touch_counts: z.object({ conversions: byLabel, value: byLabel }),
  linear_distinct_channels: z.object({ conversions: byLabel, value: byLabel }),
  position_based_40_20_40: z.object({ conversions: byLabel, value: byLabel }),
  time_decay_halving_per_step_position: z.object({ conversions: byLabel, value: byLabel }),
  markov_order1_with_null: z.object({ p_conversion: z.number(), removal_effect: byLabel, conversions: byLabel }),
  markov_order1_conversions_only: z.object({ p_conversion: z.number(), removal_effect: byLabel, conversions: byLabel }),
  markov_order2_with_null: z.object({ p_conversion: z.number(), removal_effect: byLabel, conversions: byLabel }),
  shapley_additive_subset_coalitions: z.object({ conversions: byLabel }),
  shapley_rate_subset_sum: z.object({ conversions_scaled: byLabel }),
});
const published = z.array(
  z.object({ channel_name: z.string(), total_conversions: z.number(), total_conversion_value: z.number() }),
);
const simulated = z.object({
  markov_order1_without_null_paths: published,
  markov_order1_with_null_paths: published,
  markov_order2_without_null_paths: published,
  markov_order2_with_null_paths: published,
});

const json = (name: string): unknown => JSON.parse(readFileSync(`${folder}${name}`, "utf8"));

const readPaths = (labels: readonly string[], withLosses: boolean): PathSet => {
  const places = new Map(labels.map((label, place) => [label, place]));
  const lines = gunzipSync(readFileSync(`${folder}pathdata.csv.gz`))
    .toString("utf8")
    .trim()
    .split("\n")
    .slice(1);
  const groups = lines.map((line): PathGroup => {
    const [path = "", conversions, value, losses] = line.split(";");
    return {
      steps: path.split(" > ").map((label) => places.get(label.trim()) ?? -1),
      conversions: Number(conversions),
      value: Number(value),
      valueSquares: 0,
      losses: withLosses ? Number(losses) : 0,
      toConvertMs: 0,
      timed: [],
    };
  });
  return { labels, groups };
};

const named = (labels: readonly string[], numbers: readonly number[]): Record<string, number> =>
  Object.fromEntries(labels.map((label, place) => [label, numbers[place] ?? Number.NaN]));

const expectClose = (found: Record<string, number>, wanted: Record<string, number>, relative: number): void => {
  expect(Object.keys(found).toSorted()).toEqual(Object.keys(wanted).toSorted());
  for (const [label, number] of Object.entries(wanted)) {
    const off = Math.abs((found[label] ?? Number.NaN) - number);
    expect({ label, off, within: off <= relative * Math.max(1, Math.abs(number)) }).toMatchObject({ within: true });
  }
};

const wanted = present ? reference.parse(json("reference.json")) : undefined;
const labels = wanted?.channels ?? [];
const paths = present ? readPaths(labels, true) : { labels, groups: [] };
const creditsOf = (model: AttributionModel, set: PathSet = paths) => {
  const attributed = attribute(set, { model, timedPlace: -1 }, new Set());
  conservationOf(set, attributed.credits);
  return attributed;
};

guarded("10,000 published paths of 12 channels and 19,785 conversions", () => {
  test.each([
    ["FIRST", { kind: "FIRST" }, "first_touch"],
    ["LAST", { kind: "LAST" }, "last_touch"],
    ["LINEAR", { kind: "LINEAR" }, "linear_every_touch_counts"],
    ["POSITION 40/20/40", { kind: "POSITION", first: 40, middle: 20, last: 40 }, "position_based_40_20_40"],
    ["POSITION_DECAY", { kind: "POSITION_DECAY", halfLifeSteps: 1 }, "time_decay_halving_per_step_position"],
  ] as const)("%s equals the reference, conversions and value", (_name, model, key) => {
    const { credits } = creditsOf(model);
    expectClose(named(labels, credits.conversions), wanted?.[key].conversions ?? {}, 1e-9);
    expectClose(named(labels, credits.value), wanted?.[key].value ?? {}, 1e-9);
  });
});

guarded("credit that counts a channel once a journey", () => {
  test("LINEAR over each journey's channels, each once, equals the reference, conversions and value", () => {
    const once = paths.groups.map((group) => ({ ...group, steps: distinctSteps(group.steps) }));
    const { credits } = creditsOf({ kind: "LINEAR" }, { labels, groups: once });
    expectClose(named(labels, credits.conversions), wanted?.linear_distinct_channels.conversions ?? {}, 1e-9);
    expectClose(named(labels, credits.value), wanted?.linear_distinct_channels.value ?? {}, 1e-9);
  });
});

guarded("Markov chains over the published paths", () => {
  test.each([
    ["order 1", 1, true, "markov_order1_with_null"],
    ["order 1 of conversions alone", 1, false, "markov_order1_conversions_only"],
    ["order 2", 2, true, "markov_order2_with_null"],
  ] as const)("MARKOV of %s equals the exact reference", (_name, order, withLosses, key) => {
    const set = withLosses ? paths : readPaths(labels, false);
    const { credits, chain, removalEffects } = creditsOf({ kind: "MARKOV", order }, set);
    expect(chain?.conversionProbability).toBeCloseTo(wanted?.[key].p_conversion ?? Number.NaN, 9);
    expectClose(named(labels, removalEffects ?? []), wanted?.[key].removal_effect ?? {}, 1e-9);
    expectClose(named(labels, credits.conversions), wanted?.[key].conversions ?? {}, 1e-8);
  });

  test.each([
    ["order 1 without losses", 1, false, "markov_order1_without_null_paths"],
    ["order 1", 1, true, "markov_order1_with_null_paths"],
    ["order 2 without losses", 2, false, "markov_order2_without_null_paths"],
    ["order 2", 2, true, "markov_order2_with_null_paths"],
  ] as const)("MARKOV of %s lies within 0.01 of what ChannelAttribution simulated", (_name, order, withLosses, key) => {
    const rows = simulated.parse(json("published_channelattribution.json"))[key];
    const set = withLosses ? paths : readPaths(labels, false);
    const { credits } = creditsOf({ kind: "MARKOV", order }, set);
    const share = (numbers: readonly number[], total: number) =>
      named(
        labels,
        numbers.map((number) => number / total),
      );
    const total = (read: (row: (typeof rows)[number]) => number): number =>
      rows.reduce((sum, row) => sum + read(row), 0);
    const theirs = (read: (row: (typeof rows)[number]) => number) =>
      Object.fromEntries(rows.map((row) => [row.channel_name, read(row) / total(read)]));
    const conversions = theirs((row) => row.total_conversions);
    const value = theirs((row) => row.total_conversion_value);
    expectClose(share(credits.conversions, 19_785), conversions, 0.01);
    expectClose(share(credits.value, 74_802.971587), value, 0.01);
  });
});

guarded("games and uplift over the published paths", () => {
  test("SHAPLEY equals the reference for worth by conversions and by summed rates", () => {
    const options = { kind: "SHAPLEY", permutations: 1, seed: 1 } as const;
    expectClose(
      named(labels, creditsOf({ ...options, game: "CONVERSIONS" }).credits.conversions),
      wanted?.shapley_additive_subset_coalitions.conversions ?? {},
      1e-9,
    );
    expectClose(
      named(labels, creditsOf({ ...options, game: "SUMMED_RATES" }).credits.conversions),
      wanted?.shapley_rate_subset_sum.conversions_scaled ?? {},
      1e-9,
    );
  });

  test("SHAPLEY by rate and UPLIFT give out exactly the 19,785 conversions", () => {
    for (const model of [
      { kind: "SHAPLEY", game: "RATE", permutations: 1, seed: 1 },
      { kind: "UPLIFT", minJourneys: 30 },
    ] as const) {
      const { credits } = creditsOf(model);
      expect(credits.conversions.reduce((sum, one) => sum + one, 0)).toBeCloseTo(wanted?.total_conversions ?? 0, 6);
    }
  });
});

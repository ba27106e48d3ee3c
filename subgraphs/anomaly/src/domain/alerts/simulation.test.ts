import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { anyPolicy, anySignals } from "../../testing/alert-arbitraries.ts";
import { BUCKET_MS, policyOf, replay, signalOf, STORY_MS } from "../../testing/alert-stories.ts";
import type { AlertSignal } from "./alert-state.ts";
import { scoreEpisodes, simulateSeries } from "./simulation.ts";

const minute = (count: number): number => STORY_MS + count * BUCKET_MS;
const story = (text: string): readonly AlertSignal[] => text.split(" ").map((word, place) => signalOf(word, place + 1));

test("A simulation tells as often as a clock that ticks every minute would", () => {
  fc.assert(
    fc.property(anyPolicy, anySignals, (policy, signals) => {
      // A bucket a minute, some left out; what is left out lets time pass.
      const buckets = signals.filter((signal) => signal.kind === "FINDING" && signal.bucket.untilMs === signal.atMs);
      const endMs = minute(60);
      const ticked = Array.from({ length: 60 }, (_, place) => minute(place)).flatMap((atMs): AlertSignal[] => [
        ...buckets.filter((bucket) => bucket.atMs === atMs),
        { kind: "TICK", atMs },
      ]);
      const { transitions } = replay(policy, ticked);
      const found = simulateSeries(policy, buckets, endMs);
      expect(found.tellings).toBe(transitions.filter(({ notify }) => notify).length);
      expect(found.episodes).toHaveLength(
        new Set(transitions.flatMap(({ episode }) => (episode === null ? [] : [episode]))).size,
      );
    }),
    { numRuns: 300, endOnFailure: true },
  );
});

describe("A simulation", () => {
  test("says of each episode when it was, when people would have been told, and how often", () => {
    const policy = policyOf({ fire: { k: 2, n: 2 }, renotify: { every: "PT2M", atMost: 1 }, flapping: null });
    expect(simulateSeries(policy, story("C B B B B C B B"), minute(20))).toEqual({
      episodes: [
        {
          severity: "WARNING",
          fromMs: minute(1),
          toldMs: minute(3),
          untilMs: minute(6),
          endedBy: "RETURNED_LONG_ENOUGH",
          tellings: 3,
        },
        { severity: "WARNING", fromMs: minute(6), toldMs: minute(8), untilMs: null, endedBy: null, tellings: 2 },
      ],
      transitions: 8,
      tellings: 5,
    });
  });

  test("is scored by what is known to have been wrong", () => {
    const policy = policyOf({ flapping: null });
    const { episodes } = simulateSeries(policy, story("B C C C B C C C"), minute(8));
    const incidents = [
      { fromMs: minute(-1), untilMs: minute(1) },
      { fromMs: minute(6), untilMs: minute(7) },
    ];
    expect(scoreEpisodes(episodes, incidents, minute(8))).toEqual({
      precision: 0.5,
      recall: 0.5,
      meanDelayMs: 2 * BUCKET_MS,
    });
    expect(scoreEpisodes([], incidents, minute(8))).toEqual({ precision: null, recall: 0, meanDelayMs: null });
    expect(scoreEpisodes(episodes, [], minute(8))).toEqual({ precision: 0, recall: null, meanDelayMs: null });
  });
});

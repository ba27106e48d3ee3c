import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { STORY_MS } from "../../testing/alert-stories.ts";
import { anyHistory, anyPeriod } from "../../testing/feedback-arbitraries.ts";
import { referenceCovers, referenceFactor, referenceVerdict } from "../../testing/reference-feedback.ts";
import { decisionsOf, type Feedback } from "./feedback.ts";
import { covers, learnedOf } from "./learned.ts";
import { judgedWithin, scoreByFeedback } from "./score-feedback.ts";
import { compareWithFeedback } from "./simulated-feedback.ts";

const RUNS = { numRuns: 1_000, endOnFailure: true };
const DAY_MS = 86_400_000;
const END_MS = STORY_MS + 1_000 * DAY_MS;

describe("What people together say", () => {
  test("is what most of them last said, of equally many what disturbs people most", () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const decisions = new Map(decisionsOf(history).map(({ said, verdict }) => [said.anomalyId, verdict]));
        for (const { anomalyId } of history)
          expect(decisions.get(anomalyId) ?? null).toBe(referenceVerdict(history, anomalyId));
      }),
      RUNS,
    );
  });

  test("raises and lowers a series' threshold step by step, and is forgotten", () => {
    fc.assert(
      fc.property(anyHistory, fc.integer({ min: 0, max: 400 }), (history, days) => {
        const nowMs = (history.at(-1)?.atMs ?? STORY_MS) + days * DAY_MS;
        const learned = learnedOf(decisionsOf(history), "now", nowMs);
        for (const fingerprint of ["odd", "even"]) {
          const reference = referenceFactor(history, fingerprint, nowMs);
          // At the very bound below which nothing is left, two ways of multiplying may round to either side.
          if (Math.abs(reference - 1.05) > 1e-9)
            expect(learned.get(fingerprint)?.factor ?? 1).toBeCloseTo(reference, 9);
          expect(learned.get(fingerprint)?.factor ?? 1).toBeLessThanOrEqual(4 + 1e-9);
        }
      }),
      RUNS,
    );
  });

  test("is undone by taking it back, whatever it was", () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        const last = history.at(-1);
        if (last === undefined) return;
        const said = new Set(history.map(({ anomalyId, by }) => `${anomalyId} ${by.id}`));
        const back = [...said].map((one, place): Feedback => {
          const own = history.find(({ anomalyId, by }) => `${anomalyId} ${by.id}` === one) ?? last;
          return { ...own, id: `w${place}`, verdict: "WITHDRAWN", atMs: last.atMs + 1 };
        });
        expect(learnedOf(decisionsOf([...history, ...back]), "now", last.atMs + 2)).toEqual(new Map());
      }),
      RUNS,
    );
  });

  test("of a series that is judged by something else now teaches nothing", () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        expect(learnedOf(decisionsOf(history), "other", END_MS)).toEqual(new Map());
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });
});

describe("A period", () => {
  test("covers what a calendar says begins in its hours", () => {
    const anyMinute = fc
      .integer({ min: -60 * 24 * 200, max: 60 * 24 * 200 })
      .map((minute) => STORY_MS + minute * 60_000);
    fc.assert(
      fc.property(anyPeriod, anyMinute, (period, atMs) => {
        expect(covers(period, atMs)).toBe(referenceCovers(period, atMs));
      }),
      RUNS,
    );
  });
});

describe("A simulation", () => {
  test("is scored by what people said: of what they said nothing counts neither way", () => {
    const anomaly = (fromMs: number, verdict: "TRUE" | "FALSE") => ({
      ...{ fingerprint: "f", fromMs, untilMs: fromMs + 10, verdict },
    });
    const episode = (fromMs: number, suppressed: boolean) => ({
      ...{ fingerprint: "f", severity: "WARNING" as const, fromMs, toldMs: fromMs, untilMs: fromMs + 5 },
      ...{ endedBy: null, tellings: 1, suppressed },
    });
    const anomalies = [anomaly(100, "TRUE"), anomaly(200, "FALSE"), anomaly(300, "TRUE")];
    const told = [100, 200, 400].map((fromMs) => ({ ...episode(fromMs, false), told: true }));
    expect(scoreByFeedback(told, anomalies, 1_000)).toEqual({ told: 3, judged: 2, precision: 0.5, recall: 0.5 });
    const history = anomalies.map((one, place): Feedback => {
      const [sample] = fc
        .sample(
          anyHistory.filter((all) => all.length > 0).map((all) => all.slice(0, 1)),
          1,
        )
        .flat();
      if (sample === undefined) throw new Error("A history that is not empty has a first entry.");
      const { verdict, ...seen } = one;
      // boundary: ids of anomalies that are told apart by their places.
      const anomalyId = `${sample.anomalyId.slice(0, -1)}${place}` as Feedback["anomalyId"];
      return { ...sample, id: String(place), anomalyId, verdict, seen: { ...sample.seen, ...seen } };
    });
    const decisions = decisionsOf(history);
    expect(judgedWithin(decisions, { fromMs: 0, toMs: 250 })).toHaveLength(2);
    const compared = compareWithFeedback(
      [episode(100, true), episode(200, true), episode(400, false)],
      ...([decisions, { fromMs: 0, toMs: 1_000 }] as const),
    );
    expect(compared).toEqual({
      ...{ anomalies: 3, suppressed: 2, suppressedTrue: 1 },
      asFound: { told: 3, judged: 2, precision: 0.5, recall: 0.5 },
      asLearned: { told: 1, judged: 0, precision: null, recall: 0 },
    });
  });
});

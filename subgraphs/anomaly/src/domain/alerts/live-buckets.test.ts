import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { anyPolicy } from "../../testing/alert-arbitraries.ts";
import { BUCKET_MS, replay, STORY_MS } from "../../testing/alert-stories.ts";
import type { AlertPolicy } from "./alert-policy.ts";
import type { AlertSignal, AlertState, AlertTransition } from "./alert-state.ts";

/** What a bucket holds in the end, the scores that are told of it before that, and what somebody does after it. */
interface Told {
  readonly kind: "RISES" | "FALLS";
  readonly score: number;
  readonly outcome: "ANOMALOUS" | "NORMAL" | "NO_DATA" | "LEARNING";
  readonly early: readonly number[];
  readonly after: "RESOLVE" | "ACKNOWLEDGE" | "TICK" | null;
}

const anyTold: fc.Arbitrary<Told> = fc.record({
  kind: fc.constantFrom("RISES", "FALLS"),
  score: fc.constantFrom(0, 0.4, 0.8, 1, 2, 4, 5),
  outcome: fc.constantFrom("ANOMALOUS", "ANOMALOUS", "NORMAL", "NORMAL", "NO_DATA", "LEARNING"),
  early: fc.array(fc.constantFrom(0, 0.4, 0.8, 1, 1.5, 2, 3, 4, 5), { maxLength: 3 }),
  after: fc.constantFrom(null, null, null, "TICK", "ACKNOWLEDGE", "RESOLVE"),
});
const anyStory = fc.array(anyTold, { minLength: 1, maxLength: 30 });

const findingAt = (place: number, told: Pick<Told, "outcome" | "score">, lateMs: number): AlertSignal => {
  const [fromMs, untilMs] = [STORY_MS + place * BUCKET_MS, STORY_MS + (place + 1) * BUCKET_MS];
  const { outcome, score } = told;
  const bucket = { atMs: fromMs, untilMs };
  return { kind: "FINDING", bucket, finding: { outcome, score }, impact: null, atMs: untilMs + lateMs, live: true };
};

/** What is certain of a bucket before it has ended: of a number that rises a breach, which only becomes worse; of a score that falls that it is normal. */
const certain = ({ fire, clear }: AlertPolicy, { kind, outcome, score, early }: Told): readonly number[] => {
  const sorted = early.toSorted((a, b) => a - b);
  if (kind === "RISES" && outcome === "ANOMALOUS") return sorted.filter((one) => one >= fire.score && one <= score);
  if (kind === "FALLS" && outcome === "NORMAL")
    return sorted.toReversed().filter((one) => one < clear.score && one >= score);
  return [];
};

const signalsOf = (policy: AlertPolicy, story: readonly Told[], live: boolean): readonly AlertSignal[] =>
  story.flatMap((told, place) => {
    const early = live ? certain(policy, told) : [];
    const untilMs = STORY_MS + (place + 1) * BUCKET_MS;
    const by = { kind: "ACKNOWLEDGE", by: "CALLER" } as const;
    const command = told.after === "RESOLVE" ? ({ kind: "RESOLVE" } as const) : by;
    const afterwards: AlertSignal =
      told.after === "TICK"
        ? { kind: "TICK", atMs: untilMs + 1 }
        : { kind: "COMMAND", command, episode: null, atMs: untilMs + 1 };
    return [
      ...early.map((score, nth) => findingAt(place, { outcome: told.outcome, score }, (nth - 4) * 1_000)),
      findingAt(place, told, 0),
      ...(told.after === null ? [] : [afterwards]),
    ];
  });

/** Where an alert stands by its buckets: when people were told, and how bad it was when a silence fell, is of the wall clock. */
const standing = ({ notices: _notices, believed, sinceMs, ...alert }: AlertState) => ({
  ...alert,
  believed: believed?.episode ?? null,
  sinceMs: alert.state === "PENDING" || alert.state === "RESOLVING" ? sinceMs : null,
});
const ways = (transitions: readonly AlertTransition[]) =>
  transitions.filter(({ from, to }) => from !== to).map(({ from, to, reason, episode }) => [from, to, reason, episode]);

test("What is told of a bucket before it has ended leads where the bucket leads when it has, by the same steps", () => {
  fc.assert(
    fc.property(anyPolicy, anyStory, (policy, story) => {
      const [live, closed] = [
        replay(policy, signalsOf(policy, story, true)),
        replay(policy, signalsOf(policy, story, false)),
      ];
      expect(standing(live.alert)).toEqual(standing(closed.alert));
      expect(ways(live.transitions)).toEqual(ways(closed.transitions));
    }),
    { numRuns: 600, endOnFailure: true },
  );
});

test("No step is said to have been before it was told of, and none is taken twice for one bucket", () => {
  fc.assert(
    fc.property(anyPolicy, anyStory, (policy, story) => {
      const signals = signalsOf(policy, story, true);
      signals.forEach((signal, place) => {
        const before = replay(policy, signals.slice(0, place));
        const { transitions, alert } = replay(policy, [signal], before.alert);
        for (const { atMs } of transitions) expect(atMs).toBeLessThanOrEqual(signal.atMs);
        expect(replay(policy, [signal], alert)).toEqual({
          alert,
          transitions: signal.kind === "FINDING" ? [] : expect.anything(),
        });
      });
    }),
    { numRuns: 100, endOnFailure: true },
  );
});

test("A breach that becomes worse while its bucket lasts is told as that", () => {
  const policy = fc.sample(anyPolicy, 1)[0];
  if (policy === undefined) throw new Error("There is a policy.");
  const bands = [{ by: "SCORE" as const, atLeast: 4, severity: "CRITICAL" as const }];
  const plain: AlertPolicy = {
    ...{ ...policy, flapping: null, escalation: null, renotify: null, severity: { base: "WARNING", bands } },
    fire: { k: 1, n: 1, score: 1, minimumDurationMs: 0 },
  };
  const told = [1, 2, 4, 5].map((score, nth) => findingAt(0, { outcome: "ANOMALOUS", score }, (nth - 4) * 1_000));
  const { transitions } = replay(plain, told);
  expect(transitions.map(({ to, reason, severity, atMs }) => [to, reason, severity, atMs - STORY_MS])).toEqual([
    ["FIRING", "BREACHED_LONG_ENOUGH", "WARNING", BUCKET_MS - 4_000],
    ["FIRING", "SEVERITY_ROSE", "CRITICAL", BUCKET_MS - 2_000],
  ]);
});

import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { anyPolicy, anySignals } from "../../testing/alert-arbitraries.ts";
import { BUCKET_MS, policyOf, signalOf, STORY_MS } from "../../testing/alert-stories.ts";
import { anyLearned } from "../../testing/feedback-arbitraries.ts";
import { referenceSilenced } from "../../testing/reference-feedback.ts";
import { step } from "../alerts/alert-machine.ts";
import type { AlertPolicy } from "../alerts/alert-policy.ts";
import { freshAlert, type AlertSignal, type AlertTransition } from "../alerts/alert-state.ts";
import { isOpen, silenceOf } from "../alerts/telling.ts";
import type { Learned } from "./learned.ts";
import { simulateWithFeedback, type LearnedEpisode } from "./simulated-feedback.ts";
import { withFeedback } from "./told-feedback.ts";

const RUNS = { numRuns: 400, endOnFailure: true };
const DAY_MS = 86_400_000;
const END_MS = STORY_MS + 1_000 * DAY_MS;

const withSides = anySignals.chain((signals) =>
  fc
    .array(fc.constantFrom("ABOVE" as const, "BELOW" as const, null), {
      ...{ minLength: signals.length, maxLength: signals.length },
    })
    .map((sides) =>
      signals.map((signal, place): AlertSignal => {
        if (signal.kind === "FINDING") return { ...signal, finding: { ...signal.finding, side: sides[place] ?? null } };
        if (signal.kind !== "CONTEXT") return signal;
        return { ...signal, silences: signal.silences.filter((silence) => silence !== "FEEDBACK") };
      }),
    ),
);

const recentOf = (signals: readonly AlertSignal[]) =>
  signals.flatMap((signal) =>
    signal.kind === "FINDING"
      ? [{ ...signal.bucket, score: signal.finding.score, outcome: signal.finding.outcome }]
      : [],
  );

const woven = (policy: AlertPolicy, learned: Learned | null, signals: readonly AlertSignal[]): readonly AlertSignal[] =>
  withFeedback(
    ...([policy, { alert: null, learned, recent: recentOf(signals) }] as const),
    ...([signals.map((signal) => ({ signal })), (signal: AlertSignal) => ({ signal })] as const),
  ).map(({ signal }) => signal);

const replayed = (policy: AlertPolicy, signals: readonly AlertSignal[]) => {
  let alert = freshAlert(signals[0]?.atMs ?? STORY_MS);
  const transitions: AlertTransition[] = [];
  for (const signal of signals) {
    const stepped = step(policy, alert, signal);
    ({ alert } = stepped);
    transitions.push(...stepped.transitions);
  }
  return { alert, transitions };
};

const moves = (transitions: readonly AlertTransition[]) =>
  transitions
    .filter(({ from, to }) => from !== to)
    .map(({ from, to, reason, atMs, episode }) => ({ from, to, reason, atMs, episode: isOpen(to) ? episode : null }));

describe("The silence of feedback", () => {
  test("is in force before exactly those buckets that leave behind an open episode it is meant for", () => {
    fc.assert(
      fc.property(anyPolicy, withSides, anyLearned, (policy, signals, learned) => {
        let alert = freshAlert(signals[0]?.atMs ?? STORY_MS);
        for (const signal of woven(policy, learned, signals)) {
          const isBucket = signal.kind === "FINDING" || signal.kind === "NO_SERIES";
          if (isBucket && signal.bucket.untilMs > (alert.lastUntilMs ?? -Infinity)) {
            const { alert: after } = step(policy, alert, signal);
            if (isOpen(after.state))
              expect(alert.silences.includes("FEEDBACK")).toBe(
                referenceSilenced(policy, learned, signals, signal, after),
              );
          }
          ({ alert } = step(policy, alert, signal));
        }
      }),
      RUNS,
    );
  });

  test("hides nothing: every state and episode is as without it", () => {
    fc.assert(
      fc.property(anyPolicy, withSides, anyLearned, (policy, signals, learned) => {
        expect(moves(replayed(policy, woven(policy, learned, signals)).transitions)).toEqual(
          moves(replayed(policy, signals).transitions),
        );
      }),
      RUNS,
    );
  });

  test("leaves nobody with a page that is over, and is on record wherever it silenced", () => {
    fc.assert(
      fc.property(anyPolicy, withSides, anyLearned, (policy, signals, learned) => {
        const buckets = signals.filter(({ kind }) => kind === "FINDING");
        const { alert, transitions } = replayed({ ...policy, flapping: null }, woven(policy, learned, buckets));
        if (!isOpen(alert.state) && silenceOf(alert) === null) expect(alert.believed).toBeNull();
        for (const { notify, silence } of transitions) expect(notify && silence !== null).toBe(false);
        const openings = transitions.filter(({ from, to }) => !isOpen(from) && isOpen(to));
        for (const { notify, silence } of openings) expect(notify || silence === "FEEDBACK").toBe(true);
      }),
      RUNS,
    );
  });

  test("changes nothing where nothing was taught", () => {
    fc.assert(
      fc.property(anyPolicy, withSides, (policy, signals) => {
        expect(woven(policy, null, signals)).toEqual(signals);
      }),
      { numRuns: 100, endOnFailure: true },
    );
  });

  const policy = policyOf({ flapping: null, clear: { score: 0.5 } });
  const learnedBy = (more: Partial<Learned>): Learned => ({
    ...{ fingerprint: "f", group: [], effects: [], factor: 1, expected: [], known: [], ...more },
  });
  const story = (text: string): readonly AlertSignal[] =>
    text.split(" ").map((word, place) => signalOf(word, place + 1));
  const told = (learned: Learned, text: string): readonly string[] =>
    replayed(policy, woven(policy, learned, story(text))).transitions.map(
      ({ to, reason, notify, silence }) => `${to} ${reason} ${notify ? "told" : (silence ?? "-")}`,
    );

  test.each([
    [
      "what is not far enough out is not told, nor that it ended",
      { factor: 3 },
      "B2 C",
      ["FIRING BREACHED_LONG_ENOUGH FEEDBACK", "RESOLVED RETURNED_LONG_ENOUGH -"],
    ],
    [
      "what comes to be far enough out is told then, and its end",
      { factor: 3 },
      "B2 B4 C",
      ["FIRING BREACHED_LONG_ENOUGH FEEDBACK", "FIRING SILENCE_ENDED told", "RESOLVED RETURNED_LONG_ENOUGH told"],
    ],
    [
      "what was far out stays told while it comes back",
      { factor: 3 },
      "B4 B2 H C",
      ["FIRING BREACHED_LONG_ENOUGH told", "RESOLVED RETURNED_LONG_ENOUGH told"],
    ],
    [
      "an issue that is known is not told",
      { known: ["WARNING"] as const },
      "B B4 C",
      ["FIRING BREACHED_LONG_ENOUGH FEEDBACK", "RESOLVED RETURNED_LONG_ENOUGH -"],
    ],
    [
      "what is worse than the issue that is known is told",
      { known: ["INFO"] as const },
      "B C",
      ["FIRING BREACHED_LONG_ENOUGH told", "RESOLVED RETURNED_LONG_ENOUGH told"],
    ],
    [
      "what outlasts its period is told when that is over",
      {
        expected: [
          { period: { kind: "ONCE", fromMs: STORY_MS, untilMs: STORY_MS + 2 * BUCKET_MS }, side: null, score: 4 },
        ],
      } as const,
      "B B B C",
      ["FIRING BREACHED_LONG_ENOUGH FEEDBACK", "FIRING SILENCE_ENDED told", "RESOLVED RETURNED_LONG_ENOUGH told"],
    ],
    [
      "what is more than twice as far out as was expected is told",
      {
        expected: [{ period: { kind: "ONCE", fromMs: STORY_MS, untilMs: STORY_MS + DAY_MS }, side: null, score: 1 }],
      } as const,
      "B2 B4 C",
      ["FIRING BREACHED_LONG_ENOUGH FEEDBACK", "FIRING SILENCE_ENDED told", "RESOLVED RETURNED_LONG_ENOUGH told"],
    ],
  ])("%s", (_title, more, text, expected) => {
    expect(told(learnedBy(more), text)).toEqual(expected);
  });

  test("that begins in an episode people were told of holds up reminders, and its end is told once", () => {
    const before = replayed(policy, story("B2")).alert;
    const signals = [signalOf("H", 2), signalOf("C", 3)];
    const series = { alert: before, learned: learnedBy({ known: ["WARNING"] }), recent: recentOf(signals) };
    const all = withFeedback(
      policy,
      series,
      signals.map((signal) => ({ signal })),
      (signal) => ({ signal }),
    );
    let alert = before;
    const transitions = all.flatMap(({ signal }) => {
      const stepped = step(policy, alert, signal);
      ({ alert } = stepped);
      return stepped.transitions;
    });
    expect(transitions.map(({ to, reason, notify, silence }) => [to, reason, notify ? "told" : silence])).toEqual([
      ["RESOLVED", "RETURNED_LONG_ENOUGH", "FEEDBACK"],
      ["RESOLVED", "SILENCE_ENDED", "told"],
    ]);
    expect(alert).toMatchObject({ state: "RESOLVED", believed: null, silences: [] });
  });
});

const bare = ({ suppressed, ...same }: LearnedEpisode) => ({ ...same, isSuppressed: typeof suppressed });

describe("A simulation", () => {
  test("finds the same episodes with what was taught, of which fewer are told", () => {
    fc.assert(
      fc.property(anyPolicy, withSides, anyLearned, (policy, signals, learned) => {
        const buckets = signals.filter((signal) => signal.kind === "FINDING" && signal.bucket.untilMs === signal.atMs);
        const plain = simulateWithFeedback(policy, buckets, END_MS, null);
        const taught = simulateWithFeedback(policy, buckets, END_MS, learned);
        expect(taught.episodes.map(bare)).toEqual(plain.episodes.map(bare));
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });
});

import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { anyPolicy, anySignalAt, anySignals } from "../../testing/alert-arbitraries.ts";
import { BUCKET_MS, replay, STORY_MS } from "../../testing/alert-stories.ts";
import { recount } from "../../testing/reference-alert-steps.ts";
import { step } from "./alert-machine.ts";
import type { AlertSignal, AlertState, AlertTransition } from "./alert-state.ts";
import { freshAlert } from "./alert-state.ts";
import { isOpen, isOwed, silenceOf } from "./telling.ts";
import { nextTick } from "./tick-step.ts";

const RUNS = { numRuns: 1_000, endOnFailure: true };
const FEWER = { numRuns: 300, endOnFailure: true };

const isBucket = ({ kind }: AlertSignal): boolean => kind === "FINDING" || kind === "NO_SERIES";
const told = (transitions: readonly AlertTransition[]): readonly AlertTransition[] =>
  transitions.filter(({ notify }) => notify);

test("An alert goes on as is found anew from its whole past at every signal", () => {
  fc.assert(
    fc.property(anyPolicy, anySignals, (policy, signals) => {
      expect(replay(policy, signals).transitions).toEqual(recount(policy, signals));
    }),
    RUNS,
  );
});

test("Whenever nothing silences an alert, what people believe of it is so", () => {
  fc.assert(
    fc.property(anyPolicy, anySignals, (policy, signals) => {
      let alert = freshAlert(STORY_MS);
      for (const signal of signals) {
        ({ alert } = step(policy, alert, signal));
        expect(silenceOf(alert) === null && isOwed(alert)).toBe(false);
      }
    }),
    FEWER,
  );
});

test("Steps lead on from one another; a series has one open episode, with a number of its own, from FIRING to RESOLVED", () => {
  fc.assert(
    fc.property(anyPolicy, anySignals, (policy, signals) => {
      const { transitions, alert } = replay(policy, signals);
      transitions.forEach(({ from }, place) => expect(from).toBe(transitions[place - 1]?.to ?? "OK"));
      const opened = transitions.filter(({ from, to }) => !isOpen(from) && isOpen(to));
      expect(opened.map(({ episode }) => episode)).toEqual(opened.map((_opening, place) => place + 1));
      expect(opened.every(({ to }) => to === "FIRING")).toBe(true);
      expect(
        transitions.filter(({ from, to }) => isOpen(from) && !isOpen(to)).every(({ to }) => to === "RESOLVED"),
      ).toBe(true);
      expect(alert.episode).toBe(opened.length);
    }),
    FEWER,
  );
});

/** Stories in which buckets come in their order, as an evaluator gives them that begins again where it was interrupted. */
const inOrder = anySignals.map((signals) => {
  let lastMs = -Infinity;
  return signals.filter((signal) => {
    if (signal.kind !== "FINDING" && signal.kind !== "NO_SERIES") return true;
    const [known, { untilMs }] = [lastMs, signal.bucket];
    lastMs = Math.max(known, untilMs);
    return untilMs > known;
  });
});

test("Nothing is lost and nothing told twice when buckets come again, late or after they were dropped and sent once more", () => {
  const restarts = fc.array(fc.record({ after: fc.nat(44), back: fc.integer({ min: 1, max: 8 }) }), { maxLength: 6 });
  fc.assert(
    fc.property(anyPolicy, inOrder, restarts, (policy, signals, again) => {
      const repeated = signals.flatMap((signal, place) => [
        signal,
        ...again
          .filter(({ after }) => after === place)
          .flatMap(({ back }) => signals.slice(Math.max(0, place + 1 - back), place + 1).filter(isBucket)),
      ]);
      expect(replay(policy, repeated)).toEqual(replay(policy, signals));
    }),
    FEWER,
  );
});

test("A signal that is told again at once changes nothing more, but for time that tells the next of two things", () => {
  fc.assert(
    fc.property(anyPolicy, anySignals, (policy, signals) => {
      const twice = signals.flatMap((signal) => Array<AlertSignal>(signal.kind === "TICK" ? 1 : 2).fill(signal));
      expect(replay(policy, twice)).toEqual(replay(policy, signals));
    }),
    FEWER,
  );
});

test("A clock that goes back tells nothing that was told before", () => {
  fc.assert(
    fc.property(anyPolicy, anySignals, fc.integer({ min: 1, max: 600 }), (policy, signals, minutes) => {
      const { alert } = replay(policy, signals);
      const lastMs = signals.at(-1)?.atMs ?? STORY_MS;
      const awake = alert.snoozedUntilMs === null || alert.snoozedUntilMs > lastMs;
      const settled = replay(
        policy,
        [1, 2, 3].map((): AlertSignal => ({ kind: "TICK", atMs: lastMs })),
        alert,
      ).alert;
      const back = step(policy, settled, { kind: "TICK", atMs: lastMs - minutes * BUCKET_MS });
      if (awake) expect(back.transitions).toEqual([]);
    }),
    FEWER,
  );
});

/** Stories in which the clock jumps by up to a day, ahead or back, before some ticks, and jumps on from there. */
const withJumps = fc
  .tuple(anySignals, fc.array(fc.integer({ min: -1_440, max: 1_440 }), { maxLength: 6 }))
  .map(([signals, jumps]) => {
    const every = Math.max(1, Math.floor(signals.length / (jumps.length + 1)));
    return signals.map((signal, place): AlertSignal => {
      const byMinutes = jumps[Math.floor(place / every) - 1] ?? 0;
      return signal.kind === "TICK" ? { ...signal, atMs: signal.atMs + byMinutes * BUCKET_MS } : signal;
    });
  });

test("However the clock jumps, an alert goes on as is found anew from its whole past: no reminder and no step of an escalation is told twice", () => {
  fc.assert(
    fc.property(anyPolicy, withJumps, (policy, signals) => {
      const { transitions } = replay(policy, signals);
      expect(transitions).toEqual(recount(policy, signals));
      for (const episode of new Set(transitions.map((one) => one.episode))) {
        const own = transitions.filter((one) => one.episode === episode && one.notify);
        const reminders = own.filter(({ reason }) => reason === "RENOTIFIED");
        expect(reminders.length).toBeLessThanOrEqual(policy.renotify?.atMost ?? 0);
        const steps = (policy.escalation?.afterMs.length ?? 0) * ((policy.escalation?.repeats ?? 0) + 1);
        expect(own.filter(({ reason }) => reason === "ESCALATED").length).toBeLessThanOrEqual(steps);
      }
    }),
    RUNS,
  );
});

test("What a clock told that was ahead keeps no reminder waiting for longer than a reminder waits", () => {
  fc.assert(
    fc.property(anyPolicy, anySignals, fc.integer({ min: 1, max: 100_000 }), (policy, signals, minutes) => {
      const before = replay(policy, signals).alert;
      const lastMs = signals.at(-1)?.atMs ?? STORY_MS;
      // Ahead, until there is nothing to tell at once; then right again.
      const ahead = replay(
        policy,
        [1, 2, 3].map((): AlertSignal => ({ kind: "TICK", atMs: lastMs + minutes * BUCKET_MS })),
        before,
      );
      const right = step(policy, ahead.alert, { kind: "TICK", atMs: lastMs }).alert;
      const nextMs = nextTick(policy, right);
      const longest = Math.max(
        policy.renotify?.everyMs ?? 0,
        policy.escalation?.repeatAfterMs ?? 0,
        ...(policy.escalation?.afterMs ?? []),
      );
      if (nextMs !== null && right.snoozedUntilMs === null) expect(nextMs - lastMs).toBeLessThanOrEqual(longest);
    }),
    FEWER,
  );
});

test("What somebody has acknowledged is neither escalated nor reminded of", () => {
  fc.assert(
    fc.property(anyPolicy, anySignals, (policy, signals) => {
      let alert: AlertState = freshAlert(STORY_MS);
      for (const signal of signals) {
        const looked = alert.acknowledged;
        const stepped = step(policy, alert, signal);
        if (looked)
          expect(stepped.transitions.filter(({ reason }) => reason === "RENOTIFIED" || reason === "ESCALATED")).toEqual(
            [],
          );
        ({ alert } = stepped);
      }
    }),
    FEWER,
  );
});

test("Openings and endings of a series that flaps are told at most once more than the policy's number within its window", () => {
  const busy = fc
    .integer({ min: 1, max: 80 })
    .chain((length) => fc.tuple(...Array.from({ length }, (_, minute) => anySignalAt(STORY_MS + minute * BUCKET_MS))))
    .map((signals) => signals.filter(({ kind }) => kind === "FINDING" || kind === "TICK"));
  fc.assert(
    fc.property(anyPolicy, busy, (policy, signals) => {
      const { flapping } = policy;
      fc.pre(flapping !== null);
      if (flapping === null) return;
      const changes = told(replay(policy, signals).transitions).filter(
        ({ from, to, reason }) => isOpen(from) !== isOpen(to) || reason.startsWith("FLAPPING"),
      );
      for (const { atMs } of changes) {
        const near = changes.filter((other) => other.atMs >= atMs && other.atMs < atMs + flapping.windowMs);
        expect(near.length).toBeLessThanOrEqual(flapping.changes + 1);
      }
    }),
    FEWER,
  );
});

test("An alert that was kept as JSON at any point goes on as if it had not been", () => {
  fc.assert(
    fc.property(anyPolicy, anySignals, fc.nat(44), (policy, signals, place) => {
      const before = replay(policy, signals.slice(0, place)).alert;
      // boundary: what was kept is what was written.
      const kept = JSON.parse(JSON.stringify(before)) as AlertState;
      expect(kept).toEqual(before);
      expect(replay(policy, signals.slice(place), kept)).toEqual(replay(policy, signals.slice(place), before));
    }),
    FEWER,
  );
});

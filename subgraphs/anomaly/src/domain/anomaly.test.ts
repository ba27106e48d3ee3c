import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  acknowledge,
  acknowledgementOf,
  conclude,
  resolutionOf,
  resolve,
  type Acknowledgement,
  type Memory,
  type Resolution,
  type Standing,
  type Step,
} from "./anomaly.ts";
import { judge, type Condition, type Evaluation } from "./evaluation.ts";

const acknowledgement: Acknowledgement = { atMs: 1, by: { kind: "USER", id: "ada" }, note: null };
const resolution: Resolution = { cause: "METRIC_RETURNED", atMs: 2 };
const OPEN: Standing = { state: "OPEN" };
const acknowledged: Standing = { state: "ACKNOWLEDGED", acknowledgement };
const resolved: Standing = { state: "RESOLVED", acknowledgement, resolution };

describe("the steps of an anomaly", () => {
  test.each([
    ["OPEN is acknowledged", acknowledge(OPEN, acknowledgement), acknowledged],
    ["OPEN is resolved", resolve(OPEN, resolution), { state: "RESOLVED", acknowledgement: null, resolution }],
    ["ACKNOWLEDGED is resolved and remembers by whom it was seen", resolve(acknowledged, resolution), resolved],
  ])("%s", (_case, step, standing) => expect(step).toEqual({ allowed: true, standing }));

  test.each([
    ["ACKNOWLEDGED is not acknowledged again", acknowledge(acknowledged, acknowledgement)],
    ["RESOLVED is not acknowledged", acknowledge(resolved, acknowledgement)],
    ["RESOLVED is final", resolve(resolved, resolution)],
  ])("%s", (_case, step) => expect(step).toEqual({ allowed: false }));

  const ORDER = ["OPEN", "ACKNOWLEDGED", "RESOLVED"];
  test("never lead back, never lose who acknowledged or how it ended", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("acknowledge", "resolve"), { maxLength: 6 }), (steps) => {
        let standing: Standing = OPEN;
        for (const [place, name] of steps.entries()) {
          const step: Step =
            name === "acknowledge"
              ? acknowledge(standing, { ...acknowledgement, atMs: place })
              : resolve(standing, { ...resolution, atMs: place });
          const after: Standing = step.allowed ? step.standing : standing;
          expect(ORDER.indexOf(after.state) - ORDER.indexOf(standing.state)).toBeGreaterThanOrEqual(
            step.allowed ? 1 : 0,
          );
          if (acknowledgementOf(standing) !== null) expect(acknowledgementOf(after)).toBe(acknowledgementOf(standing));
          if (resolutionOf(standing) !== null) expect(resolutionOf(after)).toBe(resolutionOf(standing));
          standing = after;
        }
      }),
    );
  });
});

const condition: Condition = { direction: "ABOVE", threshold: 10, minimumSamples: 3 };
type Move =
  { readonly kind: "LOOK"; readonly value: number; readonly samples: number } | { readonly kind: "RESOLVE_BY_HAND" };

const evaluationAt = (toMs: number, move: Move & { kind: "LOOK" }): Evaluation =>
  judge({ value: move.value, samples: move.samples, window: { fromMs: toMs - 1, toMs } }, condition);

/** What is to be seen of a rule after each move, by telling breaches apart in the whole history: the obvious way. */
const raisedByHistory = (moves: readonly Move[]): number => {
  let [raised, inBreach] = [0, false];
  for (const move of moves) {
    if (move.kind !== "LOOK" || move.samples < condition.minimumSamples) continue;
    if (move.value > condition.threshold && !inBreach) raised += 1;
    inBreach = move.value > condition.threshold;
  }
  return raised;
};

test("The return of the metric resolves the anomaly where it stands, and keeps who looked at it", () => {
  const normal = evaluationAt(9, { kind: "LOOK", value: 1, samples: 9 });
  expect(conclude({ breachedSinceMs: 1, open: acknowledged }, normal, condition)).toEqual({
    consequence: {
      kind: "RESOLVE",
      standing: { state: "RESOLVED", acknowledgement, resolution: { cause: "METRIC_RETURNED", atMs: 9 } },
    },
    breachedSinceMs: null,
  });
});

test("A breach raises one anomaly however often it is seen, too little data changes nothing, and the return resolves it", () => {
  const look = fc.record({
    kind: fc.constant("LOOK" as const),
    value: fc.constantFrom(5, 10, 11, 20),
    samples: fc.constantFrom(2, 3, 9),
  });
  const byHand = fc.record({ kind: fc.constant("RESOLVE_BY_HAND" as const) });
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 4, arbitrary: look }, byHand), { maxLength: 30 }),
      (moves: readonly Move[]) => {
        let raised = 0;
        let memory: Memory = { breachedSinceMs: null, open: null };
        for (const [place, move] of moves.entries()) {
          if (move.kind === "RESOLVE_BY_HAND") {
            memory = { breachedSinceMs: memory.breachedSinceMs, open: null };
            continue;
          }
          const evaluation = evaluationAt(place + 1, move);
          const { consequence, breachedSinceMs } = conclude(memory, evaluation, condition);
          if (consequence.kind === "RAISE") {
            expect(memory.open).toBeNull();
            raised += 1;
          }
          const standing = consequence.kind === "RAISE" ? OPEN : memory.open;
          memory = { breachedSinceMs, open: consequence.kind === "RESOLVE" ? null : standing };
          if (evaluation.outcome === "NORMAL") expect(memory).toEqual({ breachedSinceMs: null, open: null });
          if (evaluation.outcome === "INSUFFICIENT_DATA") expect(consequence.kind).toBe("NOTHING");
        }
        expect(raised).toBe(raisedByHistory(moves));
      },
    ),
  );
});

import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { parseAnomalyId } from "@tessera/contracts/ids";
import { checkAlertPolicy } from "../alerts/alert-policy-definition.ts";
import { freshAlert } from "../alerts/alert-state.ts";
import { isOpen } from "../alerts/telling.ts";
import type { Finding } from "../detectors/detector.ts";
import { stepSeries, type AnomalyWrite, type SteppedSeries, type Told } from "./step-series.ts";

const MINUTE_MS = 60_000;
const actor = { by: { kind: "USER", id: "ada" }, note: "looking" } as const;

const finding = (value: number): Finding => ({
  ...{ outcome: value > 5 ? "ANOMALOUS" : "NORMAL", score: value / 5, expected: 5, low: 0, high: 5 },
  ...{ side: value > 5 ? "ABOVE" : null, weighed: [], because: `${value} against 5` },
});
const bucketAt = (place: number, value: number): Told => {
  const [atMs, untilMs] = [place * MINUTE_MS, (place + 1) * MINUTE_MS];
  const bucket = { atMs, untilMs, value, samples: 10, finding: finding(value) };
  return {
    signal: { kind: "FINDING", bucket, finding: bucket.finding, impact: null, atMs: untilMs },
    bucket,
    actor: null,
  };
};

/** What somebody would write down who only saw each anomaly's life: begun, seen, acknowledged, ended. */
interface Life {
  begun: number;
  times: number;
  acknowledged: boolean;
  ended: number;
}

const moves = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant("BUCKET" as const), value: fc.integer({ min: 0, max: 12 }) }),
    },
    fc.record({ kind: fc.constantFrom("ACKNOWLEDGE" as const, "RESOLVE" as const) }),
  ),
  { maxLength: 40 },
);
const policies = fc.record({
  fire: fc.record({ k: fc.constantFrom(1, 2), n: fc.constantFrom(2, 3) }),
  clear: fc.record({ k: fc.constantFrom(1, 2), n: fc.constantFrom(2, 3) }),
});

const toldOf = (
  place: number,
  move: { readonly kind: "BUCKET" | "ACKNOWLEDGE" | "RESOLVE"; readonly value?: number },
): Told => {
  if (move.kind === "BUCKET") return bucketAt(place, move.value ?? 0);
  const command =
    move.kind === "RESOLVE" ? ({ kind: "RESOLVE" } as const) : ({ kind: "ACKNOWLEDGE", by: "CALLER" } as const);
  return { signal: { kind: "COMMAND", command, episode: null, atMs: (place + 1) * MINUTE_MS }, bucket: null, actor };
};

const applied = (lives: Map<string, Life>, { id, begun, seen, acknowledgement, resolution }: AnomalyWrite): void => {
  const life = lives.get(id) ?? { begun: 0, times: 0, acknowledged: false, ended: 0 };
  lives.set(id, {
    begun: life.begun + (begun === null ? 0 : 1),
    times: life.times + (seen?.times ?? 0),
    acknowledged: life.acknowledged || acknowledgement !== null,
    ended: life.ended + (resolution === null ? 0 : 1),
  });
};

const newIds = () => {
  let made = 0;
  return () => {
    made += 1;
    const id = parseAnomalyId(`0198c0de-0000-4000-8000-${String(made).padStart(12, "0")}`);
    if (id === null) throw new Error("This is a UUID.");
    return id;
  };
};

test("Signals taken one by one, or several at a time, give the same anomalies: each begins once and ends at most once, one at a time is open, and each step is put down once", () => {
  fc.assert(
    fc.property(moves, policies, fc.integer({ min: 1, max: 5 }), (made, input, atATime) => {
      const policy = checkAlertPolicy(input);
      if (!policy.valid) throw new Error("The policy makes sense.");
      const told = made.map((move, place) => toldOf(place, move));
      const run = (size: number) => {
        const [lives, newId] = [new Map<string, Life>(), newIds()];
        let state: Pick<SteppedSeries, "alert" | "anomalyId"> = { alert: freshAlert(0), anomalyId: null };
        const steps: string[] = [];
        for (let from = 0; from < told.length; from += size) {
          const stepped = stepSeries(policy.value, state, told.slice(from, from + size), newId);
          for (const write of stepped.anomalies) applied(lives, write);
          steps.push(
            ...stepped.steps.map(({ transition, anomalyId }) => `${transition.from} ${transition.to} ${anomalyId}`),
          );
          state = stepped;
        }
        return { lives: [...lives], steps, alert: state.alert };
      };
      const one = run(1);
      expect(run(atATime)).toEqual(one);
      for (const [, life] of one.lives) {
        expect(life.begun).toBe(1);
        expect(life.ended).toBeLessThanOrEqual(1);
        expect(life.times).toBeGreaterThanOrEqual(1);
      }
      const open = one.lives.filter(([, { ended }]) => ended === 0);
      expect(open).toHaveLength(isOpen(one.alert.state) ? 1 : 0);
      expect(one.alert.episode).toBe(one.lives.length);
    }),
  );
});

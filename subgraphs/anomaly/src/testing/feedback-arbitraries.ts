import { parseAnomalyId, parseRuleId } from "@tessera/contracts/ids";
import fc from "fast-check";
import { SEVERITIES } from "../domain/alerts/alert.ts";
import type { ExpectedPeriod, Feedback } from "../domain/feedback/feedback.ts";
import { STORY_MS } from "./alert-stories.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const uuid = (count: number): string => `00000000-0000-7000-8000-${String(count).padStart(12, "0")}`;
const sides = fc.constantFrom("ABOVE" as const, "BELOW" as const, null);
const scores = fc.constantFrom(1, 1.5, 2, 4);

/** When something may be expected, around the time of the stories. */
export const anyPeriod: fc.Arbitrary<ExpectedPeriod> = fc.oneof(
  fc
    .record({ from: fc.integer({ min: -30, max: 60 }), minutes: fc.integer({ min: 1, max: 60 }) })
    .map(({ from, minutes }) => {
      const fromMs = STORY_MS + from * 60_000;
      return { kind: "ONCE" as const, fromMs, untilMs: fromMs + minutes * 60_000 };
    }),
  fc.record({
    kind: fc.constantFrom("DAILY" as const, "WEEKLY" as const),
    timeZone: fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York"),
    fromHour: fc.integer({ min: 0, max: 23 }),
    hours: fc.integer({ min: 1, max: 24 }),
    untilMs: fc.constantFrom(STORY_MS + 20 * 60_000, STORY_MS + 84 * DAY_MS),
  }),
);

/** What feedback may have taught of a series. */
export const anyLearned = fc.record({
  ...{ fingerprint: fc.constant("f"), group: fc.constant([]), effects: fc.constant([]) },
  factor: fc.constantFrom(1, 1.2, 1.5, 2.25, 4),
  expected: fc.array(fc.record({ period: anyPeriod, side: sides, score: scores }), { maxLength: 2 }),
  known: fc.array(fc.constantFrom(...SEVERITIES), { maxLength: 1 }),
});

const ids = (count: number) => {
  const [anomalyId, ruleId] = [parseAnomalyId(uuid(count)), parseRuleId(uuid(999))];
  if (anomalyId === null || ruleId === null) throw new Error("A UUID is an id.");
  return { anomalyId, ruleId };
};

/** Some people saying things of some anomalies of two series, one after the other over some months, changing their minds and taking them back. */
export const anyHistory: fc.Arbitrary<readonly Feedback[]> = fc
  .array(
    fc.record({
      anomaly: fc.integer({ min: 1, max: 6 }),
      person: fc.integer({ min: 1, max: 4 }),
      verdict: fc.constantFrom(...(["TRUE", "FALSE", "FALSE", "EXPECTED", "KNOWN_ISSUE", "WITHDRAWN"] as const)),
      waitMs: fc.integer({ min: 1, max: 20 * 24 }).map((hours) => hours * HOUR_MS),
      period: anyPeriod,
      side: sides,
      severity: fc.constantFrom(...SEVERITIES),
    }),
    { maxLength: 30 },
  )
  .map((all) => {
    let atMs = STORY_MS;
    return all.map(({ anomaly, person, verdict, waitMs, period, side, severity }, place): Feedback => {
      atMs += waitMs;
      return {
        ...{ id: uuid(place), ...ids(anomaly), by: { kind: "USER", id: uuid(person) }, verdict, note: null, atMs },
        cause: verdict === "KNOWN_ISSUE" ? "cause" : null,
        expected: verdict === "EXPECTED" ? period : null,
        ...{ expiresAtMs: verdict === "KNOWN_ISSUE" ? atMs + 30 * DAY_MS : null, doneAtMs: null },
        seen: {
          ...{ fingerprint: anomaly % 2 === 0 ? "even" : "odd", group: [], fromMs: atMs - DAY_MS, untilMs: atMs },
          ...{ side, score: 1, severity, judgedBy: "now" },
        },
      };
    });
  });

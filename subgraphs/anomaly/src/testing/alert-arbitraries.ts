import fc from "fast-check";
import type { AlertPolicy } from "../domain/alerts/alert-policy.ts";
import type { AlertSignal } from "../domain/alerts/alert-state.ts";
import { SEVERITIES } from "../domain/alerts/alert.ts";
import { BUCKET_MS, STORY_MS } from "./alert-stories.ts";

const minutes = (min: number, max: number) => fc.integer({ min, max }).map((count) => count * BUCKET_MS);
const severity = fc.constantFrom(...SEVERITIES);
const quorum = fc
  .integer({ min: 1, max: 4 })
  .chain((n) => fc.record({ k: fc.integer({ min: 1, max: n }), n: fc.constant(n) }));
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });

/** Policies of every kind, with numbers so small that all they say happens in short stories. */
export const anyPolicy: fc.Arbitrary<AlertPolicy> = fc.record({
  fire: fc
    .record({ quorum, score: fc.constantFrom(1, 2), minimumDurationMs: minutes(0, 3) })
    .map(({ quorum: of, ...same }) => ({ ...of, ...same })),
  clear: fc
    .record({ quorum, score: fc.constantFrom(0.5, 1), quietMs: minutes(0, 3) })
    .map(({ quorum: of, ...same }) => ({ ...of, ...same })),
  noData: fc.record({
    act: fc.constantFrom("KEEP", "FIRE", "RESOLVE"),
    afterBuckets: fc.integer({ min: 1, max: 3 }),
    severity,
  }),
  flapping: orNull(fc.record({ changes: fc.integer({ min: 3, max: 4 }), windowMs: minutes(2, 12) })),
  renotify: orNull(fc.record({ everyMs: minutes(1, 4), atMost: fc.integer({ min: 1, max: 2 }) })),
  escalation: orNull(
    fc
      .record({
        first: minutes(0, 3),
        rest: fc.array(minutes(1, 3), { maxLength: 2 }),
        repeats: fc.integer({ min: 0, max: 1 }),
        repeatAfterMs: minutes(1, 3),
      })
      .map(({ first, rest, ...same }) => ({ afterMs: [first, ...rest], ...same })),
  ),
  severity: fc.record({
    base: severity,
    bands: fc.array(
      fc.record({ by: fc.constantFrom("SCORE", "IMPACT"), atLeast: fc.constantFrom(0, 2, 4), severity }),
      { maxLength: 3 },
    ),
  }),
  autoResolveMs: orNull(minutes(2, 8)),
});

const score = fc.constantFrom(0, 0.5, 0.8, 1, 2, 4);
const impact = fc.constantFrom(null, 0, 3, 5);
const finding = fc.oneof(
  { weight: 5, arbitrary: fc.record({ outcome: fc.constant("ANOMALOUS" as const), score: fc.constantFrom(1, 2, 4) }) },
  { weight: 4, arbitrary: fc.record({ outcome: fc.constant("NORMAL" as const), score: fc.constantFrom(0, 0.5, 0.8) }) },
  {
    weight: 2,
    arbitrary: fc.record({ outcome: fc.constantFrom("NO_DATA" as const, "LEARNING" as const), score: fc.constant(0) }),
  },
  { weight: 1, arbitrary: fc.record({ outcome: fc.constantFrom("ANOMALOUS" as const, "NORMAL" as const), score }) },
);
const command = fc.oneof(
  fc.record({ kind: fc.constant("ACKNOWLEDGE" as const), by: fc.constantFrom("CALLER" as const, "CHANNEL" as const) }),
  fc.constant({ kind: "RESOLVE" as const }),
  fc.constant({ kind: "UNSNOOZE" as const }),
);

/** A signal that is told at a minute of its story; buckets are a minute long and now and then late. */
export const anySignalAt = (atMs: number): fc.Arbitrary<AlertSignal> => {
  const late = fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: minutes(0, 4) });
  const bucket = late.map((byMs) => ({ atMs: atMs - byMs - BUCKET_MS, untilMs: atMs - byMs }));
  const told = fc.constant(atMs);
  const silences = fc.uniqueArray(
    fc.constantFrom("SUPPRESSED" as const, "MAINTENANCE" as const, "INHIBITED" as const, "FEEDBACK" as const),
    { maxLength: 2 },
  );
  const snooze = minutes(-1, 5).map((ms) => ({ kind: "SNOOZE" as const, untilMs: atMs + ms }));
  const episode = fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 }) },
  );
  return fc.oneof(
    {
      weight: 14,
      arbitrary: fc.record({ kind: fc.constant("FINDING" as const), bucket, finding, impact, atMs: told }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("NO_SERIES" as const), bucket, atMs: told }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("TICK" as const), atMs: told }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("COMMAND" as const),
        command: fc.oneof(command, snooze),
        episode,
        atMs: told,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("CONTEXT" as const),
        silences: fc.oneof(fc.constant([]), silences),
        atMs: told,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("RETIRED" as const),
        reason: fc.constantFrom("RULE_CHANGED" as const, "SERIES_GONE" as const),
        atMs: told,
      }),
    },
  );
};

/** A story of some minutes, a signal or none in each. */
export const anySignals: fc.Arbitrary<readonly AlertSignal[]> = fc
  .integer({ min: 1, max: 45 })
  .chain((length) => fc.tuple(...Array.from({ length }, (_, minute) => anySignalAt(STORY_MS + minute * BUCKET_MS))));

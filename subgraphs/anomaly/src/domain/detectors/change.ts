import type { Detector, Observation } from "./detector.ts";
import type { ChangeDefinition } from "./detector-definition.ts";
import { evenly, judgeAround, NOTHING_MEASURED, told, unjudged, type Around } from "./finding.ts";
import { readKept } from "./packed.ts";
import { createRecent, recentSchema, type Recent } from "./recent.ts";

const HOUR_MS = 3_600_000;
const [HOURS_OF_DAY, HOURS_OF_WEEK] = [24, 168];
/** What clocks are put forward or back by, there being a zone of half an hour; what did not move first. */
const CLOCK_CHANGES_MS = [0, HOUR_MS, -HOUR_MS, HOUR_MS / 2, -HOUR_MS / 2] as const;

/** Hours that a period has on a clock that nobody changes. A year is 52 weeks, so that days of the week are compared with their like. */
const PERIOD_HOURS = { DAY_AGO: HOURS_OF_DAY, WEEK_AGO: HOURS_OF_WEEK, YEAR_AGO: 52 * HOURS_OF_WEEK } as const;

/** Buckets that must be remembered to find what is compared with. */
export const bucketsOfChange = ({ since, buckets, periods }: ChangeDefinition, bucketMs: number): number => {
  if (since === "BUCKETS_AGO") return buckets * periods + 1;
  return Math.ceil((PERIOD_HOURS[since] * periods + 1) * (HOUR_MS / bucketMs)) + 1;
};

/** How long ago the bucket is that lies so many periods before the latest on the clock of the zone; null when it is not remembered. */
const agoByClock = (recent: Recent, { atMs, hourOfWeek }: Observation, hours: number): number | null => {
  const hourThen = (((hourOfWeek - hours) % HOURS_OF_WEEK) + HOURS_OF_WEEK) % HOURS_OF_WEEK;
  for (const change of CLOCK_CHANGES_MS) {
    const ago = recent.agoOf(atMs - hours * HOUR_MS + change);
    if (ago !== null && ago > 0 && recent.hourAgo(ago) === hourThen) return ago;
  }
  return null;
};

/** The buckets that are compared with, the latest first; of those only what was measured. */
const comparedWith = (recent: Recent, observation: Observation, definition: ChangeDefinition): readonly number[] => {
  const { since, buckets, periods } = definition;
  const agos = Array.from({ length: periods }, (_, before) => {
    if (since === "BUCKETS_AGO") return (before + 1) * buckets;
    return agoByClock(recent, observation, (before + 1) * PERIOD_HOURS[since]);
  });
  return agos.filter((ago) => ago !== null).filter((ago) => !Number.isNaN(recent.valueAgo(ago)));
};

const medianOf = (values: readonly number[]): number => {
  const sorted = values.toSorted((one, other) => one - other);
  const [lower, upper] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((lower ?? 0) + (upper ?? 0)) / 2;
};

/** How far a value may change: so many units, or so many hundredths of what was, and at least the floor. From 0 nothing is a share: any change beyond the floor is too great. */
const aroundOf = (before: number, { unit, by, atLeast }: ChangeDefinition): Around => ({
  expected: before,
  within: Math.max(atLeast, unit === "PERCENT" ? (Math.abs(before) * by) / 100 : by),
});

const SINCE = {
  BUCKETS_AGO: "earlier buckets",
  DAY_AGO: "the same time a day before",
  WEEK_AGO: "the same time a week before",
  YEAR_AGO: "the same time 52 weeks before",
} as const;

/** Hundredths of a change that are told: of what was almost nothing, anything is a million times as much. */
const SHARE_TOLD = 1e6;

const becauseOf = (value: number, before: number, compared: number, { since, buckets }: ChangeDefinition): string => {
  const [difference, than] = [value - before, since === "BUCKETS_AGO" ? `${buckets} buckets before` : SINCE[since]];
  const share = (100 * difference) / Math.abs(before);
  const changed = Math.abs(share) < SHARE_TOLD ? ` (${told(share)} %)` : "";
  const of = compared > 1 ? `, the median of ${compared} periods` : "";
  return `${told(value)} after ${told(before)} at ${than}${of}: a change of ${told(difference)}${changed}`;
};

/** The change since so many buckets ago, or since the same time on the zone's clock a day, a week or 52 weeks ago; of several periods the median of what was there. */
export const createChange = (definition: ChangeDefinition, saved: unknown): Detector => {
  const recent = createRecent(readKept(recentSchema, saved));
  return {
    judge: (observation) => {
      const { atMs, untilMs, value } = observation;
      recent.put(observation, bucketsOfChange(definition, untilMs - atMs));
      if (value === null) return NOTHING_MEASURED;
      const compared = comparedWith(recent, observation, definition);
      if (compared.length === 0) return unjudged("LEARNING", "nothing was measured at the times it is compared with");
      const before = medianOf(compared.map(recent.valueAgo));
      return judgeAround(observation, value, aroundOf(before, definition), {
        sides: definition.sides,
        weighed: evenly(compared.map(recent.atMsAgo)),
        because: becauseOf(value, before, compared.length, definition),
      });
    },
    save: recent.save,
  };
};

import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { freshIncident, STORY_MS } from "../../testing/incident-stories.ts";
import type { Incident } from "./incident.ts";
import { incidentMetricsOf } from "./incident-metrics.ts";

const MINUTE_MS = 60_000;
const NOW = 200;

/** When things happened to an incident, in minutes; null: they have not. */
interface Told {
  readonly began: number;
  readonly opened: number;
  readonly looked: number | null;
  readonly over: number | null;
}

const anyTold: fc.Arbitrary<Told> = fc
  .tuple(fc.nat(90), fc.nat(20), fc.option(fc.nat(60)), fc.option(fc.nat(60)))
  .map(([opened, late, looked, over]) => ({
    ...{ began: opened - late + 5, opened, looked: looked === null ? null : opened + looked },
    over: over === null ? null : opened + over,
  }));

const at = (minute: number | null): number | null => (minute === null ? null : STORY_MS + minute * MINUTE_MS);
const incidentOf = ({ began, opened, looked, over }: Told): Incident => ({
  ...freshIncident(),
  ...{ beganAtMs: at(began) ?? 0, openedAtMs: at(opened) ?? 0, acknowledgedAtMs: at(looked), resolvedAtMs: at(over) },
});

/** Minutes of a day, one by one, in which something was waited for. */
const walked = (from: number, until: (minute: number) => boolean): number => {
  let minutes = 0;
  for (let minute = from; minute < NOW && !until(minute); minute += 1) minutes += 1;
  return minutes * MINUTE_MS;
};
const mean = (values: readonly number[]): number | null => {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? null : sum / values.length;
};
/** Takes the least and the greatest away until one or two are left. */
const median = (values: readonly number[]): number | null => {
  const left = [...values];
  while (left.length > 2) {
    left.splice(left.indexOf(Math.min(...left)), 1);
    left.splice(left.indexOf(Math.max(...left)), 1);
  }
  return mean(left);
};
const spent = (done: readonly number[], waited: readonly number[]) => ({
  ...{ count: done.length, meanMs: mean(done), medianMs: median(done), waiting: waited.length },
  atLeastMs: mean([...done, ...waited]),
});

test("Times to detect, to acknowledge and to resolve are those that a walk through the minutes counts, and what has not happened is in no mean", () => {
  fc.assert(
    fc.property(fc.array(anyTold, { maxLength: 12 }), (told) => {
      const inOrder = told.toSorted((a, b) => a.opened - b.opened);
      const found = incidentMetricsOf(inOrder.map(incidentOf), STORY_MS + NOW * MINUTE_MS);
      const toLook = (one: Told) => walked(one.opened, (minute) => minute === one.looked);
      const toEnd = (one: Told) => walked(one.opened, (minute) => minute === one.over);
      const unseen = inOrder.filter(({ looked }) => looked === null);
      expect(found.toAcknowledge).toEqual(
        spent(
          inOrder.filter(({ looked }) => looked !== null).map(toLook),
          unseen.filter(({ over }) => over === null).map(toLook),
        ),
      );
      expect(found.toResolve).toEqual(
        spent(
          inOrder.filter(({ over }) => over !== null).map(toEnd),
          inOrder.filter(({ over }) => over === null).map(toEnd),
        ),
      );
      const early = inOrder.map(({ began, opened }) => walked(began, (minute) => minute >= opened));
      expect(found.toDetect).toEqual(spent(early, []));
      expect(found.neverAcknowledged).toBe(unseen.filter(({ over }) => over !== null).length);
      const [first, last] = [inOrder[0]?.opened ?? 0, inOrder.at(-1)?.opened ?? 0];
      expect(found.betweenFailuresMs ?? 0).toBeCloseTo(
        inOrder.length < 2 ? 0 : ((last - first) * MINUTE_MS) / (inOrder.length - 1),
        3,
      );
    }),
    { numRuns: 1_000, endOnFailure: true },
  );
});

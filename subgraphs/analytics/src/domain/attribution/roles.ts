import type { PathSet } from "./paths.ts";

/** How often a label stood where in converting journeys. */
export interface LabelRoles {
  /** Touchpoints in all journeys. */
  readonly touchpoints: number;
  /** Converting journeys it was in at all. */
  readonly conversionsTouched: number;
  /** Converting journeys that began with it. */
  readonly firstTouches: number;
  /** Converting journeys that it was in, but not as the last touchpoint. */
  readonly assistedConversions: number;
  /** Value of the assisted conversions. */
  readonly assistedValue: number;
  /** Converting journeys whose last touchpoint it was. */
  readonly lastTouches: number;
}

type Counts = { -readonly [key in keyof LabelRoles]: number };

const noCounts = (): Counts => ({
  touchpoints: 0,
  conversionsTouched: 0,
  firstTouches: 0,
  assistedConversions: 0,
  assistedValue: 0,
  lastTouches: 0,
});

/** Counts the roles of every label; a journey whose last touchpoint is the label is no assist of it, however often it was met before. */
export const rolesOf = ({ labels, groups }: PathSet): readonly LabelRoles[] => {
  const roles = labels.map(noCounts);
  for (const { steps, conversions, value, losses } of groups) {
    const [first, last] = [steps[0], steps.at(-1)];
    for (const step of steps) {
      const counts = roles[step];
      if (counts !== undefined) counts.touchpoints += conversions + losses;
    }
    for (const step of new Set(steps)) {
      const counts = roles[step];
      if (counts === undefined) continue;
      counts.conversionsTouched += conversions;
      if (step === first) counts.firstTouches += conversions;
      if (step === last) counts.lastTouches += conversions;
      else {
        counts.assistedConversions += conversions;
        counts.assistedValue += value;
      }
    }
  }
  return roles;
};

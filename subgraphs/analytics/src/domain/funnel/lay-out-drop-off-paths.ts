import { laterNames, newRun, type DropOffRuns, type Run } from "./drop-off-paths.ts";
import type { FunnelDropOffPath } from "./funnel-answer.ts";
import { requiredSteps, type Funnel } from "./funnel.ts";
import { scaled } from "./lay-out-result.ts";

const byUnits = ([a, one]: readonly [string, Run], [b, other]: readonly [string, Run]): number =>
  other.units - one.units || (a < b ? -1 : 1);

/** What units did one after another that got no further than a step, by its number: the most frequent at each turn, each run before those that go on from it. */
export const layOutDropOffPaths = (funnel: Funnel, runs: DropOffRuns, step: number): readonly FunnelDropOffPath[] => {
  if (laterNames(funnel) === 0) return [];
  const layOut = (run: Run, events: readonly string[]): readonly FunnelDropOffPath[] => {
    const shown = [...run.next].toSorted(byUnits).slice(0, funnel.dropOffs ?? 0);
    const [units, ended] = [scaled(funnel, run.units), scaled(funnel, run.ended)];
    const told = shown.reduce((sum, [, { units: own }]) => sum + scaled(funnel, own), 0);
    return [
      { events, units, ended, others: Math.max(0, units - ended - told) },
      ...shown.flatMap(([name, next]) => layOut(next, [...events, name])),
    ];
  };
  return layOut(runs.get(requiredSteps(funnel).indexOf(step - 1) + 1) ?? newRun(), []);
};

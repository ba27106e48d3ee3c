import { refuse } from "@tessera/platform/errors/refusal";
import type { Attempt } from "./attempt.ts";
import { FUNNEL_LIMITS, requiredSteps, type Funnel } from "./funnel.ts";
import { textAt, type UnitRow } from "./unit-columns.ts";

/** Units that did the same things in the same order, how many of them did nothing more, and what the others did next. */
export interface Run {
  units: number;
  ended: number;
  readonly next: Map<string, Run>;
}

/** By depth, what units that got no further did, from nothing on. */
export type DropOffRuns = ReadonlyMap<number, Run>;

/** Names after the very next one that have to be known: those of the depth that is asked for, and one by which to tell who did nothing more. */
export const laterNames = ({ dropOffs, dropOffDepth }: Pick<Funnel, "dropOffs" | "dropOffDepth">): number =>
  dropOffs === null || dropOffDepth === 1 ? 0 : dropOffDepth;

/** A run of nobody yet. */
export const newRun = (): Run => ({ units: 0, ended: 0, next: new Map() });

/** Makes the count of what units did one after another that dropped off; it counts nothing where the very next event alone is asked for, or the units behind a number. */
export const createDropOffCount = (funnel: Funnel) => {
  const result = new Map<number, Run>();
  const deepest = requiredSteps(funnel).length;
  const depthTold = funnel.dropOffDepth;
  let runs = 0;
  const follow = (run: Run, name: string): Run => {
    const known = run.next.get(name);
    if (known !== undefined) return known;
    runs += 1;
    if (runs > FUNNEL_LIMITS.dropOffPaths)
      throw refuse(
        "BAD_INPUT",
        `Units that dropped off did more than ${FUNNEL_LIMITS.dropOffPaths.toLocaleString("en-US")} different things one after another: take a smaller \`depth\`, or a shorter range.`,
        { field: "input.dropOffs.depth" },
      );
    const made = newRun();
    run.next.set(name, made);
    return made;
  };
  return {
    result,
    add: (row: UnitRow, { depth, places }: Attempt): void => {
      if (laterNames(funnel) === 0 || depth === deepest || funnel.behind !== null) return;
      const last = Math.max(...places);
      let run = result.get(depth) ?? newRun();
      result.set(depth, run);
      run.units += 1;
      for (const [index, column] of [row.following, ...row.later].entries()) {
        const name = textAt(column, last);
        if (name === "") {
          run.ended += 1;
          return;
        }
        if (index === depthTold) return;
        run = follow(run, name);
        run.units += 1;
      }
    },
  };
};

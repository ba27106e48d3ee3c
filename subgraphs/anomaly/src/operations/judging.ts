import type { ThreadPool } from "@tessera/platform/runtime/thread-pool";
import { fitsOf, isOfGroup, type DetectorDefinition } from "../domain/detectors/detector-definition.ts";
import { judgeRule, type JudgingTask } from "../domain/rules/judge-rule.ts";
import type { JudgedSeries } from "../domain/rules/series.ts";
import type { ToJudge } from "../domain/rules/watch-plan.ts";

/** Series that are judged before anything else of the process has a turn, the renewal of its leases above all: a hundred buckets of them are a fraction of a second. */
const SERIES_AT_ONCE = 50;
/** Series that a thread judges before another rule's have a turn: each is fitted a few times at most, at some 50 ms. */
const FITTED_AT_ONCE = 10;

/** Has a rule's detector judge its series. Buckets that end no later than `warmUntilMs` are learnt and count for nothing else. */
export type Judge = (
  definition: DetectorDefinition,
  toJudge: readonly ToJudge[],
  warmUntilMs: number,
) => Promise<readonly JudgedSeries[]>;

const partsOf = (toJudge: readonly ToJudge[], size: number): readonly (readonly ToJudge[])[] =>
  Array.from({ length: Math.ceil(toJudge.length / size) }, (_, part) => toJudge.slice(part * size, (part + 1) * size));

const judgeHere: Judge = async (definition, toJudge, warmUntilMs) => {
  if (isOfGroup(definition)) return judgeRule(definition, toJudge, warmUntilMs);
  const judged: JudgedSeries[] = [];
  for (const part of partsOf(toJudge, SERIES_AT_ONCE)) {
    judged.push(...judgeRule(definition, part, warmUntilMs));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return judged;
};

const judgeThere = async (
  pool: Pick<ThreadPool, "begin">,
  task: JudgingTask,
  toJudge: readonly ToJudge[],
): Promise<readonly JudgedSeries[]> => {
  const work = pool.begin(task);
  try {
    const judged: JudgedSeries[] = [];
    for (const part of partsOf(toJudge, FITTED_AT_ONCE))
      judged.push(...((await work.part(part, [])) as readonly JudgedSeries[])); // boundary: the thread judges as judgeRule does
    return judged;
  } finally {
    work.end();
  }
};

/** Judges series where they are asked for, so many at a time; those that a library is fitted to in a thread, so that nothing waits for a fit but who asked. */
export const createJudging =
  (pool: Pick<ThreadPool, "begin">): Judge =>
  (definition, toJudge, warmUntilMs) =>
    fitsOf(definition) > 0 && toJudge.length > 0
      ? judgeThere(pool, { definition, warmUntilMs }, toJudge)
      : judgeHere(definition, toJudge, warmUntilMs);

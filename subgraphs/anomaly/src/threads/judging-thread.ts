// The program of the thread in which series are judged that a library is fitted to: see operations/judging.ts.
import { serveThread } from "@tessera/platform/runtime/thread-program";
import { judgeRule, type JudgingTask } from "../domain/rules/judge-rule.ts";
import type { ToJudge } from "../domain/rules/watch-plan.ts";
import { createFitSeasons } from "./fit-seasons.ts";

const fit = createFitSeasons();

serveThread((task) => {
  // boundary: what the pool of this program is handed is made by operations/judging.ts alone
  const { definition, warmUntilMs } = task as JudgingTask;
  return {
    // boundary: parts are made by operations/judging.ts too
    part: (toJudge) => judgeRule(definition, toJudge as readonly ToJudge[], warmUntilMs, fit),
    result: () => null,
  };
});

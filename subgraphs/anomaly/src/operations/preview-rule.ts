import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { windowAt, type Evaluation } from "../domain/evaluation.ts";
import { checkTrial } from "../domain/rule-definition.ts";
import { detectorOfCondition } from "../domain/rule.ts";
import { judgeRule } from "../domain/rules/judge-rule.ts";
import { sumUp } from "../domain/rules/sum-up.ts";
import { hourOfWeek } from "../domain/rules/watch-plan.ts";
import type { MetricStore } from "../store/metric-store.ts";

/** What a rule with this metric and condition would say now; keeps nothing. Refuses with BAD_INPUT what makes no sense. */
export const previewRule =
  (deps: { metrics: MetricStore; nowMs: NowMs }) =>
  async (caller: Caller, input: object, signal?: AbortSignal): Promise<Evaluation> => {
    const checked = checkTrial(input);
    if (!checked.valid) {
      const said = checked.problems.map(({ field, message }) => `${field}: ${message}`).join(" ");
      throw refuse("BAD_INPUT", said, { field: `input.${checked.problems[0]?.field ?? ""}` });
    }
    const { metric, condition } = checked.value;
    const window = windowAt(deps.nowMs(), metric.windowMs);
    const { value, samples } = await deps.metrics.read(caller, metric, window, signal);
    const { fromMs: atMs, toMs: untilMs } = window;
    const observation = { atMs, untilMs, value, samples, hourOfWeek: hourOfWeek("UTC", atMs), calendar: null };
    const series = { fingerprint: "", group: [], recent: [], seenAtMs: 0, detector: undefined };
    const toJudge = [{ series, buckets: [{ kind: "HELD", observation }] }] as const;
    const evaluation = sumUp(judgeRule(detectorOfCondition(condition), toJudge, 0));
    if (evaluation === null) throw new Error("A bucket was judged.");
    return evaluation;
  };

import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { judge, windowAt, type Evaluation } from "../domain/evaluation.ts";
import { checkTrial } from "../domain/rule-definition.ts";
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
    return judge(await deps.metrics.read(caller, metric, window, signal), condition);
  };

import type { Caller } from "@tessera/contracts/caller";
import type { AskAnalytics } from "@tessera/contracts/watched-series";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { Metric } from "../domain/metric.ts";
import type { RuleDefinition } from "../domain/rule.ts";
import { metricQuestion, placeInMetric } from "../domain/rules/metric-question.ts";
import { questionAsked } from "../domain/rules/question-asked.ts";
import { BUCKET_MS } from "../domain/rules/watch.ts";
import type { ReadCalendar } from "./calendars/calendar-operations.ts";

/** What trying a question needs. */
export interface TryDeps {
  readonly askAnalytics: AskAnalytics;
  readonly readCalendar: ReadCalendar;
  readonly nowMs: NowMs;
}

/** Refuses a rule by an event calendar that the tenant does not have. */
export const tryCalendar = async (
  { readCalendar }: Pick<TryDeps, "readCalendar">,
  { tenantId }: Caller,
  { watch }: RuleDefinition,
): Promise<void> => {
  if (watch.kind === "QUESTION") await readCalendar(tenantId, watch, { bucketsMs: [], endsMs: [] });
};

/** Milliseconds for which the names of a metric are asked about: none of its events are read for that. */
const NAMES_MS = 60_000;
const metricInput = z.object({ metric: z.object({ allowUnknown: z.boolean().nullish() }).nullish() });

/**
 * Refuses a metric of a rule's own that names what was never sent and is a slip of something that was, or computes numbers of what never held one. Only these are
 * refused, and only to who may ask the analytics room: whoever may write rules may write this one, whatever else is said of it there.
 */
const tryMetric = async ({ askAnalytics, nowMs }: TryDeps, caller: Caller, metric: Metric): Promise<void> => {
  if (!caller.permissions.has("analytics:read")) return;
  const toMs = nowMs();
  const range = { from: new Date(toMs - NAMES_MS).toISOString(), to: new Date(toMs).toISOString() };
  const asked = { granularity: "MINUTE", timeZone: "UTC", maxSeries: 1, heaviestFrom: null, value: null } as const;
  try {
    await askAnalytics.watchedSeries(caller, { question: metricQuestion(metric, range), ...asked, ...range });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const place = placeInMetric(metric, (error.extras.field ?? "").slice("input.question.".length));
    if (error.code !== "BAD_INPUT" || place === null) return;
    throw refuse(error.code, error.message, { ...error.extras, field: `input.metric.${place}` }, error);
  }
};

/**
 * Asks the question of a rule once, for a bucket or two, as who writes the rule: what the analytics room refuses of it is refused here, at the place where it stands in the
 * rule's input.
 */
export const tryQuestion = async (
  deps: TryDeps,
  caller: Caller,
  { watch }: RuleDefinition,
  input: object,
): Promise<void> => {
  if (watch.kind === "METRIC") {
    const { metric } = metricInput.parse(input);
    return metric?.allowUnknown === true ? undefined : tryMetric(deps, caller, watch.metric);
  }
  const toMs = deps.nowMs() - watch.delayMs;
  const span = { fromMs: toMs - 2 * BUCKET_MS[watch.granularity], toMs, heaviestFromMs: null, maxSeries: 1 };
  try {
    // What an objective measures has no place to say that a name is meant as it stands.
    const allowUnknown = watch.objective !== null;
    await deps.askAnalytics.watchedSeries(caller, { ...questionAsked(watch, span), allowUnknown });
  } catch (error) {
    if (!(error instanceof Refusal) || !(error.extras.field ?? "").startsWith("input.")) throw error;
    if (watch.objective !== null)
      throw refuse(error.code, error.message, { ...error.extras, field: "input.objective" }, error);
    const field = `input.question.${(error.extras.field ?? "").slice("input.".length)}`;
    throw refuse(error.code, error.message, { ...error.extras, field }, error);
  }
};

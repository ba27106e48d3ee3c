import type { Caller } from "@tessera/contracts/caller";
import type { AskAnalytics } from "@tessera/contracts/watched-series";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import type { RuleDefinition } from "../domain/rule.ts";
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

/**
 * Asks the question of a rule once, for a bucket or two, as who writes the rule: what the analytics room refuses of it is refused here, at the place where it stands in the
 * rule's input.
 */
export const tryQuestion = async (deps: TryDeps, caller: Caller, { watch }: RuleDefinition): Promise<void> => {
  if (watch.kind === "METRIC") return;
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

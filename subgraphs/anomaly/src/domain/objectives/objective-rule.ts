import type { BurnRateDefinition } from "../detectors/burn-rate-definition.ts";
import type { WatchParts } from "../rule-definition.ts";
import { changeRule, type RuleChange } from "../rule-change.ts";
import type { Rule } from "../rule.ts";
import { badOf, bucketOf, questionOfIndicator, severityOfWindows, windowsOf } from "./objective-question.ts";
import type { Objective } from "./objective.ts";

/** How a rule watches an objective, as it is sent. */
export interface ObjectiveAsked {
  /** How long after its end a bucket is judged; left out: as the rule does, else at once. */
  readonly delay?: string | null | undefined;
}

/** What a rule that watches an objective says besides. */
interface Besides {
  readonly condition?: unknown;
  readonly detector?: unknown;
  readonly alerting?: unknown;
}

const given = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Whether a detector, as it is sent or as a rule has it, is one of burn rates. */
export const isBurnRate = (detector: unknown): boolean =>
  given(detector) && "kind" in detector && detector.kind === "BURN_RATE";

/** What a rule watches of an objective, in the form rules are given one. */
export const watchOfObjective = (id: string, objective: Objective, delay: string) => {
  const { indicator, groupBy, maxGroups, timeZone } = objective;
  return {
    ...questionOfIndicator(indicator, groupBy),
    ...{ granularity: bucketOf(indicator), timeZone, delay, objective: id },
    maxSeries: groupBy === null ? 1 : maxGroups,
  };
};

/** A detector of burn rates with what it is to burn; any other as it is. */
const burning = (objective: Objective, detector: object): object => {
  if (!isBurnRate(detector)) return detector;
  const own: Pick<BurnRateDefinition, "target" | "bad"> = {
    target: objective.percent,
    bad: badOf(objective.indicator),
  };
  return { windows: windowsOf(objective), ...detector, ...own };
};

/** A new rule on an objective: by its burn rates unless it says otherwise, with a severity for each pair of windows. */
export const partsOnObjective = (
  id: string,
  objective: Objective,
  asked: ObjectiveAsked,
  { condition, detector, alerting }: Besides,
): WatchParts => {
  const judged = given(condition) ? null : burning(objective, given(detector) ? detector : { kind: "BURN_RATE" });
  const windows = windowsOf(objective);
  const usual = isBurnRate(judged) && !given(detector) ? { severity: severityOfWindows(windows) } : {};
  return {
    question: watchOfObjective(id, objective, asked.delay ?? "PT0S"),
    ...(judged === null ? {} : { detector: judged }),
    ...{ alerting: given(alerting) ? alerting : usual },
  };
};

const delayOf = ({ watch }: Pick<Rule, "watch">): string =>
  watch.kind === "QUESTION" ? `PT${watch.delayMs / 1_000}S` : "PT0S";

/** A change of a rule that shall watch an objective, or watches it and shall judge by other windows. */
export const changeOnObjective = (
  id: string,
  objective: Objective,
  rule: Pick<Rule, "watch" | "detector">,
  { asked, condition, detector }: Besides & { readonly asked: ObjectiveAsked | null },
) => {
  const kept = isBurnRate(rule.detector) ? rule.detector : { kind: "BURN_RATE" };
  return {
    question: watchOfObjective(id, objective, asked?.delay ?? delayOf(rule)),
    ...(given(condition) ? { condition } : { detector: burning(objective, given(detector) ? detector : kept) }),
  };
};

/** What becomes of a rule whose objective was changed: the same, on what the objective is now. It starts anew where that is something else. */
export const followObjective = (id: string, objective: Objective, rule: Rule): RuleChange =>
  changeRule(rule, {
    question: watchOfObjective(id, objective, delayOf(rule)),
    detector: burning(objective, rule.detector),
  });

/** What a rule that follows its objective keeps: its author, and that it is live or not; none is made live. */
export const keptOf = ({ author, authorPermissions, live }: Rule) => ({
  ...{ author: { author, authorPermissions }, maxLive: live ? Number.MAX_SAFE_INTEGER : 0 },
});

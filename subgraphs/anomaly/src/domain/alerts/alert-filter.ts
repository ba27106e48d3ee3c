import { parseRuleId, type RuleId } from "@tessera/contracts/ids";
import { z } from "zod";
import { checked, type Checked } from "../checked.ts";
import { MAX_MATCHERS, matcherSchema } from "../silences/check-silence.ts";
import { labelTest, type Labels } from "../silences/matcher.ts";
import { SEVERITIES, type Severity } from "./alert.ts";

/** Rules one filter may name. */
const MAX_RULES = 100;

/** What is asked of an alert that is told of. */
export interface FilteredAlert {
  readonly ruleId: RuleId;
  readonly severity: Severity;
  /** The rule's labels, and `rule`, `severity` and the group's. */
  readonly labels: Labels;
}

/** Whether an alert is as a filter asks. */
export type AlertTest = (alert: FilteredAlert) => boolean;

const listed = <Item extends z.ZodType>(item: Item, most: number) =>
  z
    .array(item)
    .max(most)
    .nullish()
    .transform((all) => all ?? null);

const filterSchema = z
  .object({
    rules: listed(
      z.string().transform((text, context): RuleId => {
        const id = parseRuleId(text);
        if (id !== null) return id;
        context.addIssue({ code: "custom", message: "A rule is named by its id, a UUID." });
        return z.NEVER;
      }),
      MAX_RULES,
    ),
    minSeverity: z.enum(SEVERITIES).nullish(),
    matchers: listed(matcherSchema, MAX_MATCHERS),
  })
  .transform(({ rules, minSeverity, matchers }): AlertTest => {
    const named = rules === null ? null : new Set(rules);
    const least = minSeverity === null || minSeverity === undefined ? 0 : SEVERITIES.indexOf(minSeverity);
    const test = labelTest(matchers ?? []);
    return ({ ruleId, severity, labels }) =>
      (named === null || named.has(ruleId)) && SEVERITIES.indexOf(severity) >= least && test(labels);
  });

/** Reads which alerts are to be told of, in the form its author gives; all of them where nothing is asked. */
export const checkAlertFilter = (input: unknown): Checked<AlertTest> => checked(filterSchema.safeParse(input ?? {}));

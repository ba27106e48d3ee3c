import { refuse } from "@tessera/platform/errors/refusal";
import type { QuestionKind } from "../dashboards/question.ts";
import { EXECUTION_VALUES } from "../api-executions.ts";
import { didYouMean } from "../did-you-mean.ts";

/** Which number of an answer is watched, as the graph delivers it. */
export interface WatchedValueInput {
  readonly name?: string | null | undefined;
  readonly step?: number | null | undefined;
  readonly period?: number | null | undefined;
  /** Kind of the model whose credits are watched. */
  readonly model?: string | null | undefined;
  /** Labels of paths: where a transition begins, and where it leads. */
  readonly from?: string | null | undefined;
  readonly to?: string | null | undefined;
}

/** Parts of what is watched beside the number's name. */
const PARTS = ["step", "period", "model", "from", "to"] as const;
type Part = (typeof PARTS)[number];

/** Numbers that the answers of behaviour have, the one that is meant when none is named first. */
export const VALUE_NAMES = {
  FUNNEL: ["conversionRate", "converted", "entered", "reached"],
  RETENTION: ["rate", "returned", "eligible", "size"],
  STICKINESS: ["mean", "total"],
  LIFECYCLE: ["fresh", "returning", "resurrecting", "dormant"],
  ACTIVE_USERS: ["daily", "weekly", "monthly", "ratio"],
  SESSION_METRICS: [
    ...["sessions", "people", "events", "eventsPerSession", "pageViews", "pagesPerSession", "meanDurationSeconds"],
    ...["meanActiveSeconds", "bounced", "bounceRate", "engaged", "engagementRate", "converted", "conversionRate"],
    ...["revenue", "revenuePerSession"],
  ],
  ATTRIBUTION: ["credit", "share", "value", "conversions"],
  PATHS: [
    ...["paths", "units", "converted", "conversionRate", "unreached", "transitions", "transitionShare"],
    ...["dropOffs", "dropOffShare"],
  ],
  VELOCITY: ["entities", "peak"],
  RINGS: ["rings", "members", "largest"],
  EVENT_QUALITY: [
    ...["share", "tested", "passed", "failed"],
    ...["delaySecondsP50", "delaySecondsP95", "delaySecondsP99", "delaySecondsMax"],
  ],
  API_EXECUTIONS: EXECUTION_VALUES,
  COHORT_SIZES: ["size", "joined", "left", "ageSeconds"],
  DRIFT: ["psi", "jensenShannon", "p", "samples"],
} as const satisfies Partial<Record<QuestionKind, readonly string[]>>;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field: `input.value.${field}` });

/** Refuses a step, a period or whatever else a number has none of, so that nothing asked for is silently dropped. */
export const refuseUnusedParts = (value: WatchedValueInput, ...used: readonly (Part | null)[]): void => {
  for (const part of PARTS)
    if (!used.includes(part) && value[part] !== null && value[part] !== undefined)
      throw bad(part, `The numbers of this question have no ${part}: leave \`${part}\` out.`);
};

/** The number that is meant among those an answer has; refuses with BAD_INPUT an unknown one, and to choose where there are several and none is named first. */
export const chooseName = <Name extends string>(
  { name }: WatchedValueInput,
  known: readonly [Name, ...Name[]] | readonly Name[],
  fallback: Name | null,
): Name => {
  const asked = name ?? fallback ?? (known.length === 1 ? known[0] : undefined);
  if (asked === undefined)
    throw bad("name", `The question has several numbers: name the one to watch, of ${known.join(", ")}.`);
  const found = known.find((one) => one === asked);
  if (found !== undefined) return found;
  throw bad("name", `The answer has no such number.${didYouMean(asked, known)} Its numbers are ${known.join(", ")}.`);
};

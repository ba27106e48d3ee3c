import { refuse } from "@tessera/platform/errors/refusal";
import type { FunnelBehind, FunnelCell } from "../funnel/funnel-cell.ts";
import { requiredSteps, type Funnel } from "../funnel/funnel.ts";

type Maybe<T> = T | null | undefined;

/** The group of a funnel's breakdown, as the graph delivers it. */
export interface FunnelGroupCellInput {
  readonly value?: Maybe<string>;
  readonly cohort?: Maybe<string>;
  readonly segment?: Maybe<string>;
}

/** A number of a `funnel` answer, as the graph delivers it. */
export interface FunnelCellInput {
  readonly step: number;
  readonly outcome?: FunnelCell["outcome"];
  readonly group?: Maybe<FunnelGroupCellInput>;
  readonly entered?: Maybe<string>;
  readonly next?: Maybe<{ readonly name?: Maybe<string> }>;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** The group as the tally names it: `=` and the value, the digit of a cohort or segment, the empty text for none. */
const groupOf = ({ breakdown }: Funnel, { value, cohort, segment }: FunnelGroupCellInput): string => {
  const where = "cell.group";
  if (breakdown === null) throw bad(where, "The question has no `breakdown`: leave `group` out.");
  if (breakdown.kind === "FIELD") {
    if ((cohort ?? segment ?? null) !== null)
      throw bad(where, "The groups are values of a field: say the group by its `value`, null for units without one.");
    return (value ?? null) === null ? "" : `=${value}`;
  }
  if ((value ?? null) !== null)
    throw bad(`${where}.value`, "The groups are cohorts and segments: name one, or none for units of none.");
  if ((cohort ?? null) !== null && (segment ?? null) !== null)
    throw bad(where, "Name a `cohort` or a `segment`, not both.");
  if ((cohort ?? segment ?? null) === null) return "";
  const place = breakdown.members.findIndex(
    (one) => one.cohortId === (cohort?.toLowerCase() ?? null) && (one.segment?.name ?? null) === (segment ?? null),
  );
  if (place < 0) throw bad(where, "Name one of the breakdown's own cohorts and segments.");
  return String(place);
};

const enteredOf = ({ trend }: Funnel, start: string): FunnelCell["entered"] => {
  if (trend === null) throw bad("cell.entered", "The question has no `trend`: leave `entered` out.");
  const { startsMs, endMs } = trend.buckets;
  const place = startsMs.indexOf(Date.parse(start));
  if (place < 0)
    throw bad("cell.entered", "This is the start of no bucket of the trend: take one as the answer shows it.");
  return {
    fromMs: place === 0 ? Number.NEGATIVE_INFINITY : (startsMs[place] ?? endMs),
    toMs: startsMs[place + 1] ?? Number.POSITIVE_INFINITY,
  };
};

/** Reads which units a number of a `funnel` answer counts; refuses with BAD_INPUT. What the funnel is asked besides is left out. */
export const parseFunnelCell = (
  asked: Funnel,
  input: FunnelCellInput,
  page: Pick<FunnelBehind, "order" | "after" | "most">,
): Funnel => {
  if (asked.asked.kind !== "ALL")
    throw bad("input.sample", "What is behind a number is shown of all persons: leave `sample` and `fast` out.");
  const outcome = input.outcome ?? "REACHED";
  const step = input.step - 1;
  if (asked.steps[step] === undefined) throw bad("cell.step", `The funnel has steps 1 to ${asked.steps.length}.`);
  if (outcome === "DROPPED_OFF" && !requiredSteps(asked).slice(0, -1).includes(step))
    throw bad("cell.step", "Units drop off after steps that must be done, and not after the last one.");
  const next = input.next ?? null;
  if (next !== null && outcome !== "DROPPED_OFF")
    throw bad("cell.next", "What came next is told of units that got no further: take DROPPED_OFF.");
  const group = input.group ?? null;
  const cell: FunnelCell = {
    ...{ outcome, step },
    group: group === null ? null : groupOf(asked, group),
    entered: (input.entered ?? null) === null ? null : enteredOf(asked, input.entered ?? ""),
    next: next === null ? null : (next.name ?? ""),
  };
  return {
    ...asked,
    behind: { cell, ...page },
    breakdown: group === null ? null : asked.breakdown,
    // Names travel only where what came next is asked for.
    dropOffs: next === null ? null : 1,
    dropOffDepth: 1,
    ...{ trend: null, correlation: null, attribution: null, entries: null },
  };
};

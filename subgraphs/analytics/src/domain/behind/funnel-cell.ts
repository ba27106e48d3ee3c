import { refuse } from "@tessera/platform/errors/refusal";
import type { FunnelBehind, FunnelCell, FunnelFinding } from "../funnel/funnel-cell.ts";
import { FUNNEL_LIMITS, requiredSteps, type Funnel } from "../funnel/funnel.ts";

type Maybe<T> = T | null | undefined;

/** The group of a funnel's breakdown, as the graph delivers it. */
export interface FunnelGroupCellInput {
  readonly value?: Maybe<string>;
  readonly cohort?: Maybe<string>;
  readonly segment?: Maybe<string>;
}

/** A finding of a funnel's correlation, as the graph delivers it. */
export interface FunnelFindingCellInput {
  readonly event?: Maybe<string>;
  readonly field?: Maybe<string>;
  readonly value?: Maybe<string>;
  readonly with?: boolean;
}

/** A number of a `funnel` answer, as the graph delivers it. */
export interface FunnelCellInput {
  readonly step?: Maybe<number>;
  readonly outcome?: FunnelCell["outcome"];
  readonly group?: Maybe<FunnelGroupCellInput>;
  readonly entered?: Maybe<string>;
  readonly next?: Maybe<{ readonly name?: Maybe<string> }>;
  readonly afterwards?: Maybe<{ readonly events: readonly string[]; readonly ended?: boolean }>;
  readonly finding?: Maybe<FunnelFindingCellInput>;
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

const stepOf = (asked: Funnel, outcome: FunnelCell["outcome"], given: Maybe<number>): number => {
  if (outcome === "CONVERTED" || outcome === "NOT_CONVERTED") {
    if ((given ?? null) !== null)
      throw bad("cell.step", `${outcome} is of all that entered: leave \`step\` out, or take REACHED or DROPPED_OFF.`);
    return asked.steps.length - 1;
  }
  const step = (given ?? 0) - 1;
  if (asked.steps[step] === undefined) throw bad("cell.step", `The funnel has steps 1 to ${asked.steps.length}.`);
  if (outcome === "DROPPED_OFF" && !requiredSteps(asked).slice(0, -1).includes(step))
    throw bad("cell.step", "Units drop off after steps that must be done, and not after the last one.");
  return step;
};

const afterwardsOf = (
  { next, afterwards }: FunnelCellInput,
  outcome: FunnelCell["outcome"],
): FunnelCell["afterwards"] => {
  if (afterwards === null || afterwards === undefined) return null;
  if (outcome !== "DROPPED_OFF")
    throw bad("cell.afterwards", "What came one after another is told of units that got no further: take DROPPED_OFF.");
  if ((next ?? null) !== null)
    throw bad("cell.afterwards", "`afterwards` begins with what came next: leave `next` out.");
  const { events, ended = false } = afterwards;
  const most = FUNNEL_LIMITS.dropOffDepth;
  if (events.length > most) throw bad("cell.afterwards.events", `At most ${most} events are told after a drop-off.`);
  if (events.includes(""))
    throw bad("cell.afterwards.events", "Name each event; `ended` tells that nothing came after.");
  return { events, ended };
};

/** Names of events that the steps name, which no correlation tries. */
const namedBySteps = ({ steps }: Funnel): readonly string[] =>
  steps.flatMap(({ anyOf }) => anyOf.flatMap(({ names }) => names));

/** The finding, with the field whose value it is. */
const findingOf = (
  asked: Funnel,
  { outcome, finding }: FunnelCellInput,
): { readonly finding: FunnelFinding | null; readonly correlation: Funnel["correlation"] } => {
  if (finding === null || finding === undefined) return { finding: null, correlation: null };
  const where = "cell.finding";
  if (outcome !== "CONVERTED" && outcome !== "NOT_CONVERTED")
    throw bad(where, "Findings count units that converted or did not: take CONVERTED or NOT_CONVERTED.");
  const { correlation } = asked;
  if (correlation === null) throw bad(where, "The question has no `correlation`: leave `finding` out.");
  const { event, field, value, with: having = true } = finding;
  if (((event ?? null) === null) === ((field ?? null) === null))
    throw bad(where, "Name an `event`, or a `field` with its `value`.");
  if (event !== null && event !== undefined) {
    if ((value ?? null) !== null) throw bad(`${where}.value`, "Values are of fields: leave `value` out.");
    if (correlation.events === 0) throw bad(`${where}.event`, "The question's correlation tries no events.");
    if (namedBySteps(asked).includes(event)) throw bad(`${where}.event`, "Names of the steps are not tried.");
    return { finding: { kind: "EVENT", event, with: having }, correlation: null };
  }
  const held = correlation.fields.find(({ name }) => name === field);
  if (held === undefined) throw bad(`${where}.field`, "Name one of the `fields` of the question's correlation.");
  return {
    finding: { kind: "FIELD", value: (value ?? null) === null ? "" : `=${value}`, with: having },
    correlation: { ...correlation, events: 0, fields: [held] },
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
  const step = stepOf(asked, outcome, input.step);
  const next = input.next ?? null;
  if (next !== null && outcome !== "DROPPED_OFF")
    throw bad("cell.next", "What came next is told of units that got no further: take DROPPED_OFF.");
  const afterwards = afterwardsOf(input, outcome);
  const { finding, correlation } = findingOf(asked, input);
  const group = input.group ?? null;
  const cell: FunnelCell = {
    ...{ outcome, step, afterwards, finding },
    group: group === null ? null : groupOf(asked, group),
    entered: (input.entered ?? null) === null ? null : enteredOf(asked, input.entered ?? ""),
    next: next === null ? null : (next.name ?? ""),
  };
  return {
    ...asked,
    behind: { cell, ...page },
    breakdown: group === null ? null : asked.breakdown,
    // Names travel only where what came next is asked for; one more is known than is named, by which to tell who did nothing after.
    dropOffs: next === null && afterwards === null ? null : 1,
    dropOffDepth: afterwards === null ? 1 : Math.max(2, afterwards.events.length),
    ...{ trend: null, correlation, attribution: null, entries: null },
  };
};

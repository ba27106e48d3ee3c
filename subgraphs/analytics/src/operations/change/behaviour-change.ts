import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import { funnelQuantity, retentionQuantity, stepsOnTheWay } from "../../domain/change/behaviour-measure.ts";
import { heldBy, heldTo, type SliceCondition } from "../../domain/change/slice-filter.ts";
import type { SpanImpact } from "../../domain/change/impact.ts";
import type { Quantity, Values } from "../../domain/change/slice-measure.ts";
import type { StepsOnTheWay } from "../../domain/change/step-effects.ts";
import type { QuestionInput } from "../../domain/dashboards/question.ts";
import type { EventMatcherInput } from "../../domain/event-matcher.ts";
import type { FilterInput } from "../../domain/filter-input.ts";
import type { FunnelInput } from "../../domain/funnel/funnel-input.ts";
import { parseFunnel } from "../../domain/funnel/parse-funnel.ts";
import type { Provenance } from "../../domain/provenance.ts";
import { parseRetention, type RetentionInput } from "../../domain/retention.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import {
  chooseName,
  refuseUnusedParts,
  VALUE_NAMES,
  type WatchedValueInput,
} from "../../domain/watched/watched-value.ts";
import { isoTime } from "../../domain/zone.ts";
import type { Meanings } from "../../domain/semantic/dimension-expression.ts";
import { resolveCohorts, type NamingDeps } from "../in-cohort.ts";
import { NONE_NAMED, resolveDimensions } from "../semantic/own-dimensions.ts";
import { membersOf } from "../funnel-members.ts";
import { queryFunnel, type FunnelDeps } from "../query-funnel.ts";
import type { ToldDriftBin } from "../quality/query-quality.ts";
import type { BehaviourDeps } from "../query-retention.ts";
import type { SpanChoices } from "./compared-spans.ts";
import { FUNNEL_GROUPS, heldGroup } from "./funnel-group.ts";
import { retentionApart } from "./retention-apart.ts";
import type { OfQuantile } from "./threshold.ts";

/** What explaining numbers of behaviour needs. */
export type BehaviourChangeDeps = FunnelDeps & BehaviourDeps & NamingDeps;

/** What is read of one span: units that pass some conditions at their entry, together and by each of some dimensions. */
export interface BehaviourAsked {
  readonly span: TimeRange;
  readonly conditions: readonly SliceCondition[];
  readonly dimensions: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/** The same as it was counted. */
export interface BehaviourRead {
  readonly whole: Quantity;
  /** By dimension, in their order. */
  readonly values: readonly Values[];
  /** How many reached each step on the way to the number; empty where there are none. */
  readonly reached: readonly number[];
  readonly provenance: Provenance;
}

/** Which events a number of a change, or of a slice of it, counts. */
export interface EventsBehind {
  readonly filter: FilterInput | null;
  readonly span: TimeRange;
}

/** Reads of a span whom, and how much money, the events of a number concern. */
export type ReadImpact = (
  span: TimeRange,
  signal?: AbortSignal,
) => Promise<SpanImpact & { readonly provenance: Provenance }>;

/** A number of behaviour whose change is asked about. */
export interface BehaviourChange {
  readonly kind: "BEHAVIOUR";
  readonly name: string;
  /** Null where the number has none. */
  readonly way: StepsOnTheWay | null;
  /** Finds the events by which units of some conditions are counted in: entries of a funnel, starts of retention; null where it is of no events. */
  readonly behind: (
    conditions: readonly SliceCondition[],
    /** How many are told of. */
    count: number,
    signal?: AbortSignal,
  ) => Promise<EventsBehind | null>;
  /** How far it reaches: COUNTED are the persons that it counts itself; null: it tells of nobody. */
  readonly impact: "COUNTED" | ReadImpact | null;
  /** What its units are told apart by where that are no fields of events. */
  readonly dimensions?: readonly string[];
  /** Conditions on the entry that all of it is held to. */
  readonly held: readonly SliceCondition[];
  /** What the dimensions mean that its question names; left out where it names none. */
  readonly meanings?: Meanings;
  /** Of a quantile, the threshold by which it is taken apart; left out of all else. */
  readonly quantile?: OfQuantile;
  /** Tells the bins of a drift; left out of all else. */
  readonly bins?: () => Promise<readonly ToldDriftBin[]>;
  readonly read: (asked: BehaviourAsked) => Promise<BehaviourRead>;
}

/** What of a question of behaviour is asked about, and beside which span. */
export interface BehaviourToExplain {
  readonly caller: Caller;
  readonly input: QuestionInput;
  readonly value: WatchedValueInput;
  readonly timeZone: string;
  /** The span of the change: others are told as they were when they were as old as this one is. */
  readonly span: TimeRange;
  readonly held: readonly SliceCondition[];
  /** Spans to compare with, by their rhythm. */
  readonly choices: SpanChoices;
  /** Where dimensions are named beside the question. */
  readonly beside?: unknown;
}

/** Calendar periods of a span of retention: each has starts of its own, and values of each field. */
const MAX_PERIODS = 8;

/** The input of a question as its parser takes it. */
// boundary: the input was coerced to its type of the SDL, after which the types of what the parsers take are written.
export const typed = <Input>(input: object): Input => input as unknown as Input;
const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });
/** A span as the range of a question. */
export const rangeOf = ({ fromMs, toMs }: TimeRange) => ({ from: isoTime(fromMs), to: isoTime(toMs) });

/** Events that pass any of some matchers. */
export const matched = (matchers: readonly EventMatcherInput[]): FilterInput | null => {
  const each = matchers.map(({ events, filter }) =>
    heldBy(events === null || events === undefined ? null : { field: "name", in: events }, filter),
  );
  const known = each.flatMap((filter) => filter ?? []);
  if (known.length < each.length) return null;
  return known.length > 1 ? { or: known } : (known[0] ?? null);
};

const entriesOf =
  (filter: FilterInput | null, span: TimeRange): BehaviourChange["behind"] =>
  (conditions) =>
    Promise.resolve({ filter: heldTo(filter, conditions), span });

const heldFirst = (conditions: readonly SliceCondition[], dimensions: readonly string[]) => ({
  fields: [...conditions.map(({ dimension }) => dimension), ...dimensions],
  held: conditions.map(({ values }) => values),
});

/** A funnel's number: entries are those of the span, each with as much of the window as those of the change had by now. */
export const funnelChange = async (
  deps: BehaviourChangeDeps,
  { caller, input, value, timeZone, span, held, beside }: BehaviourToExplain,
): Promise<BehaviourChange> => {
  refuseUnusedParts(value, "step");
  const name = chooseName(value, VALUE_NAMES.FUNNEL, "conversionRate");
  const asked = typed<FunnelInput>(input);
  const group = heldGroup(asked.breakdown, held);
  const members = group === null ? [] : await membersOf(deps, caller, asked, group);
  const rest = { ...asked, trend: null, dropOffs: null, correlation: null, attribution: null };
  const breakdown = group === null ? null : { ...group, members };
  const unnamed = { ...rest, breakdown, sample: null, fast: null, timeZone };
  const bare = await resolveDimensions(deps, caller, unnamed, beside);
  const { steps, windowMs, unit } = parseFunnel({ ...bare, range: rangeOf(span) }, accessOf(caller));
  if (windowMs === null)
    throw bad(
      "input.question.funnel.window",
      "A funnel whose change is explained has a `window`: without one, those who entered in a span never had all their time.",
    );
  const step = value.step ?? steps.length;
  if (!(Number.isInteger(step) && step >= 1 && step <= steps.length))
    throw bad("input.value.step", `The funnel has the steps 1 to ${steps.length}.`);
  const hadMs = Math.min(windowMs, Math.max(0, deps.nowMs() - span.toMs));
  const way = stepsOnTheWay(name, step - 1, steps);
  const resolved = { ...(await resolveCohorts(deps, caller, { ...bare, breakdown: null })), breakdown: bare.breakdown };
  const entry = heldBy(matched(resolved.steps[0]?.anyOf ?? []), members[0]?.filter);
  const ofMember = group === null ? {} : ({ ofMember: true } as const);
  return {
    ...{ kind: "BEHAVIOUR", name, way, impact: unit.kind === "PERSON" ? "COUNTED" : null },
    held: held.filter(({ dimension }) => !FUNNEL_GROUPS.includes(dimension)),
    meanings: bare.meanings ?? NONE_NAMED,
    // Where a later event tells the group, no filter of entries does.
    behind: (group?.attribution ?? "FIRST") === "FIRST" ? entriesOf(entry, span) : () => Promise.resolve(null),
    read: async ({ span: { fromMs, toMs }, conditions, dimensions, signal }) => {
      const { fields, held: values } = heldFirst(conditions, dimensions);
      const entries = { beforeMs: toMs, fields, held: values, ...ofMember };
      const range = rangeOf({ fromMs, toMs: toMs + hadMs });
      const answer = await queryFunnel(deps)(caller, { ...resolved, range, entries }, signal);
      const reached = answer.entries?.reached ?? [];
      return {
        whole: funnelQuantity(name, step - 1, reached),
        values: (answer.entries?.fields ?? []).slice(conditions.length).map((field) => ({
          cut: field.cut,
          values: new Map(field.values.map(([of, each]) => [of, funnelQuantity(name, step - 1, each)])),
        })),
        reached: way.steps.map(({ number }) => reached[number - 1] ?? 0),
        provenance: answer.provenance,
      };
    },
  };
};

const cohortOf = (named: readonly string[], held: readonly SliceCondition[]): string | null => {
  const [id] = held.find(({ dimension }) => dimension === "cohort")?.values ?? [];
  if (named.length === 0) return null;
  const found = named.find((one) => one === id);
  if (found !== undefined) return found;
  throw bad(
    "input.where",
    "This question has a number for each of its cohorts: hold it to one, by a condition `cohort` with its id.",
  );
};

/** A number of retention: starts are those of the span, as they were when they were as old as those of the change are now. */
export const retentionChange = async (
  deps: BehaviourChangeDeps,
  { caller, input, value, timeZone, span, held, beside }: BehaviourToExplain,
): Promise<BehaviourChange> => {
  refuseUnusedParts(value, "period");
  const name = chooseName(value, VALUE_NAMES.RETENTION, "rate");
  const unnamed = { ...typed<RetentionInput>(input), value: null, sample: null, fast: null, timeZone };
  const bare = await resolveDimensions(deps, caller, unnamed, beside);
  const nowMs = deps.nowMs();
  const parsed = parseRetention({ ...bare, range: rangeOf(span) }, accessOf(caller), nowMs);
  const period = value.period ?? 1;
  if (!parsed.columns.some(({ from }) => from === period))
    throw bad(
      "input.value.period",
      `The question has no column from period ${period}: ${parsed.columns.map(({ from }) => from).join(", ")}.`,
    );
  if (parsed.rows.startsMs.length > MAX_PERIODS)
    throw bad("input.to", `Retention is explained for at most ${MAX_PERIODS} of its periods: take a shorter span.`);
  const cohort = cohortOf(parsed.cohorts, held);
  const ofStarts = cohort === null ? held : held.filter(({ dimension }) => dimension !== "cohort");
  const resolved = await resolveCohorts(deps, caller, bare);
  return {
    ...{ kind: "BEHAVIOUR", name, way: null, held: ofStarts },
    meanings: bare.meanings ?? NONE_NAMED,
    ...{ impact: parsed.unit.kind === "PERSON" ? "COUNTED" : null, behind: entriesOf(matched([resolved.start]), span) },
    read: async ({ span: one, conditions, dimensions, signal }) => {
      const asOf = isoTime(Math.min(nowMs, nowMs - (span.fromMs - one.fromMs)));
      const of = { input: { ...resolved, range: rangeOf(one), asOf }, ...{ cohort, period, signal } };
      const read = await retentionApart(deps)(caller, { ...of, ...heldFirst(conditions, dimensions) });
      const { whole, fields, provenance } = read;
      return {
        ...{ whole: retentionQuantity(name, whole), reached: [], provenance },
        values: fields.slice(conditions.length).map(({ values, cut }) => ({
          values: new Map([...values].map(([own, counted]) => [own, retentionQuantity(name, counted)])),
          cut,
        })),
      };
    },
  };
};

import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { zoneOffset } from "@tessera/platform/time/zone";
import { accessIn } from "../../domain/access-in.ts";
import { accessOf } from "../../domain/access.ts";
import { toldRange } from "../../domain/asked-range.ts";
import { parseZone } from "../../domain/cohort-window.ts";
import { changeMeasure, type ChangeMeasure } from "../../domain/change/change-measure.ts";
import { comparableSpans } from "../../domain/change/comparable-spans.ts";
import { EXECUTION_DIMENSIONS } from "../../domain/change/execution-measure.ts";
import { heldTo, type SliceCondition } from "../../domain/change/slice-filter.ts";
import { MIN_COMPARISONS } from "../../domain/change/slice-measure.ts";
import type { QuestionKind } from "../../domain/dashboards/question.ts";
import { parseRevealedField, type FieldAccess } from "../../domain/fields.ts";
import type { Meanings } from "../../domain/semantic/dimension-expression.ts";
import { parseMeasures, shownMeasures } from "../../domain/measures.ts";
import type { OlapInput } from "../../domain/query.ts";
import type { AskedOlap } from "../../domain/semantic/asked-question.ts";
import { parseTimeRange, type TimeRange } from "../../domain/time-range.ts";
import { chooseName, refuseUnusedParts, type WatchedValueInput } from "../../domain/watched/watched-value.ts";
import { NO_USES, type Uses } from "../../domain/uses.ts";
import { isoTime } from "../../domain/zone.ts";
import { checkQuestion, type CheckDeps, type WidgetQuestionInput } from "../dashboards/check-question.ts";
import { accessNaming, NONE_NAMED } from "../semantic/own-dimensions.ts";
import { pinnedDefinitions } from "../semantic/pinned-definitions.ts";
import { resolveQuestion, type ResolveDeps } from "../semantic/resolve-question.ts";
import { groupedOrOther, type GroupedQuestion, type OtherQuestion } from "../watched/grouped-question.ts";
import { atPlace, groupsOf } from "../watched/watched-series.ts";
import type { BehaviourChange } from "./behaviour-change.ts";
import type { SpanChoices } from "./compared-spans.ts";
import { BEHAVIOUR, type ExplainBehaviourDeps } from "./behaviour-questions.ts";
import { FUNNEL_GROUPS } from "./funnel-group.ts";
import { overThreshold } from "./quantile-change.ts";
import type { TakeApartDeps } from "./take-apart.ts";
import type { OfQuantile } from "./threshold.ts";

/** What explaining a change needs. */
export type ExplainDeps = CheckDeps & ResolveDeps & TakeApartDeps & ExplainBehaviourDeps;

/** A change to explain, as the graph delivers it. */
export interface ExplainChangeInput {
  readonly question: WidgetQuestionInput;
  readonly value?: WatchedValueInput | null | undefined;
  readonly from: string;
  readonly to: string;
  readonly timeZone?: string;
  readonly comparedWith?: readonly { readonly from: string; readonly to: string }[];
  readonly where?: readonly {
    readonly dimension: string;
    readonly values: readonly (string | null | undefined)[];
  }[];
  readonly dimensions?: readonly string[];
  /** Whether names may be asked for that were never sent. */
  readonly allowUnknown?: boolean | null | undefined;
}

/** A number of a question with rows of numbers. */
export interface GroupedChange {
  readonly kind: "GROUPED";
  readonly measure: ChangeMeasure;
  /** What the events are held to, the question's own filter among it. */
  readonly question: Pick<OlapInput, "filter" | "timeZone" | "approximate" | "meanings">;
  /** Of a quantile, the threshold by which it is taken apart. */
  readonly quantile?: OfQuantile;
}

/** A change as it was read: a number, in a span of time, and which spans it may be compared with. */
export interface AskedChange {
  readonly span: TimeRange;
  readonly timeZone: string;
  /** The number, by its name. */
  readonly name: string;
  readonly of: GroupedChange | BehaviourChange;
  /** Ids of the saved query, the metrics and the segments that it names. */
  readonly definitionIds: readonly string[];
  /** Ids of the cohorts that its filters name. */
  readonly cohortIds: readonly string[];
  /** What the dimensions mean that it names, and those that it is held to or taken apart by. */
  readonly meanings: Meanings;
  /** What of the tenant's own it is computed by. */
  readonly uses: Uses;
  /** Conditions that the change was held to. */
  readonly held: readonly SliceCondition[];
  readonly choices: SpanChoices;
}

/** Spans a change is compared with: fewer tell no spread, more cost without telling more. */
const SPANS = { least: MIN_COMPARISONS, most: 8 } as const;
/** Conditions a change may be held to, and values of one. */
const [MAX_CONDITIONS, MAX_CONDITION_VALUES] = [8, 100];

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const conditionsOf = (
  { where = [] }: ExplainChangeInput,
  access: FieldAccess,
  kind: QuestionKind | "GROUPED",
): readonly SliceCondition[] => {
  if (where.length > MAX_CONDITIONS) throw bad("input.where", `At most ${MAX_CONDITIONS} conditions.`);
  return where.map(({ dimension, values }, at) => {
    if (values.length === 0 || values.length > MAX_CONDITION_VALUES)
      throw bad(`input.where.${at}.values`, `A condition names 1 to ${MAX_CONDITION_VALUES} values.`);
    const held = values.map((value) => value ?? null);
    if (OWN_GROUPS[kind]?.includes(dimension) === true) return { dimension, values: held };
    if (kind === "API_EXECUTIONS")
      throw bad(
        `input.where.${at}.dimension`,
        `Executions are held to ${[...EXECUTION_DIMENSIONS.keys()].join(", ")}.`,
      );
    const { name } = parseRevealedField(dimension, `input.where.${at}.dimension`, access);
    return { dimension: name, values: held };
  });
};

/** Groups of questions that are no fields of an event. */
const OWN_GROUPS: Partial<Record<QuestionKind | "GROUPED", readonly string[]>> = {
  ...{ RETENTION: ["cohort"], EVENT_QUALITY: ["expectation"], API_EXECUTIONS: [...EXECUTION_DIMENSIONS.keys()] },
  ...{ ATTRIBUTION: ["channel"], FUNNEL: FUNNEL_GROUPS },
};

const overlap = (one: TimeRange, other: TimeRange): boolean => one.fromMs < other.toMs && other.fromMs < one.toMs;

const namedSpans = ({ comparedWith = [] }: ExplainChangeInput, span: TimeRange): readonly TimeRange[] => {
  const spans = comparedWith.map((one, at) => parseTimeRange(one, `input.comparedWith.${at}`));
  if (spans.length > 0 && (spans.length < SPANS.least || spans.length > SPANS.most))
    throw bad(
      "input.comparedWith",
      `A change is compared with ${SPANS.least} to ${SPANS.most} spans, or with none named.`,
    );
  const length = span.toMs - span.fromMs;
  spans.forEach((one, at) => {
    // A day of 23 or 25 hours is comparable with one of 24.
    if (Math.abs(one.toMs - one.fromMs - length) > length / 10)
      throw bad(`input.comparedWith.${at}`, "Spans that are compared are as long as the one that is explained.");
    if (overlap(one, span)) throw bad(`input.comparedWith.${at}`, "A span is not compared with itself: move it away.");
  });
  return spans;
};

/** A span as it is told, on the clock of a zone. */
export const toldSpan = ({ fromMs, toMs }: TimeRange, timeZone: string): ReturnType<typeof toldRange> =>
  toldRange({ from: isoTime(fromMs), to: isoTime(toMs) }, timeZone);

/** Ids of the cohorts that a part of a question names, each once: by its filters, or as what it is told apart by. */
export const cohortsIn = (part: unknown): readonly string[] => {
  if (typeof part !== "object" || part === null) return [];
  const inner = Object.values(part).flatMap(cohortsIn);
  const listed: readonly unknown[] = "cohorts" in part && Array.isArray(part.cohorts) ? part.cohorts : [];
  const named = "cohort" in part ? [part.cohort, ...listed] : listed;
  return [...new Set([...named.flatMap((one) => (typeof one === "string" && isUuid(one) ? [one] : [])), ...inner])];
};

interface Asking {
  readonly caller: Caller;
  readonly value: WatchedValueInput;
  readonly span: TimeRange;
  readonly timeZone: string;
  readonly held: readonly SliceCondition[];
  readonly choices: SpanChoices;
  /** Where dimensions are named beside the question. */
  readonly beside: unknown;
}

/** What of a change its question tells. */
type OfQuestion = Pick<AskedChange, "name" | "of" | "definitionIds" | "cohortIds" | "meanings">;

const groupedChange = async (
  deps: ExplainDeps,
  { caller, value, span, timeZone, held, choices, beside }: Asking,
  { question, pins, where, savedQueryId }: GroupedQuestion,
): Promise<OfQuestion> => {
  refuseUnusedParts(value, null);
  const range = { from: isoTime(span.fromMs), to: isoTime(span.toMs) };
  const { input: resolved, namedIds } = await atPlace(where, () =>
    resolveQuestion<AskedOlap>(deps, caller, { ...groupsOf(question, where), timeZone, range }, "input", {
      pins,
      beside,
    }),
  );
  const { approximate, meanings = NONE_NAMED } = resolved;
  const access = accessIn(accessOf(caller), { meanings });
  const measures = parseMeasures(resolved.measures, `${where}.measures`, access);
  const name = chooseName(
    value,
    shownMeasures(measures).map(([{ name: own }]) => own),
    null,
  );
  const asked = {
    ...{ filter: heldTo(resolved.filter, held), timeZone, meanings },
    ...(approximate === undefined ? {} : { approximate }),
  };
  const measure = changeMeasure(resolved.measures, measures, name, access);
  const number =
    "beyond" in measure ? await overThreshold(deps, { caller, question: asked, span, choices }, measure) : { measure };
  return {
    name,
    of: { kind: "GROUPED", ...number, question: asked },
    meanings,
    definitionIds: [...(savedQueryId === null ? [] : [savedQueryId]), ...namedIds],
    cohortIds: cohortsIn(question),
  };
};

const behaviourChange = async (deps: ExplainDeps, asking: Asking, found: OtherQuestion): Promise<OfQuestion> => {
  const { kind, input, pins, where, savedQueryId } = found;
  const held = { ...deps, definitions: pinnedDefinitions(deps.definitions, pins) };
  const read = await atPlace(where, () => BEHAVIOUR[kind](held, { ...asking, input }));
  const definitionIds = savedQueryId === null ? [] : [savedQueryId];
  const named = { name: read.name, definitionIds, cohortIds: cohortsIn(input) };
  if (read.kind === "EXPECTED") {
    const { measure, filter } = read;
    const question = { filter, timeZone: asking.timeZone };
    return { ...named, meanings: NONE_NAMED, of: { kind: "GROUPED", measure, question } };
  }
  const meanings = read.meanings ?? NONE_NAMED;
  return { ...named, meanings, of: { ...read, read: (asked) => atPlace(where, () => read.read(asked)) } };
};

/** Reads what is asked of a change, as its caller; refuses with BAD_INPUT numbers that can't be taken apart, and everything the question itself would be refused for. */
export const readAskedChange = async (
  deps: ExplainDeps,
  caller: Caller,
  input: ExplainChangeInput,
): Promise<AskedChange> => {
  const span = parseTimeRange(input, "input");
  const timeZone = parseZone(input.timeZone ?? "UTC", "input.timeZone");
  const named = namedSpans(input, span);
  const found = await groupedOrOther(deps, caller, await checkQuestion(deps)(caller, input.question, "input.question"));
  const beside = [input.where, input.dimensions];
  const held = conditionsOf(input, await accessNaming(deps, caller, beside), found.kind);
  const choices: SpanChoices = named.length > 0 ? [[null, named]] : comparableSpans(span, zoneOffset(timeZone));
  const asking: Asking = { caller, value: input.value ?? {}, span, timeZone, held, choices, beside };
  const read = await (found.kind === "GROUPED"
    ? groupedChange(deps, asking, found)
    : behaviourChange(deps, asking, found));
  return {
    ...{ span, timeZone, held, ...read },
    uses: deps.notedUses?.() ?? NO_USES,
    choices,
  };
};

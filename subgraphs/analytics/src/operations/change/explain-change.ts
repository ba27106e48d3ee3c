import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import { toldRange } from "../../domain/asked-range.ts";
import { parseZone } from "../../domain/cohort-window.ts";
import { changeMeasure } from "../../domain/change/change-measure.ts";
import { comparableSpans, type SpanRhythm } from "../../domain/change/comparable-spans.ts";
import { heldTo, type SliceCondition } from "../../domain/change/slice-filter.ts";
import {
  expectedOf,
  MIN_COMPARISONS,
  numberOf,
  type Quantity,
  type SliceMeasure,
} from "../../domain/change/slice-measure.ts";
import type { QuestionInput } from "../../domain/dashboards/question.ts";
import { parseRevealedField } from "../../domain/fields.ts";
import { parseMeasures, shownMeasures } from "../../domain/measures.ts";
import { togetherFrom } from "../../domain/provenance-together.ts";
import type { Provenance } from "../../domain/provenance.ts";
import type { AskedOlap } from "../../domain/semantic/asked-question.ts";
import type { DefinitionUse, SavedQuestion } from "../../domain/semantic/definition.ts";
import { parseTimeRange, type TimeRange } from "../../domain/time-range.ts";
import { chooseName, refuseUnusedParts, type WatchedValueInput } from "../../domain/watched/watched-value.ts";
import { zoneOffset } from "@tessera/platform/time/zone";
import { isoTime } from "../../domain/zone.ts";
import {
  checkQuestion,
  savedQueryNamed,
  type CheckDeps,
  type SavedQueryRef,
  type WidgetQuestionInput,
} from "../dashboards/check-question.ts";
import { resolveQuestion, type ResolveDeps } from "../semantic/resolve-question.ts";
import { atPlace, groupsOf } from "../watched/watched-series.ts";
import { searchSlices, type ContributingSlice } from "./search-slices.ts";
import { measureSpans, takeApart, type ChangeAsked, type TakeApartDeps } from "./take-apart.ts";

/** What explaining a change needs. */
export type ExplainDeps = CheckDeps & ResolveDeps & TakeApartDeps;

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
}

/** What was found: slices that explain the change, that everything changed alike, that nothing changed, or that too few spans before had anything. */
export type ChangeOutcome = "EXPLAINED" | "ALIKE" | "UNCHANGED" | "TOO_LITTLE_BEFORE";

/** A change explained, as in the SDL. */
export interface ChangeExplanation {
  readonly outcome: ChangeOutcome;
  readonly range: { readonly from: string; readonly to: string };
  readonly value: string;
  readonly actual: number | null;
  readonly expected: number | null;
  readonly rhythm: SpanRhythm | null;
  readonly comparedWith: readonly { readonly from: string; readonly to: string }[];
  readonly searched: readonly string[];
  readonly slices: readonly ContributingSlice[];
  readonly provenance: Provenance;
}

/** Dimensions that are searched when none are named: what changes of traffic and of products usually go along with. */
const DEFAULT_DIMENSIONS = [
  ...["name", "source", "country", "device", "os", "browser", "url.path", "referrer.host"],
  ...["utmSource", "utmMedium", "utmCampaign"],
];
/** Dimensions one explanation searches: each is read once for each span. */
const MAX_SEARCHED = 16;
/** Spans a change is compared with: fewer tell no spread, more cost without telling more. */
const SPANS = { least: MIN_COMPARISONS, most: 8 } as const;
/** Conditions a change may be held to, and values of one. */
const [MAX_CONDITIONS, MAX_CONDITION_VALUES] = [8, 100];

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** A question with rows of numbers; all others are refused. */
const groupedQuestion = async (deps: ExplainDeps, caller: Caller, asked: WidgetQuestionInput) => {
  const { kind, input } = await checkQuestion(deps)(caller, asked, "input.question");
  // boundary: the question was coerced to its type of the SDL when it was checked.
  const typed = <Input>(value: QuestionInput): Input => value as unknown as Input;
  const none: readonly DefinitionUse[] = [];
  if (kind === "OLAP" || kind === "TIME_SERIES") {
    const where = kind === "OLAP" ? "input.question.olap" : "input.question.timeSeries";
    return { question: typed<SavedQuestion["input"]>(input), pins: none, where };
  }
  if (kind !== "SAVED_QUERY")
    throw bad(
      "input.question",
      "Changes of `olap`, `timeSeries` and saved queries can be explained: ask one of these.",
    );
  const { content } = await savedQueryNamed(deps, caller, typed<SavedQueryRef>(input));
  return { question: content.question.input, pins: content.pins ?? none, where: "input.question.savedQuery" };
};

const dimensionsOf = ({ dimensions = [] }: ExplainChangeInput, caller: Caller): readonly string[] => {
  if (dimensions.length > MAX_SEARCHED)
    throw bad("input.dimensions", `At most ${MAX_SEARCHED} dimensions are searched at once: leave some out.`);
  const names = dimensions.map((name, at) => parseRevealedField(name, `input.dimensions.${at}`, accessOf(caller)).name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw bad("input.dimensions", `\`${twice}\` is named twice.`);
  return names.length === 0 ? DEFAULT_DIMENSIONS : names;
};

const conditionsOf = ({ where = [] }: ExplainChangeInput, caller: Caller): readonly SliceCondition[] => {
  if (where.length > MAX_CONDITIONS) throw bad("input.where", `At most ${MAX_CONDITIONS} conditions.`);
  return where.map(({ dimension, values }, at) => {
    if (values.length === 0 || values.length > MAX_CONDITION_VALUES)
      throw bad(`input.where.${at}.values`, `A condition names 1 to ${MAX_CONDITION_VALUES} values.`);
    const { name } = parseRevealedField(dimension, `input.where.${at}.dimension`, accessOf(caller));
    return { dimension: name, values: values.map((value) => value ?? null) };
  });
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

/** The spans to compare with, and what the whole was in each. */
interface Compared {
  readonly rhythm: SpanRhythm | null;
  readonly spans: readonly TimeRange[];
  readonly whole: SliceMeasure;
}

const compared = async (
  actual: Quantity,
  named: readonly TimeRange[],
  rhythms: ReturnType<typeof comparableSpans>,
  measure: (spans: readonly TimeRange[]) => Promise<readonly Quantity[]>,
): Promise<Compared | null> => {
  const choices: readonly (readonly [SpanRhythm | null, readonly TimeRange[]])[] =
    named.length > 0 ? [[null, named]] : rhythms;
  for (const [rhythm, spans] of choices) {
    const before = await measure(spans);
    const filled = spans.flatMap((span, at) => {
      const quantity = before[at];
      return quantity === undefined || quantity.units <= 0 ? [] : [{ span, quantity }];
    });
    if (filled.length < MIN_COMPARISONS) continue;
    const whole = { actual, before: filled.map(({ quantity }) => quantity) };
    return { rhythm, spans: filled.map(({ span }) => span), whole };
  }
  return null;
};

const plan = async (
  deps: ExplainDeps,
  caller: Caller,
  input: ExplainChangeInput,
  span: TimeRange,
  timeZone: string,
) => {
  const { question, pins, where } = await groupedQuestion(deps, caller, input.question);
  const value = input.value ?? {};
  refuseUnusedParts(value, null);
  const bare = {
    ...groupsOf(question, where),
    timeZone,
    range: { from: isoTime(span.fromMs), to: isoTime(span.toMs) },
  };
  const { input: resolved } = await atPlace(where, () =>
    resolveQuestion<AskedOlap>(deps, caller, bare, "input", { pins }),
  );
  const access = accessOf(caller);
  const names = shownMeasures(parseMeasures(resolved.measures, `${where}.measures`, access)).map(([{ name }]) => name);
  const name = chooseName(value, names, null);
  const { filter, approximate } = resolved;
  const own = { filter, timeZone, ...(approximate === undefined ? {} : { approximate }) };
  return { name, own, measure: changeMeasure(resolved.measures, name, access) };
};

const sameNumber = (one: number | null, other: number | null): boolean => (one ?? 0) === (other ?? 0);

/**
 * Explains why a number of a question is another than in comparable spans of time: which slices of the events, by up to three dimensions, the change is owed to. Refuses with BAD_INPUT numbers that
 * can't be taken apart, and everything the question itself would be refused for.
 */
export const explainChange =
  (deps: ExplainDeps) =>
  async (caller: Caller, input: ExplainChangeInput, signal?: AbortSignal): Promise<ChangeExplanation> => {
    const span = parseTimeRange(input, "input");
    const timeZone = parseZone(input.timeZone ?? "UTC", "input.timeZone");
    const held = conditionsOf(input, caller);
    const searched = dimensionsOf(input, caller).filter((name) => !held.some(({ dimension }) => dimension === name));
    const named = namedSpans(input, span);
    const { name, own, measure } = await plan(deps, caller, input, span, timeZone);
    const provenances: Provenance[] = [];
    const filter = heldTo(own.filter, held);
    const asked: ChangeAsked = { caller, question: { ...own, filter }, measure, span, before: [], signal };
    const inSpans = (spans: readonly TimeRange[]) => measureSpans(deps, asked, spans, provenances);
    const [actual = { value: 0, base: null, units: 0 }] = await inSpans([span]);
    const rhythms = comparableSpans(span, zoneOffset(timeZone));
    const found = await compared(actual, named, rhythms, inSpans);
    const expected = found === null ? null : numberOf(expectedOf(found.whole));
    const changed = found !== null && !sameNumber(numberOf(actual), expected);
    const slices = changed
      ? await searchSlices(takeApart(deps, { ...asked, before: found.spans }, provenances), searched)
      : [];
    const scaled = (value: number | null): number | null => (value === null ? null : value * measure.scale);
    const told = (range: TimeRange) => toldRange({ from: isoTime(range.fromMs), to: isoTime(range.toMs) }, timeZone);
    return {
      outcome:
        found === null ? "TOO_LITTLE_BEFORE" : !changed ? "UNCHANGED" : slices.length > 0 ? "EXPLAINED" : "ALIKE",
      ...{ range: told(span), value: name, searched },
      ...{ actual: scaled(numberOf(actual)), expected: scaled(expected) },
      slices: slices.map((slice) => ({ ...slice, actual: scaled(slice.actual), expected: scaled(slice.expected) })),
      rhythm: found?.rhythm ?? null,
      comparedWith: (found?.spans ?? []).map(told),
      provenance: togetherFrom(provenances),
    };
  };

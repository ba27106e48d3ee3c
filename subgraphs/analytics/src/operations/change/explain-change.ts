import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { SpanRhythm } from "../../domain/change/comparable-spans.ts";
import { decompositionsOf, type RateDecomposition, type RateEffects } from "../../domain/change/rate-effects.ts";
import { expectedOf, numberOf } from "../../domain/change/slice-measure.ts";
import type { ChangeStep } from "../../domain/change/step-effects.ts";
import { parseRevealedField, type FieldAccess } from "../../domain/fields.ts";
import { togetherFrom } from "../../domain/provenance-together.ts";
import type { Provenance } from "../../domain/provenance.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import {
  readAskedChange,
  toldSpan,
  type AskedChange,
  type ExplainChangeInput,
  type ExplainDeps,
} from "./asked-change.ts";
import { comparedSpans } from "./compared-spans.ts";
import type { ToldDriftBin } from "../quality/query-quality.ts";
import { accessNaming } from "../semantic/own-dimensions.ts";
import { searchSlices, type ContributingSlice, type TakeApart } from "./search-slices.ts";
import type { SlicedChange } from "./events-behind.ts";
import { readBehaviour } from "./read-behaviour.ts";
import { readGrouped, type ReadChange } from "./take-apart.ts";

/** What was found: slices that explain the change, that everything changed alike, that nothing changed, or that too few spans before had anything. */
export type ChangeOutcome = "EXPLAINED" | "ALIKE" | "UNCHANGED" | "TOO_LITTLE_BEFORE";

/** A slice that explains a change, with the events it is of. */
export interface ExplainedSlice extends ContributingSlice {
  readonly behind: SlicedChange;
}

/** A change explained, as in the SDL. */
export interface ChangeExplanation {
  readonly outcome: ChangeOutcome;
  readonly range: { readonly from: string; readonly to: string };
  readonly value: string;
  readonly actual: number | null;
  readonly expected: number | null;
  /** Of a quantile, the number beyond which its numbers are counted. */
  readonly threshold: number | null;
  readonly rhythm: SpanRhythm | null;
  readonly comparedWith: readonly { readonly from: string; readonly to: string }[];
  readonly searched: readonly string[];
  readonly slices: readonly ExplainedSlice[];
  /** Of a ratio, by each dimension; empty for sums and where nothing is searched. */
  readonly decompositions: readonly RateDecomposition[];
  /** Of a funnel, which steps lost or won. */
  readonly steps: readonly ChangeStep[];
  /** Of a drift, its bins. */
  readonly bins: readonly ToldDriftBin[];
  readonly provenance: Provenance;
}

/** Dimensions that are searched when none are named: what changes of traffic and of products usually go along with. */
const DEFAULT_DIMENSIONS = [
  ...["name", "source", "country", "device", "os", "browser", "url.path", "referrer.host"],
  ...["utmSource", "utmMedium", "utmCampaign"],
];
/** Dimensions one explanation searches: each is read once for each span. */
const MAX_SEARCHED = 16;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const dimensionsOf = (
  { dimensions = [] }: ExplainChangeInput,
  { of }: AskedChange,
  access: FieldAccess,
): readonly string[] => {
  const own = of.kind === "BEHAVIOUR" ? of.dimensions : undefined;
  if (dimensions.length > MAX_SEARCHED)
    throw bad("input.dimensions", `At most ${MAX_SEARCHED} dimensions are searched at once: leave some out.`);
  const names = dimensions.map((name, at) => {
    if (own === undefined) return parseRevealedField(name, `input.dimensions.${at}`, access).name;
    if (own.includes(name)) return name;
    throw bad(`input.dimensions.${at}`, `This question's numbers are told apart by ${own.join(", ")}.`);
  });
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw bad("input.dimensions", `\`${twice}\` is named twice.`);
  return names.length > 0 ? names : (own ?? DEFAULT_DIMENSIONS);
};

const sameNumber = (one: number | null, other: number | null): boolean => (one ?? 0) === (other ?? 0);

/** Reads the number of a change, whatever question it is of. */
const readerOf = (
  deps: ExplainDeps,
  caller: Caller,
  { of, span }: AskedChange,
  searched: readonly string[],
  { signal, provenances }: { readonly signal: AbortSignal | undefined; readonly provenances: Provenance[] },
): ReadChange =>
  of.kind === "GROUPED"
    ? readGrouped(deps, { caller, question: of.question, measure: of.measure, span, signal }, provenances)
    : readBehaviour(of, { span, searched, signal }, provenances);

/** What was found of a change that is one. */
interface Found {
  readonly slices: readonly ContributingSlice[];
  readonly decompositions: readonly RateDecomposition[];
  readonly steps: readonly ChangeStep[];
}

const NOTHING: Found = { slices: [], decompositions: [], steps: [] };

const search = async (read: ReadChange, before: readonly TimeRange[], searched: readonly string[]): Promise<Found> => {
  let decompositions: Found["decompositions"] = [];
  const apart = read.apart(before);
  const noted: TakeApart = async (conditions, dimensions) => {
    const taken = await apart(conditions, dimensions);
    if (conditions.length === 0) decompositions = decompositionsOf(taken.breakdowns, taken.whole);
    return taken;
  };
  const slices = await searchSlices(noted, searched);
  return { slices, decompositions, steps: await read.steps(before) };
};

const scaledEffects = <Effects extends RateEffects>(effects: Effects, scale: number): Effects => ({
  ...effects,
  ...{ rate: effects.rate * scale, mix: effects.mix * scale },
});

/**
 * Explains why a number of a question is another than in comparable spans of time: which slices of the events, by up to three dimensions, the change is owed to, and of a funnel which steps. Refuses
 * with BAD_INPUT numbers that can't be taken apart, and everything the question itself would be refused for.
 */
export const explainChange =
  (deps: ExplainDeps) =>
  async (caller: Caller, input: ExplainChangeInput, signal?: AbortSignal): Promise<ChangeExplanation> => {
    const asked = await readAskedChange(deps, caller, input);
    const dimensions = dimensionsOf(input, asked, await accessNaming(deps, caller, input.dimensions));
    const { span, timeZone, name, held, choices } = asked;
    const searched = dimensions.filter((one) => !held.some(({ dimension }) => dimension === one));
    const { quantile } = asked.of;
    const provenances: Provenance[] = [...(quantile?.provenances ?? [])];
    const read = readerOf(deps, caller, asked, searched, { signal, provenances });
    const [actual = { value: 0, base: null, units: 0 }] = await read.whole([span]);
    const found = await comparedSpans(choices, read.whole);
    const expected = found === null ? null : numberOf(expectedOf({ actual, before: found.before }));
    const changed = found !== null && !sameNumber(numberOf(actual), expected);
    const { slices, decompositions, steps } = changed ? await search(read, found.spans, searched) : NOTHING;
    const bins = asked.of.kind === "BEHAVIOUR" ? await asked.of.bins?.() : undefined;
    const { scale } = read;
    const scaled = (value: number | null): number | null => (value === null ? null : value * scale);
    return {
      outcome:
        found === null ? "TOO_LITTLE_BEFORE" : !changed ? "UNCHANGED" : slices.length > 0 ? "EXPLAINED" : "ALIKE",
      ...{ range: toldSpan(span, timeZone), value: name, searched, steps, bins: bins ?? [] },
      actual: quantile?.threshold === null ? null : scaled(numberOf(actual)),
      ...{ expected: scaled(expected), threshold: quantile?.threshold ?? null },
      slices: slices.map((slice) => ({
        ...{ ...slice, actual: scaled(slice.actual), expected: scaled(slice.expected) },
        effects: slice.effects === null ? null : scaledEffects(slice.effects, scale),
        behind: { of: asked, conditions: slice.conditions },
      })),
      decompositions: decompositions.map((one) => scaledEffects(one, scale)),
      rhythm: found?.rhythm ?? null,
      comparedWith: (found?.spans ?? []).map((one) => toldSpan(one, timeZone)),
      provenance: togetherFrom(provenances),
    };
  };

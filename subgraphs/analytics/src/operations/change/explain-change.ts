import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import { heldTo } from "../../domain/change/slice-filter.ts";
import type { SpanRhythm } from "../../domain/change/comparable-spans.ts";
import { expectedOf, numberOf } from "../../domain/change/slice-measure.ts";
import { parseRevealedField } from "../../domain/fields.ts";
import { togetherFrom } from "../../domain/provenance-together.ts";
import type { Provenance } from "../../domain/provenance.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { comparedSpans, readAskedChange, toldSpan, type ExplainChangeInput, type ExplainDeps } from "./asked-change.ts";
import { searchSlices, type ContributingSlice } from "./search-slices.ts";
import { eventsOf, type EventsBehind } from "./events-behind.ts";
import { measureSpans, takeApart, type ChangeAsked } from "./take-apart.ts";

/** What was found: slices that explain the change, that everything changed alike, that nothing changed, or that too few spans before had anything. */
export type ChangeOutcome = "EXPLAINED" | "ALIKE" | "UNCHANGED" | "TOO_LITTLE_BEFORE";

/** A slice that explains a change, with the events it is of. */
export interface ExplainedSlice extends ContributingSlice {
  readonly behind: EventsBehind;
}

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
  readonly slices: readonly ExplainedSlice[];
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

const dimensionsOf = ({ dimensions = [] }: ExplainChangeInput, caller: Caller): readonly string[] => {
  if (dimensions.length > MAX_SEARCHED)
    throw bad("input.dimensions", `At most ${MAX_SEARCHED} dimensions are searched at once: leave some out.`);
  const names = dimensions.map((name, at) => parseRevealedField(name, `input.dimensions.${at}`, accessOf(caller)).name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw bad("input.dimensions", `\`${twice}\` is named twice.`);
  return names.length === 0 ? DEFAULT_DIMENSIONS : names;
};

const sameNumber = (one: number | null, other: number | null): boolean => (one ?? 0) === (other ?? 0);

/**
 * Explains why a number of a question is another than in comparable spans of time: which slices of the events, by up to three dimensions, the change is owed to. Refuses with BAD_INPUT numbers that
 * can't be taken apart, and everything the question itself would be refused for.
 */
export const explainChange =
  (deps: ExplainDeps) =>
  async (caller: Caller, input: ExplainChangeInput, signal?: AbortSignal): Promise<ChangeExplanation> => {
    const dimensions = dimensionsOf(input, caller);
    const { span, timeZone, name, measure, question, held, choices } = await readAskedChange(deps, caller, input);
    const searched = dimensions.filter((one) => !held.some(({ dimension }) => dimension === one));
    const provenances: Provenance[] = [];
    const asked: ChangeAsked = { caller, question, measure, span, before: [], signal };
    const inSpans = (spans: readonly TimeRange[]) => measureSpans(deps, asked, spans, provenances);
    const [actual = { value: 0, base: null, units: 0 }] = await inSpans([span]);
    const found = await comparedSpans(choices, inSpans);
    const expected = found === null ? null : numberOf(expectedOf({ actual, before: found.before }));
    const changed = found !== null && !sameNumber(numberOf(actual), expected);
    const slices = changed
      ? await searchSlices(takeApart(deps, { ...asked, before: found.spans }, provenances), searched)
      : [];
    const scaled = (value: number | null): number | null => (value === null ? null : value * measure.scale);
    const behind = eventsOf({ question, measure, span, timeZone });
    return {
      outcome:
        found === null ? "TOO_LITTLE_BEFORE" : !changed ? "UNCHANGED" : slices.length > 0 ? "EXPLAINED" : "ALIKE",
      ...{ range: toldSpan(span, timeZone), value: name, searched },
      ...{ actual: scaled(numberOf(actual)), expected: scaled(expected) },
      slices: slices.map((slice) => ({
        ...{ ...slice, actual: scaled(slice.actual), expected: scaled(slice.expected) },
        behind: { ...behind, filter: heldTo(behind.filter, slice.conditions) },
      })),
      rhythm: found?.rhythm ?? null,
      comparedWith: (found?.spans ?? []).map((one) => toldSpan(one, timeZone)),
      provenance: togetherFrom(provenances),
    };
  };

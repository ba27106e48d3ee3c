import type { Caller } from "@tessera/contracts/caller";
import { eachOf } from "@tessera/platform/runtime/each-of";
import type { SpanRhythm } from "../../domain/change/comparable-spans.ts";
import { impactOf, type ImpactMeasured, type SpanImpact } from "../../domain/change/impact.ts";
import { numberOf } from "../../domain/change/slice-measure.ts";
import { cellsOf, type Column } from "../../domain/columns.ts";
import { togetherFrom } from "../../domain/provenance-together.ts";
import type { Provenance } from "../../domain/provenance.ts";
import type { OlapInput } from "../../domain/query.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { isoTime } from "../../domain/zone.ts";
import { queryOlap } from "../query-olap.ts";
import type { BehaviourChange } from "./behaviour-change.ts";
import { comparedSpans } from "./compared-spans.ts";
import {
  readAskedChange,
  toldSpan,
  type AskedChange,
  type GroupedChange,
  type ExplainChangeInput,
  type ExplainDeps,
} from "./asked-change.ts";

/** How far a change reaches, as in the SDL. */
export interface ChangeImpact extends ImpactMeasured {
  readonly range: ReturnType<typeof toldSpan>;
  readonly rhythm: SpanRhythm | null;
  readonly comparedWith: readonly ReturnType<typeof toldSpan>[];
  readonly provenance: Provenance;
}

/** Columns of the questions that measure an impact. */
const [EVENTS, PEOPLE, REVENUE] = ["impact_events", "impact_people", "impact_revenue"];
/** Currencies that are read: there are hardly more in the world. */
const MAX_CURRENCIES = 200;
/** Questions of one impact that are with the store at a time. */
const AT_ONCE = 2;

const numbers = (columns: readonly Column[], name: string | undefined): readonly number[] => {
  const found = columns.find((column) => column.role === "MEASURE" && column.name === name);
  return found === undefined ? [] : cellsOf(found).map((cell) => Number(cell ?? 0));
};

const questionOf = ({ question, measure }: GroupedChange, { fromMs, toMs }: TimeRange): OlapInput => ({
  ...question,
  range: { from: isoTime(fromMs), to: isoTime(toMs) },
  measures: [
    { name: EVENTS, function: "COUNT" },
    { name: PEOPLE, function: "UNIQUES", of: "persons", filter: measure.counted },
    { name: REVENUE, function: "SUM", of: "revenue", filter: measure.counted },
  ],
  dimensions: ["currency"],
  limit: MAX_CURRENCIES,
});

/** Reads what each span tells of a grouped question's people and money. */
const readGroupedSpan =
  (deps: ExplainDeps, caller: Caller, of: GroupedChange, provenances: Provenance[], signal: AbortSignal | undefined) =>
  async (range: TimeRange): Promise<SpanImpact> => {
    const { columns, totals, provenance } = await queryOlap(deps)(caller, questionOf(of, range), signal);
    provenances.push(provenance);
    const currencies = columns.find(({ role }) => role === "DIMENSION");
    const sums = numbers(columns, REVENUE);
    const named = currencies === undefined ? [] : cellsOf(currencies);
    return {
      ...{ units: numbers(totals, EVENTS)[0] ?? 0, people: numbers(totals, PEOPLE)[0] ?? 0 },
      revenue: new Map(
        named.flatMap((currency, row) => (currency === null ? [] : [[String(currency), sums[row] ?? 0] as const])),
      ),
    };
  };

/** What spans of behaviour tell of people: those that the number counts, of a share as many as there would have been of as many as now. */
const readBehaviourSpan = (of: BehaviourChange, span: TimeRange, provenances: Provenance[], signal?: AbortSignal) => {
  let base: number | null = null;
  return async (one: TimeRange): Promise<SpanImpact> => {
    const { whole, provenance } = await of.read({ span: one, conditions: of.held, dimensions: [], signal });
    provenances.push(provenance);
    // The span of the change is read before those that it is compared with.
    if (one === span) base = whole.base;
    const people = base === null ? whole.value : (numberOf(whole) ?? 0) * base;
    return { units: whole.seen ?? whole.units, people, revenue: new Map() };
  };
};

/** How far the change of a number reaches, span by span; null where it tells of nobody. */
const spanReader = (
  deps: ExplainDeps,
  caller: Caller,
  { of, span }: AskedChange,
  provenances: Provenance[],
  signal: AbortSignal | undefined,
): ((range: TimeRange) => Promise<SpanImpact>) | null => {
  if (of.kind === "GROUPED") return readGroupedSpan(deps, caller, of, provenances, signal);
  const { impact } = of;
  if (impact === null || impact === "COUNTED")
    return impact === null ? null : readBehaviourSpan(of, span, provenances, signal);
  return async (range) => {
    const { provenance, ...read } = await impact(range, signal);
    provenances.push(provenance);
    return read;
  };
};

/**
 * Measures how far a change reaches: the different people among the events that its number counts (of a ratio, its upper part), and the revenue of these events by currency, in its span beside
 * comparable ones; of behaviour the persons that it counts. Null where it tells of nobody. Refuses what {@link readAskedChange} refuses.
 */
export const measureImpact =
  (deps: ExplainDeps) =>
  async (caller: Caller, input: ExplainChangeInput, signal?: AbortSignal): Promise<ChangeImpact | null> => {
    const asked = await readAskedChange(deps, caller, input);
    const provenances: Provenance[] = [];
    const read = spanReader(deps, caller, asked, provenances, signal);
    if (read === null) return null;
    const actual = await read(asked.span);
    const found = await comparedSpans(asked.choices, (spans) => eachOf(spans, AT_ONCE, read));
    const { timeZone } = asked;
    return {
      ...impactOf(actual, found?.before ?? null),
      ...{ range: toldSpan(asked.span, timeZone), rhythm: found?.rhythm ?? null },
      comparedWith: (found?.spans ?? []).map((span) => toldSpan(span, timeZone)),
      provenance: togetherFrom(provenances),
    };
  };

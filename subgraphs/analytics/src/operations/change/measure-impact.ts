import type { Caller } from "@tessera/contracts/caller";
import { eachOf } from "@tessera/platform/runtime/each-of";
import type { SpanRhythm } from "../../domain/change/comparable-spans.ts";
import { impactOf, type ImpactMeasured, type SpanImpact } from "../../domain/change/impact.ts";
import { cellsOf, type Column } from "../../domain/columns.ts";
import { togetherFrom } from "../../domain/provenance-together.ts";
import type { Provenance } from "../../domain/provenance.ts";
import type { OlapInput } from "../../domain/query.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { isoTime } from "../../domain/zone.ts";
import { queryOlap } from "../query-olap.ts";
import {
  comparedSpans,
  readAskedChange,
  toldSpan,
  type AskedChange,
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

const questionOf = ({ question, measure }: AskedChange, { fromMs, toMs }: TimeRange): OlapInput => ({
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

/**
 * Measures how far a change reaches: the different people among the events that its number counts (of a ratio, its upper part), and the revenue of these events by currency, in its span beside
 * comparable ones. Refuses what {@link readAskedChange} refuses.
 */
export const measureImpact =
  (deps: ExplainDeps) =>
  async (caller: Caller, input: ExplainChangeInput, signal?: AbortSignal): Promise<ChangeImpact> => {
    const asked = await readAskedChange(deps, caller, input);
    const provenances: Provenance[] = [];
    const read = async (range: TimeRange): Promise<SpanImpact> => {
      const { columns, totals, provenance } = await queryOlap(deps)(caller, questionOf(asked, range), signal);
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

import type { BurnRateDefinition, BurnWindows } from "../detectors/burn-rate-definition.ts";
import { budgetUnitsOf, canBurnBeyond, factorPartsOf } from "./error-budget.ts";
import type { EventFilter, Indicator, Objective } from "./objective.ts";

type Json = Readonly<Record<string, unknown>>;

/** The question of the analytics room that an indicator is, in the form rules keep one. */
export interface IndicatorQuestion {
  readonly question: Json;
  readonly value: { readonly name: string } | null;
}

/** The column that says which share of the events of a bucket was bad; its samples are the events. */
const BAD_SHARE = "bad_share";
/** Any range: whoever asks for series says which. */
const ANY = { sliding: "P1D" };

const allOf = (filters: readonly (EventFilter | null)[]): EventFilter | null => {
  const given = filters.filter((filter) => filter !== null);
  return given.length > 1 ? { and: given } : (given[0] ?? null);
};

const shareQuestion = (
  of: EventFilter | null,
  good: EventFilter,
  dimensions: readonly string[],
): IndicatorQuestion => ({
  question: {
    olap: {
      range: ANY,
      measures: [
        { name: "good", function: "COUNT", filter: good },
        { name: "total", function: "COUNT" },
        { name: BAD_SHARE, function: "FORMULA", formula: "(total - good) / total" },
      ],
      ...{ dimensions, filter: of },
    },
  },
  value: { name: BAD_SHARE },
});

/**
 * What the analytics room is asked for an indicator. Of events: which share of a bucket's events was bad, and of how many, in one question, so that both are of the same moment. Of slices: the metric
 * itself.
 */
export const questionOfIndicator = (indicator: Indicator, groupBy: string | null): IndicatorQuestion => {
  const dimensions = groupBy === null ? [] : [groupBy];
  switch (indicator.kind) {
    case "EVENTS":
      return shareQuestion(indicator.of, indicator.good, dimensions);
    case "LATENCY": {
      const { of, field, atMost } = indicator;
      const good = { field, lte: atMost };
      // An event that has no such number says nothing of how long it took.
      return shareQuestion(allOf([of, { or: [good, { field, gt: atMost }] }]), good, dimensions);
    }
    case "SLICES": {
      const { of: filter, metric } = indicator;
      return { question: { olap: { range: ANY, metrics: [{ name: metric }], dimensions, filter } }, value: null };
    }
  }
};

/** What of a bucket of such a question is bad. */
export const badOf = (indicator: Indicator): BurnRateDefinition["bad"] => {
  if (indicator.kind !== "SLICES") return { by: "SHARE" };
  const { side, bound } = indicator.good;
  return side === "AT_MOST" ? { by: "ABOVE", bound } : { by: "BELOW", bound };
};

/** Width of the buckets in which an indicator is watched: slices are hours. */
export const bucketOf = ({ kind }: Indicator): "MINUTE" | "HOUR" => (kind === "SLICES" ? "HOUR" : "MINUTE");

/** The windows that Google's SRE workbook recommends (chapter 5): 2 % of a month's budget in an hour, 5 % in six, 10 % in three days. */
const WORKBOOK: readonly BurnWindows[] = [
  { long: "PT1H", short: "PT5M", factor: 14.4 },
  { long: "PT6H", short: "PT30M", factor: 6 },
  { long: "P3D", short: "PT6H", factor: 1 },
];
/** The same where a bucket is an hour: windows of some slices. */
const WORKBOOK_OF_HOURS: readonly BurnWindows[] = [
  { long: "P1D", short: "PT2H", factor: 3 },
  { long: "P3D", short: "PT6H", factor: 1 },
];

/** The windows a rule on an objective has unless it says otherwise: those of the workbook that can be burnt so fast. */
export const windowsOf = ({ indicator, percent }: Objective): readonly BurnWindows[] => {
  const budget = budgetUnitsOf(percent) ?? 0;
  const known = indicator.kind === "SLICES" ? WORKBOOK_OF_HOURS : WORKBOOK;
  return known.filter(({ factor }) => canBurnBeyond(budget, factorPartsOf(factor) ?? 0));
};

/** Severities a rule on an objective has unless it says otherwise: what burns as fast as the fastest pair is CRITICAL, as the next ERROR, else WARNING. */
export const severityOfWindows = (windows: readonly { readonly factor: number }[]) => {
  const factors = windows.map(({ factor }) => factor).toSorted((one, other) => other - one);
  const least = factors.at(-1) ?? 1;
  const bands = factors.slice(0, -1).map((factor, place) => ({
    ...{ by: "SCORE" as const, atLeast: factor / least },
    severity: place === 0 ? ("CRITICAL" as const) : ("ERROR" as const),
  }));
  return { base: "WARNING" as const, bands };
};

import type { Provenance } from "../provenance.ts";
import { conservationOf, type Attributed, type Conservation } from "./attribute.ts";
import type { Interval } from "./bootstrap.ts";
import type { AttributionModel, AttributionModelKind } from "./model.ts";
import type { PathGroup, PathSet } from "./paths.ts";
import type { AttributionQuestion } from "./question.ts";
import { rolesOf, type LabelRoles } from "./roles.ts";

/** What a model credits a label with, as in the SDL. */
export interface Credit {
  readonly label: string;
  readonly conversions: number;
  readonly value: number;
  readonly share: number | null;
  readonly conversionsInterval: Interval | null;
  readonly valueInterval: Interval | null;
  readonly standardError: number | null;
  readonly samplingError: number | null;
  readonly removalEffect: number | null;
  readonly spend: number | null;
  readonly roas: number | null;
  readonly cpa: number | null;
}

/** One model's answer. */
export interface ModelAnswer {
  readonly kind: AttributionModelKind;
  readonly credits: readonly Credit[];
  readonly conservation: {
    readonly creditedConversions: number;
    readonly actualConversions: number;
    readonly creditedValue: number;
    readonly actualValue: number;
  };
  readonly chain: Attributed["chain"];
  readonly permutations: number | null;
}

/** A path of the path explorer. */
export interface ToldPath {
  readonly steps: readonly string[];
  readonly length: number;
  readonly conversions: number;
  readonly value: number;
  readonly losses: number;
  readonly conversionRate: number | null;
  readonly meanSecondsToConvert: number | null;
}

/** What is told of one dimension. */
export interface Breakdown {
  readonly dimension: string;
  readonly models: readonly ModelAnswer[];
  readonly roles: readonly (LabelRoles & { readonly label: string })[];
  readonly paths: readonly ToldPath[];
  readonly pathCount: number;
}

/** The answer of `attribution`. */
export interface AttributionAnswer {
  readonly conversions: number;
  readonly value: number;
  readonly attributedConversions: number;
  readonly attributedValue: number;
  readonly nonConvertingJourneys: number;
  readonly cutJourneys: number;
  readonly excludedPersons: number;
  readonly identity: "STITCHED" | "PERSON";
  readonly breakdowns: readonly Breakdown[];
  readonly provenance: Provenance;
}

/** Intervals by label. */
export interface CreditIntervals {
  readonly conversions: readonly Interval[];
  readonly value: readonly Interval[];
}

const ratio = (whole: number, part: number): number | null => (part > 0 ? whole / part : null);

const spendOf = (question: Pick<AttributionQuestion, "spend">, dimension: string, label: string): number | null =>
  question.spend.find((one) => one.dimension === dimension && one.label === label)?.amount ?? null;

interface Found {
  readonly model: AttributionModel;
  readonly attributed: Attributed;
  readonly intervals: CreditIntervals | null;
}

const told = ({ credited, actual }: Conservation) => ({
  creditedConversions: credited.conversions,
  actualConversions: actual.conversions,
  creditedValue: credited.value,
  actualValue: actual.value,
});

/** Lays out a model's credits, greatest first; throws when they are not exactly what there was to give. */
export const modelAnswer = (
  question: Pick<AttributionQuestion, "spend">,
  dimension: string,
  paths: PathSet,
  { model, attributed, intervals }: Found,
): ModelAnswer => {
  const conservation = conservationOf(paths, attributed.credits);
  const credits = paths.labels.map((label, place): Credit => {
    const conversions = attributed.credits.conversions[place] ?? 0;
    const value = attributed.credits.value[place] ?? 0;
    const spend = spendOf(question, dimension, label);
    return {
      ...{ label, conversions, value, spend },
      share: ratio(conversions, conservation.actual.conversions),
      conversionsInterval: intervals?.conversions[place] ?? null,
      valueInterval: intervals?.value[place] ?? null,
      standardError: attributed.standardErrors?.conversions[place] ?? null,
      samplingError: null,
      removalEffect: attributed.removalEffects?.[place] ?? null,
      roas: spend === null ? null : ratio(value, spend),
      cpa: spend === null ? null : ratio(spend, conversions),
    };
  });
  return {
    kind: model.kind,
    credits: credits.toSorted(
      (one, other) => other.conversions - one.conversions || (one.label < other.label ? -1 : 1),
    ),
    conservation: told(conservation),
    chain: attributed.chain,
    permutations: attributed.permutations,
  };
};

/** The roles of labels, most touched first as the labels are. */
export const toldRoles = (paths: PathSet): Breakdown["roles"] =>
  rolesOf(paths).map((roles, place) => ({ label: paths.labels[place] ?? "", ...roles }));

const busierFirst = (one: PathGroup, other: PathGroup): number =>
  other.conversions - one.conversions || other.losses - one.losses;

/** The paths with the most conversions, then the most journeys, then by their steps. */
export const topPaths = ({ labels, groups }: PathSet, most: number): readonly ToldPath[] => {
  if (most === 0) return [];
  const least = groups.toSorted(busierFirst)[Math.min(most, groups.length) - 1];
  // Tens of thousands of paths are as busy as one another: only those that may be told are ever written out.
  const possible = least === undefined ? [] : groups.filter((group) => busierFirst(group, least) <= 0);
  return possible
    .map((group) => {
      const steps = group.steps.map((step) => labels[step] ?? "");
      return { group, steps, text: steps.join("\u0000") };
    })
    .toSorted((one, other) => busierFirst(one.group, other.group) || (one.text < other.text ? -1 : 1))
    .slice(0, most)
    .map(({ steps, group: { conversions, value, losses, toConvertMs } }) => ({
      ...{ steps, length: steps.length, conversions, value, losses },
      conversionRate: ratio(conversions, conversions + losses),
      meanSecondsToConvert: ratio(toConvertMs / 1_000, conversions),
    }));
};

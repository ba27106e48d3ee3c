import { attribute, placeModels } from "../attribution/attribute.ts";
import { modelAnswer, toldRoles, topPaths, type Breakdown } from "../attribution/answer.ts";
import { toPathSet } from "../attribution/path-set.ts";
import { totalsOf } from "../attribution/paths.ts";
import type { Funnel } from "./funnel.ts";
import type { Tally } from "./tally.ts";

/** What a funnel's conversions are owed to, as in the SDL. */
export interface FunnelCredits {
  readonly conversions: number;
  readonly attributedConversions: number;
  readonly nonConvertingJourneys: number;
  readonly cutJourneys: number;
  readonly breakdown: Breakdown;
}

/** What touchpoints are told apart by. */
const DIMENSION = "channel";

/** Gives credit for a funnel's conversions by every model over the same journeys; throws when credits do not add up. Null when it is not asked for. */
export const layOutCredits = ({ attribution }: Funnel, { journeys }: Tally): FunnelCredits | null => {
  if (attribution === null) return null;
  const paths = toPathSet(journeys.paths);
  const { labels, groups } = paths;
  const direct = new Set(labels.flatMap((label, place) => (attribution.directLabels.includes(label) ? [place] : [])));
  const models = placeModels(attribution.models).map((placed) => {
    const found = { model: placed.model, attributed: attribute(paths, placed, direct), intervals: null };
    return modelAnswer({ spend: [] }, DIMENSION, paths, found);
  });
  const totals = totalsOf(groups);
  return {
    conversions: journeys.conversions,
    attributedConversions: totals.conversions,
    nonConvertingJourneys: totals.losses,
    cutJourneys: journeys.cut,
    breakdown: {
      ...{ dimension: DIMENSION, models, roles: toldRoles(paths) },
      paths: topPaths(paths, attribution.topPaths),
      pathCount: groups.length,
    },
  };
};

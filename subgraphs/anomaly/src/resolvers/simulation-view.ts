import type { RuleSimulation } from "../generated/resolvers.ts";
import type { RuleSimulation as Simulated } from "../operations/simulate-rule.ts";
import { toDateTime, toDateTimeOrNull } from "./views.ts";

/** A simulation as callers see it; without incidents nothing was right or wrong. */
export const toSimulation = ({ fromMs, toMs, episodes, score, ...same }: Simulated): RuleSimulation => ({
  ...same,
  from: toDateTime(fromMs),
  to: toDateTime(toMs),
  episodes: episodes.map(({ fromMs: began, toldMs, untilMs, ...episode }) => ({
    ...episode,
    from: toDateTime(began),
    toldAt: toDateTimeOrNull(toldMs),
    until: toDateTimeOrNull(untilMs),
  })),
  precision: score.recall === null ? null : score.precision,
  recall: score.recall,
  meanSecondsToTell: score.meanDelayMs === null ? null : score.meanDelayMs / 1_000,
});

import type { AlertPolicy } from "../alerts/alert-policy.ts";
import type { AlertSignal } from "../alerts/alert-state.ts";
import { simulateSeries, type SimulatedEpisode, type SimulatedSeries } from "../alerts/simulation.ts";
import type { Decision } from "./feedback.ts";
import type { Learned } from "./learned.ts";
import {
  judgedWithin,
  scoreByFeedback,
  touchesAnomaly,
  type FeedbackScore,
  type ScoredEpisode,
} from "./score-feedback.ts";
import { withFeedback } from "./told-feedback.ts";

/** An episode that would have been; suppressed: nobody would have been told of it because of what feedback has taught. */
export interface LearnedEpisode extends SimulatedEpisode {
  readonly suppressed: boolean;
}

/** A simulated series with what feedback does to it; the episodes are the same ones, told or not. */
export interface LearnedSimulation {
  readonly simulated: SimulatedSeries;
  readonly episodes: readonly LearnedEpisode[];
}

/** Replays a series without and with what feedback has taught of it by now, applied to the whole time. */
export const simulateWithFeedback = (
  policy: AlertPolicy,
  signals: readonly AlertSignal[],
  untilMs: number,
  learned: Learned | null,
): LearnedSimulation => {
  const simulated = simulateSeries(policy, signals, untilMs);
  const asFound = simulated.episodes.map((episode) => ({ ...episode, suppressed: false }));
  if (learned === null) return { simulated, episodes: asFound };
  const recent = signals.flatMap((signal) =>
    signal.kind === "FINDING"
      ? [{ ...signal.bucket, score: signal.finding.score, outcome: signal.finding.outcome }]
      : [],
  );
  const told = signals.map((signal) => ({ signal }));
  const woven = withFeedback(policy, { alert: null, learned, recent }, told, (signal) => ({ signal }));
  const taught = simulateSeries(
    policy,
    woven.map(({ signal }) => signal),
    untilMs,
  ).episodes;
  const episodes = asFound.map((episode, place) => {
    const silent = (taught[place]?.toldMs ?? null) === null;
    return { ...episode, suppressed: episode.toldMs !== null && silent };
  });
  return { simulated, episodes };
};

/** How a simulation compares with past feedback. */
export interface SimulationFeedback {
  readonly anomalies: number;
  readonly asFound: FeedbackScore;
  readonly asLearned: FeedbackScore;
  readonly suppressed: number;
  readonly suppressedTrue: number;
}

/** Compares simulated episodes, of whatever series, with what people said of the anomalies of that time. */
export const compareWithFeedback = (
  episodes: readonly (LearnedEpisode & { readonly fingerprint: string })[],
  decisions: readonly Decision[],
  span: { readonly fromMs: number; readonly toMs: number },
): SimulationFeedback => {
  const anomalies = judgedWithin(decisions, span);
  const right = anomalies.filter(({ verdict }) => verdict === "TRUE");
  const scored = (told: (episode: LearnedEpisode) => boolean): readonly ScoredEpisode[] =>
    episodes.map((episode) => {
      const { fingerprint, fromMs, untilMs } = episode;
      return { fingerprint, fromMs, untilMs, told: told(episode) };
    });
  const asFound = scored(({ toldMs }) => toldMs !== null);
  const suppressed = scored(({ suppressed: silent }) => silent).filter(({ told }) => told);
  return {
    anomalies: anomalies.length,
    asFound: scoreByFeedback(asFound, anomalies, span.toMs),
    asLearned: scoreByFeedback(
      scored(({ toldMs, suppressed: silent }) => toldMs !== null && !silent),
      anomalies,
      span.toMs,
    ),
    suppressed: suppressed.length,
    suppressedTrue: suppressed.filter((episode) => right.some((one) => touchesAnomaly(episode, one, span.toMs))).length,
  };
};

import type { Decision, FeedbackVerdict } from "./feedback.ts";

/** An episode that would have been, and whether people would have been told of it. */
export interface ScoredEpisode {
  readonly fingerprint: string;
  readonly fromMs: number;
  /** Null: it lasted to the end. */
  readonly untilMs: number | null;
  readonly told: boolean;
}

/** An anomaly of which people have said something. */
export interface JudgedAnomaly {
  readonly fingerprint: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly verdict: FeedbackVerdict;
}

/** How what people would have been told of compares with what they said. */
export interface FeedbackScore {
  /** Episodes people would have been told of; those of them that touch an anomaly of which they said something. */
  readonly told: number;
  readonly judged: number;
  /** Of the judged, those that touch one that was TRUE. Null without judged ones. */
  readonly precision: number | null;
  /** Of the anomalies that were TRUE, those that an episode touches of which people would have been told. Null without TRUE ones. */
  readonly recall: number | null;
}

/** The anomalies of which people say something, within a time. */
export const judgedWithin = (
  decisions: readonly Decision[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): readonly JudgedAnomaly[] =>
  decisions
    .map(({ verdict, said: { seen } }) => ({
      ...{ verdict, fingerprint: seen.fingerprint, fromMs: seen.fromMs, untilMs: seen.untilMs },
    }))
    .filter((anomaly) => anomaly.fromMs < toMs && anomaly.untilMs > fromMs);

/** Whether an episode is of the series of an anomaly, and of some of its time. */
export const touchesAnomaly = (episode: ScoredEpisode, anomaly: JudgedAnomaly, endMs: number): boolean =>
  episode.fingerprint === anomaly.fingerprint &&
  episode.fromMs < anomaly.untilMs &&
  (episode.untilMs ?? endMs) > anomaly.fromMs;

/** Scores what people would have been told of by what they said of the anomalies of the same series at the same time. What nobody said anything of counts neither way. */
export const scoreByFeedback = (
  episodes: readonly ScoredEpisode[],
  anomalies: readonly JudgedAnomaly[],
  endMs: number,
): FeedbackScore => {
  const told = episodes.filter((episode) => episode.told);
  const touched = (episode: ScoredEpisode, among: readonly JudgedAnomaly[]): boolean =>
    among.some((anomaly) => touchesAnomaly(episode, anomaly, endMs));
  const right = anomalies.filter(({ verdict }) => verdict === "TRUE");
  const judged = told.filter((episode) => touched(episode, anomalies));
  const rightly = judged.filter((episode) => touched(episode, right));
  const found = right.filter((anomaly) => told.some((episode) => touchesAnomaly(episode, anomaly, endMs)));
  return {
    ...{ told: told.length, judged: judged.length },
    precision: judged.length === 0 ? null : rightly.length / judged.length,
    recall: right.length === 0 ? null : found.length / right.length,
  };
};

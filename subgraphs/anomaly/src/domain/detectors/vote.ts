import { z } from "zod";
import type { Detector, Finding } from "./detector.ts";
import type { EnsembleDefinition } from "./detector-definition.ts";
import { boundedScore, unjudged } from "./finding.ts";
import { readKept } from "./packed.ts";

/** What a member's score counts at most in a mean: no member outvotes two of the same weight. */
const MOST_OF_ONE = 3;

const keptSchema = z.array(z.unknown());

interface Vote {
  readonly finding: Finding;
  readonly weight: number;
}

const isJudged = ({ finding: { outcome } }: Vote): boolean => outcome === "ANOMALOUS" || outcome === "NORMAL";

const meanOf = (votes: readonly Vote[]): number => {
  const weights = votes.reduce((sum, { weight }) => sum + weight, 0);
  return votes.reduce((sum, { finding, weight }) => sum + weight * Math.min(MOST_OF_ONE, finding.score), 0) / weights;
};

/** The score of which the outcome follows: of k of n the k-th greatest, so that it is beyond 1 when k members are. */
const scoreOf = (votes: readonly Vote[], { combine, atLeast }: EnsembleDefinition): number => {
  if (combine === "MEAN") return boundedScore(meanOf(votes));
  const scores = votes.map(({ finding }) => finding.score).toSorted((one, other) => other - one);
  return scores[atLeast - 1] ?? 0;
};

const isAnomalous = (votes: readonly Vote[], score: number, { combine, atLeast }: EnsembleDefinition): boolean =>
  combine === "MEAN" ? score > 1 : votes.filter(({ finding }) => finding.outcome === "ANOMALOUS").length >= atLeast;

const greatest = (votes: readonly Vote[], of: (vote: Vote) => number): Finding | undefined =>
  votes.reduce<Vote | undefined>((best, one) => (best === undefined || of(one) > of(best) ? one : best), undefined)
    ?.finding;

/** Detectors that vote. What was expected is told by the member of the greatest weight that expects something. */
export const createVote = (
  definition: EnsembleDefinition,
  make: (member: EnsembleDefinition["members"][number]["detector"], saved: unknown) => Detector,
  saved: unknown,
): Detector => {
  const kept = readKept(keptSchema, saved) ?? [];
  const members = definition.members.map(({ detector, weight }, place) => ({
    detector: make(detector, kept[place]),
    weight,
  }));
  return {
    judge: (observation) => {
      const all = members.map(({ detector, weight }) => ({ finding: detector.judge(observation), weight }));
      const votes = all.filter(isJudged);
      if (votes.length === 0 && all.every(({ finding }) => finding.outcome === "NO_DATA"))
        return unjudged("NO_DATA", "no detector has anything to judge");
      if (votes.length < (definition.combine === "MEAN" ? 1 : definition.atLeast))
        return unjudged("LEARNING", `${votes.length} of ${all.length} detectors know enough to judge`);
      const score = scoreOf(votes, definition);
      const expecting = greatest(
        votes.filter(({ finding }) => finding.expected !== null),
        ({ weight }) => weight,
      );
      const surest = greatest(votes, ({ finding }) => finding.score);
      const alarmed = votes.filter(({ finding }) => finding.outcome === "ANOMALOUS").length;
      return {
        outcome: isAnomalous(votes, score, definition) ? "ANOMALOUS" : "NORMAL",
        score,
        expected: expecting?.expected ?? null,
        ...{ low: expecting?.low ?? null, high: expecting?.high ?? null },
        side: surest?.side ?? null,
        weighed: surest?.weighed ?? [],
        because: `${alarmed} of ${votes.length} detectors find it anomalous, the surest says: ${surest?.because ?? "nothing"}`,
      };
    },
    save: () => members.map(({ detector }) => detector.save()),
  };
};

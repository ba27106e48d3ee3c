import { benjaminiHochberg } from "@tessera/platform/statistics/multiple-tests";
import type { Window } from "../evaluation.ts";

/** One moment at which something changed: a change's beginning, or the end of what it began. */
export interface ChangeMoment<Of> {
  readonly of: Of;
  readonly edge: "BEGAN" | "ENDED";
  readonly atMs: number;
  /** Names the stream it belongs to: how often such changes happen is told by the others of it. */
  readonly stream: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A moment near the onset of an anomaly, ranked. */
export interface RankedChange<Of> extends Pick<ChangeMoment<Of>, "of" | "edge" | "atMs"> {
  /** From the change to the end of the bucket the anomaly began with, in milliseconds. */
  readonly leadMs: number;
  /** Chance that one of its stream would lie as near by chance alone, corrected for all that were looked at. */
  readonly chance: number;
  readonly sharedLabels: readonly string[];
}

/** At this chance or below it a change is told as significant. */
export const SIGNIFICANT_CHANGE = 0.05;
/** Time before an onset in which changes are looked for. */
export const CHANGE_REACH_MS = 24 * 3_600_000;
/** Time before an onset in which other changes of a stream tell how often such happen. */
export const CHANGE_RATE_MS = 14 * 24 * 3_600_000;

const correctedOf = (near: readonly ChangeMoment<unknown>[], raw: readonly number[]): readonly number[] => {
  const least = new Map<string, number>();
  near.forEach(({ stream }, place) => least.set(stream, Math.min(least.get(stream) ?? 1, raw[place] ?? 1)));
  const streams = [...least.keys()];
  const together = benjaminiHochberg([...least.values()]);
  const adjusted = new Map(streams.map((stream, place) => [stream, together[place] ?? 1]));
  return near.map(({ stream }, place) => {
    const own = raw[place] ?? 1;
    return own === least.get(stream) ? (adjusted.get(stream) ?? 1) : Math.min(1, own * streams.length);
  });
};

/**
 * Ranks changes before the end of the bucket an anomaly began with by how little chance explains that they lie so near. Changes of a stream are taken for a Poisson process: of a stream with n
 * changes in the two weeks before, this one left out, another lies within a lead of t with the chance 1 - exp(-(n + 1) t / two weeks). So what happens every ten minutes says nothing, and what happened
 * once says much. Each stream is one test, of its nearest change: their chances are corrected together (Benjamini and Hochberg 1995), those of a stream's other changes by the number of streams (Bonferroni). Of
 * equal ones those with more labels in common come first, then the nearest.
 */
export const rankChanges = <Of>(
  onset: Window,
  moments: readonly ChangeMoment<Of>[],
  labels: Readonly<Record<string, string>>,
): readonly RankedChange<Of>[] => {
  const known = moments.filter(({ atMs }) => atMs < onset.toMs && atMs >= onset.toMs - CHANGE_RATE_MS);
  const counts = new Map<string, number>();
  for (const { stream } of known) counts.set(stream, (counts.get(stream) ?? 0) + 1);
  const near = known.filter(({ atMs }) => atMs >= onset.fromMs - CHANGE_REACH_MS);
  const raw = near.map(({ atMs, stream }) => {
    const lead = onset.toMs - atMs;
    return -Math.expm1((-(counts.get(stream) ?? 1) * lead) / CHANGE_RATE_MS);
  });
  const corrected = correctedOf(near, raw);
  return near
    .map(({ of, edge, atMs, labels: own }, place): RankedChange<Of> => {
      const shared = Object.keys(own).filter((name) => Object.hasOwn(labels, name) && labels[name] === own[name]);
      return {
        ...{ of, edge, atMs, leadMs: onset.toMs - atMs },
        ...{ chance: corrected[place] ?? 1, sharedLabels: shared.toSorted() },
      };
    })
    .toSorted(
      (one, other) =>
        one.chance - other.chance ||
        other.sharedLabels.length - one.sharedLabels.length ||
        one.leadMs - other.leadMs ||
        (one.edge < other.edge ? -1 : 1),
    );
};

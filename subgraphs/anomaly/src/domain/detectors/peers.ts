import { z } from "zod";
import type { Finding, Observation } from "./detector.ts";
import type { PeersDefinition } from "./detector-definition.ts";
import { evenly, judgeAround, NOTHING_MEASURED, spreadOf, tameValue, told, unjudged } from "./finding.ts";
import { MAX_GROUP, type GroupDetector } from "./group-detector.ts";
import { readKept } from "./packed.ts";
import { createSortedWindow, type SortedWindow } from "./sorted-window.ts";

/** The median of absolute deviations of a normal distribution, in standard deviations. */
const MAD_OF_NORMAL = 0.6745;
/** Values of a series after which its own level is known. */
const LEVEL_KNOWN = 10;

const keptSchema = z.object({ level: z.number(), known: z.number().int().min(0) });

interface Peer {
  readonly fingerprint: string;
  readonly observation: Observation;
  readonly value: number;
  /** What the value is compared as: itself, or in its own usual levels. */
  readonly compared: number;
  /** What a compared 1 is in the unit that is watched. */
  readonly unit: number;
}

/** Levels that series usually have: the mean of their latest values, the later weighing more. */
const createLevels = (over: number, saved: ReadonlyMap<string, unknown>) => {
  const levels = new Map<string, z.infer<typeof keptSchema>>();
  for (const [name, state] of saved) {
    const kept = readKept(keptSchema, state);
    if (kept !== null) levels.set(name, kept);
  }
  return {
    of: (name: string): number | null => {
      const own = levels.get(name);
      return own === undefined || own.known < LEVEL_KNOWN || own.level === 0 ? null : Math.abs(own.level);
    },
    learn: (name: string, value: number): void => {
      const { level, known } = levels.get(name) ?? { level: 0, known: 0 };
      const weight = 1 / Math.min(over, known + 1);
      levels.set(name, { level: level + weight * (value - level), known: Math.min(over, known + 1) });
    },
    save: (): ReadonlyMap<string, unknown> => new Map(levels),
  };
};

const judgePeer = (peer: Peer, others: SortedWindow, definition: PeersDefinition): Finding => {
  const centre = others.median();
  const ofMedian = others.medianDistance(centre) / MAD_OF_NORMAL;
  const spread = ofMedian > 0 ? ofMedian : others.meanDistance(centre);
  const within = definition.threshold * spreadOf(Math.max(spread, definition.minimumDeviation / peer.unit), centre);
  const found = { expected: centre * peer.unit, within: within * peer.unit };
  return judgeAround(peer.observation, peer.value, found, {
    sides: definition.sides,
    weighed: evenly([peer.observation.atMs]),
    because: `${told(peer.value)} where the median of ${others.size()} peers would be ${told(found.expected)}`,
  });
};

/** Each series against the median and the robust deviation of all others in the same bucket, as they are or each in its own usual level. */
export const createPeers = (definition: PeersDefinition, saved: ReadonlyMap<string, unknown>): GroupDetector => {
  const levels = createLevels(definition.levelOver, saved);
  const comparedOf = (fingerprint: string, observation: Observation): Peer | null => {
    const { value } = observation;
    const unit = definition.compare === "VALUES" ? 1 : levels.of(fingerprint);
    const compared = value === null || unit === null ? null : tameValue(value / unit);
    return value === null || unit === null || compared === null
      ? null
      : { fingerprint, observation, value, unit, compared };
  };
  const judgeAll = (peers: readonly Peer[]): ReadonlyMap<string, Finding> => {
    const all = createSortedWindow(peers.length);
    for (const { compared } of peers) all.put(compared);
    return new Map(
      peers.map((peer) => {
        all.take(peer.compared);
        const found = judgePeer(peer, all, definition);
        all.put(peer.compared);
        return [peer.fingerprint, found];
      }),
    );
  };
  return {
    judge: (buckets) => {
      const series = [...buckets].toSorted(([one], [other]) => (one < other ? -1 : 1)).slice(0, MAX_GROUP);
      const peers = series.map(([name, observation]) => comparedOf(name, observation)).filter((peer) => peer !== null);
      const findings = peers.length > definition.minimumPeers ? judgeAll(peers) : new Map<string, Finding>();
      for (const [name, { value }] of series) if (value !== null) levels.learn(name, value);
      const tooFew = unjudged("LEARNING", `fewer than ${definition.minimumPeers} peers can be compared with`);
      return new Map(
        [...buckets].map(([name, { value }]) => [
          name,
          value === null ? NOTHING_MEASURED : (findings.get(name) ?? tooFew),
        ]),
      );
    },
    save: levels.save,
  };
};

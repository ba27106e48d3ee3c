import { z } from "zod";
import type { Finding, Observation, Weighed } from "./detector.ts";
import type { PeersDefinition } from "./detector-definition.ts";
import { judgeAround, MAX_WEIGHED, NOTHING_MEASURED, spreadOf, tameValue, told, unjudged } from "./finding.ts";
import { MAX_GROUP, type GroupDetector } from "./group-detector.ts";
import { leaveOut, type LeftOut } from "./left-out.ts";
import { readKept } from "./packed.ts";

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

/** What the others share: the bucket itself has half of all weight. */
const OF_OTHERS = 0.5;

/** The bucket itself, and the peers that make the median and the deviation; all alike where none of them does alone. */
const weighedOf = (peer: Peer, sorted: readonly Peer[], { makers }: LeftOut): readonly Weighed[] => {
  const { atMs } = peer.observation;
  const own = { atMs, share: 1 - OF_OTHERS };
  if (makers === null) {
    const others = sorted.slice(0, MAX_WEIGHED).filter((one) => one !== peer);
    const share = OF_OTHERS / (sorted.length - 1);
    return [own, ...others.slice(0, MAX_WEIGHED - 1).map(({ fingerprint }) => ({ atMs, share, series: fingerprint }))];
  }
  const shares = new Map<string, number>();
  for (const place of makers) {
    const { fingerprint } = sorted[place] ?? peer;
    shares.set(fingerprint, (shares.get(fingerprint) ?? 0) + OF_OTHERS / makers.length);
  }
  const others = [...shares].toSorted(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
  return [own, ...others.map(([series, share]) => ({ atMs, share, series }))];
};

const judgePeer = (
  peer: Peer,
  { sorted, others }: { readonly sorted: readonly Peer[]; readonly others: LeftOut },
  definition: PeersDefinition,
): Finding => {
  const { centre, spread } = others;
  const within = definition.threshold * spreadOf(Math.max(spread, definition.minimumDeviation / peer.unit), centre);
  const found = { expected: centre * peer.unit, within: within * peer.unit };
  return judgeAround(peer.observation, peer.value, found, {
    sides: definition.sides,
    weighed: weighedOf(peer, sorted, others),
    because: `${told(peer.value)} where the median of ${sorted.length - 1} peers would be ${told(found.expected)}`,
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
    const sorted = peers.toSorted(
      (one, other) => one.compared - other.compared || (one.fingerprint < other.fingerprint ? -1 : 1),
    );
    const values = Float64Array.from(sorted, ({ compared }) => compared);
    return new Map(
      sorted.map((peer, place) => [
        peer.fingerprint,
        judgePeer(peer, { sorted, others: leaveOut(values, place) }, definition),
      ]),
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

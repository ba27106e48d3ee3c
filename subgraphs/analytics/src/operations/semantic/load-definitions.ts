import { refuse } from "@tessera/platform/errors/refusal";
import { didYouMean } from "../../domain/did-you-mean.ts";
import { BUILT_IN_METRICS, builtInMetric, type BuiltInMetric } from "../../domain/semantic/built-in-metrics.ts";
import { MAX_METRIC_DEPTH, metricsIn } from "../../domain/semantic/expand-metrics.ts";
import type { Definition, DefinitionUse, Metric, Segment } from "../../domain/semantic/definition.ts";
import type { DefinitionReader, Wanted } from "../../store/semantic/definition-store-types.ts";

/** A name somebody asks for, and where. */
export interface Place extends Wanted {
  readonly kind: "METRIC" | "SEGMENT";
  /** The part of the input that names it. */
  readonly where: string;
  /** Whether an archived one will do without its version: one that others were defined with. */
  readonly evenArchived: boolean;
}

/** Metrics and segments by name, each in one version. */
export interface Loaded {
  readonly metrics: ReadonlyMap<string, Metric | BuiltInMetric>;
  readonly segments: ReadonlyMap<string, Segment>;
}

const WORDS = { METRIC: "metric", SEGMENT: "segment" } as const;

const missing = async (reader: DefinitionReader, { kind, name, version, where }: Place): Promise<Error> => {
  const bad = (detail: string): Error => refuse("BAD_INPUT", detail, { field: where });
  const word = WORDS[kind];
  const [now] = version === null ? [] : await reader.find([{ kind, name, version: null }]);
  if (now !== undefined)
    return bad(`The ${word} \`${name}\` has no version ${version}: its versions are 1 to ${now.latestVersion}.`);
  if (version !== null && kind === "METRIC" && builtInMetric(name) !== null)
    return bad(`The metric \`${name}\` is built in and has no versions: leave \`version\` out.`);
  const names = [...(await reader.names(kind)), ...(kind === "METRIC" ? BUILT_IN_METRICS.map((one) => one.name) : [])];
  return bad(`There is no ${word} \`${name}\`.${didYouMean(name, names)}`);
};

const archived = ({ kind, name, version, where }: Place): Error =>
  refuse(
    "BAD_INPUT",
    `The ${WORDS[kind]} \`${name}\` is archived${version === null ? ": name one of its versions, or define it again" : ""}.`,
    { field: where },
  );

/** What a name means that the tenant has given nothing: a metric that every tenant has, which has no versions. */
const standIn = ({ kind, name, version }: Place): BuiltInMetric | null =>
  kind === "METRIC" && version === null ? builtInMetric(name) : null;

const keyOf = ({ kind, name }: Pick<Wanted, "kind" | "name">): string => `${kind} ${name}`;

/**
 * Loads what is asked for with everything it computes with, level by level. A name counts in one version: the one asked for, else the pinned one,
 * else the one now. Refuses with BAD_INPUT, at the place: unknown names and versions, with the nearest known name; archived ones.
 */
export const loadDefinitions = async (
  reader: DefinitionReader,
  asked: readonly Place[],
  pins: readonly DefinitionUse[] = [],
): Promise<Loaded> => {
  const pinned = new Map(pins.map((pin) => [keyOf(pin), pin.version]));
  const metrics = new Map<string, Metric | BuiltInMetric>();
  const segments = new Map<string, Segment>();
  let wanted = asked.map((place) => ({ ...place, version: place.version ?? pinned.get(keyOf(place)) ?? null }));
  // One level more than there may be, so that what is too deep is told by what looks at it all.
  for (let level = 0; wanted.length > 0 && level <= MAX_METRIC_DEPTH; level += 1) {
    const found = new Map((await reader.find(wanted)).map((one): [string, Definition] => [keyOf(one), one]));
    const next = new Map<string, Place>();
    for (const place of wanted) {
      const own = found.get(keyOf(place)) ?? null;
      const one = own === null || (own.archived && !place.evenArchived) ? (standIn(place) ?? own) : own;
      if (one === null) throw await missing(reader, place);
      if (one.kind === "BUILT_IN") metrics.set(place.name, one);
      const named = one.kind === "BUILT_IN" || one.kind === "METRIC" ? metricsIn(one, place.where) : [];
      for (const name of named)
        next.set(name, { kind: "METRIC", name, version: null, where: place.where, evenArchived: true });
      if (one.kind === "BUILT_IN") continue;
      if (one.archived && place.version === null && !place.evenArchived) throw archived(place);
      if (one.kind === "SEGMENT") segments.set(one.name, one);
      if (one.kind === "METRIC") metrics.set(one.name, one);
    }
    wanted = [...next.values()]
      .filter(({ name }) => !metrics.has(name))
      .map((place) => ({ ...place, version: pinned.get(keyOf(place)) ?? null }));
  }
  return { metrics, segments };
};

/** The versions that were loaded, by kind and name. */
export const usesOf = ({ metrics, segments }: Loaded): readonly DefinitionUse[] =>
  [...metrics.values(), ...segments.values()]
    .filter((one) => one.kind !== "BUILT_IN")
    .map(({ kind, name, version }) => ({ kind, name, version }))
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

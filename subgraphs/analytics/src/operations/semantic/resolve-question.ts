import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { accessIn } from "../../domain/access-in.ts";
import { accessOf } from "../../domain/access.ts";
import type { FilterInput } from "../../domain/filter-input.ts";
import { parseFilter } from "../../domain/filter.ts";
import type { MeasureInput } from "../../domain/measures.ts";
import { MAX_NAMED, type DefinitionRef, type Names } from "../../domain/semantic/asked-question.ts";
import { checkMetric, expandMetrics } from "../../domain/semantic/expand-metrics.ts";
import type { BuiltInMetric } from "../../domain/semantic/built-in-metrics.ts";
import type { DefinitionUse, Metric, Segment } from "../../domain/semantic/definition.ts";
import type { WithMeanings } from "../../domain/semantic/dimension-expression.ts";
import type { DefinitionReader, DefinitionStore } from "../../store/semantic/definition-store-types.ts";
import { requireFewCohorts, resolveCohorts, type InCohortDeps } from "../in-cohort.ts";
import { loadDefinitions, usesOf, type Place } from "./load-definitions.ts";
import { meaningsIn } from "./own-dimensions.ts";

/** The parts of a question in which names stand, or what they stand for. */
interface Nameable extends Names, WithMeanings {
  readonly measures?: readonly MeasureInput[];
  readonly filter?: FilterInput | null | undefined;
}

/** A question in which no name is left, and the versions that the names stood for. */
export interface Resolved<Input extends Nameable> {
  readonly input: Omit<Input, "metrics" | "segments" | "measures"> & { readonly measures: readonly MeasureInput[] };
  readonly definitions: readonly DefinitionUse[];
  /** Ids of what the question itself names. */
  readonly namedIds: readonly string[];
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const placesOf = (kind: Place["kind"], refs: readonly DefinitionRef[], where: string): readonly Place[] => {
  if (refs.length > MAX_NAMED)
    throw bad(where, `At most ${MAX_NAMED} can be named: ask about the others in another question.`);
  const names = refs.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw bad(where, `\`${twice}\` is named twice.`);
  return refs.map(({ name, version }, index) => ({
    ...{ kind, name, version: version ?? null, where: `${where}.${index}`, evenArchived: false },
  }));
};

const filtersOf = (
  own: FilterInput | null | undefined,
  theirs: readonly FilterInput[],
): FilterInput | null | undefined => {
  if (theirs.length === 0) return own;
  const all = [...(own === null || own === undefined ? [] : [own]), ...theirs];
  return all.length === 1 ? all[0] : { and: all };
};

/** Id of a metric that the tenant has defined. */
export const idOf = (metric: Metric | BuiltInMetric | undefined): string | undefined =>
  metric === undefined || metric.kind === "BUILT_IN" ? undefined : metric.id;

/** Finds the people of the cohorts that a part of a question names; the part stands at a place of the question. */
type FindPeople = <Part>(part: Part, where: string) => Promise<Part>;
const asWritten: FindPeople = (part) => Promise.resolve(part);

interface Resolving {
  readonly withPeople?: FindPeople;
  /** What else names dimensions that go into the answer. */
  readonly beside?: unknown;
}

/**
 * Puts what a tenant's metrics and segments stand for in their place: metrics become measures before the question's own, segments join its filter. What the
 * dimensions mean that any of them names stands beside the question.
 * Each is validated where it was named. Refuses with BAD_INPUT, or FORBIDDEN for personal data the caller may not see.
 */
export const resolveWith = async <Input extends Nameable>(
  reader: DefinitionReader,
  caller: Caller,
  input: Input,
  pins: readonly DefinitionUse[] = [],
  where = "input",
  { withPeople = asWritten, beside = null }: Resolving = {},
): Promise<Resolved<Input>> => {
  const { metrics: metricRefs = [], segments: segmentRefs = [], measures = [], ...rest } = input;
  const metrics = placesOf("METRIC", metricRefs, `${where}.metrics`);
  const segments = placesOf("SEGMENT", segmentRefs, `${where}.segments`);
  const loaded = await loadDefinitions(reader, [...metrics, ...segments], pins);
  const contents = [...loaded.metrics.values(), ...loaded.segments.values()].map(({ content }) => content);
  const { meanings, uses, ids } = await meaningsIn(reader, [input, contents, beside], pins);
  const access = accessIn(accessOf(caller), { meanings });
  for (const place of metrics) checkMetric(place.name, loaded.metrics, place.where, access);
  const filters: FilterInput[] = [];
  for (const place of segments) {
    const own = loaded.segments.get(place.name)?.content.filter;
    parseFilter(own, place.where, access);
    if (own !== undefined) filters.push(await withPeople(own, place.where));
  }
  const names = metrics.map(({ name }) => name);
  const filter = filtersOf(input.filter, filters);
  const expanded = expandMetrics(names, loaded.metrics, `${where}.metrics`);
  return {
    input: {
      ...rest,
      measures: [...(await withPeople(expanded, `${where}.metrics`)), ...measures],
      ...(filter === undefined ? {} : { filter }),
      ...(meanings.found.length + meanings.unknown.length === 0 ? {} : { meanings }),
    },
    definitions: [...usesOf(loaded), ...uses],
    namedIds: [
      ...ids,
      ...metrics.flatMap(({ name }) => idOf(loaded.metrics.get(name)) ?? []),
      ...segments.flatMap(({ name }) => loaded.segments.get(name)?.id ?? []),
    ],
  };
};

/** Segments by what names them at `where`, in that order; refuses with BAD_INPUT unknown and archived ones, too many, and one named twice. */
export const segmentsOf = async (
  reader: DefinitionReader,
  refs: readonly DefinitionRef[],
  where: string,
): Promise<readonly Segment[]> => {
  const places = placesOf("SEGMENT", refs, where);
  const { segments } = await loadDefinitions(reader, places);
  return places.flatMap(({ name }) => segments.get(name) ?? []);
};

/** What resolving questions needs. */
export interface ResolveDeps extends InCohortDeps {
  readonly definitions: Pick<DefinitionStore, "reader">;
}

/**
 * {@link resolveWith} for the caller's tenant, as its definitions are now or were pinned, with the people of the cohorts that its own filters, which
 * stand at `ownWhere`, and those of what it names name: at most as many in all as one question may.
 */
export const resolveQuestion = async <Input extends Nameable>(
  deps: ResolveDeps,
  caller: Caller,
  input: Input,
  where = "input",
  {
    pins = [],
    ownWhere = where,
    beside,
  }: { readonly pins?: readonly DefinitionUse[]; readonly ownWhere?: string; readonly beside?: unknown } = {},
): Promise<Resolved<Input>> => {
  const found = await resolveCohorts(deps, caller, input, ownWhere);
  const reader = deps.definitions.reader(caller.tenantId);
  const withPeople: FindPeople = (part, place) => resolveCohorts(deps, caller, part, place);
  const resolved = await resolveWith(reader, caller, found, pins, where, { withPeople, beside });
  requireFewCohorts(resolved.input, where);
  deps.noteUses?.({ definitions: resolved.definitions });
  return resolved;
};

/** Asks a question that may name metrics and segments; the answer tells by which versions it was computed. */
export const withDefinitions =
  <Input extends Nameable, Answer>(
    deps: ResolveDeps,
    ask: (caller: Caller, input: Resolved<Input>["input"], signal?: AbortSignal) => Promise<Answer>,
  ) =>
  async (
    caller: Caller,
    asked: Input,
    signal?: AbortSignal,
  ): Promise<Answer & { readonly definitions: readonly DefinitionUse[] }> => {
    const { input, definitions } = await resolveQuestion(deps, caller, asked);
    return { ...(await ask(caller, input, signal)), definitions };
  };

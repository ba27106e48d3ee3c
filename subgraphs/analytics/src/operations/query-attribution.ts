import { setImmediate as nextTurn } from "node:timers/promises";
import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { maskedColumns } from "@tessera/platform/store/data-policy";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../domain/access.ts";
import {
  modelAnswer,
  toldRoles,
  topPaths,
  type AttributionAnswer,
  type Breakdown,
  type CreditIntervals,
} from "../domain/attribution/answer.ts";
import { attribute, placeModels, type Attributed, type PlacedModel } from "../domain/attribution/attribute.ts";
import { percentileInterval, resample } from "../domain/attribution/bootstrap.ts";
import type { DirectLabels } from "../domain/attribution/model.ts";
import { toPathSet } from "../domain/attribution/path-set.ts";
import { exactSum, type PathSet } from "../domain/attribution/paths.ts";
import {
  fieldsOfAttribution,
  parseAttribution,
  type AttributionInput,
  type AttributionQuestion,
  type Bootstrap,
} from "../domain/attribution/question.ts";
import { seededRandom } from "../domain/attribution/random.ts";
import { approximationOf, COSTLY_EVENT, estimated, type Part } from "../domain/asked-part.ts";
import { samplingErrors, scaledBreakdown } from "../domain/attribution/sampled-credits.ts";
import { behaviourSource, type BehaviourSource } from "../domain/behaviour-source.ts";
import type { Approximation } from "../domain/planner.ts";
import { sampledUnits, slicesOf, type UnitSlice } from "../domain/funnel/unit-slice.ts";
import type { LookedAtRows } from "../store/rows-estimate.ts";
import { provenanceOf } from "../domain/provenance.ts";
import { fromPart } from "./asked-part.ts";
import type { AttributionStore } from "../store/attribution-store.ts";
import { createPathSum, type StoredPath } from "../domain/attribution/stored-path.ts";
import { askedEffort, EASY_EVENTS, refuseBeyond, type Effort, type TooMany } from "./effort.ts";
import { readSlices } from "./read-slices.ts";

/** Steps of work one answer's intervals may take: touchpoints of all paths, times what a model does with each, times the samples. */
const MAX_BOOTSTRAP_WORK = 200_000_000;

/** Work of a model on one set of paths, roughly: a chain's system grows with the cube of its states, a sampled value with its orders. */
const workOf = (paths: PathSet, { model, attributed }: PlacedModel & { readonly attributed: Attributed }): number => {
  const { chain, permutations } = attributed;
  const touches = paths.groups.reduce((sum, { steps }) => sum + steps.length, 0);
  if (model.kind === "SHAPLEY" && model.game === "RATE")
    return permutations === null ? touches + paths.labels.length * 2 ** paths.labels.length : touches * permutations;
  return touches + (chain === null ? 0 : chain.states ** 3);
};

const refuseTooMuch = (work: number, { samples }: Bootstrap): void => {
  if (work * samples <= MAX_BOOTSTRAP_WORK) return;
  const possible = Math.floor(MAX_BOOTSTRAP_WORK / work);
  throw refuse(
    "QUERY_TOO_COSTLY",
    `Intervals of so many paths and models would take too long: ask for at most ${possible} samples, fewer models, a lower order or fewer channels.`,
    { field: "input.bootstrap.samples" },
  );
};

/** Intervals of every model's credits; gives way to others between samples, and stops when nobody waits any more. */
const intervalsOf = async (
  paths: PathSet,
  placed: readonly PlacedModel[],
  direct: DirectLabels,
  { samples, level, seed }: Bootstrap,
  signal: AbortSignal | undefined,
): Promise<readonly CreditIntervals[]> => {
  const random = seededRandom(seed);
  const perLabel = () => paths.labels.map(() => new Float64Array(samples));
  const draws = placed.map(() => ({ conversions: perLabel(), value: perLabel() }));
  for (let sample = 0; sample < samples; sample += 1) {
    signal?.throwIfAborted();
    const drawn = resample(paths, random);
    placed.forEach((model, place) => {
      const { credits } = attribute(drawn, model, direct);
      paths.labels.forEach((_label, label) => {
        draws[place]?.conversions[label]?.fill(credits.conversions[label] ?? 0, sample, sample + 1);
        draws[place]?.value[label]?.fill(credits.value[label] ?? 0, sample, sample + 1);
      });
    });
    await nextTurn();
  }
  return draws.map(({ conversions, value }) => ({
    conversions: conversions.map((numbers) => percentileInterval(numbers, level)),
    value: value.map((numbers) => percentileInterval(numbers, level)),
  }));
};

const breakdownOf = async (
  question: AttributionQuestion,
  dimension: string,
  { stored, part }: { readonly stored: readonly StoredPath[]; readonly part: Part },
  signal: AbortSignal | undefined,
): Promise<Breakdown> => {
  const paths = toPathSet(stored.filter(({ steps }) => steps.length > 0));
  const direct = new Set(
    paths.labels.flatMap((label, place) => (question.directLabels.includes(label) ? [place] : [])),
  );
  const placed = placeModels(question.models);
  const found = placed.map((model) => ({ ...model, attributed: attribute(paths, model, direct) }));
  const { bootstrap } = question;
  if (bootstrap !== null) refuseTooMuch(exactSum(found.map((one) => workOf(paths, one))), bootstrap);
  const intervals = bootstrap === null ? null : await intervalsOf(paths, placed, direct, bootstrap, signal);
  const errors = question.models.map((model) => {
    const known = samplingErrors(part, paths.labels, stored, model, direct);
    return known === null ? null : new Map(paths.labels.map((label, place) => [label, known[place] ?? 0]));
  });
  const told: Breakdown = {
    dimension,
    models: found.map(({ model, attributed }, place) =>
      modelAnswer(question, dimension, paths, { model, attributed, intervals: intervals?.[place] ?? null }),
    ),
    roles: toldRoles(paths),
    paths: topPaths(paths, question.topPaths),
    pathCount: paths.groups.length,
  };
  return scaledBreakdown(told, part, errors);
};

/** Whether visitors count as whom they turned out to be: masked ids name nobody, so that a caller from whom they are kept sees persons as the store keeps them, unstitched. */
export const isStitched = (question: AttributionQuestion, caller: Pick<Caller, "dataPolicy">): boolean =>
  question.stitched && !maskedColumns(caller.dataPolicy).some((column) => ["user_id", "anonymous_id"].includes(column));

/** Touchpoints are read from a lookback before the range on. */
export const readRange = ({ range, lookbackMs }: AttributionQuestion) => ({
  fromMs: range.fromMs - lookbackMs,
  toMs: range.toMs,
});

const factsOf = (
  question: AttributionQuestion,
  sources: readonly BehaviourSource[],
  stitched: boolean,
  approximations: readonly Approximation[],
) => {
  const range = readRange(question);
  const tables = [...new Set([...sources.map(({ table }) => table), ...(stitched ? ["events" as const] : [])])];
  const rejected = new Map(sources.flatMap((source) => source.rejected).map((one) => [one.reason, one]));
  return {
    parts: tables.map((table) => ({ table, ...range })),
    rejected: [...rejected.values()],
    approximations,
  };
};

const totalsOf = (stored: readonly StoredPath[], part: Part) => {
  const sum = (read: (path: StoredPath) => number, some = stored): number => estimated(part, exactSum(some.map(read)));
  const worth = (some: readonly StoredPath[]): number => exactSum(some.map(({ value }) => value)) / part.fraction;
  const touched = stored.filter(({ steps }) => steps.length > 0);
  return {
    conversions: sum(({ conversions }) => conversions),
    value: worth(stored),
    attributedConversions: sum(({ conversions }) => conversions, touched),
    attributedValue: worth(touched),
    nonConvertingJourneys: sum(({ losses }) => losses),
    cutJourneys: sum(({ cutJourneys }) => cutJourneys),
    excludedPersons: sum(({ excluded }) => excluded),
  };
};

/** What answering `attribution` needs. */
export interface AttributionDeps {
  readonly attribution: AttributionStore;
  readonly nowMs: NowMs;
  /** How much may be looked at; what is when somebody waits for the answer unless it says another. */
  readonly effort?: Effort;
}

/** Events that a slice is meant to hold: the store puts them together in memory, which it does for some millions in a second. */
const SLICE_EVENTS = 1_000_000;
/** The same where the units' events do not stand together, so that each slice is looked for among all of them. */
const SCATTERED_EVENTS = 4_000_000;

const TOO_MANY: Omit<TooMany, "fast"> = {
  what: "Journeys would be made of",
  narrower: "take a shorter range or lookback",
  sample: null,
};

interface Reading {
  readonly caller: Caller;
  readonly question: AttributionQuestion;
  readonly sources: readonly BehaviourSource[];
  readonly stitched: boolean;
  readonly looked: LookedAtRows;
  readonly signal: AbortSignal | undefined;
}

/** The slices that an answer from all units is read in: few events, and a part of the persons, are read at once. */
const slicesToRead = async (
  { attribution }: AttributionDeps,
  effort: Effort,
  { caller, question, sources, stitched, looked, signal }: Reading,
): Promise<{ readonly events: number; readonly slices: readonly (UnitSlice | null)[] }> => {
  const rows = await attribution.estimate(caller, looked, signal);
  const fast = question.unit.kind === "PERSON";
  refuseBeyond(effort, rows, { ...TOO_MANY, fast });
  if (rows <= (effort.sliceEvents ?? EASY_EVENTS)) return { events: rows, slices: [null] };
  const together = fast && !stitched && sources.every(({ table }) => table === "events_by_person");
  const size = effort.sliceEvents ?? (together ? SLICE_EVENTS : SCATTERED_EVENTS);
  return { events: rows, slices: slicesOf(sampledUnits({ sample: 1 }), rows, size) };
};

/** Reads the paths of each dimension, slice by slice, and puts those of the same steps together. */
const readPaths = async (deps: AttributionDeps, reading: Reading, { slice: drawn, fraction }: Part) => {
  const { caller, question, sources, stitched, signal } = reading;
  const effort = deps.effort ?? askedEffort(deps.nowMs);
  const { events, slices } =
    fraction === 1 ? await slicesToRead(deps, effort, reading) : { events: 0, slices: [drawn] };
  const fast = question.unit.kind === "PERSON";
  const pace = effort.begin(events, slices.length * question.dimensions.length, { ...TOO_MANY, fast });
  return Promise.all(
    question.dimensions.map(async ({ of }, place) => {
      const table = sources[place]?.table ?? "events";
      const sum = createPathSum();
      const costs = await readSlices(
        slices,
        async (slice) => {
          const request = { question, of, table, stitched, slice };
          const { paths, cost } = await effort.ask(() => deps.attribution.paths(caller, request, signal));
          return { paths, statistics: cost };
        },
        ({ paths }) => Promise.resolve(sum.add(paths)),
        pace,
      );
      return { paths: sum.paths(), costs };
    }),
  );
};

/** Answers `attribution`: validates, reads distinct paths for each dimension, and gives credit by every model over the same paths. */
export const queryAttribution =
  (deps: AttributionDeps) =>
  async (caller: Caller, input: AttributionInput, signal?: AbortSignal): Promise<AttributionAnswer> => {
    const question = parseAttribution(input, accessOf(caller));
    const stitched = isStitched(question, caller);
    const sources = question.dimensions.map(({ of }) =>
      behaviourSource(fieldsOfAttribution(question, of), caller.dataPolicy),
    );
    const asOfMs = deps.nowMs();
    const looked = {
      table: sources[0]?.table ?? "events",
      range: readRange(question),
      matchers: [question.conversion, ...question.touchpoints],
    } as const;
    const asking = { caller, asked: question.asked, looked, eventCost: COSTLY_EVENT * sources.length, signal };
    const reading = { caller, question, sources, stitched, looked, signal };
    const drawn = await fromPart(deps.attribution, asking, (one) => readPaths(deps, reading, one));
    const { answer: read, part, sampling } = drawn;
    const breakdowns: Breakdown[] = [];
    for (const [place, { name }] of question.dimensions.entries())
      breakdowns.push(await breakdownOf(question, name, { stored: read[place]?.paths ?? [], part }, signal));
    const costs = [...read.flatMap((one) => one.costs), ...drawn.costs];
    const all = read[0]?.paths ?? [];
    const approximations = approximationOf(
      part,
      "conversions",
      exactSum(all.map(({ conversions }) => conversions)),
      exactSum(all.map(({ squares }) => squares)),
    );
    return {
      ...totalsOf(all, part),
      identity: stitched ? "STITCHED" : "PERSON",
      breakdowns,
      provenance: provenanceOf(
        factsOf(question, sources, stitched, approximations),
        ...([costs, asOfMs, "UTC", caller.dataPolicy, sampling] as const),
      ),
    };
  };

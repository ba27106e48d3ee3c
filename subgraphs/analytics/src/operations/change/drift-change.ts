import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import { behaviourSource } from "../../domain/behaviour-source.ts";
import type { DriftNumber } from "../../domain/change/reading.ts";
import type { Quantity } from "../../domain/change/slice-measure.ts";
import { fieldsOfMatcher } from "../../domain/event-matcher.ts";
import { DRIFT_LIMITS, parseDrift, type DriftInput, type DriftQuestion } from "../../domain/quality/drift.ts";
import { driftScores, type DriftScores } from "../../domain/quality/drift-scores.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { resolveNames } from "../in-cohort.ts";
import { readDrift, toldDriftBins, type QualityDeps, type ReadDrift } from "../quality/query-quality.ts";
import { refuseTooManyEvents } from "../too-many-events.ts";
import {
  rangeOf,
  typed,
  type BehaviourChange,
  type BehaviourChangeDeps,
  type BehaviourToExplain,
} from "./behaviour-change.ts";
import { unitChange, type UnitChangeDeps } from "./unit-change.ts";

/** What explaining drift needs. */
export type DriftChangeDeps = BehaviourChangeDeps & UnitChangeDeps & Pick<QualityDeps, "quality">;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** The number that is explained: the distance and the chance of a drift follow from the same bins as its index, which is what adds up over slices. */
const numberOf = (name: string): DriftNumber => (name === "samples" ? "samples" : "psi");

/** Bins of the span that is explained, and what a value of each adds. */
interface ScoredBins {
  readonly read: ReadDrift;
  readonly scores: DriftScores;
}

const readScores = async (
  { quality }: DriftChangeDeps,
  caller: BehaviourToExplain["caller"],
  question: DriftQuestion,
): Promise<ScoredBins> => {
  const read = await readDrift(quality, caller, question);
  if (!read.enough)
    throw bad(
      "input.from",
      `The span or its reference has fewer than ${question.minSamples} values, so that they are not compared: take a longer span, or a smaller \`minSamples\`.`,
    );
  return { read, scores: driftScores(read.bins) };
};

/** Scores by the numbers of bins: everything else, which is laid out last, is bin 0. */
const byNumber = ({ each }: DriftScores): readonly number[] => [each.at(-1) ?? 0, ...each.slice(0, -1)];

const withHalves = (whole: Quantity, { halves: { sum, count } }: DriftScores): Quantity => ({
  ...{ ...whole, value: whole.value + sum, base: (whole.base ?? 0) + count },
});

/**
 * A number of `drift`. `psi` is a mean over the values of the span: each adds what its bin adds, by the logarithm of what the bin's share is beside the reference's, so that a slice's mean tells how far its values moved the
 * distribution. Other spans are read by the same scores.
 */
export const driftChange = async (
  deps: DriftChangeDeps,
  { caller, input, value, timeZone, span, held }: BehaviourToExplain,
): Promise<BehaviourChange> => {
  refuseUnusedParts(value, null);
  const name = numberOf(chooseName(value, VALUE_NAMES.DRIFT, "psi"));
  const bare = await resolveNames(deps, caller, { ...typed<DriftInput>(input), timeZone });
  const parse = (one: typeof span): DriftQuestion => parseDrift({ ...bare, range: rangeOf(one) }, accessOf(caller));
  const question = parse(span);
  const fields = [question.field, ...fieldsOfMatcher(question.event)];
  const { table } = behaviourSource(fields, caller.dataPolicy);
  let known: Promise<ScoredBins> | null = null;
  const scored = (): Promise<ScoredBins> => (known ??= readScores(deps, caller, question));
  const change = unitChange(deps, {
    ...{ caller, name, timeZone, held, span, impact: "EVENTS", adds: name === "psi" ? "RATIO" : "SUM" },
    units: async (reach, signal) => {
      const { read, scores } = await scored();
      const size = await deps.quality.size(caller, question.event, { table, reach }, signal);
      refuseTooManyEvents(
        size.rows[0] ?? 0,
        DRIFT_LIMITS.events,
        "a shorter span, or an `event` that fewer events are",
      );
      const { unmoved } = scores;
      const reading = {
        ...({ kind: "VALUES", number: name, question, cuts: read.cuts } as const),
        ...{ scores: byNumber(scores), unmoved },
      };
      const costs = [...(reach === span ? read.costs : []), size.statistics];
      return {
        ...{ reading, fields, reach, entries: reach, periods: 1, costs },
        beside: reach === span ? [question.reference] : [],
      };
    },
  });
  return {
    ...change,
    bins: async () => toldDriftBins((await scored()).read),
    read: async (asked) => {
      const read = await change.read(asked);
      if (name !== "psi" || asked.conditions.length > 0) return read;
      return { ...read, whole: withHalves(read.whole, (await scored()).scores) };
    },
  };
};

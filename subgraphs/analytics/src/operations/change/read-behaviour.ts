import { eachOf } from "@tessera/platform/runtime/each-of";
import type { SliceCondition } from "../../domain/change/slice-filter.ts";
import type { Quantity, Values } from "../../domain/change/slice-measure.ts";
import { stepsOfChange, type ChangeStep } from "../../domain/change/step-effects.ts";
import type { Provenance } from "../../domain/provenance.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import type { BehaviourChange, BehaviourRead } from "./behaviour-change.ts";
import { breakdownOf, wholeOf, type ReadChange } from "./take-apart.ts";

/** Spans of one explanation whose units are read at a time: each is a pass over the events of all steps. */
const AT_ONCE = 2;

/** What reading behaviour is told of. */
interface Reading {
  readonly span: TimeRange;
  /** Dimensions that are searched: the first reading of a span tells of all of them. */
  readonly searched: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/** Reads a number of behaviour and takes it apart: a span is read once for each set of conditions, for all dimensions together. */
export const readBehaviour = (
  change: BehaviourChange,
  { span, searched, signal }: Reading,
  provenances: Provenance[],
): ReadChange => {
  const known = new Map<string, Promise<BehaviourRead>>();
  const readOnce = (one: TimeRange, conditions: readonly SliceCondition[], dimensions: readonly string[]) => {
    const key = JSON.stringify([one, conditions, dimensions]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const asked = { span: one, conditions: [...change.held, ...conditions], dimensions, signal };
    const reading = change.read(asked).then((read) => {
      provenances.push(read.provenance);
      return read;
    });
    known.set(key, reading);
    return reading;
  };
  const reads = (spans: readonly TimeRange[], conditions: readonly SliceCondition[], dimensions: readonly string[]) =>
    eachOf(spans, AT_ONCE, (one) => readOnce(one, conditions, dimensions));
  return {
    scale: 1,
    whole: async (spans): Promise<readonly Quantity[]> => (await reads(spans, [], searched)).map(({ whole }) => whole),
    apart: (before) => async (conditions, dimensions) => {
      const all = await reads([span, ...before], conditions, dimensions);
      const valuesAt = (index: number): readonly Values[] =>
        all.map(({ values }) => values[index] ?? { values: new Map(), cut: true });
      return {
        whole: wholeOf(all),
        breakdowns: dimensions.map((dimension, index) =>
          breakdownOf(dimension, valuesAt(index), all[0]?.whole.base ?? null),
        ),
      };
    },
    steps: async (before): Promise<readonly ChangeStep[]> => {
      if (change.way === null) return [];
      const [actual, ...usual] = await reads([span, ...before], [], searched);
      const reached = usual.map((read) => read.reached);
      return stepsOfChange(change.way, actual?.reached ?? [], reached);
    },
  };
};

import type { CorrelationComparison, CorrelationCondition, CorrelationPattern } from "./rule.ts";
import type { Sighting, Value } from "./sighting.ts";

/** An event that a run remembers. */
export type Bound = Pick<Sighting, "id" | "timeMs" | "sequence" | "values">;

/** A beginning and what was found for it so far: an event by part, null where there is none yet. */
export interface Run {
  readonly start: Bound;
  readonly bound: readonly (Bound | null)[];
}

const compare: Readonly<Record<CorrelationComparison, (left: number | string, right: number | string) => boolean>> = {
  EQ: (left, right) => left === right,
  NE: (left, right) => left !== right,
  GT: (left, right) => left > right,
  GTE: (left, right) => left >= right,
  LT: (left, right) => left < right,
  LTE: (left, right) => left <= right,
};

/** Whether a comparison holds between two values; never when one is missing. */
export const compares = (
  { comparison, times }: Pick<CorrelationCondition, "comparison" | "times">,
  left: Value | undefined,
  right: Value | undefined,
): boolean => {
  if (left === null || left === undefined || right === null || right === undefined) return false;
  return compare[comparison](left, typeof right === "number" ? times * right : right);
};

/** What of a pattern is looked up at every event, worked out once. */
export interface CompiledPattern {
  readonly pattern: CorrelationPattern;
  readonly ordered: boolean;
  /** Places of the parts that are not absent, in order. */
  readonly positives: readonly number[];
  /** By place among the positives: the absent parts between it and the next one. */
  readonly gaps: readonly (readonly number[])[];
  /** By part: the conditions it is in. */
  readonly conditionsOf: readonly (readonly CorrelationCondition[])[];
  /** By part: true when an earlier event for it makes every later one needless. */
  readonly settled: readonly boolean[];
}

/** Compiles a pattern. */
export const compilePattern = (pattern: CorrelationPattern): CompiledPattern => {
  const { kind, parts, conditions } = pattern;
  const ordered = kind === "SEQUENCE" || kind === "ABSENCE";
  const places = parts.map((_part, index) => index);
  const positives = places.filter((index) => parts[index]?.absent === false);
  const gaps = positives.map((place, index) => {
    const next = positives[index + 1] ?? parts.length;
    return places.filter((other) => other > place && other < next);
  });
  const conditionsOf = places.map((part) =>
    conditions.filter(({ left, right }) => left.part === part || right.part === part),
  );
  const settled = places.map((part) => {
    const others = (conditionsOf[part] ?? []).map(({ left, right }) => (left.part === part ? right.part : left.part));
    if (!ordered) return others.every((other) => other === part);
    return others.every((other) => other <= part) && parts[part + 1]?.absent !== true;
  });
  return { pattern, ordered, positives, gaps, conditionsOf, settled };
};

/** Whether an event may stand for a part of a run: every condition that can be decided now holds. */
export const mayStand = (
  { conditionsOf }: CompiledPattern,
  part: number,
  event: Bound,
  bound: Run["bound"],
): boolean => {
  const conditions = conditionsOf[part];
  if (conditions === undefined || conditions.length === 0) return true;
  return conditions.every((condition) => {
    const { left, right } = condition;
    const one = left.part === part ? event : bound[left.part];
    const other = right.part === part ? event : bound[right.part];
    if (!one || !other) return true;
    return compares(condition, one.values[left.operand], other.values[right.operand]);
  });
};

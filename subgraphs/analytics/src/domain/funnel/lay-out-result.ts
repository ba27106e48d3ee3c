import { CONFIDENCE_OF_INTERVALS } from "../statistics.ts";
import { wilsonInterval } from "../wilson.ts";
import type { FunnelResult, FunnelStepResult, FunnelTimes } from "./funnel-answer.ts";
import { requiredSteps, type Funnel } from "./funnel.ts";
import { timeBins } from "./histogram.ts";
import { createNumberList, type NumberList } from "./number-list.ts";
import type { Counts } from "./tally.ts";

/** An estimate for all units from a count of a sample. */
export const scaled = ({ sample }: Pick<Funnel, "sample">, count: number): number =>
  sample === 1 ? count : Math.round(count / sample);

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

const timesOf = (funnel: Funnel, list: NumberList): FunnelTimes => {
  const { quantiles, sum, bins } = list.told(funnel.levels);
  return {
    count: scaled(funnel, list.length),
    meanSeconds: list.length === 0 ? null : sum / list.length / 1_000,
    quantilesSeconds: quantiles.map((time) => (time === null ? null : time / 1_000)),
    histogram: timeBins(bins, (count) => scaled(funnel, count)),
  };
};

const stepOf = (funnel: Funnel, counts: Counts, index: number): FunnelStepResult => {
  const required = requiredSteps(funnel);
  const optional = funnel.steps[index]?.optional ?? false;
  const at = (step: number | undefined): number => counts.reached[step ?? -1] ?? 0;
  const entered = at(0);
  const previous = required.findLast((step) => step < index);
  const next = required.find((step) => step > index);
  const list = counts.times[index];
  return {
    number: index + 1,
    label: funnel.steps[index]?.label ?? "",
    optional,
    reached: scaled(funnel, at(index)),
    droppedOff: optional || next === undefined ? null : scaled(funnel, at(index) - at(next)),
    fromPrevious: previous === undefined ? null : ratio(at(index), at(previous)),
    fromFirst: ratio(at(index), entered),
    fromFirstInterval: wilsonInterval(at(index), entered, CONFIDENCE_OF_INTERVALS),
    timeFromPrevious: previous === undefined || list === undefined ? null : timesOf(funnel, list),
  };
};

/** Lays the counts of a set of units out as a funnel's outcome; shares and intervals are of the counts themselves, numbers of units scaled up from a sample. */
export const layOutResult = (funnel: Funnel, counts: Counts): FunnelResult => {
  const entered = counts.reached[0] ?? 0;
  const converted = counts.reached.at(-1) ?? 0;
  return {
    steps: funnel.steps.map((_step, index) => stepOf(funnel, counts, index)),
    entered: scaled(funnel, entered),
    converted: scaled(funnel, converted),
    conversion: ratio(converted, entered),
    conversionInterval: wilsonInterval(converted, entered, CONFIDENCE_OF_INTERVALS),
    timeToConvert: timesOf(funnel, counts.total),
  };
};

const joined = (lists: readonly (NumberList | undefined)[]): NumberList => {
  const all = createNumberList();
  for (const list of lists) if (list !== undefined) all.addAll(list);
  return all;
};

/** The counts of several sets of units together. */
export const addCounts = (sets: readonly Counts[], steps: number): Counts => {
  const indexes = Array.from({ length: steps }, (_, index) => index);
  return {
    reached: indexes.map((index) => sets.reduce((sum, { reached }) => sum + (reached[index] ?? 0), 0)),
    times: indexes.map((index) => joined(sets.map(({ times }) => times[index]))),
    total: joined(sets.map(({ total }) => total)),
  };
};

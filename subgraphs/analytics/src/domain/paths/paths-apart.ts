import type { BehindUnit } from "../funnel/funnel-cell.ts";
import { FUNNEL_LIMITS } from "../funnel/funnel.ts";
import { createUnitList, unitText, type Listed } from "../funnel/unit-list.ts";
import { nodesOf, type LabelNames } from "./lay-out-flows.ts";
import { listedStep, type KeptPaths, type KeptPlaces } from "./path-tally.ts";
import { isBackward, type PathsQuestion } from "./paths.ts";
import type { StepValues, ValuesOfField } from "./step-values.ts";
import type { PathsApart, PathsToldApart, StepsByValue } from "./told-apart.ts";

/** A step that is looked at: where its values and its place are, and whether it counts. */
interface Looked {
  readonly of: "STEPS" | "UNREACHED";
  readonly index: number;
  readonly counts: boolean;
  readonly at: Listed;
}

/** A path, by where its steps begin and end among all. */
interface PathSpan {
  readonly path: number;
  readonly from: number;
  readonly to: number;
}

type Told = KeptPaths & { readonly places: KeptPlaces; readonly values: StepValues };

/** Which steps of a path are looked at for a number of a label, and which of these count. */
const atLabel = (
  question: PathsQuestion,
  { from: source, to: target, number }: PathsApart,
  kept: Told,
  names: LabelNames,
) => {
  const nodes = nodesOf(question, kept, names);
  const isAt = ({ from, to }: PathSpan, index: number, label: string | null): boolean => {
    if (index < from || index >= to) return false;
    const node = nodes.all[nodes.at[index - from]?.get(kept.steps[index] ?? -1) ?? -1];
    return node !== undefined && label !== null && node.label === label;
  };
  // Followed back, what comes later in time was told before.
  const onward = isBackward(question) ? -1 : 1;
  const counts = (one: PathSpan, index: number): boolean =>
    number === "dropOffs" || number === "dropOffShare"
      ? index === one.to - 1 && kept.goesOn[one.path] === 0
      : isAt(one, index + onward, target);
  return (one: PathSpan, take: (looked: Looked) => void): void => {
    for (let index = one.from; index < one.to; index += 1)
      if (isAt(one, index, source))
        take({ of: "STEPS", index, counts: counts(one, index), at: listedStep(kept.places, one.path, index) });
  };
};

/** Whether a path is of the unit that the one before it is of: those of a unit come one after the other. */
const goesOnWithUnit = ({ places: { low, high } }: Told, path: number): boolean =>
  path > 0 && low[path] === low[path - 1] && high[path] === high[path - 1];

/** Whether a path counts by the step it is anchored at; null: it is not looked at. */
const anchorCounts = (number: PathsApart["number"], kept: Told, path: number): boolean | null => {
  switch (number) {
    case "converted":
    case "conversionRate":
      return kept.converted[path] === 1;
    case "unreached":
      return false;
    case "units":
      return goesOnWithUnit(kept, path) ? null : true;
    default:
      return true;
  }
};

/** Hands over the steps that a number looks at, those of a unit one after the other. */
const eachLooked = (
  question: PathsQuestion,
  apart: PathsApart,
  kept: Told,
  names: LabelNames,
  take: (looked: Looked) => void,
): void => {
  const ofLabel = apart.from === null ? null : atLabel(question, apart, kept, names);
  for (let path = 0; path + 1 < kept.starts.length; path += 1) {
    const one = { path, from: kept.starts[path] ?? 0, to: kept.starts[path + 1] ?? 0 };
    if (ofLabel !== null) {
      ofLabel(one, take);
      continue;
    }
    const counted = anchorCounts(apart.number, kept, path);
    if (counted !== null)
      take({ of: "STEPS", index: one.from, counts: counted, at: listedStep(kept.places, path, one.from) });
  }
  if (apart.number !== "unreached") return;
  kept.places.unreached.forEach((at, index) => take({ of: "UNREACHED", index, counts: true, at }));
};

/** Numbers of the steps of one field, by the numbers of its values. */
const createByValue = ({ texts, ...own }: ValuesOfField) => {
  const [counted, among] = [new Float64Array(texts.length), new Float64Array(texts.length)];
  let full = false;
  return {
    numberOf: ({ of, index }: Looked): number => (of === "STEPS" ? own.steps : own.unreached)[index] ?? -1,
    add: (number: number, counts: boolean): void => {
      if (number < 0) full = true;
      else {
        among[number] = (among[number] ?? 0) + 1;
        if (counts) counted[number] = (counted[number] ?? 0) + 1;
      }
    },
    result: (): StepsByValue => {
      const found = texts.flatMap((text, number) =>
        among[number] === 0 ? [] : [[text, { counted: counted[number] ?? 0, among: among[number] ?? 0 }] as const],
      );
      const { entryValues } = FUNNEL_LIMITS;
      const most = found.toSorted(([a, one], [b, other]) => other.among - one.among || (a < b ? -1 : 1));
      return { values: most.slice(0, entryValues), cut: full || found.length > entryValues };
    },
  };
};

/** Lists the newest counted step of each stretch of time, and the newest of all. */
const createListed = ({ edgesMs }: PathsApart, { range: { fromMs } }: PathsQuestion) => {
  const newest = (most: number) => createUnitList<Listed>({ order: "NEWEST", after: null, most }, fromMs);
  const [all, each] = [newest(edgesMs.length), edgesMs.map(() => newest(1))];
  return {
    add: (one: Listed): void => {
      if (edgesMs.length === 0) return;
      all.add(one);
      each[edgesMs.findLastIndex((edge) => edge <= fromMs + one.at)]?.add(one);
    },
    result: (): readonly BehindUnit[] => {
      const found = [...all.list(), ...each.flatMap((own) => own.list())];
      const told = found.map((one) => ({ unit: unitText(one), timeMs: fromMs + one.at, tie: one.tie }));
      return [...new Map(told.map((one) => [JSON.stringify(one), one])).values()];
    },
  };
};

/** Tells a number of paths apart by the fields of the steps it counts; null where that is not asked for. */
export const pathsApart = (question: PathsQuestion, kept: KeptPaths, names: LabelNames): PathsToldApart | null => {
  const { apart } = question;
  const { places, values } = kept;
  if (apart === null || places === null || values === null) return null;
  const told: Told = { ...kept, places, values };
  const fields = values.map(createByValue);
  const held = apart.held.map((texts, at) => new Set(texts.map((text) => values[at]?.texts.indexOf(text) ?? -1)));
  const listed = createListed(apart, question);
  const whole = { counted: 0, among: 0 };
  let [units, last]: [number, Listed | null] = [0, null];
  eachLooked(question, apart, told, names, (looked) => {
    const numbers = fields.map((field) => field.numberOf(looked));
    if (!held.every((wanted, at) => wanted.has(numbers[at] ?? -1))) return;
    whole.among += 1;
    fields.forEach((field, at) => field.add(numbers[at] ?? -1, looked.counts));
    if (!looked.counts) return;
    whole.counted += 1;
    if (last === null || last.low !== looked.at.low || last.high !== looked.at.high) units += 1;
    last = looked.at;
    listed.add(looked.at);
  });
  return { whole, fields: fields.map((field) => field.result()), units, listed: listed.result() };
};

import { refuse } from "@tessera/platform/errors/refusal";
import type { LabelledPath } from "../attribution/path-set.ts";
import type { TouchQuestion } from "../attribution/question.ts";
import type { Attempt } from "./attempt.ts";
import { requiredSteps, type Funnel } from "./funnel.ts";
import { textAt, type UnitRow } from "./unit-columns.ts";

/** Distinct paths of one answer: the models' work grows with them. */
const MAX_PATHS = 50_000;

/** Journeys of a funnel's units to the end of their attempts. */
export interface Journeys {
  /** Distinct paths of at least one touchpoint, with what came of them. */
  readonly paths: readonly LabelledPath[];
  /** Units that converted, with a touchpoint or without. */
  readonly conversions: number;
  /** Journeys with more touchpoints than a path may have. */
  readonly cut: number;
}

/** A path while it is counted. */
interface Counted {
  readonly steps: readonly string[];
  conversions: number;
  losses: number;
  toConvertMs: number;
  /** Conversions each position is credited with, by TIME_DECAY model. */
  readonly timed: readonly number[][];
}

/** A unit's touchpoints within the lookback before a moment, both ends included, the latest of them up to the most of a path. */
const touchesOf = (row: UnitRow, endedAt: number, { lookbackMs, maxPathLength }: TouchQuestion) => {
  const places: number[] = [];
  for (let place = 0; place < row.times.length; place += 1) {
    const time = row.times[place] ?? 0;
    if (row.labels?.codes[place] !== 0 && time >= endedAt - lookbackMs && time <= endedAt) places.push(place);
  }
  return { places: places.slice(-maxPathLength), isCut: places.length > maxPathLength };
};

/** Shares of a TIME_DECAY: they halve with age, counted from the youngest touchpoint, so that none of them vanish together. */
const sharesOf = (times: readonly number[], halfLifeMs: number): readonly number[] => {
  const youngest = times.at(-1) ?? 0;
  const weights = times.map((time) => 2 ** ((time - youngest) / halfLifeMs));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
};

const tooMany = (): Error =>
  refuse(
    "RESULT_TOO_LARGE",
    `There are more than ${MAX_PATHS.toLocaleString("en-US")} distinct paths: shorten \`maxPathLength\` or the lookback, or take fewer channels.`,
    { field: "input.attribution.maxPathLength" },
  );

/** Collects the journeys of a funnel's units: the touchpoints that led to the conversion, or to the last event of an attempt that came to none. */
export const createJourneys = (
  funnel: Funnel,
): { readonly add: (row: UnitRow, attempt: Attempt) => void; readonly result: () => Journeys } => {
  const { attribution } = funnel;
  const decays = (attribution?.models ?? []).flatMap((model) =>
    model.kind === "TIME_DECAY" ? [model.halfLifeMs] : [],
  );
  const paths = new Map<string, Counted>();
  const deepest = requiredSteps(funnel).length;
  let [conversions, cut] = [0, 0];
  const pathOf = (steps: readonly string[]): Counted => {
    const key = steps.join("\u0000");
    const known = paths.get(key);
    if (known !== undefined) return known;
    if (paths.size === MAX_PATHS) throw tooMany();
    const timed = decays.map(() => steps.map(() => 0));
    const made: Counted = { steps, conversions: 0, losses: 0, toConvertMs: 0, timed };
    paths.set(key, made);
    return made;
  };
  const convert = (path: Counted, times: readonly number[], endedAt: number): void => {
    path.conversions += 1;
    path.toConvertMs += endedAt - (times[0] ?? endedAt);
    decays.forEach((halfLifeMs, model) => {
      const credited = path.timed[model];
      sharesOf(times, halfLifeMs).forEach((share, place) => {
        if (credited !== undefined) credited[place] = (credited[place] ?? 0) + share;
      });
    });
  };
  return {
    add: (row, { places, depth }) => {
      if (attribution === null) return;
      const converted = depth === deepest;
      if (converted) conversions += 1;
      const endedAt = row.times[Math.max(...places)] ?? 0;
      const touches = touchesOf(row, endedAt, attribution);
      if (touches.isCut) cut += 1;
      if (touches.places.length === 0) return;
      const path = pathOf(touches.places.map((place) => textAt(row.labels, place)));
      if (!converted) path.losses += 1;
      else
        convert(
          path,
          touches.places.map((place) => row.times[place] ?? 0),
          endedAt,
        );
    },
    result: () => ({
      conversions,
      cut,
      paths: Array.from(paths.values(), ({ timed, ...path }) => ({
        ...{ ...path, value: 0, valueSquares: 0 },
        timed: timed.map((credited) => ({ conversions: credited, value: credited.map(() => 0) })),
      })),
    }),
  };
};

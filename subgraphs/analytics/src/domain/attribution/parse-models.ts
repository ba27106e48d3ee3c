import { refuse } from "@tessera/platform/errors/refusal";
import { DAY_MS, parseDuration, SECOND_MS } from "../duration.ts";
import type { AttributionModel, AttributionModelKind, ShapleyGame } from "./model.ts";

/** Models one question may ask for: all over the same paths. */
export const MAX_MODELS = 12;
/** Touchpoints a Markov chain may remember; beyond, nearly every journey has states of its own. */
export const MAX_MARKOV_ORDER = 5;
/** Orders a sampled Shapley value may draw. */
export const MAX_PERMUTATIONS = 10_000;

type Maybe<T> = T | null | undefined;

/** A model as the graph delivers it. */
export interface ModelInput {
  readonly kind: AttributionModelKind;
  readonly first?: Maybe<number>;
  readonly middle?: Maybe<number>;
  readonly last?: Maybe<number>;
  readonly halfLife?: Maybe<string>;
  readonly halfLifeSteps?: Maybe<number>;
  readonly order?: Maybe<number>;
  readonly game?: Maybe<ShapleyGame>;
  readonly permutations?: Maybe<number>;
  readonly seed?: Maybe<number>;
  readonly minJourneys?: Maybe<number>;
}

const USES: Readonly<Record<AttributionModelKind, readonly (keyof ModelInput)[]>> = {
  FIRST: [],
  LAST: [],
  LAST_NON_DIRECT: [],
  LINEAR: [],
  POSITION: ["first", "middle", "last"],
  POSITION_DECAY: ["halfLifeSteps"],
  TIME_DECAY: ["halfLife"],
  MARKOV: ["order"],
  SHAPLEY: ["game", "permutations", "seed"],
  UPLIFT: ["minJourneys"],
};
const OPTIONS = [
  ...(["first", "middle", "last", "halfLife", "halfLifeSteps", "order"] as const),
  ...(["game", "permutations", "seed", "minJourneys"] as const),
];

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const whole = (value: number, where: string, least: number, most: number): number => {
  if (!Number.isInteger(value) || value < least || value > most)
    throw bad(where, `\`${where}\` must be a whole number between ${least} and ${most.toLocaleString("en-US")}.`);
  return value;
};

const weight = (value: number, where: string): number => {
  if (!(value >= 0 && value <= 1_000_000)) throw bad(where, "A weight is 0 to 1,000,000.");
  return value;
};

const position = (input: ModelInput, where: string): AttributionModel => {
  const first = weight(input.first ?? 40, `${where}.first`);
  const middle = weight(input.middle ?? 20, `${where}.middle`);
  const last = weight(input.last ?? 40, `${where}.last`);
  if (first + middle + last === 0) throw bad(where, "One of the weights must be more than 0.");
  return { kind: "POSITION", first, middle, last };
};

const halfLifeSteps = (value: number, where: string): number => {
  if (!(value >= 0.05 && value <= 1_000)) throw bad(where, "A half-life in touchpoints lies between 0.05 and 1,000.");
  return value;
};

const parseModel = (input: ModelInput, where: string): AttributionModel => {
  const { kind } = input;
  const unused = OPTIONS.find(
    (option) => input[option] !== null && input[option] !== undefined && !USES[kind].includes(option),
  );
  if (unused !== undefined) throw bad(`${where}.${unused}`, `\`${unused}\` has no meaning for ${kind}.`);
  switch (kind) {
    case "FIRST":
    case "LAST":
    case "LAST_NON_DIRECT":
    case "LINEAR":
      return { kind };
    case "POSITION":
      return position(input, where);
    case "POSITION_DECAY":
      return { kind, halfLifeSteps: halfLifeSteps(input.halfLifeSteps ?? 1, `${where}.halfLifeSteps`) };
    case "TIME_DECAY": {
      const bounds = { minMs: SECOND_MS, maxMs: 400 * DAY_MS };
      return { kind, halfLifeMs: parseDuration(input.halfLife ?? "P7D", `${where}.halfLife`, bounds) };
    }
    case "MARKOV":
      return { kind, order: whole(input.order ?? 1, `${where}.order`, 1, MAX_MARKOV_ORDER) };
    case "SHAPLEY":
      return {
        kind,
        game: input.game ?? "CONVERSIONS",
        permutations: whole(input.permutations ?? 1_000, `${where}.permutations`, 10, MAX_PERMUTATIONS),
        seed: whole(input.seed ?? 1, `${where}.seed`, 0, 2 ** 31 - 1),
      };
    case "UPLIFT":
      return { kind, minJourneys: whole(input.minJourneys ?? 30, `${where}.minJourneys`, 1, 1_000_000) };
  }
};

/** Validates models with their options; refuses with BAD_INPUT, options that a model has no use for too. */
export const parseModels = (inputs: readonly ModelInput[], where: string): readonly AttributionModel[] => {
  if (inputs.length === 0 || inputs.length > MAX_MODELS) throw bad(where, `Ask for 1 to ${MAX_MODELS} models.`);
  return inputs.map((input, index) => parseModel(input, `${where}.${index}`));
};

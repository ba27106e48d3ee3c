import type { AttributionInput } from "../src/domain/attribution/question.ts";
import type { AttributionRole } from "../src/domain/behind/attribution-cell.ts";
import type { ReferenceJourney } from "./reference-paths.ts";
import type { TestEvent } from "./test-events.ts";

/** Models whose credits are known conversion by conversion. */
export const MODELS: AttributionInput["models"] = [
  { kind: "FIRST" },
  { kind: "LAST" },
  { kind: "LAST_NON_DIRECT" },
  { kind: "LINEAR" },
  { kind: "POSITION", first: 30, middle: 20, last: 50 },
  { kind: "POSITION", first: 0, middle: 10, last: 0 },
  { kind: "POSITION_DECAY", halfLifeSteps: 2 },
  { kind: "TIME_DECAY", halfLife: "PT3S" },
  { kind: "SHAPLEY" },
];
/** The one label that is a direct visit. */
export const DIRECT = "mail";

/** The label of a touchpoint: its source. */
export const labelOf = ({ source }: TestEvent): string => source ?? "(none)";

/** Weight of a touchpoint by each of the models, said as plainly as docs/attribution.md has it. */
const weight = (model: number, { touches, endMs }: ReferenceJourney, place: number): number => {
  const [n, labels] = [touches.length, touches.map(labelOf)];
  const one = (chosen: number): number => Number(place === chosen);
  switch (model) {
    case 0:
      return one(0);
    case 1:
      return one(n - 1);
    case 2: {
      const last = labels.findLastIndex((label) => label !== DIRECT);
      return one(last < 0 ? n - 1 : last);
    }
    case 3:
      return 1;
    case 4:
      return n === 1 ? 1 : place === 0 ? 30 : place === n - 1 ? 50 : 20 / (n - 2);
    case 5:
      return n === 1 ? 1 : place === 0 || place === n - 1 ? 0 : 10 / (n - 2);
    case 6:
      return 2 ** ((place + 1 - n) / 2);
    case 7:
      return 0.5 ** ((endMs - (touches[place]?.timeMs ?? 0)) / 3_000);
    default:
      return 1 / labels.filter((label) => label === labels[place]).length;
  }
};

/** The share of each touchpoint of a journey by one of the models. */
export const sharesOf = (model: number, journey: ReferenceJourney): readonly number[] => {
  const weights = journey.touches.map((_touch, place) => weight(model, journey, place));
  const sum = weights.reduce((total, one) => total + one, 0);
  return weights.map((one) => (sum > 0 ? one / sum : 1 / weights.length));
};

/** The credit of a label, or of all touchpoints, by one of the models. */
export const creditOf = (model: number, journey: ReferenceJourney, label: string | null): number =>
  sharesOf(model, journey).reduce(
    (sum, share, place) => (label === null || label === journey.touches.map(labelOf)[place] ? sum + share : sum),
    0,
  );

/** Whether a label stands in a journey where a role says. */
export const isOf = (role: AttributionRole, label: string, { touches }: ReferenceJourney): boolean => {
  const labels = touches.map(labelOf);
  const has = labels.includes(label);
  const last = labels.at(-1) === label;
  return { ANY: has, FIRST: labels[0] === label, LAST: last, ASSISTED: has && !last }[role];
};

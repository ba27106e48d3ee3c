import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import type { AttributionModel } from "../../domain/attribution/model.ts";
import { OTHER_LABELS } from "../../domain/attribution/path-set.ts";
import { fieldsOfAttribution, parseAttribution, type AttributionInput } from "../../domain/attribution/question.ts";
import type { CreditNumber, OwnCreditModel } from "../../domain/change/reading.ts";
import type { SliceCondition } from "../../domain/change/slice-filter.ts";
import { chooseModel } from "../../domain/watched/read-attribution-bucket.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { resolveNames } from "../in-cohort.ts";
import { isStitched, readRange } from "../query-attribution.ts";
import {
  rangeOf,
  typed,
  type BehaviourChange,
  type BehaviourChangeDeps,
  type BehaviourToExplain,
} from "./behaviour-change.ts";
import { unitChange, type CountedUnits, type UnitChangeDeps } from "./unit-change.ts";

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** How the numbers of attribution add up. */
const ADDS: Readonly<Record<CreditNumber, CountedUnits["adds"]>> = {
  ...{ credit: "AMONG", value: "AMONG", share: "RATIO", conversions: "SUM" },
};

const ownCredit = (model: AttributionModel): OwnCreditModel => {
  if (model.kind === "MARKOV" || model.kind === "UPLIFT" || (model.kind === "SHAPLEY" && model.game !== "CONVERSIONS"))
    throw bad(
      "input.value.model",
      "What this model gives for a conversion depends on all other journeys, so that its credits don't add up over slices: take a model by rule, TIME_DECAY, or SHAPLEY of CONVERSIONS.",
    );
  return model;
};

/** The label whose credits are asked about. */
const labelOf = (dimension: string, held: readonly SliceCondition[]): string => {
  const values = held.find((one) => one.dimension === dimension)?.values ?? [];
  const [label] = values;
  if (values.length !== 1 || typeof label !== "string")
    throw bad(
      "input.where",
      `Each label has credits of its own: hold the change to one, by a condition \`${dimension}\` with its label.`,
    );
  if (label !== OTHER_LABELS) return label;
  throw bad("input.where", "Which labels are put together as `(other)` is different in each span: name one label.");
};

/** A number of `attribution`: a conversion is told apart by its own event, and what it gives a label is the label's share of it by a model whose credits add up. */
export const attributionChange = async (
  deps: BehaviourChangeDeps & UnitChangeDeps,
  { caller, input, value, timeZone, span, held }: BehaviourToExplain,
): Promise<BehaviourChange> => {
  const name = chooseName(value, VALUE_NAMES.ATTRIBUTION, "credit");
  refuseUnusedParts(value, name === "conversions" ? null : "model");
  const whole = { bootstrap: null, topPaths: 0, spend: [], nonConverting: false, sample: null, fast: null };
  const bare = await resolveNames(deps, caller, { ...typed<AttributionInput>(input), ...whole });
  const parse = (one: typeof span) => parseAttribution({ ...bare, range: rangeOf(one) }, accessOf(caller));
  const { models, dimensions } = parse(span);
  const [dimension] = dimensions;
  if (dimension === undefined || dimensions.length > 1)
    throw bad("input.dimensions", "A change is of one dimension: ask about each in a question of its own.");
  const place = chooseModel(
    value.model,
    models.map(({ kind }) => kind),
  );
  const model = models[place];
  const credited =
    name === "conversions" || model === undefined
      ? null
      : { label: labelOf(dimension.name, held), model: ownCredit(model) };
  return unitChange(deps, {
    ...{ caller, name, timeZone, span, adds: ADDS[name], impact: "EVENTS" },
    held: credited === null ? held : held.filter((one) => one.dimension !== dimension.name),
    units: (one) => {
      const question = parse(one);
      const { of } = dimension;
      const reading = {
        kind: "CREDITS",
        number: name,
        question,
        of,
        stitched: isStitched(question, caller),
        credited,
      } as const;
      const fields = fieldsOfAttribution(question, of);
      return Promise.resolve({ reading, fields, reach: readRange(question), entries: one, periods: 1, costs: [] });
    },
  });
};

import { refuse } from "@tessera/platform/errors/refusal";
import type { AttributionModel, RuleModel } from "../attribution/model.ts";
import {
  parseAttribution,
  type AttributionInput,
  type AttributionQuestion,
  type TouchDimension,
} from "../attribution/question.ts";
import type { FieldAccess } from "../fields.ts";

type Maybe<T> = T | null | undefined;

/** How a journey ended, as in the SDL. */
export type AttributionOutcome = "CONVERTED" | "NOT_CONVERTED";
/** Where a label stands in a journey, as in the SDL. */
export type AttributionRole = "ANY" | "FIRST" | "LAST" | "ASSISTED";

/** A number of an `attribution` answer, as the graph delivers it. */
export interface AttributionCellInput {
  readonly outcome?: AttributionOutcome;
  readonly dimension?: Maybe<string>;
  readonly label?: Maybe<string>;
  readonly role?: AttributionRole;
  readonly model?: Maybe<number>;
  readonly path?: Maybe<readonly string[]>;
}

/** A model by which each conversion's credit is known by its own journey. */
export type JourneyModel =
  | RuleModel
  | Extract<AttributionModel, { kind: "TIME_DECAY" }>
  | (Extract<AttributionModel, { kind: "SHAPLEY" }> & { readonly game: "CONVERSIONS" });

/** Which journeys a number of an `attribution` answer counts. */
export interface AttributionCell {
  readonly outcome: AttributionOutcome;
  readonly of: TouchDimension;
  /** Journeys that met it; null for all. */
  readonly label: string | null;
  readonly role: AttributionRole;
  /** Only journeys in which this model gives credit, to the label where one is named; null for any. */
  readonly model: JourneyModel | null;
  /** Labels of all their touchpoints in order; null for any. */
  readonly path: readonly string[] | null;
}

/** A validated question about attribution, and the number of its answer that is asked about. */
export interface AttributionBehind {
  readonly question: AttributionQuestion;
  readonly cell: AttributionCell;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const dimensionOf = ({ dimensions }: AttributionQuestion, name: string | null): TouchDimension => {
  const found = name === null ? dimensions[0] : dimensions.find((one) => one.name === name);
  if (found === undefined) throw bad("cell.dimension", "Name one of the question's `dimensions`.");
  return found.of;
};

const modelOf = ({ models }: AttributionQuestion, place: number): JourneyModel => {
  const model = models[place];
  if (model === undefined)
    throw bad("cell.model", `\`model\` is the place of one of the question's models: 0 to ${models.length - 1}.`);
  switch (model.kind) {
    case "MARKOV":
    case "UPLIFT":
      throw bad(
        "cell.model",
        `${model.kind} gives credit by all journeys together, and none of it is a conversion's own: leave \`model\` out for the journeys that met the label.`,
      );
    case "SHAPLEY": {
      const { game } = model;
      if (game === "CONVERSIONS") return { ...model, game };
      throw bad(
        "cell.model",
        "SHAPLEY by rates gives credit by all journeys together: take the game CONVERSIONS, or leave `model` out for the journeys that met the label.",
      );
    }
    default:
      return model;
  }
};

/** Reads which journeys a number of an `attribution` answer counts; refuses with BAD_INPUT or FORBIDDEN. */
export const parseAttributionCell = (
  input: AttributionInput,
  { outcome = "CONVERTED", role = "ANY", ...cell }: AttributionCellInput,
  access: FieldAccess,
): AttributionBehind => {
  const question = parseAttribution(input, access);
  if (question.asked.kind !== "ALL")
    throw bad("input.sample", "What is behind a number is shown of all persons: leave `sample` and `fast` out.");
  const [label, model, path] = [cell.label ?? null, cell.model ?? null, cell.path ?? null];
  if (outcome === "NOT_CONVERTED" && model !== null)
    throw bad("cell.model", "Credit is given to conversions: leave `model` out of NOT_CONVERTED.");
  if (outcome === "NOT_CONVERTED" && !question.nonConverting)
    throw bad("cell.outcome", "The question looks at no journeys that ended in none: leave `nonConverting` out.");
  if (label === null && role !== "ANY") throw bad("cell.role", "Name the `label` whose role it is.");
  if (path !== null && (label !== null || model !== null))
    throw bad("cell.path", "A path names all labels: leave `label` and `model` out.");
  return {
    question,
    cell: {
      ...{ outcome, role, label, path },
      of: dimensionOf(question, cell.dimension ?? null),
      model: model === null ? null : modelOf(question, model),
    },
  };
};

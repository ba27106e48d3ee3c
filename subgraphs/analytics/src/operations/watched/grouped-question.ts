import type { Caller } from "@tessera/contracts/caller";
import { QUESTIONS, type BehaviourKind, type Question, type QuestionInput } from "../../domain/dashboards/question.ts";
import type { BehaviourQuestion, DefinitionUse, SavedQuestion } from "../../domain/semantic/definition.ts";
import type { NotesUses } from "../telling-uses.ts";
import { savedQueryNamed, type CheckDeps, type SavedQueryRef } from "../dashboards/check-question.ts";

/** A question whose answer has rows of numbers, one for each group. */
export interface GroupedQuestion {
  readonly kind: "GROUPED";
  readonly question: Exclude<SavedQuestion, BehaviourQuestion>["input"];
  /** Versions of definitions it is held to. */
  readonly pins: readonly DefinitionUse[];
  /** Where it stands in what was sent. */
  readonly where: string;
  /** The saved query it is of; null: it was asked as it is. */
  readonly savedQueryId: string | null;
}

/** A question of any other kind. */
export interface OtherQuestion {
  readonly kind: BehaviourKind;
  readonly input: QuestionInput;
  /** Versions of definitions it is held to. */
  readonly pins: readonly DefinitionUse[];
  /** Where it stands in what was sent. */
  readonly where: string;
  /** The saved query it is of; null: it was asked as it is. */
  readonly savedQueryId: string | null;
}

/** Tells checked questions with rows of numbers, whatever field they were asked by, from all others. */
export const groupedOrOther = async (
  deps: CheckDeps & NotesUses,
  caller: Caller,
  { kind, input }: Pick<Question, "kind" | "input">,
): Promise<GroupedQuestion | OtherQuestion> => {
  // boundary: the question was coerced to its type of the SDL when it was checked.
  const typed = <Input>(value: QuestionInput): Input => value as unknown as Input;
  switch (kind) {
    case "OLAP":
      return { kind: "GROUPED", question: typed(input), pins: [], where: "input.question.olap", savedQueryId: null };
    case "TIME_SERIES":
      return {
        kind: "GROUPED",
        question: typed(input),
        pins: [],
        where: "input.question.timeSeries",
        savedQueryId: null,
      };
    case "SAVED_QUERY": {
      const found = await savedQueryNamed(deps, caller, typed<SavedQueryRef>(input));
      const { content, id: savedQueryId, name, version } = found;
      deps.noteUses?.({ definitions: [{ kind: "SAVED_QUERY", name, version }] });
      const { question } = content;
      const of = { pins: content.pins ?? [], where: "input.question.savedQuery", savedQueryId };
      if (question.kind === "OLAP" || question.kind === "TIME_SERIES")
        return { kind: "GROUPED", question: question.input, ...of };
      const { field } = QUESTIONS[question.kind];
      return {
        kind: question.kind,
        input: deps.questionTypes.coerce(question.kind, question.input, `input.${field}`),
        ...of,
      };
    }
    default:
      return { kind, input, pins: [], where: `input.question.${QUESTIONS[kind].field}`, savedQueryId: null };
  }
};

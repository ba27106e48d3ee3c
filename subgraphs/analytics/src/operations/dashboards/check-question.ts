import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { shapeOf } from "../../domain/dashboards/answer-shape.ts";
import {
  onlyQuestion,
  QUESTION_KINDS,
  QUESTIONS,
  type Question,
  type QuestionInput,
  type QuestionKind,
} from "../../domain/dashboards/question.ts";
import { suggestChart, type AnswerShape } from "../../domain/dashboards/suggest-chart.ts";
import type { SavedQuestion } from "../../domain/semantic/definition.ts";
import type { DefinitionStore } from "../../store/semantic/definition-store-types.ts";
import { atPlace } from "../semantic/at-place.ts";
import { checkSaved } from "../semantic/draft-query.ts";
import type { FindKeptDeps } from "../quality/find-kept.ts";
import { withExpectations } from "../semantic/saved-expectations.ts";
import { findDefinition } from "../semantic/find-definitions.ts";
import type { QuestionTypes } from "./question-types.ts";

/** What checking questions needs. */
export interface CheckDeps extends Pick<FindKeptDeps, "expectations"> {
  readonly definitions: DefinitionStore;
  readonly questionTypes: QuestionTypes;
  readonly nowMs: NowMs;
}

/** The question of a widget as the graph delivers it: exactly one of them. */
export type WidgetQuestionInput = {
  readonly [Field in (typeof QUESTIONS)[QuestionKind]["field"]]?: object | null | undefined;
};

/** A saved query by its name. */
export interface SavedQueryRef {
  readonly name: string;
  readonly version?: number | null | undefined;
}

// boundary: the input was coerced to its type of the SDL, after which the types of what the parsers take are written.
const typed = <Input>(input: QuestionInput): Input => input as unknown as Input;

/** Finds a saved query by name, in a version or as it is now; refuses with BAD_INPUT when there is none. */
export const savedQueryNamed = async (deps: CheckDeps, caller: Caller, { name, version = null }: SavedQueryRef) => {
  const found = await findDefinition(deps, "SAVED_QUERY")(caller, name, version);
  if (found !== null) return found;
  throw refuse("BAD_INPUT", "The tenant has no saved query of this name and version.", { field: "input.name" });
};

const check = async (
  deps: CheckDeps,
  caller: Caller,
  kind: QuestionKind,
  input: QuestionInput,
): Promise<AnswerShape> => {
  if (kind === "SAVED_QUERY") return shapeOf((await savedQueryNamed(deps, caller, typed(input))).content.question);
  // boundary: the input was coerced to the type that its kind has in the SDL.
  const asked = { kind, input } as unknown as SavedQuestion;
  const question = await withExpectations(deps, caller, asked, "input");
  await checkSaved(deps.definitions.reader(caller.tenantId), caller, deps.nowMs(), question);
  return shapeOf(question);
};

/**
 * Reads the question of a widget by the parsers that asking it goes through, with what the caller may see; refuses with BAD_INPUT or FORBIDDEN at the
 * place where it stands. The input is kept as it was sent.
 */
export const checkQuestion =
  (deps: CheckDeps) =>
  async (caller: Caller, asked: WidgetQuestionInput, where: string): Promise<Question> => {
    const kind = onlyQuestion(QUESTION_KINDS, asked, "A widget", where);
    const { field } = QUESTIONS[kind];
    const input = deps.questionTypes.coerce(kind, asked[field], `${where}.${field}`);
    const shape = await atPlace(field, `${where}.${field}`, () => check(deps, caller, kind, input));
    return { kind, input, suggestion: suggestChart(shape) };
  };

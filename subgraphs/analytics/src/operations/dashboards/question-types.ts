import {
  buildASTSchema,
  coerceInputValue,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  parse,
  type GraphQLInputObjectType,
  type GraphQLInputType,
} from "graphql";
import { refuse } from "@tessera/platform/errors/refusal";
import type { FilterInput } from "../../domain/filter-input.ts";
import { QUESTIONS, type QuestionInput, type QuestionKind } from "../../domain/dashboards/question.ts";

/** What this room's SDL says of the inputs of questions. */
export interface QuestionTypes {
  /** The input as its type says, with its defaults; refuses with BAD_INPUT, at the place, what the type does not allow. */
  coerce(kind: QuestionKind, input: unknown, where: string): QuestionInput;
  /** The input with a filter joined to that of every event it asks for. */
  narrow(kind: QuestionKind, input: QuestionInput, filter: FilterInput | null): QuestionInput;
}

/** Inputs whose `filter` says which events are asked for. */
const FILTERED: ReadonlySet<string> = new Set([
  "OlapInput",
  "TimeSeriesInput",
  "SessionMetricsInput",
  "EventMatcherInput",
  "DashboardSavedQueryInput",
]);

const INPUTS: ReadonlySet<string> = new Set([
  Kind.INPUT_OBJECT_TYPE_DEFINITION,
  Kind.ENUM_TYPE_DEFINITION,
  Kind.SCALAR_TYPE_DEFINITION,
]);

const isBranch = (value: unknown): value is QuestionInput =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const joined = (own: unknown, filter: FilterInput): unknown => (isBranch(own) ? { and: [own, filter] } : filter);

const narrowed = (value: unknown, type: GraphQLInputType, filter: FilterInput): unknown => {
  if (isNonNullType(type)) return narrowed(value, type.ofType, filter);
  if (isListType(type))
    return Array.isArray(value) ? value.map((one: unknown) => narrowed(one, type.ofType, filter)) : value;
  if (!isInputObjectType(type) || !isBranch(value)) return value;
  const fields = type.getFields();
  const inner = Object.fromEntries(
    Object.entries(value).map(([name, one]) => {
      const field = fields[name];
      return [name, field === undefined ? one : narrowed(one, field.type, filter)];
    }),
  );
  return FILTERED.has(type.name) ? { ...inner, filter: joined(inner["filter"], filter) } : inner;
};

/** Reads {@link QuestionTypes} from the SDL; the scalars' texts are left to the questions' own parsers. */
export const createQuestionTypes = (sdl: string): QuestionTypes => {
  const document = parse(sdl, { noLocation: true });
  const definitions = document.definitions.filter(({ kind }) => INPUTS.has(kind));
  const schema = buildASTSchema({ kind: Kind.DOCUMENT, definitions }, { assumeValidSDL: true });
  const typeOf = (kind: QuestionKind): GraphQLInputObjectType => {
    const type = schema.getType(QUESTIONS[kind].input);
    if (isInputObjectType(type)) return type;
    throw new Error(`The SDL has no input ${QUESTIONS[kind].input}.`);
  };
  return {
    coerce: (kind, input, where) => {
      const coerced: unknown = coerceInputValue(input, typeOf(kind), (path, _value, error) => {
        throw refuse("BAD_INPUT", error.message, { field: [where, ...path].join(".") });
      });
      // Plain JSON, as it is kept: graphql-js makes objects without a prototype.
      const plain: unknown = JSON.parse(JSON.stringify(coerced));
      if (!isBranch(plain)) throw refuse("BAD_INPUT", "A question is an input object.", { field: where });
      return plain;
    },
    narrow: (kind, input, filter) => {
      const inner = filter === null ? input : narrowed(input, typeOf(kind), filter);
      return isBranch(inner) ? inner : input;
    },
  };
};

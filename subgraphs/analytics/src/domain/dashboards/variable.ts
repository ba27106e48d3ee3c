import { refuse } from "@tessera/platform/errors/refusal";
import type { QuestionInput } from "./question.ts";

/** What a variable's values are, as in the SDL. */
export type VariableType = "TEXT" | "TEXTS" | "NUMBER" | "BOOLEAN";

/** A value of a variable, of its type. */
export type VariableValue = string | readonly string[] | number | boolean;

/** A place in a widget's question that a variable's value is put in. */
export interface VariablePlace {
  readonly widgetId: string;
  /** Names of input fields and places in lists, from the question down: `["filter", "eq"]`. */
  readonly path: readonly string[];
}

/** A value that whoever looks at a dashboard may choose. */
export interface DashboardVariable {
  readonly name: string;
  readonly type: VariableType;
  readonly value: VariableValue;
  readonly places: readonly VariablePlace[];
}

/** A value as the graph delivers it: exactly one of these. */
export interface VariableValueInput {
  readonly text?: string | null | undefined;
  readonly texts?: readonly string[] | null | undefined;
  readonly number?: number | null | undefined;
  readonly boolean?: boolean | null | undefined;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Texts in a value, and characters of each: what a filter may compare with. */
const VALUE_LIMITS = { texts: 1_000, characters: 1_000 } as const;

const FIELD_OF = { TEXT: "text", TEXTS: "texts", NUMBER: "number", BOOLEAN: "boolean" } as const;

/** Reads a value of a variable's type; refuses with BAD_INPUT. */
export const parseVariableValue = (input: VariableValueInput, type: VariableType, where: string): VariableValue => {
  const field = FIELD_OF[type];
  const given = (["text", "texts", "number", "boolean"] as const).filter((one) => (input[one] ?? null) !== null);
  const value = input[field] ?? null;
  if (given.length !== 1 || value === null)
    throw bad(where, `The value is given as \`${field}\`, and as nothing else.`);
  const texts = Array.isArray(value) ? value : [value];
  if (texts.length > VALUE_LIMITS.texts) throw bad(`${where}.${field}`, `At most ${VALUE_LIMITS.texts} texts.`);
  if (texts.some((one) => typeof one === "string" && one.length > VALUE_LIMITS.characters))
    throw bad(`${where}.${field}`, `A text has at most ${VALUE_LIMITS.characters} characters.`);
  return value;
};

const fits = (there: unknown, value: VariableValue): boolean =>
  Array.isArray(value)
    ? Array.isArray(there) && there.every((one) => typeof one === "string")
    : typeof there === typeof value;

const isBranch = (node: unknown): node is Readonly<Record<string, unknown>> =>
  typeof node === "object" && node !== null && !Array.isArray(node);

/** The node with a value in place of the one at a path; null when it has no such place, or holds something of another type there. */
const replaced = (node: unknown, path: readonly string[], value: VariableValue): unknown => {
  const [key, ...rest] = path;
  if (key === undefined) return fits(node, value) ? value : null;
  if (Array.isArray(node)) {
    const index = /^\d{1,4}$/.test(key) ? Number(key) : -1;
    if (index < 0 || index >= node.length) return null;
    const inner = replaced(node[index], rest, value);
    return inner === null ? null : node.map((one: unknown, at) => (at === index ? inner : one));
  }
  if (!isBranch(node) || !Object.hasOwn(node, key)) return null;
  const inner = replaced(node[key], rest, value);
  return inner === null ? null : { ...node, [key]: inner };
};

/**
 * A question with the values of variables at their places in one widget: each in place of a value of the same type, by its place, never within a text.
 * Refuses with BAD_INPUT a place that the question does not have.
 */
export const withVariables = (
  question: QuestionInput,
  widgetId: string,
  variables: readonly DashboardVariable[],
): QuestionInput => {
  let filled: QuestionInput = question;
  for (const { name, value, places } of variables)
    for (const { path } of places.filter((place) => place.widgetId === widgetId)) {
      const next = replaced(filled, path, value);
      if (!isBranch(next))
        throw bad(
          `variables.${name}`,
          `The widget's question has no value of the variable's type at \`${path.join(".")}\`: set the variable's places anew.`,
        );
      filled = next;
    }
  return filled;
};

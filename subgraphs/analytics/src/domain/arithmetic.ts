import jsep, { type CoreExpression, type Expression } from "jsep";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { refuse } from "@tessera/platform/errors/refusal";
import { didYouMean } from "./did-you-mean.ts";
import { finite } from "./finite.ts";

/** How two numbers are combined. */
export type ArithmeticOperator = "+" | "-" | "*" | "/";

/** A formula over the columns of an answer; a column is named by its place among the measures. */
export type Arithmetic =
  | { readonly kind: "NUMBER"; readonly value: number }
  | { readonly kind: "COLUMN"; readonly index: number }
  | {
      readonly kind: "OPERATION";
      readonly operator: ArithmeticOperator;
      readonly left: Arithmetic;
      readonly right: Arithmetic;
    };

/** A column that formulas may name: the parts it stands for are one, or those of its own formula. */
export interface ArithmeticColumn {
  readonly name: string;
  readonly parts: number;
}

/** Bounds of a formula: what a person writes is far below. The parts of formulas that it names count, since the store writes them out. */
export const FORMULA_LIMITS = { characters: 500, parts: 200 } as const;

const OPERATORS: readonly string[] = ["+", "-", "*", "/"] satisfies readonly ArithmeticOperator[];
const isOperator = (operator: string): operator is ArithmeticOperator => OPERATORS.includes(operator);

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

interface Place {
  readonly where: string;
  readonly columns: readonly ArithmeticColumn[];
  parts: number;
}

const spend = (parts: number, place: Place): void => {
  place.parts += parts;
  if (place.parts > FORMULA_LIMITS.parts)
    throw bad(place.where, `A formula has at most ${FORMULA_LIMITS.parts} parts, with those of the formulas it names.`);
};

const columnOf = (name: string, place: Place): Arithmetic => {
  const { where } = place;
  const index = place.columns.findIndex((column) => column.name === name);
  const columns = place.columns.map((column) => column.name);
  if (index < 0)
    throw bad(
      where,
      `\`${name}\` is no column of a measure before this one.${didYouMean(name, columns)} A formula computes with ${columns.length === 0 ? "measures that stand before it" : columns.join(", ")}.`,
    );
  spend((place.columns[index]?.parts ?? 1) - 1, place);
  return { kind: "COLUMN", index };
};

const operation = (operator: ArithmeticOperator, left: Arithmetic, right: Arithmetic): Arithmetic => ({
  kind: "OPERATION",
  operator,
  left,
  right,
});

const read = (expression: Expression, place: Place): Arithmetic => {
  spend(1, place);
  const node = expression as CoreExpression; // boundary: jsep types what it parses by one open interface
  if (node.type === "Literal" && typeof node.value === "number" && Number.isFinite(node.value))
    return { kind: "NUMBER", value: node.value };
  if (node.type === "Identifier") return columnOf(node.name, place);
  if (node.type === "BinaryExpression" && isOperator(node.operator))
    return operation(node.operator, read(node.left, place), read(node.right, place));
  if (node.type === "UnaryExpression" && node.operator === "-")
    return operation("-", { kind: "NUMBER", value: 0 }, read(node.argument, place));
  throw bad(place.where, "A formula is made of columns, numbers, + - * / and parentheses.");
};

const parseText = (text: string, where: string): Expression => {
  if (text.length > FORMULA_LIMITS.characters)
    throw bad(where, `A formula has at most ${FORMULA_LIMITS.characters} characters.`);
  try {
    return jsep(text);
  } catch (error) {
    throw bad(where, `The formula can't be read: ${errorMessage(error)}.`);
  }
};

const namesOf = (expression: Expression): readonly string[] => {
  const node = expression as CoreExpression; // boundary: jsep types what it parses by one open interface
  if (node.type === "Identifier") return [node.name];
  if (node.type === "BinaryExpression") return [...namesOf(node.left), ...namesOf(node.right)];
  return node.type === "UnaryExpression" ? namesOf(node.argument) : [];
};

/** The names a formula computes with, each once, as they stand; refuses with BAD_INPUT what can't be read. */
export const namesInFormula = (text: string, where: string): readonly string[] => [
  ...new Set(namesOf(parseText(text, where))),
];

/** Reads a formula over the named columns, and counts its parts; refuses with BAD_INPUT what is none. */
export const parseArithmetic = (
  text: string,
  columns: readonly ArithmeticColumn[],
  where: string,
): { readonly formula: Arithmetic; readonly parts: number } => {
  const parsed = parseText(text, where);
  const place: Place = { where, columns, parts: 0 };
  const formula = read(parsed, place);
  return { formula, parts: place.parts };
};

const combine = (operator: ArithmeticOperator, left: number, right: number): number | null => {
  if (operator === "+") return left + right;
  if (operator === "-") return left - right;
  if (operator === "*") return left * right;
  return right === 0 ? null : left / right;
};

/** The formula's value: null when a column it needs has none, when it divides by zero, and when it is no finite number. */
export const evaluateArithmetic = (formula: Arithmetic, columns: readonly (number | null)[]): number | null => {
  if (formula.kind === "NUMBER") return formula.value;
  if (formula.kind === "COLUMN") return columns[formula.index] ?? null;
  const left = evaluateArithmetic(formula.left, columns);
  const right = evaluateArithmetic(formula.right, columns);
  const value = left === null || right === null ? null : combine(formula.operator, left, right);
  return value === null ? null : finite(value);
};

/** The places of the columns a formula computes with. */
export const columnsOf = (formula: Arithmetic): readonly number[] => {
  if (formula.kind === "NUMBER") return [];
  return formula.kind === "COLUMN" ? [formula.index] : [...columnsOf(formula.left), ...columnsOf(formula.right)];
};

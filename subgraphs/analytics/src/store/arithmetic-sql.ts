import type { Arithmetic } from "../domain/arithmetic.ts";
import type { Params } from "./params.ts";

const write = (formula: Arithmetic, params: Params): string => {
  if (formula.kind === "NUMBER") return params.place("Float64", formula.value);
  if (formula.kind === "COLUMN") return `toFloat64(m${formula.index})`;
  const [left, right] = [write(formula.left, params), write(formula.right, params)];
  return formula.operator === "/" ? `(${left} / nullIf(${right}, 0))` : `(${left} ${formula.operator} ${right})`;
};

/**
 * A formula over the measures `m0`, `m1` ... that are selected beside it: null when one it needs is, when it divides by zero, and when it is no
 * finite number.
 */
export const arithmeticSql = (formula: Arithmetic, params: Params): string => {
  const value = write(formula, params);
  return `if(isFinite(${value}), ${value}, NULL)`;
};

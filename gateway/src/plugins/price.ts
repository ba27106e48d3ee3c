import type { RawVariables } from "../operations/graphql-request.ts";

/** Points of one operation, given its variables. */
export type Price = (variables: RawVariables) => number;

/** A part of a price: known from the document alone, or only with the variables. */
export type Term = number | Price;

/** What a term is worth, given the variables. */
export const valueOf = (term: Term, variables: RawVariables): number =>
  typeof term === "number" ? term : term(variables);

/** Terms added; a number when all of them are. */
export const sum = (terms: readonly Term[]): Term => {
  let fixed = 0;
  const open: Price[] = [];
  for (const term of terms) {
    if (typeof term === "number") fixed += term;
    else open.push(term);
  }
  if (open.length === 0) return fixed;
  return (variables) => open.reduce((total, term) => total + term(variables), fixed);
};

/** Terms multiplied; a number when both are. */
export const product = (left: Term, right: Term): Term =>
  typeof left === "number" && typeof right === "number"
    ? left * right
    : (variables) => valueOf(left, variables) * valueOf(right, variables);

import { PROPERTY_OPERATORS, type PropertyCondition } from "@tessera/contracts/data-policy";
import { refuse } from "@tessera/platform/errors/refusal";
import { parsePropertyPath } from "@tessera/platform/store/property-path";

/** Numbers one condition may name: each is looked at for every event. */
export const MAX_NUMBERS = 100;

/** How a value is held against those named. */
export type ConditionOperator = "IN" | "NOT_IN" | "STARTS_WITH" | "NOT_STARTS_WITH" | "AT_LEAST" | "LESS_THAN" | "IS";

/** A property of events as the caller named it. */
export interface PropertyInput {
  readonly path: string;
  readonly type: PropertyCondition["type"];
  readonly orMissing: boolean;
}

const among = <Operator extends string>(all: readonly Operator[], operator: string): Operator | null =>
  all.find((one) => one === operator) ?? null;

const NUMBER = /^-?\d{1,15}(\.\d{1,9})?$/;

const numbersOf = (values: readonly string[], field: string): readonly number[] => {
  if (values.length === 0 || values.length > MAX_NUMBERS || values.some((value) => !NUMBER.test(value)))
    throw refuse("BAD_INPUT", `Give 1 to ${MAX_NUMBERS} numbers of at most 15 digits and 9 decimals.`, { field });
  return [...new Set(values.map(Number))].toSorted((a, b) => a - b);
};

const numberCondition = (
  at: Pick<PropertyCondition, "path" | "orMissing">,
  operator: string,
  values: readonly string[],
  field: string,
): PropertyCondition => {
  const known = among(PROPERTY_OPERATORS.NUMBER, operator);
  if (known === null)
    throw refuse("BAD_INPUT", "A number can be IN or NOT_IN some, AT_LEAST or LESS_THAN one.", { field });
  const numbers = numbersOf(values, field);
  if ((known === "AT_LEAST" || known === "LESS_THAN") && numbers.length > 1)
    throw refuse("BAD_INPUT", "A number can be AT_LEAST or LESS_THAN one.", { field });
  return { ...at, type: "NUMBER", operator: known, values: numbers };
};

/** Reads a condition on a property, whose texts have been looked at before; refuses a wrong one with BAD_INPUT. */
export const propertyCondition = (
  { path, type, orMissing }: PropertyInput,
  operator: ConditionOperator,
  values: readonly string[],
  field: string,
): PropertyCondition => {
  if (parsePropertyPath(path) === null)
    throw refuse("BAD_INPUT", "A property's path is up to five names joined by dots, for example plan or cart.total.", {
      field,
    });
  const at = { path, orMissing };
  switch (type) {
    case "NUMBER":
      return numberCondition(at, operator, values, field);
    case "BOOLEAN": {
      const [value, ...rest] = values;
      if (operator !== "IS" || rest.length > 0 || (value !== "true" && value !== "false"))
        throw refuse("BAD_INPUT", 'A truth value IS "true" or "false".', { field });
      return { ...at, type, operator, values: [value === "true"] };
    }
    case "TEXT": {
      const known = among(PROPERTY_OPERATORS.TEXT, operator);
      if (known === null)
        throw refuse("BAD_INPUT", "A text can be IN or NOT_IN some, or begin or not begin with some.", { field });
      if (known.endsWith("STARTS_WITH") && values.includes(""))
        throw refuse("BAD_INPUT", "Every text begins with the empty one: name longer beginnings.", { field });
      return { ...at, type, operator: known, values };
    }
  }
};

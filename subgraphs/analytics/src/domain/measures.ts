import { refuse } from "@tessera/platform/errors/refusal";
import { parseField, type Field, type PropertyField } from "./fields.ts";

/** How a measure computes, as in the SDL. */
export type MeasureFunction = "COUNT" | "UNIQUES" | "SUM" | "AVG" | "MIN" | "MAX" | "QUANTILES";

/** Numbers a measure computes over: revenue of one currency (null: the query holds it to one by itself), or a numeric property. */
export type NumberSource =
  | { readonly kind: "REVENUE"; readonly currency: string | null }
  | { readonly kind: "PROPERTY"; readonly field: PropertyField };

/** What UNIQUES counts. */
export type UniquesOf =
  { readonly kind: "PERSONS" } | { readonly kind: "SESSIONS" } | { readonly kind: "FIELD"; readonly field: Field };

/** What a measure computes. */
export type MeasureFormula =
  | { readonly kind: "COUNT" }
  | { readonly kind: "UNIQUES"; readonly of: UniquesOf; readonly exact: boolean }
  | { readonly kind: "SUM" | "AVG" | "MIN" | "MAX"; readonly of: NumberSource }
  | { readonly kind: "QUANTILE"; readonly of: NumberSource; readonly level: number; readonly exact: boolean };

/** Type of a measure's column. */
export type MeasureType = "INTEGER" | "NUMBER" | "DECIMAL";

/** One column of an answer; a QUANTILES measure becomes one per level. */
export interface Measure {
  readonly name: string;
  readonly type: MeasureType;
  readonly formula: MeasureFormula;
}

/** A measure as the graph delivers it. */
export interface MeasureInput {
  readonly name?: string | null | undefined;
  readonly function: MeasureFunction;
  readonly of?: string | null | undefined;
  readonly currency?: string | null | undefined;
  readonly levels?: readonly number[] | null | undefined;
  readonly exact?: boolean;
}

/** Measures one question may ask for: each costs memory per group. */
export const MAX_MEASURES = 10;
/** Levels of one QUANTILES measure. */
export const MAX_LEVELS = 10;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const CURRENCY = /^[A-Z]{3}$/;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const numberSource = (input: MeasureInput, where: string): NumberSource => {
  const of = input.of ?? "";
  if (of === "revenue") {
    const currency = input.currency ?? null;
    if (currency !== null && !CURRENCY.test(currency))
      throw bad(`${where}.currency`, "A currency is three letters, ISO 4217.");
    return { kind: "REVENUE", currency };
  }
  const field = of.startsWith("properties.") ? parseField(of, `${where}.of`) : null;
  if (field?.kind !== "PROPERTY")
    throw bad(
      `${where}.of`,
      `${input.function} computes over \`revenue\` or a property such as \`properties.amount\`.`,
    );
  return { kind: "PROPERTY", field };
};

const uniquesOf = (of: string | null | undefined, where: string): UniquesOf => {
  if (of === "persons") return { kind: "PERSONS" };
  if (of === "sessions") return { kind: "SESSIONS" };
  if (of === null || of === undefined) throw bad(`${where}.of`, "UNIQUES counts `persons`, `sessions` or a field.");
  return { kind: "FIELD", field: parseField(of, `${where}.of`) };
};

const levelsOf = (input: MeasureInput, where: string): readonly number[] => {
  const levels = input.levels ?? [];
  if (levels.length === 0 || levels.length > MAX_LEVELS || levels.some((level) => !(level >= 0 && level <= 1)))
    throw bad(`${where}.levels`, `QUANTILES takes 1 to ${MAX_LEVELS} levels between 0 and 1.`);
  return levels;
};

/** Refuses parts of a measure that its function has no use for, so that nothing asked for is silently dropped. */
const refuseUnused = (input: MeasureInput, where: string): void => {
  const used = {
    of: input.function !== "COUNT",
    currency: input.of === "revenue" && input.function !== "UNIQUES",
    levels: input.function === "QUANTILES",
  };
  for (const part of ["of", "currency", "levels"] as const)
    if (!used[part] && input[part] !== null && input[part] !== undefined)
      throw bad(
        `${where}.${part}`,
        `\`${part}\` has no meaning for ${input.function}${part === "currency" ? " of anything but revenue" : ""}.`,
      );
};

const defaultName = (input: MeasureInput): string =>
  [input.function.toLowerCase(), input.of, input.currency]
    .filter((part) => part !== null && part !== undefined)
    .join("_")
    .replace(/[^A-Za-z0-9_]+/g, "_")
    .slice(0, 64);

const nameOf = (input: MeasureInput, where: string): string => {
  const name = input.name ?? defaultName(input);
  if (!NAME.test(name)) throw bad(`${where}.name`, "A column's name is letters, digits and _, at most 64.");
  return name;
};

const quantileName = (name: string, level: number): string =>
  `${name.replace(/^quantiles_/, "")}_p${String(Number((level * 100).toFixed(6))).replace(".", "_")}`;

const parseMeasure = (input: MeasureInput, where: string): readonly Measure[] => {
  refuseUnused(input, where);
  const name = nameOf(input, where);
  switch (input.function) {
    case "COUNT":
      return [{ name, type: "INTEGER", formula: { kind: "COUNT" } }];
    case "UNIQUES":
      return [
        {
          name,
          type: "INTEGER",
          formula: { kind: "UNIQUES", of: uniquesOf(input.of, where), exact: input.exact ?? false },
        },
      ];
    case "QUANTILES": {
      const of = numberSource(input, where);
      return levelsOf(input, where).map((level) => ({
        name: quantileName(name, level),
        type: "NUMBER",
        formula: { kind: "QUANTILE", of, level, exact: input.exact ?? false },
      }));
    }
    case "SUM":
    case "AVG":
    case "MIN":
    case "MAX": {
      const of = numberSource(input, where);
      const type = of.kind === "REVENUE" && input.function !== "AVG" ? "DECIMAL" : "NUMBER";
      return [{ name, type, formula: { kind: input.function, of } }];
    }
  }
};

/** Validates measures into columns of distinct names; refuses with BAD_INPUT. */
export const parseMeasures = (inputs: readonly MeasureInput[], where: string): readonly Measure[] => {
  if (inputs.length === 0 || inputs.length > MAX_MEASURES) throw bad(where, `Ask for 1 to ${MAX_MEASURES} measures.`);
  const measures = inputs.flatMap((input, index) => parseMeasure(input, `${where}.${index}`));
  const names = measures.map((measure) => measure.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw bad(where, `Two columns would be called \`${twice}\`: give one a \`name\`.`);
  return measures;
};

/** The numbers a formula computes over; null for counts. */
export const numbersOf = (formula: MeasureFormula): NumberSource | null =>
  formula.kind === "COUNT" || formula.kind === "UNIQUES" ? null : formula.of;

import { refuse } from "@tessera/platform/errors/refusal";
import { parseArithmetic, type Arithmetic, type ArithmeticColumn } from "./arithmetic.ts";
import { isFieldName, isPropertyName, parseField, type FieldAccess } from "./fields.ts";
import type { Condition, Field, PropertyField } from "./field.ts";
import type { FilterInput } from "./filter-input.ts";
import { parseFilter } from "./filter.ts";

/** How a measure computes, as in the SDL. */
export type MeasureFunction = "COUNT" | "UNIQUES" | "SUM" | "AVG" | "MIN" | "MAX" | "QUANTILES" | "FORMULA";

/** Numbers a measure computes over: revenue of one currency (null: the query holds it to one by itself), or a numeric property. */
export type NumberSource =
  | { readonly kind: "REVENUE"; readonly currency: string | null }
  | { readonly kind: "PROPERTY"; readonly field: PropertyField };

/** What UNIQUES counts. */
export type UniquesOf =
  { readonly kind: "PERSONS" } | { readonly kind: "SESSIONS" } | { readonly kind: "FIELD"; readonly field: Field };

/** Between which powers of two numbers lie, counted from the smallest there is. */
export interface ExactSpan {
  readonly lowest: number;
  readonly highest: number;
}

/** What a measure computes; with `exactly` floating-point numbers, which lie between those powers, are added up to the same sum in whatever order they are read. */
export type MeasureFormula =
  | { readonly kind: "COUNT" }
  | { readonly kind: "UNIQUES"; readonly of: UniquesOf; readonly exact: boolean }
  | { readonly kind: "SUM" | "AVG"; readonly of: NumberSource; readonly exactly?: ExactSpan }
  | { readonly kind: "MIN" | "MAX"; readonly of: NumberSource }
  | { readonly kind: "QUANTILE"; readonly of: NumberSource; readonly level: number; readonly exact: boolean }
  | { readonly kind: "FORMULA"; readonly of: Arithmetic; readonly parts: number };

/** Type of a measure's column. */
export type MeasureType = "INTEGER" | "NUMBER" | "DECIMAL";

/** One column of an answer; a QUANTILES measure becomes one per level. */
export interface Measure {
  readonly name: string;
  readonly type: MeasureType;
  readonly formula: MeasureFormula;
  /** Which of the question's events it computes over; null for all. */
  readonly filter: Condition | null;
  /** Computed with, and not shown: what a derived metric is made of. */
  readonly hidden?: true;
}

/** A measure as the graph delivers it. */
export interface MeasureInput {
  readonly name?: string | null | undefined;
  readonly function: MeasureFunction;
  readonly of?: string | null | undefined;
  readonly currency?: string | null | undefined;
  readonly levels?: readonly number[] | null | undefined;
  readonly exact?: boolean;
  readonly filter?: FilterInput | null | undefined;
  readonly formula?: string | null | undefined;
  /** A metric of the tenant, one column by the metric's own name: asked for, or only computed with. The graph does not deliver it. */
  readonly metric?: "SHOWN" | "BASE";
}

/** Measures one question may ask for: each costs memory per group. */
export const MAX_MEASURES = 10;
/** Measures one question may compute, with those that its metrics are made of. */
export const MAX_COMPUTED_MEASURES = 30;
/** Levels of one QUANTILES measure. */
export const MAX_LEVELS = 10;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const CURRENCY = /^[A-Z]{3}$/;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** What others call people whom we count as `persons`: no field is called so. */
const PEOPLE: ReadonlySet<string> = new Set(["person", "people", "user", "users", "visitor", "visitors"]);

const numberSource = (input: MeasureInput, where: string): NumberSource => {
  const of = input.of ?? "";
  if (of === "revenue") {
    const currency = input.currency ?? null;
    if (currency !== null && !CURRENCY.test(currency))
      throw bad(`${where}.currency`, "A currency is three letters, ISO 4217.");
    return { kind: "REVENUE", currency };
  }
  const field = of.startsWith("properties.") ? parseField(of, `${where}.of`) : null;
  if (field?.kind !== "PROPERTY") {
    const example = isPropertyName(`properties.${of}`) && !isFieldName(of) ? `properties.${of}` : "properties.amount";
    throw bad(`${where}.of`, `${input.function} computes over \`revenue\` or a property such as \`${example}\`.`);
  }
  return { kind: "PROPERTY", field };
};

const uniquesOf = (of: string | null | undefined, where: string, access: FieldAccess): UniquesOf => {
  if (of === "persons") return { kind: "PERSONS" };
  if (of === "sessions") return { kind: "SESSIONS" };
  if (of === null || of === undefined) throw bad(`${where}.of`, "UNIQUES counts `persons`, `sessions` or a field.");
  if (PEOPLE.has(of.toLowerCase()))
    throw bad(
      `${where}.of`,
      "UNIQUES counts people as `persons`: the user when known, else the visitor. `userId` counts known users alone.",
    );
  return { kind: "FIELD", field: parseField(of, `${where}.of`, { ...access, also: ["persons", "sessions"] }) };
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
    of: input.function !== "COUNT" && input.function !== "FORMULA",
    currency: input.of === "revenue" && input.function !== "UNIQUES",
    levels: input.function === "QUANTILES",
    filter: input.function !== "FORMULA",
    formula: input.function === "FORMULA",
  };
  for (const part of ["of", "currency", "levels", "filter", "formula"] as const)
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

/** What a measure is read with: what the caller may see, and the columns of the measures before it. */
interface Surroundings {
  readonly access: FieldAccess;
  readonly columns: readonly ArithmeticColumn[];
}

/** A measure that stands at a place by itself: QUANTILES become one for each level. */
export const parseMeasure = (
  input: MeasureInput,
  where: string,
  { access, columns }: Surroundings,
): readonly Measure[] => {
  refuseUnused(input, where);
  const name = nameOf(input, where);
  const filter = parseFilter(input.filter, `${where}.filter`, access);
  switch (input.function) {
    case "COUNT":
      return [{ name, type: "INTEGER", formula: { kind: "COUNT" }, filter }];
    case "UNIQUES":
      return [
        {
          name,
          type: "INTEGER",
          formula: { kind: "UNIQUES", of: uniquesOf(input.of, where, access), exact: input.exact ?? false },
          filter,
        },
      ];
    case "FORMULA": {
      const { formula: of, parts } = parseArithmetic(input.formula ?? "", columns, `${where}.formula`);
      return [{ name, type: "NUMBER", formula: { kind: "FORMULA", of, parts }, filter }];
    }
    case "QUANTILES": {
      const of = numberSource(input, where);
      return levelsOf(input, where).map((level) => ({
        name: input.metric === undefined ? quantileName(name, level) : name,
        type: "NUMBER",
        formula: { kind: "QUANTILE", of, level, exact: input.exact ?? false },
        filter,
      }));
    }
    case "SUM":
    case "AVG":
    case "MIN":
    case "MAX": {
      const of = numberSource(input, where);
      const type = of.kind === "REVENUE" && input.function !== "AVG" ? "DECIMAL" : "NUMBER";
      return [{ name, type, formula: { kind: input.function, of }, filter }];
    }
  }
};

/** Validates measures into columns of distinct names; refuses with BAD_INPUT, or FORBIDDEN for personal data the caller may not see. */
export const parseMeasures = (
  inputs: readonly MeasureInput[],
  where: string,
  access: FieldAccess,
): readonly Measure[] => {
  const shown = inputs.filter(({ metric }) => metric !== "BASE").length;
  if (shown === 0 || shown > MAX_MEASURES)
    throw bad(where, `Ask for 1 to ${MAX_MEASURES} measures, metrics included; for others in another question.`);
  if (inputs.length > MAX_COMPUTED_MEASURES)
    throw bad(where, `Metrics and what they are made of are at most ${MAX_COMPUTED_MEASURES} measures.`);
  const measures: Measure[] = [];
  for (const [index, input] of inputs.entries()) {
    const columns = measures.map(({ name, formula }) => ({
      name,
      parts: formula.kind === "FORMULA" ? formula.parts : 1,
    }));
    const parsed = parseMeasure(input, `${where}.${index}`, { access, columns });
    measures.push(...(input.metric === "BASE" ? parsed.map((one) => ({ ...one, hidden: true }) as const) : parsed));
  }
  const names = measures.map((measure) => measure.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw bad(where, `Two columns would be called \`${twice}\`: give one a \`name\`.`);
  return measures;
};

/** The input a parsed measure came of, by its place: QUANTILES become one measure per level, all others one. */
export const measureInputAt = (inputs: readonly MeasureInput[], index: number): MeasureInput | undefined => {
  let before = 0;
  return inputs.find((input) => {
    before += input.function === "QUANTILES" ? (input.levels ?? []).length : 1;
    return index < before;
  });
};

/** The measures an answer shows, with their places among all that it computes. */
export const shownMeasures = (measures: readonly Measure[]): readonly (readonly [Measure, number])[] =>
  measures.flatMap((measure, index) => (measure.hidden === true ? [] : [[measure, index] as const]));

/** The place of the first measure an answer shows. */
export const firstShown = (measures: readonly Measure[]): number => shownMeasures(measures)[0]?.[1] ?? 0;

/** The place of the shown measure of a name; negative when there is none. */
export const shownIndex = (measures: readonly Measure[], name: string): number =>
  measures.findIndex((measure) => measure.name === name && measure.hidden !== true);

/** The numbers of events a measure computes over; null for counts, and for formulas, which compute with other columns. */
export const numbersOf = (formula: MeasureFormula): NumberSource | null =>
  formula.kind === "COUNT" || formula.kind === "UNIQUES" || formula.kind === "FORMULA" ? null : formula.of;

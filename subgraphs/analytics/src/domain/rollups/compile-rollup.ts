import { refuse } from "@tessera/platform/errors/refusal";
import { accessIn } from "../access-in.ts";
import { basesOf, isPersonal, parseField, sentName, type FieldAccess } from "../fields.ts";
import type { Condition, Field } from "../field.ts";
import { fieldsOf, onlyValueOf, parseFilter } from "../filter.ts";
import { refuseInCohort } from "../in-cohort.ts";
import { parseMeasures, type Measure, type MeasureInput, type NumberSource, type UniquesOf } from "../measures.ts";
import { GRAIN_MS, ROLLUP_SLOTS, type CompiledRollup, type RollupContent, type RollupMeasureInput } from "./rollup.ts";

/** Measures one rollup may name. */
const MAX_ROLLUP_MEASURES = 20;
/** A rollup is for everybody who may ask: it must not hold whom events are of, and that is told at the fields that tell it. */
const READING: FieldAccess = { personalData: true };

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const refuseFor = (field: Field, where: string): void => {
  if (basesOf(field).some((base) => isPersonal(sentName(base))))
    throw bad(where, `\`${field.name}\` is personal data, and of nearly as many values as there are people.`);
};

const dimensionOf = (name: string, where: string, access: FieldAccess): Field => {
  const field = parseField(name, where, access);
  refuseFor(field, where);
  if (field.kind === "PROPERTY") return field;
  if (field.kind === "PART" && field.part.kind === "CLOCK")
    throw bad(where, `\`${name}\` follows from the time, which every rollup holds: leave it out.`);
  if (!["TEXT", "BOOLEAN", "INTEGER"].includes(field.type))
    throw bad(where, `\`${name}\` has too many values to be rolled up by: take fields that many events share.`);
  return field;
};

const parseDimensions = (names: readonly string[], access: FieldAccess): readonly Field[] => {
  if (names.length > ROLLUP_SLOTS.dimensions)
    throw bad("input.dimensions", `A rollup has at most ${ROLLUP_SLOTS.dimensions} dimensions.`);
  if (new Set(names).size < names.length) throw bad("input.dimensions", "`dimensions` names a field twice.");
  return names.map((name, index) => dimensionOf(name, `input.dimensions.${index}`, access));
};

/** Tests that are all to be passed, one by one. */
export const conjuncts = (condition: Condition | null): readonly Condition[] => {
  if (condition === null) return [];
  return condition.kind === "AND" ? condition.parts.flatMap(conjuncts) : [condition];
};

const parseConjuncts = (content: RollupContent, access: FieldAccess): readonly Condition[] => {
  refuseInCohort(content.filter, "input.filter");
  const filter = parseFilter(content.filter, "input.filter", access);
  for (const field of fieldsOf(filter)) {
    refuseFor(field, "input.filter");
    if (field.kind === "PART" && field.part.kind === "CLOCK")
      throw bad("input.filter", `\`${field.name}\` is of a zone's clock; questions may be of another one.`);
  }
  return conjuncts(filter);
};

const measureInput = ({ function: name, of, currency }: RollupMeasureInput, index: number): MeasureInput => ({
  ...{ name: `m${index}`, function: name, of },
  ...(currency === null || currency === undefined ? {} : { currency }),
  ...(name === "QUANTILES" ? { levels: [0.5] } : {}),
});

const parseRollupMeasures = (inputs: readonly RollupMeasureInput[], access: FieldAccess): readonly Measure[] => {
  if (inputs.length > MAX_ROLLUP_MEASURES)
    throw bad("input.measures", `A rollup has at most ${MAX_ROLLUP_MEASURES} measures beside the number of events.`);
  return inputs.flatMap((input, index) => {
    // One by one, so that there may be more of them than a question may ask for.
    const [measure] = parseMeasures([measureInput(input, index)], "input.measures", access);
    return measure === undefined ? [] : [measure];
  });
};

/** What is equal is held once. */
const distinct = <T>(all: readonly T[]): readonly T[] => [
  ...new Map(all.map((one) => [JSON.stringify(one), one])).values(),
];

const uniquesIn = (measures: readonly Measure[]): readonly UniquesOf[] =>
  distinct(measures.flatMap(({ formula }) => (formula.kind === "UNIQUES" ? [formula.of] : [])));

const numbersIn = (measures: readonly Measure[], quantiles: boolean): readonly NumberSource[] =>
  distinct(
    measures.flatMap(({ formula }) => {
      if (formula.kind === "COUNT" || formula.kind === "FORMULA" || formula.kind === "UNIQUES") return [];
      return (formula.kind === "QUANTILE") === quantiles ? [formula.of] : [];
    }),
  );

const refuseTooMany = (rollup: CompiledRollup): CompiledRollup => {
  const kinds = [
    ["revenues", "currencies of revenue to add up"],
    ["numbers", "properties to add up"],
    ["uniques", "things to count distinct values of"],
    ["quantiles", "numbers to tell quantiles of"],
  ] as const;
  for (const [kind, words] of kinds)
    if (rollup[kind].length > ROLLUP_SLOTS[kind])
      throw bad(
        "input.measures",
        `A rollup holds at most ${ROLLUP_SLOTS[kind]} ${words}: define another one for the rest.`,
      );
  return rollup;
};

const refuseMixedCurrencies = ({ dimensions, revenues, quantiles }: CompiledRollup, filter: Condition): void => {
  if (dimensions.some(({ name }) => name === "currency") || onlyValueOf(filter, "currency") !== null) return;
  if ([...revenues, ...quantiles].some((of) => of.kind === "REVENUE" && of.currency === null))
    throw bad(
      "input.measures",
      "Revenue would mix currencies: give the measure a `currency`, filter on `currency` or roll up by it.",
    );
};

/**
 * Reads what a rollup is into what is filled and read; clock parts in the tenant's own dimensions are of UTC. Refuses with BAD_INPUT what no rollup can hold. The
 * same content always gives the same columns.
 */
export const compileRollup = (content: RollupContent): CompiledRollup => {
  const access = accessIn(READING, { meanings: content.meanings });
  const dimensions = parseDimensions(content.dimensions, access);
  const filter = parseConjuncts(content, access);
  const measures = parseRollupMeasures(content.measures, access);
  const uniques = uniquesIn(measures);
  const clocked = uniques.find(
    (of) => of.kind === "FIELD" && of.field.kind === "PART" && of.field.part.kind === "CLOCK",
  );
  if (clocked !== undefined)
    throw bad("input.measures", "Parts of the time are of a zone's clock and follow from the buckets.");
  const sums = numbersIn(measures, false);
  const compiled = refuseTooMany({
    ...{ grain: content.grain, grainMs: GRAIN_MS[content.grain], dimensions, filter, uniques },
    revenues: sums.flatMap((of) => (of.kind === "REVENUE" ? [of] : [])),
    numbers: sums.flatMap((of) => (of.kind === "PROPERTY" ? [of] : [])),
    quantiles: numbersIn(measures, true),
  });
  refuseMixedCurrencies(compiled, { kind: "AND", parts: filter });
  return compiled;
};

import { refuse } from "@tessera/platform/errors/refusal";
import { accessIn } from "../access-in.ts";
import { fieldsOfUnit, parseAnalysisUnit, type AnalysisUnit, type AnalysisUnitInput } from "../analysis-unit.ts";
import { parsePersonsPart, type AskedSample, type SampleInput } from "../asked-sample.ts";
import { DAY_MS, parseDuration, SECOND_MS } from "../duration.ts";
import { fieldsOfMatcher, parseEventMatcher, type EventMatcher, type EventMatcherInput } from "../event-matcher.ts";
import { parseField, parseRevealedField, type FieldAccess } from "../fields.ts";
import type { Condition, Field } from "../field.ts";
import { fieldsOf, onlyValueOf, parseFilter } from "../filter.ts";
import { numbersOf, parseMeasure, type NumberSource } from "../measures.ts";
import { parseTimeRange, type TimeRange } from "../time-range.ts";
import { DEFAULT_CHANNELS, DIRECT_CHANNEL, type ChannelRuleInput } from "./default-channels.ts";
import type { AttributionModel } from "./model.ts";
import { parseModels, type ModelInput } from "./parse-models.ts";
import type { WithMeanings } from "../semantic/dimension-expression.ts";

/** Bounds of a question to `attribution`, each because the work or the answer grows with it. */
export const ATTRIBUTION_LIMITS = {
  touchpoints: 20,
  rules: 50,
  dimensions: 3,
  nameCharacters: 128,
  /** Touchpoints of one path; of longer ones the latest stay. */
  pathLength: 100,
  topPaths: 1_000,
  spends: 300,
  lookbackMs: 400 * DAY_MS,
  bootstrapSamples: 1_000,
} as const;

/** What tells touchpoints apart: the channel rules, or a field. */
export type TouchDimension = { readonly kind: "CHANNEL" } | { readonly kind: "FIELD"; readonly field: Field };

/** A validated rule. */
export interface ChannelRule {
  readonly channel: string;
  readonly filter: Condition;
}

/** Money spent on a label of a dimension. */
export interface Spend {
  readonly dimension: string;
  readonly label: string;
  readonly amount: number;
}

/** How intervals are drawn. */
export interface Bootstrap {
  readonly samples: number;
  readonly level: number;
  readonly seed: number;
}

/** What touchpoints are, which of them count, and how credit is given to them. */
export interface TouchQuestion {
  readonly lookbackMs: number;
  readonly touchpoints: readonly EventMatcher[];
  readonly rules: readonly ChannelRule[];
  readonly otherwise: string;
  readonly directLabels: readonly string[];
  readonly models: readonly AttributionModel[];
  readonly maxPathLength: number;
  readonly topPaths: number;
}

/** A validated question to `attribution`; the meaning of each part is in docs/attribution.md. */
export interface AttributionQuestion extends TouchQuestion {
  readonly range: TimeRange;
  readonly conversion: EventMatcher;
  readonly value: NumberSource | null;
  readonly dimensions: readonly { readonly name: string; readonly of: TouchDimension }[];
  readonly reset: "AFTER_CONVERSION" | "NEVER";
  readonly count: "EVERY" | "FIRST_PER_PERSON";
  /** Whose journeys they are. */
  readonly unit: AnalysisUnit;
  readonly stitched: boolean;
  readonly nonConverting: boolean;
  /** Which journeys of a person that ended in no conversion count: the last one, or every one. */
  readonly openJourneys: "LAST" | "EVERY";
  readonly spend: readonly Spend[];
  readonly bootstrap: Bootstrap | null;
  /** What of all persons is to be looked at. */
  readonly asked: AskedSample;
}

type Maybe<T> = T | null | undefined;

/** Touchpoints and models as the graph delivers them; what may be left out has the defaults of the SDL. */
export interface TouchInput {
  readonly touchpoints: readonly EventMatcherInput[];
  readonly models: readonly ModelInput[];
  readonly channels?: Maybe<readonly ChannelRuleInput[]>;
  readonly otherwise?: string;
  readonly directLabels?: readonly string[];
  readonly lookback?: string;
  readonly maxPathLength?: number;
  readonly topPaths?: number;
}

/** A question as the graph delivers it; what may be left out has the defaults of the SDL. */
export interface AttributionInput extends TouchInput, SampleInput, WithMeanings {
  readonly range: { readonly from: string; readonly to: string };
  readonly conversion: EventMatcherInput;
  readonly value?: Maybe<{ readonly of: string; readonly currency?: Maybe<string> }>;
  readonly dimensions?: readonly string[];
  readonly reset?: AttributionQuestion["reset"];
  readonly count?: AttributionQuestion["count"];
  readonly unit?: Maybe<AnalysisUnitInput>;
  readonly identity?: "STITCHED" | "PERSON";
  readonly nonConverting?: boolean;
  readonly openJourneys?: AttributionQuestion["openJourneys"];
  readonly spend?: readonly Spend[];
  readonly bootstrap?: Maybe<Partial<Bootstrap>>;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Refuses a whole number outside its bounds with BAD_INPUT. */
const within = (value: number, where: string, least: number, most: number): number => {
  if (!Number.isInteger(value) || value < least || value > most)
    throw bad(where, `\`${where}\` must be a whole number between ${least} and ${most.toLocaleString("en-US")}.`);
  return value;
};

const someOf = <T>(list: readonly T[], where: string, least: number, most: number): readonly T[] => {
  if (list.length < least || list.length > most) throw bad(where, `\`${where}\` takes ${least} to ${most}.`);
  return list;
};

const nameOf = (name: string, where: string): string => {
  if (name === "" || name.length > ATTRIBUTION_LIMITS.nameCharacters)
    throw bad(where, `A name has 1 to ${ATTRIBUTION_LIMITS.nameCharacters} characters.`);
  return name;
};

const parseRules = (
  input: Maybe<readonly ChannelRuleInput[]>,
  place: string,
  access: FieldAccess,
): readonly ChannelRule[] =>
  someOf(input ?? DEFAULT_CHANNELS, place, 1, ATTRIBUTION_LIMITS.rules).map(({ channel, filter }, index) => {
    const where = `${place}.${index}`;
    const parsed = parseFilter(filter, `${where}.filter`, access);
    if (parsed === null) throw bad(`${where}.filter`, "A rule needs a filter.");
    return { channel: nameOf(channel, `${where}.channel`), filter: parsed };
  });

const parseValue = (
  input: AttributionInput["value"],
  conversion: EventMatcher,
  access: FieldAccess,
): NumberSource | null => {
  if (input === null || input === undefined) return null;
  const asked = { function: "SUM", of: input.of, currency: input.currency } as const;
  const [measure] = parseMeasure(asked, "input.value", { access, columns: [] });
  const source = measure === undefined ? null : numbersOf(measure.formula);
  if (source?.kind === "REVENUE" && source.currency === null && onlyValueOf(conversion.filter, "currency") === null)
    throw bad("input.value.currency", "Revenue of several currencies is never added up: give the `currency`.");
  return source;
};

const parseDimensions = (names: readonly string[], access: FieldAccess): AttributionQuestion["dimensions"] => {
  someOf(names, "input.dimensions", 1, ATTRIBUTION_LIMITS.dimensions);
  if (new Set(names).size < names.length) throw bad("input.dimensions", "`input.dimensions` names one twice.");
  return names.map((name, index) => {
    if (name === "channel") return { name, of: { kind: "CHANNEL" } };
    return {
      name,
      of: {
        kind: "FIELD",
        field: parseRevealedField(name, `input.dimensions.${index}`, { ...access, also: ["channel"] }),
      },
    };
  });
};

const parseSpend = (spend: readonly Spend[], dimensions: readonly string[]): readonly Spend[] => {
  const seen = new Set<string>();
  return someOf(spend, "input.spend", 0, ATTRIBUTION_LIMITS.spends).map((one, index) => {
    const where = `input.spend.${index}`;
    if (!dimensions.includes(one.dimension))
      throw bad(`${where}.dimension`, "Spend is of one of the `dimensions` that are asked for.");
    if (!(Number.isFinite(one.amount) && one.amount >= 0)) throw bad(`${where}.amount`, "Spend is 0 or more.");
    const key = JSON.stringify([one.dimension, one.label]);
    if (seen.has(key)) throw bad(where, "This label's spend is given twice.");
    seen.add(key);
    return one;
  });
};

const parseBootstrap = (input: AttributionInput["bootstrap"]): Bootstrap | null => {
  if (input === null || input === undefined) return null;
  const { samples = 200, level = 0.95, seed = 1 } = input;
  if (!(level >= 0.5 && level <= 0.999)) throw bad("input.bootstrap.level", "A level lies between 0.5 and 0.999.");
  within(samples, "input.bootstrap.samples", 20, ATTRIBUTION_LIMITS.bootstrapSamples);
  return { samples, level, seed: within(seed, "input.bootstrap.seed", 0, 2 ** 31 - 1) };
};

/** Validates touchpoints and models that stand at `where`; refuses with BAD_INPUT, or FORBIDDEN for personal data the caller may not see. */
export const parseTouches = (input: TouchInput, where: string, access: FieldAccess): TouchQuestion => ({
  touchpoints: someOf(input.touchpoints, `${where}.touchpoints`, 1, ATTRIBUTION_LIMITS.touchpoints).map((one, index) =>
    parseEventMatcher(one, `${where}.touchpoints.${index}`, access),
  ),
  lookbackMs: parseDuration(input.lookback ?? "P30D", `${where}.lookback`, {
    minMs: SECOND_MS,
    maxMs: ATTRIBUTION_LIMITS.lookbackMs,
  }),
  rules: parseRules(input.channels, `${where}.channels`, access),
  otherwise: nameOf(input.otherwise ?? "Other", `${where}.otherwise`),
  directLabels: someOf(input.directLabels ?? [DIRECT_CHANNEL], `${where}.directLabels`, 0, ATTRIBUTION_LIMITS.rules),
  models: parseModels(input.models, `${where}.models`),
  maxPathLength: within(input.maxPathLength ?? 50, `${where}.maxPathLength`, 1, ATTRIBUTION_LIMITS.pathLength),
  topPaths: within(input.topPaths ?? 20, `${where}.topPaths`, 0, ATTRIBUTION_LIMITS.topPaths),
});

/** Validates a question to `attribution`; refuses with BAD_INPUT, or FORBIDDEN for personal data the caller may not see. */
export const parseAttribution = (input: AttributionInput, caller: FieldAccess): AttributionQuestion => {
  const access = accessIn(caller, { meanings: input.meanings });
  const range = parseTimeRange(input.range, "input.range");
  const conversion = parseEventMatcher(input.conversion, "input.conversion", access);
  const unit = parseAnalysisUnit(input.unit, "input.unit", access);
  const dimensions = input.dimensions ?? ["channel"];
  return {
    range,
    conversion,
    ...parseTouches(input, "input", access),
    value: parseValue(input.value, conversion, access),
    dimensions: parseDimensions(dimensions, access),
    reset: input.reset ?? "AFTER_CONVERSION",
    count: input.count ?? "EVERY",
    unit,
    stitched: unit.kind === "PERSON" && (input.identity ?? "STITCHED") === "STITCHED",
    nonConverting: input.nonConverting ?? true,
    openJourneys: input.openJourneys ?? "LAST",
    spend: parseSpend(input.spend ?? [], dimensions),
    bootstrap: parseBootstrap(input.bootstrap),
    asked: parsePersonsPart(input, unit),
  };
};

/** Every field that tells touchpoints and their channels. */
export const fieldsOfTouches = ({ touchpoints, rules }: TouchQuestion): readonly Field[] => [
  ...touchpoints.flatMap(fieldsOfMatcher),
  ...rules.flatMap(({ filter }) => fieldsOf(filter)),
];

/** Every field a question looks at when its paths are told apart by a dimension. */
export const fieldsOfAttribution = (question: AttributionQuestion, of: TouchDimension): readonly Field[] => [
  ...fieldsOfUnit(question.unit),
  ...[question.conversion, ...question.touchpoints].flatMap(fieldsOfMatcher),
  ...(of.kind === "FIELD" ? [of.field] : question.rules.flatMap(({ filter }) => fieldsOf(filter))),
  ...(question.value?.kind === "REVENUE"
    ? [parseField("revenue", "value"), ...(question.value.currency === null ? [] : [parseField("currency", "value")])]
    : []),
  ...(question.value?.kind === "PROPERTY" ? [question.value.field] : []),
];

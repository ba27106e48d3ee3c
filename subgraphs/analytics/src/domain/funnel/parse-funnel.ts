import { refuse } from "@tessera/platform/errors/refusal";
import { parseAnalysisUnit } from "../analysis-unit.ts";
import { parsePersonsPart } from "../asked-sample.ts";
import { parseTouches } from "../attribution/question.ts";
import { bucketsOf } from "../calendar.ts";
import { parseDuration } from "../duration.ts";
import { parseEventMatcher } from "../event-matcher.ts";
import { accessIn } from "../access-in.ts";
import { parseRevealedField, type FieldAccess } from "../fields.ts";
import { parseFilter } from "../filter.ts";
import { MAX_RANGE_MS, parseTimeRange, type TimeRange } from "../time-range.ts";
import { zoneOffset } from "@tessera/platform/time/zone";
import type {
  FunnelBreakdownInput,
  FunnelExclusionInput,
  FunnelInput,
  FunnelMembersInput,
  FunnelStepInput,
} from "./funnel-input.ts";
import {
  FUNNEL_LIMITS,
  type Funnel,
  type FunnelBreakdown,
  type FunnelCorrelation,
  type FunnelEntries,
  type FunnelExclusion,
  type FunnelMembers,
  type FunnelOrder,
  type FunnelStep,
  type FunnelTrend,
} from "./funnel.ts";

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const whole = (value: number, field: string, min: number, max: number): number => {
  if (!Number.isInteger(value) || value < min || value > max)
    throw bad(field, `\`${field}\` must be a whole number from ${min} to ${max}.`);
  return value;
};

/** A window reaches from a millisecond to as long as a range may be: longer ones could not hold anything more. */
const parseWindow = (text: string | null | undefined, field: string): number | null =>
  text === null || text === undefined ? null : parseDuration(text, field, { minMs: 1, maxMs: MAX_RANGE_MS });

const defaultLabel = (input: FunnelStepInput, index: number): string => {
  const names = input.anyOf.flatMap(({ events }) => events ?? []);
  const label = names.length === 0 ? `step ${index + 1}` : names.join(" or ");
  return label.slice(0, FUNNEL_LIMITS.labelCharacters);
};

/** How many different matchers of a step must happen: no more than it has. */
const atLeastOf = ({ anyOf, atLeast }: FunnelStepInput, where: string): number => {
  const most = anyOf.length;
  if ((atLeast ?? 1) > most)
    throw bad(
      where,
      `\`atLeast\` is of different matchers, and the step has ${most}: put more into \`anyOf\`, or, for the same event time and again, take a step for each time.`,
    );
  return whole(atLeast ?? 1, where, 1, Math.max(1, most));
};

const parseStep = (input: FunnelStepInput, index: number, access: FieldAccess): FunnelStep => {
  const where = `input.steps.${index}`;
  const { alternatives, labelCharacters } = FUNNEL_LIMITS;
  if (input.anyOf.length === 0 || input.anyOf.length > alternatives)
    throw bad(`${where}.anyOf`, `A step takes 1 to ${alternatives} matchers, any of which may happen.`);
  const label = input.label ?? defaultLabel(input, index);
  if (label === "" || label.length > labelCharacters)
    throw bad(`${where}.label`, `The label of a step has 1 to ${labelCharacters} characters.`);
  return {
    label,
    anyOf: input.anyOf.map((matcher, place) => parseEventMatcher(matcher, `${where}.anyOf.${place}`, access)),
    atLeast: atLeastOf(input, `${where}.atLeast`),
    optional: input.optional ?? false,
    withinMs: parseWindow(input.within, `${where}.within`),
  };
};

/** Refuses parts of a step that have no meaning where it stands, so that nothing asked for is silently dropped. */
const refuseMeaningless = (steps: readonly FunnelStep[], order: FunnelOrder): void =>
  steps.forEach((step, index) => {
    const where = `input.steps.${index}`;
    const last = index === 0 || index === steps.length - 1;
    if (step.optional && last)
      throw bad(`${where}.optional`, "The first and the last step can't be optional: they make entry and conversion.");
    if (index === 0 && step.withinMs !== null)
      throw bad(`${where}.within`, "The first step has no step before it; `window` bounds the whole.");
    if (index === 0 && step.atLeast > 1)
      throw bad(`${where}.atLeast`, "A funnel is entered by one event: the first step takes `atLeast` 1.");
    if (step.optional && step.atLeast > 1) throw bad(`${where}.atLeast`, "An optional step takes `atLeast` 1.");
    if (order === "ORDERED") return;
    if (step.optional) throw bad(`${where}.optional`, `An optional step has no meaning for ${order}.`);
    if (step.atLeast > 1) throw bad(`${where}.atLeast`, `\`atLeast\` above 1 has no meaning for ${order}.`);
    if (order === "UNORDERED" && step.withinMs !== null)
      throw bad(`${where}.within`, "UNORDERED has no previous step; `window` bounds the whole.");
  });

const parseSteps = (input: FunnelInput, order: FunnelOrder, access: FieldAccess): readonly FunnelStep[] => {
  const { steps: most, conditions } = FUNNEL_LIMITS;
  if (input.steps.length === 0 || input.steps.length > most)
    throw bad("input.steps", `A funnel has 1 to ${most} steps; lay out longer ones as two funnels.`);
  const steps = input.steps.map((step, index) => parseStep(step, index, access));
  refuseMeaningless(steps, order);
  const marks = steps.reduce((sum, { atLeast, anyOf }) => sum + (atLeast > 1 ? anyOf.length : 1), 0);
  if (marks > conditions - FUNNEL_LIMITS.exclusions)
    throw bad(
      "input.steps",
      `The steps have ${marks} parts to tell apart, more than ${conditions - FUNNEL_LIMITS.exclusions}: take fewer matchers in steps with \`atLeast\`.`,
    );
  return steps;
};

const parseExclusion = (
  input: FunnelExclusionInput,
  index: number,
  { steps, order, access }: { steps: readonly FunnelStep[]; order: FunnelOrder; access: FieldAccess },
): FunnelExclusion => {
  const where = `input.exclusions.${index}`;
  if (order === "STRICT")
    throw bad(where, "STRICT lets nothing happen between steps, so that an exclusion has no meaning.");
  if (order === "UNORDERED" && (input.fromStep ?? input.toStep ?? null) !== null)
    throw bad(`${where}.fromStep`, "UNORDERED has no order of steps: an exclusion holds for the whole attempt.");
  const [fromStep, toStep] = [input.fromStep ?? 1, input.toStep ?? steps.length];
  const isAll = fromStep === 1 && toStep === steps.length;
  const isWhole = Number.isInteger(fromStep) && Number.isInteger(toStep);
  if (!isAll && !(isWhole && 1 <= fromStep && fromStep < toStep && toStep <= steps.length))
    throw bad(
      `${where}.${fromStep >= 1 && fromStep < steps.length ? "toStep" : "fromStep"}`,
      `An exclusion lies between steps, from \`fromStep\` to a later \`toStep\`, of 1 to ${steps.length}; these are ${fromStep} and ${toStep}.`,
    );
  const [from, to] = [fromStep - 1, toStep - 1];
  for (const [part, step] of [
    ["fromStep", from],
    ["toStep", to],
  ] as const)
    if (steps[step]?.optional === true)
      throw bad(`${where}.${part}`, `Step ${step + 1} is optional; an exclusion lies between steps that must be done.`);
  return { matcher: parseEventMatcher(input.event, `${where}.event`, access), from, to };
};

const parseMembers = (
  { cohorts, segments, attribution, first }: FunnelBreakdownInput,
  members: readonly FunnelMembersInput[],
  access: FieldAccess,
): readonly FunnelMembers[] => {
  if ((first ?? null) !== null)
    throw bad("input.breakdown.first", "Every cohort and segment that is named is shown: leave `first` out.");
  if ((segments ?? []).length === 0 && (cohorts ?? []).length > 0 && (attribution ?? "FIRST") !== "FIRST")
    throw bad("input.breakdown.attribution", "A cohort holds a person whatever the event: leave `attribution` out.");
  return members.map(({ cohortId, segment, filter, where }) => ({
    ...{ cohortId, segment },
    condition: parseFilter(filter, where, access),
  }));
};

const parseBreakdown = (
  input: FunnelBreakdownInput | null | undefined,
  steps: readonly FunnelStep[],
  access: FieldAccess,
): FunnelBreakdown | null => {
  if (input === null || input === undefined) return null;
  const attribution = input.attribution ?? "FIRST";
  if (attribution === "STEP" && (input.step ?? null) === null)
    throw bad("input.breakdown.step", "STEP needs the `step` whose event gives the value.");
  if (attribution !== "STEP" && (input.step ?? null) !== null)
    throw bad("input.breakdown.step", `\`step\` has no meaning for ${attribution}.`);
  const byEvent = {
    attribution,
    step: whole(input.step ?? 1, "input.breakdown.step", 1, steps.length) - 1,
    first: whole(input.first ?? 10, "input.breakdown.first", 1, FUNNEL_LIMITS.groups),
  };
  const { field = null, members = [] } = input;
  if ((field === null) === (members.length === 0))
    throw bad(
      "input.breakdown",
      "A breakdown is by a `field`, by `cohorts` and `segments`, and not by both or by nothing.",
    );
  return field === null
    ? { kind: "MEMBERS", ...byEvent, members: parseMembers(input, members, access) }
    : { kind: "FIELD", ...byEvent, field: parseRevealedField(field, "input.breakdown.field", access) };
};

const parseTrend = (input: FunnelInput, range: TimeRange): FunnelTrend | null => {
  const granularity = input.trend?.granularity ?? null;
  if (granularity === null) return null;
  if (granularity === "NONE")
    throw bad("input.trend.granularity", "A trend needs buckets: take another granularity than NONE.");
  const offsetAt = zoneOffset(input.timeZone ?? "UTC");
  return { buckets: bucketsOf(granularity, range, offsetAt, "input.trend.granularity"), offsetAt };
};

const parseCorrelation = (input: FunnelInput["correlation"], access: FieldAccess): FunnelCorrelation | null => {
  if (input === null || input === undefined) return null;
  const { correlationEvents, correlationFields, correlationValues } = FUNNEL_LIMITS;
  const names = input.fields ?? [];
  if (names.length > correlationFields)
    throw bad("input.correlation.fields", `\`fields\` takes at most ${correlationFields} fields.`);
  if (new Set(names).size < names.length) throw bad("input.correlation.fields", "`fields` names a field twice.");
  const where = "input.correlation";
  const events = whole(input.events ?? 20, `${where}.events`, 0, correlationEvents);
  if (events === 0 && names.length === 0) throw bad(where, "A correlation looks at `events`, at `fields`, or at both.");
  return {
    events,
    fields: names.map((name, index) => parseRevealedField(name, `${where}.fields.${index}`, access)),
    values: whole(input.values ?? 10, `${where}.values`, 1, correlationValues),
  };
};

const parseLevels = (levels: readonly number[] | null | undefined): readonly number[] => {
  const asked = levels ?? [0.5, 0.9];
  if (asked.length === 0 || asked.length > FUNNEL_LIMITS.levels || asked.some((level) => !(level >= 0 && level <= 1)))
    throw bad("input.levels", `\`levels\` takes 1 to ${FUNNEL_LIMITS.levels} levels between 0 and 1.`);
  return asked;
};

const parseAttribution = (input: FunnelInput, access: FieldAccess): Funnel["attribution"] => {
  const { attribution } = input;
  if (attribution === null || attribution === undefined) return null;
  if ((input.sample ?? 1) < 1 || input.fast === true)
    throw bad(
      "input.attribution",
      "Conversions of a sample are owed to nobody's whole: leave `sample` and `fast` out.",
    );
  return parseTouches(attribution, "input.attribution", access);
};

/** Entries lie in the range, so that a moment outside of it bounds nothing, or leaves nobody. */
const parseEntriesBefore = (text: string | null | undefined, { fromMs, toMs }: TimeRange): number | null => {
  if (text === null || text === undefined) return null;
  const ms = Date.parse(text);
  if (ms > fromMs && ms <= toMs) return ms;
  throw bad("input.entriesBefore", "`entriesBefore` lies within the range, after its start.");
};

const parseEntries = ({ entries }: FunnelInput, access: FieldAccess): FunnelEntries | null => {
  if (entries === undefined) return null;
  const fields = entries.fields.map((name, index) => parseRevealedField(name, `input.entries.fields.${index}`, access));
  return { ...entries, fields };
};

/** Validates a question to `funnel`; refuses with BAD_INPUT and the path of what is wrong, or FORBIDDEN for personal data. */
export const parseFunnel = (input: FunnelInput, caller: FieldAccess): Funnel => {
  const access = accessIn(caller, input);
  const order = input.order ?? "ORDERED";
  const range = parseTimeRange(input.range, "input.range");
  const steps = parseSteps(input, order, access);
  const exclusions = input.exclusions ?? [];
  if (exclusions.length > FUNNEL_LIMITS.exclusions)
    throw bad("input.exclusions", `A funnel has at most ${FUNNEL_LIMITS.exclusions} exclusions.`);
  const unit = parseAnalysisUnit(input.unit, "input.unit", access);
  return {
    range,
    timeZone: input.timeZone ?? "UTC",
    unit,
    order,
    anchor: input.anchor ?? "ANY",
    steps,
    windowMs: parseWindow(input.window, "input.window"),
    entriesBeforeMs: parseEntriesBefore(input.entriesBefore, range),
    exclusions: exclusions.map((exclusion, index) => parseExclusion(exclusion, index, { steps, order, access })),
    levels: parseLevels(input.levels),
    breakdown: parseBreakdown(input.breakdown, steps, access),
    trend: parseTrend(input, range),
    dropOffs:
      input.dropOffs === null || input.dropOffs === undefined
        ? null
        : whole(input.dropOffs.first ?? 5, "input.dropOffs.first", 1, FUNNEL_LIMITS.dropOffs),
    dropOffDepth: whole(input.dropOffs?.depth ?? 1, "input.dropOffs.depth", 1, FUNNEL_LIMITS.dropOffDepth),
    correlation: parseCorrelation(input.correlation, access),
    attribution: parseAttribution(input, access),
    entries: parseEntries(input, access),
    behind: null,
    asked: parsePersonsPart(input, unit),
    sample: 1,
  };
};

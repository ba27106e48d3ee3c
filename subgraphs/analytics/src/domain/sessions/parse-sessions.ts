import { accessIn } from "../access-in.ts";
import { refuse } from "@tessera/platform/errors/refusal";
import { parseAnalysisUnit, type AnalysisUnit, type AnalysisUnitInput } from "../analysis-unit.ts";
import { WHOLE } from "../asked-part.ts";
import { parseAskedSample, parsePersonsPart, type AskedSample } from "../asked-sample.ts";
import { bucketsOf } from "../calendar.ts";
import { DAY_MS, parseDuration } from "../duration.ts";
import { parseEventMatcher, type EventMatcher, type EventMatcherInput } from "../event-matcher.ts";
import { parseRevealedField, type FieldAccess } from "../fields.ts";
import type { Field } from "../field.ts";
import { parseFilter } from "../filter.ts";
import { parseTimeRange, type TimeRange } from "../time-range.ts";
import { zoneOffset, type OffsetAt } from "@tessera/platform/time/zone";
import type {
  SessionDefinitionInput,
  SessionFilterInput,
  SessionMetricsInput,
  SessionsInput,
} from "./sessions-input.ts";
import {
  reachOf,
  SESSION_LIMITS,
  type SessionConditions,
  type SessionDefinition,
  type SessionMetricsQuestion,
  type SessionsQuestion,
} from "./sessions.ts";

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const whole = (value: number, field: string, min: number, max: number): number => {
  if (!Number.isInteger(value) || value < min || value > max)
    throw bad(field, `\`${field}\` must be a whole number from ${min} to ${max.toLocaleString("en-US")}.`);
  return value;
};

const maybe = <T, R>(value: T | null | undefined, read: (given: T) => R): R | null =>
  value === null || value === undefined ? null : read(value);

const duration = (text: string, field: string, minMs: number, maxMs: number): number =>
  parseDuration(text, field, { minMs, maxMs });

const GAP_PARTS = ["gap", "unit", "cutAtMidnight", "cutAtCampaign", "maxLength", "bySource"] as const;

const parseUnit = (input: AnalysisUnitInput | null | undefined, access: FieldAccess): AnalysisUnit => {
  const unit = parseAnalysisUnit(input, "input.definition.unit", access);
  if (unit.kind === "SESSION")
    throw bad("input.definition.unit.kind", "Sessions by the id they were sent with are `by: SENT`, without a `unit`.");
  return unit;
};

const parseDefinition = (
  input: SessionDefinitionInput,
  range: TimeRange,
  offsetAt: OffsetAt,
  access: FieldAccess,
): SessionDefinition => {
  const where = "input.definition";
  if (input.by === "SENT") {
    const given = GAP_PARTS.find((part) => (input[part] ?? false) !== false);
    if (given !== undefined)
      throw bad(`${where}.${given}`, `\`${given}\` has no meaning for sessions as they are sent; take GAP.`);
    return { kind: "SENT" };
  }
  return {
    kind: "GAP",
    gapMs: duration(input.gap ?? "PT30M", `${where}.gap`, 1_000, SESSION_LIMITS.gapMs),
    unit: parseUnit(input.unit, access),
    midnightsMs:
      input.cutAtMidnight === true ? bucketsOf("DAY", reachOf(range), offsetAt, "input.range").startsMs : null,
    cutAtCampaign: input.cutAtCampaign ?? false,
    maxLengthMs: maybe(input.maxLength, (text) => duration(text, `${where}.maxLength`, 60_000, SESSION_LIMITS.reachMs)),
    bySource: input.bySource ?? false,
  };
};

const matchers = (
  inputs: readonly EventMatcherInput[] | null | undefined,
  where: string,
  access: FieldAccess,
): readonly EventMatcher[] => {
  if ((inputs ?? []).length > SESSION_LIMITS.matchers)
    throw bad(where, `\`${where}\` takes at most ${SESSION_LIMITS.matchers} matchers.`);
  return (inputs ?? []).map((input, index) => parseEventMatcher(input, `${where}.${index}`, access));
};

const refuseEmpty = (least: number | null, most: number | null, where: string): void => {
  if (least !== null && most !== null && least > most) throw bad(where, "The least is more than the most.");
};

const parseConditions = (input: SessionFilterInput, access: FieldAccess): SessionConditions => {
  const where = "input.where";
  const [least, most] = [input.minDuration, input.maxDuration].map((text, place) =>
    maybe(text, (given) => duration(given, `${where}.${place === 0 ? "min" : "max"}Duration`, 0, 3_660 * DAY_MS)),
  );
  const [fewest, mostEvents] = [input.minEvents, input.maxEvents].map((count, place) =>
    maybe(count, (given) => whole(given, `${where}.${place === 0 ? "min" : "max"}Events`, 1, SESSION_LIMITS.events)),
  );
  const durationMs = { least: least ?? null, most: most ?? null };
  const events = { least: fewest ?? null, most: mostEvents ?? null };
  refuseEmpty(durationMs.least, durationMs.most, `${where}.minDuration`);
  refuseEmpty(events.least, events.most, `${where}.minEvents`);
  return {
    entry: parseFilter(input.entry, `${where}.entry`, access),
    exit: parseFilter(input.exit, `${where}.exit`, access),
    has: matchers(input.has, `${where}.has`, access),
    hasNot: matchers(input.hasNot, `${where}.hasNot`, access),
    ...{ durationMs, events },
    ...{ bounced: input.bounced ?? null, engaged: input.engaged ?? null, converted: input.converted ?? null },
  };
};

const CURRENCY = /^[A-Z]{3}$/;

const parseCurrency = (currency: string): string => {
  if (!CURRENCY.test(currency)) throw bad("input.currency", "A currency is three letters, ISO 4217.");
  return currency;
};

const parsePage = (name: string, access: FieldAccess): Field => {
  const field = parseRevealedField(name, "input.page", access);
  if (field.kind === "COLUMN" && field.type !== "TEXT")
    throw bad("input.page", `\`${field.name}\` is ${field.type}: pages are told by text or a property.`);
  return field;
};

const parseRange = (input: SessionsInput): TimeRange => {
  const range = parseTimeRange(input.range, "input.range");
  if (range.toMs - range.fromMs > SESSION_LIMITS.range)
    throw bad("input.range", "Sessions are looked for in three years at most: take a shorter range.");
  return range;
};

/** Validates a question about sessions; refuses with BAD_INPUT and the path of what is wrong, or FORBIDDEN for personal data. */
export const parseSessions = (input: SessionsInput, caller: FieldAccess): SessionsQuestion => {
  const access = accessIn(caller, { meanings: input.meanings });
  const range = parseRange(input);
  const timeZone = input.timeZone ?? "UTC";
  const where = input.where ?? {};
  const conversion = maybe(input.conversion, (given) => parseEventMatcher(given, "input.conversion", access));
  if (conversion === null && (where.converted ?? null) !== null)
    throw bad("input.where.converted", "Whether sessions converted is known with a `conversion` alone.");
  return {
    ...{ range, timeZone, conversion, part: WHOLE },
    definition: parseDefinition(input.definition ?? {}, range, zoneOffset(timeZone), access),
    filter: parseFilter(input.filter, "input.filter", access),
    views: parseEventMatcher(input.pageViews ?? { events: ["page_view"] }, "input.pageViews", access),
    page: parsePage(input.page ?? "url", access),
    currency: maybe(input.currency, parseCurrency),
    engagedAfterMs: duration(input.engagedAfter ?? "PT10S", "input.engagedAfter", 1, DAY_MS),
    engagedViews: whole(input.engagedViews ?? 2, "input.engagedViews", 1, SESSION_LIMITS.engagedViews),
    idleMs: duration(input.idle ?? "PT5M", "input.idle", 1_000, DAY_MS),
    bounce: input.bounce ?? "NOT_ENGAGED",
    conditions: parseConditions(where, access),
  };
};

const parseBreakdown = (names: readonly string[], access: FieldAccess): readonly Field[] => {
  const { breakdown } = SESSION_LIMITS;
  if (names.length > breakdown) throw bad("input.breakdown", `\`breakdown\` takes at most ${breakdown} fields.`);
  if (new Set(names).size < names.length) throw bad("input.breakdown", "`breakdown` names a field twice.");
  return names.map((name, index) => parseRevealedField(name, `input.breakdown.${index}`, access));
};

const parseLevels = (levels: readonly number[]): readonly number[] => {
  if (
    levels.length === 0 ||
    levels.length > SESSION_LIMITS.levels ||
    levels.some((level) => !(level >= 0 && level <= 1))
  )
    throw bad("input.levels", `\`levels\` takes 1 to ${SESSION_LIMITS.levels} levels between 0 and 1.`);
  return levels;
};

/** What of all persons is to be looked at; sessions that were sent are of whoever had them, and of nobody in part. */
const parseSample = (input: SessionMetricsInput, definition: SessionDefinition): AskedSample => {
  if (definition.kind === "GAP") return parsePersonsPart(input, definition.unit);
  const asked = parseAskedSample(input);
  if (asked.kind === "ALL") return asked;
  const name = asked.kind === "FAST" ? "fast" : "sample";
  throw bad(
    `input.${name}`,
    `A sample is drawn of persons, whose sessions are by GAP: leave \`${name}\` out, or SENT.`,
  );
};

/** Validates a question to `sessionMetrics`; refuses as {@link parseSessions}. */
export const parseSessionMetrics = (input: SessionMetricsInput, access: FieldAccess): SessionMetricsQuestion => {
  const question = parseSessions(input, access);
  const offsetAt = zoneOffset(question.timeZone);
  const granularity = input.granularity ?? "NONE";
  return {
    ...question,
    offsetAt,
    asked: parseSample(input, question.definition),
    buckets: granularity === "NONE" ? null : bucketsOf(granularity, question.range, offsetAt),
    breakdown: parseBreakdown(input.breakdown ?? [], accessIn(access, { meanings: input.meanings })),
    first: whole(input.first ?? 10, "input.first", 1, SESSION_LIMITS.groups),
    levels: parseLevels(input.levels ?? [0.5, 0.9]),
    pages: whole(input.pages ?? 0, "input.pages", 0, SESSION_LIMITS.pages),
  };
};

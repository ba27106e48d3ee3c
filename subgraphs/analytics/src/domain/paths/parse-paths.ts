import { accessIn } from "../access-in.ts";
import { refuse } from "@tessera/platform/errors/refusal";
import { parseAnalysisUnit } from "../analysis-unit.ts";
import { parsePersonsPart } from "../asked-sample.ts";
import { parseDuration } from "../duration.ts";
import { parseEventMatcher, type EventMatcher, type EventMatcherInput } from "../event-matcher.ts";
import { parseRevealedField, type FieldAccess } from "../fields.ts";
import type { Field } from "../field.ts";
import { parseTimeRange } from "../time-range.ts";
import { zoneOffset } from "@tessera/platform/time/zone";
import { parseLabelRules } from "./label-rules.ts";
import type { PathAnchorInput, PathsInput } from "./paths-input.ts";
import { PATH_LIMITS, type PathAnchor, type PathsQuestion } from "./paths.ts";

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const whole = (value: number, field: string, min: number, max: number): number => {
  if (!Number.isInteger(value) || value < min || value > max)
    throw bad(field, `\`${field}\` must be a whole number from ${min} to ${max.toLocaleString("en-US")}.`);
  return value;
};

const duration = (text: string | null | undefined, field: string): number | null =>
  text === null || text === undefined ? null : parseDuration(text, field, { minMs: 1, maxMs: PATH_LIMITS.durationMs });

const matchers = (
  inputs: readonly EventMatcherInput[],
  where: string,
  bounds: { readonly least: number; readonly most: number },
  access: FieldAccess,
): readonly EventMatcher[] => {
  if (inputs.length < bounds.least || inputs.length > bounds.most)
    throw bad(where, `\`${where}\` takes ${bounds.least} to ${bounds.most} matchers.`);
  return inputs.map((input, index) => parseEventMatcher(input, `${where}.${index}`, access));
};

const parseLabel = (names: readonly string[], access: FieldAccess): readonly Field[] => {
  const { labelFields } = PATH_LIMITS;
  if (names.length === 0 || names.length > labelFields)
    throw bad("input.label", `\`label\` takes 1 to ${labelFields} fields.`);
  if (new Set(names).size < names.length) throw bad("input.label", "`label` names a field twice.");
  return names.map((name, index) => {
    const where = `input.label.${index}`;
    const field = parseRevealedField(name, where, access);
    if (field.kind === "COLUMN" && field.type !== "TEXT")
      throw bad(where, `\`${field.name}\` is ${field.type}: steps are labelled by text and properties.`);
    return field;
  });
};

const parseAnchor = (
  input: PathAnchorInput | null | undefined,
  where: string,
  access: FieldAccess,
): PathAnchor | null => {
  if (input === null || input === undefined) return null;
  const { event = null, label = null } = input;
  if ((event === null) === (label === null)) throw bad(where, "An anchor is exactly one of an `event` and a `label`.");
  if (label !== null && (label === "" || label.length > PATH_LIMITS.labelCharacters))
    throw bad(`${where}.label`, `A label has 1 to ${PATH_LIMITS.labelCharacters} characters.`);
  return { matcher: event === null ? null : parseEventMatcher(event, `${where}.event`, access), label };
};

const parseShape = (input: PathsInput) => {
  const { depth, nodes, minLink, topPaths } = PATH_LIMITS;
  return {
    occurrence: input.occurrence ?? "FIRST",
    repeats: input.repeats ?? "COLLAPSE",
    loops: input.loops ?? "KEEP",
    maxDepth: whole(input.maxDepth ?? 5, "input.maxDepth", 2, depth),
    maxNodes: whole(input.maxNodes ?? 10, "input.maxNodes", 1, nodes),
    minLink: whole(input.minLink ?? 1, "input.minLink", 1, minLink),
    topPaths: whole(input.topPaths ?? 10, "input.topPaths", 0, topPaths),
    gapMs: duration(input.gap, "input.gap"),
    windowMs: duration(input.window, "input.window"),
  } as const;
};

const parseGoal = (input: PathsInput["goal"], access: FieldAccess) => ({
  goal: input === null || input === undefined ? null : parseEventMatcher(input.event, "input.goal.event", access),
  goalWithinMs: duration(input?.within, "input.goal.within"),
});

/** Validates a question to `paths`; refuses with BAD_INPUT and the path of what is wrong, or FORBIDDEN for personal data. */
export const parsePaths = (input: PathsInput, caller: FieldAccess): PathsQuestion => {
  const access = accessIn(caller, { meanings: input.meanings });
  const unit = parseAnalysisUnit(input.unit, "input.unit", access);
  const { matchers: most, exclusions } = PATH_LIMITS;
  const timeZone = input.timeZone ?? "UTC";
  zoneOffset(timeZone);
  return {
    range: parseTimeRange(input.range, "input.range"),
    timeZone,
    unit,
    steps: matchers(input.steps ?? [{}], "input.steps", { least: 1, most }, access),
    excluded: matchers(input.exclude ?? [], "input.exclude", { least: 0, most: exclusions }, access),
    labels: parseLabel(input.label ?? ["name"], access),
    rules: parseLabelRules(input.groups ?? [], "input.groups"),
    start: parseAnchor(input.start, "input.start", access),
    end: parseAnchor(input.end, "input.end", access),
    ...parseShape(input),
    ...parseGoal(input.goal, access),
    asked: parsePersonsPart(input, unit),
    ...{ sample: 1, behind: null, apart: null },
  };
};

import { refuse } from "@tessera/platform/errors/refusal";
import { RE2JS } from "re2js";
import type { EventMatcherInput } from "../event-matcher.ts";
import type { FieldAccess } from "../fields.ts";
import type { Field } from "../field.ts";
import type { FilterInput } from "../filter-input.ts";
import type { FunnelInput } from "../funnel/funnel-input.ts";
import { FUNNEL_LIMITS } from "../funnel/funnel.ts";
import { parsePaths } from "./parse-paths.ts";
import type { PathsInput } from "./paths-input.ts";
import { isBackward, LABEL_SEPARATOR, NO_LABEL, PATH_LIMITS, type LabelRule, type PathsQuestion } from "./paths.ts";

/** The funnel that counts a path, as in the SDL. */
export interface PathFunnel {
  readonly question: FunnelInput;
  /** True when it counts exactly the paths that begin like this one. */
  readonly equal: boolean;
  /** Why it may count others; empty when it does not. */
  readonly differences: readonly string[];
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const matches = ({ pattern }: LabelRule, text: string): boolean =>
  RE2JS.compile(pattern, RE2JS.DOTALL).matcher(text).find();

/** Events that carry no value of a field; of a property an empty text is none either. */
const missing = ({ kind, name }: Field): FilterInput =>
  kind === "PROPERTY"
    ? {
        or: [
          { field: name, exists: false },
          { field: name, eq: "" },
        ],
      }
    : { field: name, exists: false };

const valueIs = (field: Field, value: string): FilterInput =>
  value === NO_LABEL ? { or: [missing(field), { field: field.name, eq: value }] } : { field: field.name, eq: value };

/** Whether a rule's label may come out as this one: exactly where it is plain, by its words where it holds captures. */
const mayGive = ({ template }: LabelRule, label: string): boolean => {
  const words = template.map((part) => (typeof part === "string" ? RE2JS.quote(part) : ".*"));
  return RE2JS.compile(words.join(""), RE2JS.DOTALL).matcher(label).matches();
};

const refuseCaptures = (rules: readonly LabelRule[], label: string, where: string): void => {
  const captures = rules.findIndex(
    (rule) => rule.template.some((part) => typeof part === "number") && mayGive(rule, label),
  );
  if (captures >= 0)
    throw bad(
      where,
      `The label may come from rule ${captures + 1}, which puts parts of the value into it, so that no filter tells which values those are: label these paths without captures.`,
    );
};

/** Events that a rule labels: those that it takes and no rule before it does. */
const byRule = (field: Field, rules: readonly LabelRule[], place: number): FilterInput => ({
  and: [
    { not: missing(field) },
    ...rules.slice(0, place).map((rule): FilterInput => ({ not: { field: field.name, matches: rule.pattern } })),
    { field: field.name, matches: rules[place]?.pattern ?? "" },
  ],
});

/** Events that a label stands for, of paths that are labelled by one field. */
const ofOneField = (field: Field, rules: readonly LabelRule[], label: string, where: string): FilterInput => {
  refuseCaptures(rules, label, where);
  const gives = (rule: LabelRule | undefined): boolean => rule?.template.join("") === label;
  const ruled = rules.flatMap((rule, place) => (gives(rule) ? [byRule(field, rules, place)] : []));
  const takesMissing = rules.find((rule) => matches(rule, NO_LABEL));
  const isRaw = !rules.some((rule) => matches(rule, label));
  const branches = [
    ...ruled,
    ...(isRaw ? [valueIs(field, label)] : []),
    ...(takesMissing !== undefined && gives(takesMissing) ? [missing(field)] : []),
  ];
  const [only] = branches;
  if (only === undefined) throw bad(where, "No value has this label: a rule gives every value that is so another one.");
  return branches.length === 1 ? only : { or: branches };
};

/** The events that a label of the paths stands for; refuses with BAD_INPUT where no filter can say. */
const matcherOf = ({ labels, rules }: PathsQuestion, label: string, where: string): EventMatcherInput => {
  if (label.length >= PATH_LIMITS.labelCharacters)
    throw bad(where, "The label may be cut, so that it does not tell which values it stands for.");
  const [field] = labels;
  if (field === undefined) throw new Error("Paths are labelled by a field at least.");
  if (labels.length === 1) {
    if (field.name === "name" && rules.length === 0) return { events: [label] };
    return { filter: ofOneField(field, rules, label, where) };
  }
  const values = label.split(LABEL_SEPARATOR);
  if (rules.length > 0 || values.length !== labels.length)
    throw bad(
      where,
      "The label does not tell the value of each field: take paths labelled by one field, or without rules.",
    );
  return { filter: { and: labels.map((one, place) => valueIs(one, values[place] ?? "")) } };
};

const isOfLabel = (question: PathsQuestion, label: string): boolean => {
  const { start, labels, rules } = question;
  if (start === null || start.label !== null) return start?.label === label;
  const names = start.matcher?.names ?? [];
  return (
    labels.length === 1 && labels[0]?.name === "name" && rules.length === 0 && names.length === 1 && names[0] === label
  );
};

const takesEverything = ({ steps }: PathsQuestion): boolean =>
  steps.some(({ names, filter }) => names.length === 0 && filter === null);

const differencesOf = (question: PathsQuestion, path: readonly string[]): readonly string[] => {
  const first = path[0] ?? "";
  const reasons: readonly (readonly [boolean, string])[] = [
    [isBackward(question), "The paths are followed back from their end, the funnel from its first step on."],
    [question.start === null, `The paths begin with a unit's first step, the funnel with its first "${first}".`],
    [
      question.start !== null && !isOfLabel(question, first),
      `The paths begin with what \`start\` says, the funnel with a unit's first "${first}".`,
    ],
    [question.start !== null && question.end !== null, "The paths must reach their `end`, the funnel need not."],
    [question.occurrence === "ANY", "The paths are counted, however many a unit has; the funnel counts units."],
    [question.repeats === "COLLAPSE", "Repeats are one step of a path, and each a step of the funnel."],
    [
      question.loops === "CUT" && new Set(path).size < path.length,
      "The path comes back to a label, which the paths are cut before.",
    ],
    [!takesEverything(question), "The paths are made of some events, a STRICT funnel of all."],
    [question.excluded.length > 0, "The paths leave out the excluded events, a STRICT funnel ends at them."],
    [path.length > question.maxDepth, "The path is longer than the paths are told."],
  ];
  return reasons.flatMap(([holds, reason]) => (holds ? [reason] : []));
};

/** Lays out the funnel that counts a path given by its labels in order of time; refuses with BAD_INPUT where no filter can say what a label stands for. */
export const funnelOfPath = (input: PathsInput, path: readonly string[], access: FieldAccess): PathFunnel => {
  const question = parsePaths(input, access);
  if (path.length === 0 || path.length > PATH_LIMITS.depth)
    throw bad("path", `\`path\` takes 1 to ${PATH_LIMITS.depth} labels.`);
  const steps = path.map((label, place) => {
    const where = `path.${place}`;
    if (label === "") throw bad(where, "No label is empty.");
    return {
      label: label.slice(0, FUNNEL_LIMITS.labelCharacters),
      anyOf: [matcherOf(question, label, where)],
      ...(place === 0 || input.gap === null || input.gap === undefined ? {} : { within: input.gap }),
    };
  });
  const differences = differencesOf(question, path);
  return {
    question: {
      ...{ range: input.range, steps, order: "STRICT", anchor: question.occurrence },
      ...{ unit: input.unit ?? null, window: input.window ?? null },
      ...{ timeZone: question.timeZone, sample: question.asked.kind === "PART" ? question.asked.fraction : 1 },
    },
    equal: differences.length === 0,
    differences,
  };
};

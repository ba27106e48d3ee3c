import { refuse } from "@tessera/platform/errors/refusal";
import { accessIn } from "../access-in.ts";
import { didYouMean } from "../did-you-mean.ts";
import { DAY_MS, HOUR_MS, parseDuration, SECOND_MS } from "../duration.ts";
import { parseEventMatcher } from "../event-matcher.ts";
import { refuseInCohort } from "../in-cohort.ts";
import { parseField, parseRevealedField, type FieldAccess } from "../fields.ts";
import type { Field } from "../field.ts";
import {
  PATTERN_LIMITS,
  type CorrelationCondition,
  type CorrelationConditionInput,
  type CorrelationPart,
  type CorrelationPartInput,
  type CorrelationPattern,
  type CorrelationPatternInput,
  type KeyField,
  type Operand,
} from "./rule.ts";

/** Bounds of a window: a run is remembered as long. */
export const WINDOW_BOUNDS = { minMs: SECOND_MS, maxMs: 30 * DAY_MS } as const;
/** Bounds of the allowed lateness: every event waits as long before it is looked at. */
export const LATENESS_BOUNDS = { minMs: 0, maxMs: 24 * HOUR_MS } as const;
/** Lateness of a rule that names none, as in the SDL. */
export const DEFAULT_LATENESS = "PT1M";

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
/** What a key is called that is no field: who did it, as everywhere else. */
const PERSON = "person";
const KEY_TYPES: readonly string[] = ["TEXT", "ID", "INTEGER"];
const NUMBER_TYPES: readonly string[] = ["DECIMAL", "INTEGER", "TIME"];

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const parseKeyField = (name: string, where: string, access: FieldAccess): KeyField => {
  if (name === PERSON) return { kind: "PERSON" };
  const field = parseField(name, where, access);
  if (field.kind !== "PROPERTY" && !KEY_TYPES.includes(field.type))
    throw bad(where, `\`${field.name}\` is ${field.type}: a key is text, an id, a whole number or a property.`);
  return { kind: "FIELD", field };
};

const parsePart = (input: CorrelationPartInput, where: string, access: FieldAccess): CorrelationPart => {
  if (!NAME.test(input.name))
    throw bad(`${where}.name`, "A name is 1 to 64 letters, digits and _, and does not begin with a digit.");
  if (input.key.length === 0 || input.key.length > PATTERN_LIMITS.keyFields)
    throw bad(`${where}.key`, `\`key\` takes 1 to ${PATTERN_LIMITS.keyFields} fields, or \`person\`.`);
  return {
    name: input.name,
    matcher: parseEventMatcher(input, where, access),
    key: input.key.map((name, index) => parseKeyField(name, `${where}.key.${index}`, access)),
    absent: input.absent ?? false,
  };
};

const parseParts = (input: CorrelationPatternInput, where: string, access: FieldAccess): readonly CorrelationPart[] => {
  const [least, most] = input.kind === "COUNT" ? [1, 1] : [2, PATTERN_LIMITS.parts];
  if (input.parts.length < least || input.parts.length > most)
    throw bad(
      where,
      input.kind === "COUNT" ? "COUNT takes one part." : `${input.kind} takes ${least} to ${most} parts.`,
    );
  const parts = input.parts.map((part, index) => parsePart(part, `${where}.${index}`, access));
  parts.forEach(({ name, key }, index) => {
    if (parts.findIndex((other) => other.name === name) !== index)
      throw bad(`${where}.${index}.name`, `Two parts are called \`${name}\`.`);
    if (key.length !== parts[0]?.key.length)
      throw bad(
        `${where}.${index}.key`,
        "Every part's key has as many fields as the first one's: they are compared in turn.",
      );
  });
  return parts;
};

/** Where parts may be absent: between others in a SEQUENCE, also at the end of an ABSENCE, which ends with one. */
const checkAbsent = ({ kind }: CorrelationPatternInput, parts: readonly CorrelationPart[], where: string): void => {
  const ordered = kind === "SEQUENCE" || kind === "ABSENCE";
  parts.forEach(({ absent }, index) => {
    const at = `${where}.${index}.absent`;
    if (absent && !ordered) throw bad(at, `A part of ${kind} can't be absent; SEQUENCE and ABSENCE have absent parts.`);
    if (absent && index === 0) throw bad(at, "The first part can't be absent: the window begins with its event.");
    if (absent && kind === "SEQUENCE" && index === parts.length - 1)
      throw bad(at, "The last part of a SEQUENCE can't be absent; an ABSENCE ends with an absent part.");
  });
  if (kind === "ABSENCE" && parts.at(-1)?.absent !== true)
    throw bad(`${where}.${parts.length - 1}.absent`, "The last part of an ABSENCE is the one that is absent.");
};

const parseAtLeast = (input: CorrelationPatternInput, parts: readonly CorrelationPart[], where: string): number => {
  const { kind, atLeast = null } = input;
  if (kind !== "COUNT" && kind !== "ANY") {
    if (atLeast !== null) throw bad(`${where}.atLeast`, `\`atLeast\` has no meaning for ${kind}.`);
    return parts.filter(({ absent }) => !absent).length;
  }
  const [least, most] = kind === "COUNT" ? [2, PATTERN_LIMITS.count] : [1, parts.length];
  if (atLeast === null || !Number.isInteger(atLeast) || atLeast < least || atLeast > most)
    throw bad(`${where}.atLeast`, `${kind} needs \`atLeast\`, from ${least} to ${most}.`);
  return atLeast;
};

/** The operands of a pattern, each once. */
const createOperands = () => {
  const operands: Operand[] = [];
  return {
    operands,
    place: (field: Field, as: Operand["as"]): number => {
      const known = operands.findIndex((operand) => operand.field.name === field.name && operand.as === as);
      return known === -1 ? operands.push({ field, as }) - 1 : known;
    },
  };
};

const isOrder = ({ comparison }: CorrelationConditionInput): boolean => comparison !== "EQ" && comparison !== "NE";

const parseCondition = (
  input: CorrelationConditionInput,
  parts: readonly CorrelationPart[],
  place: (field: Field, as: Operand["as"]) => number,
  { where, access }: { readonly where: string; readonly access: FieldAccess },
): CorrelationCondition => {
  const times = input.times ?? 1;
  const numbers = isOrder(input) || times !== 1;
  if (!Number.isFinite(times)) throw bad(`${where}.times`, "`times` is a finite number.");
  const side = (name: "left" | "right"): CorrelationCondition["left"] => {
    const { part, field: asked } = input[name];
    const names = parts.map((one) => one.name);
    const index = names.indexOf(part);
    if (index === -1)
      throw bad(
        `${where}.${name}.part`,
        `There is no part \`${part}\`.${didYouMean(part, names)} The parts are ${names.join(", ")}.`,
      );
    const field = parseRevealedField(asked, `${where}.${name}.field`, access);
    if (field.kind !== "PROPERTY" && (field.type === "LIST" || (numbers && !NUMBER_TYPES.includes(field.type))))
      throw bad(
        `${where}.${name}.field`,
        `\`${field.name}\` is ${field.type} and can't be compared by ${input.comparison}${times === 1 ? "" : " with `times`"}.`,
      );
    return { part: index, operand: place(field, numbers ? "NUMBER" : "TEXT") };
  };
  return { left: side("left"), comparison: input.comparison, right: side("right"), times };
};

/** An absent part is looked for before what follows it is known. */
const checkReach = (
  conditions: readonly CorrelationCondition[],
  parts: readonly CorrelationPart[],
  where: string,
): void => {
  conditions.forEach(({ left, right }, index) => {
    const [first, last] = [Math.min(left.part, right.part), Math.max(left.part, right.part)];
    if (parts[first]?.absent === true && first !== last)
      throw bad(
        `${where}.${index}`,
        `\`${parts[first].name}\` is absent: it can be compared with parts before it alone.`,
      );
  });
};

/**
 * Validates a pattern that stands at `where`, in which the tenant's own dimensions mean what stands beside it; clock parts in them are of UTC. Refuses with
 * BAD_INPUT, or FORBIDDEN for personal data the caller may not see.
 */
export const parsePattern = (
  input: CorrelationPatternInput,
  where: string,
  caller: FieldAccess,
): CorrelationPattern => {
  refuseInCohort(input, where);
  const access = accessIn(caller, { meanings: input.meanings });
  const parts = parseParts(input, `${where}.parts`, access);
  checkAbsent(input, parts, `${where}.parts`);
  const { operands, place } = createOperands();
  const asked = input.conditions ?? [];
  if (asked.length > PATTERN_LIMITS.conditions)
    throw bad(`${where}.conditions`, `A pattern has at most ${PATTERN_LIMITS.conditions} conditions.`);
  if (input.kind === "COUNT" && asked.length > 0)
    throw bad(
      `${where}.conditions`,
      "COUNT has one part, and conditions compare parts: put what must hold of it into its `filter`.",
    );
  const conditions = asked.map((one, index) =>
    parseCondition(one, parts, place, { where: `${where}.conditions.${index}`, access }),
  );
  checkReach(conditions, parts, `${where}.conditions`);
  const distinct = input.distinct ?? null;
  if (distinct !== null && input.kind !== "COUNT")
    throw bad(`${where}.distinct`, "`distinct` has a meaning for COUNT alone.");
  return {
    ...{ kind: input.kind, parts, operands, conditions },
    atLeast: parseAtLeast(input, parts, where),
    distinct: distinct === null ? null : place(parseRevealedField(distinct, `${where}.distinct`, access), "TEXT"),
    windowMs: parseDuration(input.window, `${where}.window`, WINDOW_BOUNDS),
    latenessMs: parseDuration(input.lateness ?? DEFAULT_LATENESS, `${where}.lateness`, LATENESS_BOUNDS),
    skip: input.skip ?? "PAST_LAST_EVENT",
  };
};

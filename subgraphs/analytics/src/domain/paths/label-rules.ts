import { errorMessage } from "@tessera/platform/errors/error-message";
import { refuse } from "@tessera/platform/errors/refusal";
import { RE2JS } from "re2js";
import { FILTER_LIMITS } from "../filter.ts";
import type { PathGroupInput } from "./paths-input.ts";
import { PATH_LIMITS, type LabelRule } from "./paths.ts";

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const SPECIAL = /[\\^$.|?*+()[\]{}]/g;
const WILDCARD_PART = /(\*\*|\*)/;

/** A wildcard as a pattern over the whole text: `*` is what lies between two slashes, `**` is anything; each is a capture. */
export const wildcardPattern = (wildcard: string): string => {
  const parts = wildcard.split(WILDCARD_PART).map((part) => {
    if (part === "**") return "(.*)";
    return part === "*" ? "([^/]*)" : part.replaceAll(SPECIAL, String.raw`\$&`);
  });
  return `^${parts.join("")}$`;
};

/** A label in parts: `$1` to `$9` are captures, `$$` is a dollar. */
const parseTemplate = (label: string, captures: number, where: string): LabelRule["template"] => {
  const parts: (string | number)[] = [];
  for (const part of label.split(/(\$[1-9$])/)) {
    if (part === "") continue;
    if (part === "$$") parts.push("$");
    else if (/^\$[1-9]$/.test(part)) parts.push(Number(part.slice(1)));
    else parts.push(part);
  }
  const missing = parts.find((part) => typeof part === "number" && part > captures);
  if (missing !== undefined)
    throw bad(where, `The label names $${missing}, but its pattern has ${captures} captures; write $$ for a dollar.`);
  return parts;
};

const capturesOf = (pattern: string, where: string): number => {
  if (pattern.length > FILTER_LIMITS.pattern)
    throw bad(where, `A pattern has at most ${FILTER_LIMITS.pattern} characters.`);
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL).groupCount();
  } catch (error) {
    throw bad(
      where,
      `The pattern is not one of RE2 (look-around and back-references are not in it): ${errorMessage(error)}.`,
    );
  }
};

const parseRule = (input: PathGroupInput, where: string): LabelRule => {
  const { pattern = null, wildcard = null, label } = input;
  if ((pattern === null) === (wildcard === null))
    throw bad(where, "A rule is exactly one of a `pattern` and a `wildcard`.");
  const written = pattern ?? wildcard ?? "";
  const place = pattern === null ? `${where}.wildcard` : `${where}.pattern`;
  if (written === "") throw bad(place, "An empty pattern would take every value.");
  if (label === "" || label.length > PATH_LIMITS.labelCharacters)
    throw bad(`${where}.label`, `A label has 1 to ${PATH_LIMITS.labelCharacters} characters.`);
  const asPattern = pattern ?? wildcardPattern(written);
  return { pattern: asPattern, template: parseTemplate(label, capturesOf(asPattern, place), `${where}.label`) };
};

/** Validates grouping rules that stand at `where`; refuses with BAD_INPUT. */
export const parseLabelRules = (inputs: readonly PathGroupInput[], where: string): readonly LabelRule[] => {
  const { rules, ruleCharacters } = PATH_LIMITS;
  if (inputs.length > rules) throw bad(where, `\`groups\` takes at most ${rules} rules.`);
  const characters = inputs.reduce(
    (sum, { pattern, wildcard, label }) => sum + label.length + (pattern ?? wildcard ?? "").length,
    0,
  );
  if (characters > ruleCharacters)
    throw bad(where, `The rules have at most ${ruleCharacters.toLocaleString("en-US")} characters in all.`);
  return inputs.map((input, index) => parseRule(input, `${where}.${index}`));
};

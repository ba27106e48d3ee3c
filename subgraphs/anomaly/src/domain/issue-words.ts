import type { z } from "zod";

type Issue = z.core.$ZodIssue;
/** Something wrong, at its place, in a sentence. */
interface Said {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** How the library's own sentences begin, which speak of types; schemas that say why in words of theirs begin none so. */
const ITS_OWN = /^(?:Too small|Too big|Invalid|Unrecognized)/;
const TYPES: Readonly<Record<string, string>> = {
  ...{ number: "a number", int: "a whole number", string: "a text", boolean: "true or false", array: "a list" },
  ...{ object: "an object", record: "an object" },
};

const written = (amount: number | bigint): string => amount.toLocaleString("en-US", { maximumFractionDigits: 9 });

const counted = (least: boolean, amount: number | bigint, one: string, many: string): string => {
  if (least && Number(amount) === 1) return "It must not be empty.";
  return `It has at ${least ? "least" : "most"} ${written(amount)} ${Number(amount) === 1 ? one : many}.`;
};

const boundOf = (origin: string, least: boolean, amount: number | bigint, inclusive = true): string => {
  if (origin === "string") return counted(least, amount, "character", "characters");
  if (origin === "array" || origin === "set") return counted(least, amount, "entry", "entries");
  if (!inclusive) return `It must be ${least ? "more" : "less"} than ${written(amount)}.`;
  return `It must be ${written(amount)} or ${least ? "more" : "less"}.`;
};

const oneOf = (values: readonly unknown[]): string => {
  const [first, ...others] = values.map(String);
  return others.length === 0 ? `It must be ${first ?? ""}.` : `It must be one of ${[first, ...others].join(", ")}.`;
};

const sentenceOf = (issue: Issue): string => {
  switch (issue.code) {
    case "too_small":
      return boundOf(issue.origin, true, issue.minimum, issue.inclusive);
    case "too_big":
      return boundOf(issue.origin, false, issue.maximum, issue.inclusive);
    case "invalid_type":
      return issue.message.endsWith("received undefined")
        ? "It is missing."
        : `It must be ${TYPES[issue.expected] ?? issue.expected}.`;
    case "invalid_value":
      return oneOf(issue.values);
    case "invalid_format":
      return `It is not of the form ${issue.format}.`;
    case "not_multiple_of":
      return `It must be a multiple of ${written(issue.divisor)}.`;
    default:
      return issue.message;
  }
};

/** What a schema found wrong, in sentences for people: one, or one for each name that has no meaning there. */
export const inWords = (issue: Issue): readonly Said[] => {
  if (!ITS_OWN.test(issue.message)) return [issue];
  if (issue.code !== "unrecognized_keys") return [{ path: issue.path, message: sentenceOf(issue) }];
  const message = "It has no meaning beside what else is given here: leave it out.";
  return issue.keys.map((key) => ({ path: [...issue.path, key], message }));
};

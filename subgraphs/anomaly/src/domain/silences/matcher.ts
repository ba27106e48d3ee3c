import { RE2JS } from "re2js";

/** How a label is compared. REGEX: the whole value matches a pattern of RE2, in a time that grows with its length alone. */
export const MATCHER_OPERATORS = ["EQUALS", "NOT_EQUALS", "IN", "NOT_IN", "REGEX", "NOT_REGEX"] as const;

/** What is asked of one label; a label there is not counts as empty. */
export interface Matcher {
  readonly label: string;
  readonly operator: (typeof MATCHER_OPERATORS)[number];
  /** One for EQUALS and REGEX and what denies them. */
  readonly values: readonly string[];
}

/** What routing and silencing go by: the rule's labels, and `rule`, `severity` and the group's. */
export type Labels = Readonly<Record<string, string>>;

/** Whether all that is asked of some labels is so; made once, then asked of many. */
export type LabelTest = (labels: Labels) => boolean;

/** Characters of a value a pattern is tried on; what is longer matches none. */
const MAX_TRIED_CHARACTERS = 2_000;

/** The value of a label; empty where there is none. */
export const labelOf = (labels: Labels, label: string): string =>
  Object.hasOwn(labels, label) ? (labels[label] ?? "") : "";

const testOf = ({ operator, values }: Matcher): ((value: string) => boolean) => {
  const [first = ""] = values;
  switch (operator) {
    case "EQUALS":
      return (value) => value === first;
    case "NOT_EQUALS":
      return (value) => value !== first;
    case "IN":
      return (value) => values.includes(value);
    case "NOT_IN":
      return (value) => !values.includes(value);
    case "REGEX":
    case "NOT_REGEX": {
      const pattern = RE2JS.compile(first, RE2JS.DOTALL);
      const wanted = operator === "REGEX";
      return (value) => (value.length <= MAX_TRIED_CHARACTERS && pattern.matches(value)) === wanted;
    }
  }
};

/** Makes the test of matchers that must all hold. */
export const labelTest = (matchers: readonly Matcher[]): LabelTest => {
  const tests = matchers.map((matcher) => ({ label: matcher.label, test: testOf(matcher) }));
  return (labels) => tests.every(({ label, test }) => test(labelOf(labels, label)));
};

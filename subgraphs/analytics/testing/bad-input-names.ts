import type { Input } from "./bad-input-questions.ts";

const STEP = { anyOf: [{ events: ["buy"] }] };

/** What strangers name another way than we do: the question, in words, what is put in, the part that is told, and what to do. */
export const WRONG_NAMES: readonly (readonly [string, string, Input, string, string])[] = [
  [
    "olap",
    "a version of what is built in",
    { metrics: [{ name: "events", version: 2 }] },
    "input.metrics.0",
    "no versions",
  ],
  ["olap", "a property by its bare name", { dimensions: ["plan"] }, "input.dimensions.0", "is `properties.plan`"],
  [
    "olap",
    "people by another name",
    { measures: [{ function: "UNIQUES", of: "users" }] },
    "input.measures.0.of",
    "as `persons`",
  ],
  [
    "olap",
    "sessions in the singular",
    { measures: [{ function: "UNIQUES", of: "session" }] },
    "input.measures.0.of",
    "`sessions`?",
  ],
  [
    "olap",
    "a sum of a bare name",
    { measures: [{ function: "SUM", of: "plan" }] },
    "input.measures.0.of",
    "such as `properties.plan`",
  ],
  ["attribution", "a channel misspelt", { dimensions: ["chanel"] }, "input.dimensions.0", "Did you mean `channel`?"],
  [
    "funnel",
    "groups of a type misspelt",
    { unit: { kind: "GROUP", group: "companyy" } },
    "input.unit.group",
    "`properties.groups.company`",
  ],
  [
    "paths",
    "a label misspelt",
    { label: ["properties.groups.compan"] },
    "input.label.0",
    "`properties.groups.company`",
  ],
  [
    "funnel",
    "one event several times",
    { steps: [STEP, { ...STEP, atLeast: 3 }] },
    "input.steps.1.atLeast",
    "a step for each time",
  ],
  [
    "funnel",
    "an exclusion the wrong way round",
    { steps: [STEP, STEP], exclusions: [{ event: {}, fromStep: 2, toStep: 1 }] },
    "input.exclusions.0.fromStep",
    "to a later `toStep`, of 1 to 2",
  ],
];

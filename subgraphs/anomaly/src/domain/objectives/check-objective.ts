import { z } from "zod";
import { checked, storedValue, type Checked } from "../checked.ts";
import { MAX_VALUE } from "../detectors/finding.ts";
import { isZone } from "../zone-clock.ts";
import { budgetUnitsOf } from "./error-budget.ts";
import { OBJECTIVE_WINDOWS, type Indicator, type Objective, type ObjectiveCodec } from "./objective.ts";

/** Characters of an objective's name, owner, fields and description. */
const MAX_NAME_CHARACTERS = 200;
const MAX_DESCRIPTION_CHARACTERS = 2_000;
/** Characters the filters of an objective may have as JSON: they are kept with it and with every rule on it. */
const MAX_INDICATOR_CHARACTERS = 20_000;
/** Groups an objective may tell apart: so many hours of a window of 90 days are what one answer of the analytics room holds. */
export const MAX_GROUPS = 40;

const text = z.string().trim().min(1).max(MAX_NAME_CHARACTERS);
const filter = z.record(z.string(), z.unknown());
const of = filter.nullish().transform((given) => given ?? null);
const amount = z.number().min(-MAX_VALUE).max(MAX_VALUE);

const slicesSchema = z
  .strictObject({ of, metric: text, atMost: amount.nullish(), atLeast: amount.nullish() })
  .transform(({ atMost = null, atLeast = null, ...same }, context): Indicator => {
    if (atMost !== null && atLeast === null)
      return { kind: "SLICES", ...same, good: { side: "AT_MOST", bound: atMost } };
    if (atLeast !== null && atMost === null)
      return { kind: "SLICES", ...same, good: { side: "AT_LEAST", bound: atLeast } };
    context.addIssue({ code: "custom", path: ["atMost"], message: "Give `atMost` or `atLeast`, and one of them." });
    return z.NEVER;
  });

const KINDS = {
  events: z.strictObject({ of, good: filter }).transform((given): Indicator => ({ kind: "EVENTS", ...given })),
  latency: z
    .strictObject({ of, field: text, atMost: amount })
    .transform((given): Indicator => ({ kind: "LATENCY", ...given })),
  slices: slicesSchema,
} as const;

const indicatorSchema = z.record(z.string(), z.unknown()).transform((input, context): Indicator => {
  const given = Object.entries(input).filter(([, value]) => value !== null && value !== undefined);
  const [one] = given;
  const kind = Object.entries(KINDS).find(([name]) => name === one?.[0]);
  if (one === undefined || kind === undefined || given.length > 1) {
    context.addIssue({
      code: "custom",
      message: "Say what is measured by `events`, `latency` or `slices`, and one of them.",
    });
    return z.NEVER;
  }
  if (JSON.stringify(one).length > MAX_INDICATOR_CHARACTERS) {
    const message = `What is measured has at most ${MAX_INDICATOR_CHARACTERS} characters as JSON: take fewer tests or values.`;
    context.addIssue({ code: "custom", path: [kind[0]], message });
    return z.NEVER;
  }
  const read = kind[1].safeParse(one[1]);
  if (read.success) return read.data;
  for (const { path, message } of read.error.issues)
    context.addIssue({ code: "custom", path: [kind[0], ...path], message });
  return z.NEVER;
});

const objectiveSchema = z.object({
  name: text,
  description: z
    .string()
    .max(MAX_DESCRIPTION_CHARACTERS)
    .nullish()
    .transform((given) => given ?? null),
  owner: text.nullish().transform((given) => given ?? null),
  indicator: indicatorSchema,
  percent: z
    .number()
    .refine(
      (percent) => budgetUnitsOf(percent) !== null,
      "An objective is more than 0 and less than 100 percent, with at most five decimals: at 100 there would be no error budget.",
    ),
  window: z.enum(OBJECTIVE_WINDOWS),
  timeZone: z.string().refine(isZone, "Name a time zone of the IANA list, such as Europe/Berlin.").default("UTC"),
  groupBy: text.nullish().transform((given) => given ?? null),
  maxGroups: z.number().int().min(1).max(MAX_GROUPS).default(20),
});

/** Checks what the author of an objective says; a problem names the field and what to change. Filters and metrics are checked where they are asked. */
export const checkObjective = (input: unknown): Checked<Objective> => checked(objectiveSchema.safeParse(input));

/** What is measured, in the form its author gives, which {@link checkObjective} reads. */
export const indicatorFormOf = (indicator: Indicator): Readonly<Record<string, unknown>> => {
  switch (indicator.kind) {
    case "EVENTS":
      return { events: { of: indicator.of, good: indicator.good } };
    case "LATENCY":
      return { latency: { of: indicator.of, field: indicator.field, atMost: indicator.atMost } };
    case "SLICES": {
      const { good, metric } = indicator;
      return {
        slices: { of: indicator.of, metric, [good.side === "AT_MOST" ? "atMost" : "atLeast"]: good.bound },
      };
    }
  }
};

/** Reads and writes objectives; what was stored once and is no objective is a broken row. */
export const objectiveCodec: ObjectiveCodec = {
  read: (definition) => storedValue(checkObjective(definition), "objective"),
  write: ({ indicator, ...same }) => ({ ...same, indicator: indicatorFormOf(indicator) }),
};

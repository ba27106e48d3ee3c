import { parseDurationMs } from "@tessera/platform/time/duration";
import { z } from "zod";
import { budgetUnitsOf, canBurnBeyond, factorPartsOf } from "../objectives/error-budget.ts";
import { MAX_VALUE } from "./finding.ts";

/** Pairs of windows one detector may have: the workbook has three. */
const MAX_PAIRS = 6;
const MINUTE_MS = 60_000;
/** Longest window: a month of 30 days. */
const MAX_WINDOW_MS = 30 * 86_400_000;
/** Greatest factor: what burns a month's budget in less than an hour is told by its short window alone. */
const MAX_FACTOR = 1_000;
/** Greatest number of bad ones that may be asked for. */
const MAX_MINIMUM_BAD = 1_000_000_000;

const OF_OBJECTIVE = "A burn rate is of an objective: let the rule watch one by `objective`.";

const length = z.string().refine((text) => {
  const ms = parseDurationMs(text);
  return ms !== null && ms >= MINUTE_MS && ms <= MAX_WINDOW_MS && ms % MINUTE_MS === 0;
}, "A window is an ISO 8601 duration of whole minutes from PT1M to P30D.");

/** Milliseconds of a window's length that was checked. */
export const lengthMsOf = (text: string): number => parseDurationMs(text) ?? 0;

const pairSchema = z
  .strictObject({
    long: length,
    short: length,
    factor: z
      .number()
      .gt(0)
      .max(MAX_FACTOR)
      .refine((factor) => factorPartsOf(factor) !== null, "A factor has at most three decimals."),
  })
  .refine(({ long, short }) => lengthMsOf(short) < lengthMsOf(long), {
    ...{ path: ["short"], error: "The short window is shorter than the long one: it says that it still burns." },
  });

const badSchema = z.discriminatedUnion("by", [
  z.strictObject({ by: z.literal("SHARE") }),
  z.strictObject({ by: z.literal("ABOVE"), bound: z.number().min(-MAX_VALUE).max(MAX_VALUE) }),
  z.strictObject({ by: z.literal("BELOW"), bound: z.number().min(-MAX_VALUE).max(MAX_VALUE) }),
]);

/** Reads a detector of burn rates. What it is to burn, `target` and `bad`, is of the objective that is watched. */
export const burnRateSchema = z
  .strictObject({
    kind: z.literal("BURN_RATE"),
    // A bucket of few is few events of a window, and labelled ones are events like others.
    minimumSamples: z.literal(0).default(0),
    calendar: z.literal("AS_USUAL").default("AS_USUAL"),
    /** An anomaly is what burns beyond the factor of any pair over both its windows. */
    windows: z.array(pairSchema).min(1).max(MAX_PAIRS),
    /** Bad ones that the long window must hold. */
    minimumBad: z.number().int().min(1).max(MAX_MINIMUM_BAD).default(1),
    /** The objective in percent. */
    target: z.number({ error: OF_OBJECTIVE }).refine((percent) => budgetUnitsOf(percent) !== null, OF_OBJECTIVE),
    /** What of a bucket is bad: the share that its value is, or all of it, where the value lies beyond a bound. */
    bad: badSchema,
  })
  .superRefine(({ windows, target }, context) => {
    const budget = budgetUnitsOf(target) ?? 1;
    windows.forEach(({ factor }, place) => {
      if (!canBurnBeyond(budget, factorPartsOf(factor) ?? 0))
        context.addIssue({
          ...{ code: "custom", path: ["windows", place, "factor"] },
          message: `The budget of an objective of ${target} % can't be burnt so fast, even if everything is bad: take a smaller factor.`,
        });
    });
  });

/** How fast an error budget is burnt, over pairs of windows. */
export type BurnRateDefinition = z.infer<typeof burnRateSchema>;
/** A long window and a short one, and beyond which burn rate both are an anomaly. */
export type BurnWindows = BurnRateDefinition["windows"][number];

import { parseDurationMs } from "@tessera/platform/time/duration";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { RE2JS } from "re2js";
import { z } from "zod";
import { isZone } from "../zone-clock.ts";
import { checked, type Checked } from "../checked.ts";
import { MATCHER_OPERATORS, type Matcher } from "./matcher.ts";
import { cronReadings, nextOnClock, type SilenceWindow } from "./silence-window.ts";
import type { InhibitionDefinition, SilenceDefinition } from "./silence.ts";

/** Matchers of one silence or one side of an inhibition. */
export const MAX_MATCHERS = 20;
/** Values one matcher may list, and characters of each; a pattern is no longer. */
const MAX_VALUES = 100;
const MAX_VALUE_CHARACTERS = 200;
/** Labels an inhibition may ask to be equal. */
const MAX_EQUAL = 20;
/** Characters of a comment and of a name. */
const MAX_COMMENT_CHARACTERS = 2_000;
const MAX_NAME_CHARACTERS = 200;
/** Characters of a cron expression: five fields with lists of what they may hold. */
const MAX_CRON_CHARACTERS = 200;
/** Shortest and longest silence at a time: what is to be silent for longer is better switched off. */
const MIN_SILENCE_MS = 60_000;
const MAX_ONCE_MS = 366 * 86_400_000;
const MAX_OCCURRENCE_MS = 7 * 86_400_000;

/** The name of a label, as it is asked for. */
export const labelSchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/, "A label is a name of 1 to 100 letters, digits, `_`, `.` and `-`.");

/** What is asked of one label, as its author gives it. */
export const matcherSchema = z
  .object({
    label: labelSchema,
    operator: z.enum(MATCHER_OPERATORS),
    values: z.array(z.string().max(MAX_VALUE_CHARACTERS)).min(1).max(MAX_VALUES),
  })
  .superRefine(({ operator, values }, context) => {
    if (operator !== "IN" && operator !== "NOT_IN" && values.length > 1)
      context.addIssue({
        code: "custom",
        path: ["values"],
        message: `${operator} compares with one value; IN and NOT_IN with several.`,
      });
    if (operator !== "REGEX" && operator !== "NOT_REGEX") return;
    try {
      RE2JS.compile(values[0] ?? "", RE2JS.DOTALL);
    } catch (error) {
      const message = `The pattern is not one of RE2 (look-around and back-references are not in it): ${errorMessage(error)}.`;
      context.addIssue({ code: "custom", path: ["values", 0], message });
    }
  });
const matchersSchema = z.array(matcherSchema).min(1).max(MAX_MATCHERS);

/** Whether matchers leave out at least one alert: what asks nothing would silence everything. */
const asksSomething = (matchers: readonly Matcher[]): boolean =>
  matchers.some(({ operator, values }) =>
    operator === "EQUALS" || operator === "IN" ? values.some((value) => value !== "") : operator === "REGEX",
  );
const ASKS_SOMETHING = "At least one matcher must name what is silenced: EQUALS or IN with a value, or REGEX.";

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const windowSchema = z.object({
  from: instant,
  until: instant.nullish(),
  cron: z.string().max(MAX_CRON_CHARACTERS).nullish(),
  timeZone: z.string().nullish(),
  duration: z.string().nullish(),
});

type Issue = (path: string, message: string) => void;

const onceOf = ({ from, until }: z.infer<typeof windowSchema>, issue: Issue): SilenceWindow | null => {
  const untilMs = until ?? 0;
  if (untilMs - from >= MIN_SILENCE_MS && untilMs - from <= MAX_ONCE_MS) return { kind: "ONCE", fromMs: from, untilMs };
  issue(
    "until",
    "A silence ends from a minute to 366 days after its beginning; give `cron`, `timeZone` and `duration` for one that recurs.",
  );
  return null;
};

const isCron = (cron: string): boolean => {
  try {
    return cron.trim().split(/\s+/u).length === 5 && cronReadings(cron).nextRun(new Date(0)) !== null;
  } catch {
    return false;
  }
};

const recurringOf = (window: z.infer<typeof windowSchema>, issue: Issue): SilenceWindow | null => {
  const { from, until = null, timeZone, duration, cron } = window;
  const [expression, zone] = [cron ?? "", timeZone ?? ""];
  const durationMs = parseDurationMs(duration ?? "");
  const lasts = durationMs !== null && durationMs >= MIN_SILENCE_MS && durationMs <= MAX_OCCURRENCE_MS;
  if (!isCron(expression))
    issue("cron", "Give a cron expression of five fields that names when it begins, such as `0 2 * * SUN`.");
  if (!isZone(zone)) issue("timeZone", "Give the IANA zone of the clock it begins by, such as Europe/Berlin.");
  if (!lasts) issue("duration", "Give how long it lasts each time, an ISO 8601 duration from PT1M to P7D.");
  if (!isCron(expression) || !isZone(zone) || durationMs === null || !lasts) return null;
  if (until !== null && until <= from) {
    issue("until", "It must end after it begins.");
    return null;
  }
  const next = nextOnClock(expression, zone, from - 1);
  if (next === null || (until !== null && next >= until)) {
    issue("cron", "It never begins between `from` and `until`.");
    return null;
  }
  return { kind: "RECURRING", cron: expression, timeZone: zone, durationMs, fromMs: from, untilMs: until };
};

const silenceSchema = z
  .object({
    kind: z.enum(["SUPPRESSED", "MAINTENANCE"]).default("SUPPRESSED"),
    matchers: matchersSchema.refine(asksSomething, ASKS_SOMETHING),
    window: windowSchema.transform((window, context): SilenceWindow => {
      const issue: Issue = (path, message) => context.addIssue({ code: "custom", path: [path], message });
      const recurs = [window.cron, window.timeZone, window.duration].some(
        (part) => part !== null && part !== undefined,
      );
      return (recurs ? recurringOf(window, issue) : onceOf(window, issue)) ?? z.NEVER;
    }),
    comment: z.string().trim().min(1).max(MAX_COMMENT_CHARACTERS),
  })
  .transform((definition): SilenceDefinition => definition);

const inhibitionSchema = z
  .object({
    name: z.string().trim().min(1).max(MAX_NAME_CHARACTERS),
    source: matchersSchema.refine(asksSomething, ASKS_SOMETHING),
    target: matchersSchema.refine(asksSomething, ASKS_SOMETHING),
    equal: z.array(labelSchema).max(MAX_EQUAL).default([]),
  })
  .transform((definition): InhibitionDefinition => definition);

/** Checks what the author of a silence says; the comment is part of it, so that whoever wonders knows why nobody was told. */
export const checkSilence = (input: unknown): Checked<SilenceDefinition> => checked(silenceSchema.safeParse(input));

/** Checks what the author of an inhibition says. */
export const checkInhibition = (input: unknown): Checked<InhibitionDefinition> =>
  checked(inhibitionSchema.safeParse(input));

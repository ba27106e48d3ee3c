import { digestOf } from "@tessera/platform/integrity/digest";
import { z } from "zod";
import type { Anomaly } from "../anomaly.ts";
import { checked, type Checked, type RuleProblem } from "../checked.ts";
import type { Rule } from "../rule.ts";
import { meaningOf } from "../rule-change.ts";
import type { KeptBucket } from "../rules/series.ts";
import { hourOfWeek } from "../rules/watch-plan.ts";
import { FEEDBACK_VERDICTS, type ExpectedPeriod, type FeedbackVerdict, type Sight } from "./feedback.ts";

/** Characters of a note, and of what names a cause. */
const MAX_NOTE_CHARACTERS = 2_000;
const MAX_CAUSE_CHARACTERS = 200;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Hours in a row that are expected day by day or week by week: what lasts longer is named by its dates. */
const MAX_HOURS = 24;
/** Longest time that is expected once. */
const MAX_ONCE_MS = 31 * DAY_MS;
/** How far from now it may lie. */
const MAX_AWAY_MS = 366 * DAY_MS;
/** How long it is expected without being said again: 12 weeks, and 28 days. */
const WEEKLY_FOR_MS = 84 * DAY_MS;
const DAILY_FOR_MS = 28 * DAY_MS;
/** How long an issue is known: unless said, and at most. */
const KNOWN_FOR_MS = 30 * DAY_MS;
const MAX_KNOWN_FOR_MS = 90 * DAY_MS;

/** What somebody says of an anomaly, checked. */
export interface FeedbackSaid {
  readonly verdict: FeedbackVerdict;
  readonly cause: string | null;
  readonly note: string | null;
  readonly expected: ExpectedPeriod | null;
  readonly expiresAtMs: number | null;
}

/** What is known of the anomaly that is judged. */
export interface FeedbackSubject {
  readonly anomaly: Anomaly;
  readonly rule: Pick<Rule, "watch" | "detector">;
  /** The last judged buckets of its series. */
  readonly buckets: readonly KeptBucket[];
}

/** Digest of what a rule watches and by what it judges. */
export const judgedByOf = (rule: Pick<Rule, "watch" | "detector">): string => digestOf(meaningOf(rule));

/** What is known of an anomaly now. What its rule watched or judged by before it was changed is not what it watches now. */
export const sightOf = ({ anomaly, rule, buckets }: FeedbackSubject): Sight => {
  const { fingerprint, group, evidence, severity, resolution, lastSeenAtMs } = anomaly;
  const fromMs = evidence.window.fromMs;
  const untilMs = Math.max(resolution?.atMs ?? lastSeenAtMs, evidence.window.toMs);
  const within = buckets.filter(({ atMs, untilMs: end, outcome }) => {
    return outcome === "ANOMALOUS" && atMs >= fromMs && end <= untilMs;
  });
  const score = Math.max(evidence.score, ...within.map((bucket) => bucket.score));
  const judgedBy = resolution?.cause === "RULE_CHANGED" ? "" : judgedByOf(rule);
  return { fingerprint, group, fromMs, untilMs, side: evidence.side, score, severity, judgedBy };
};

const moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const inputSchema = z.object({
  verdict: z.enum(FEEDBACK_VERDICTS),
  cause: z.string().trim().min(1, "Name the cause.").max(MAX_CAUSE_CHARACTERS).nullish(),
  note: z
    .string()
    .trim()
    .max(MAX_NOTE_CHARACTERS)
    .nullish()
    .transform((note) => (note === undefined || note === "" ? null : note)),
  expected: z
    .object({
      repeats: z.enum(["ONCE", "DAILY", "WEEKLY"]).default("WEEKLY"),
      from: moment.nullish(),
      until: moment.nullish(),
    })
    .nullish(),
  expiresAt: moment.nullish(),
});
type Input = z.infer<typeof inputSchema>;

type Issue = (path: readonly string[], message: string) => void;

const zoneOf = ({ watch }: FeedbackSubject["rule"]): string => (watch.kind === "QUESTION" ? watch.timeZone : "UTC");

const periodOf = (
  input: Input,
  subject: FeedbackSubject,
  seen: Sight,
  nowMs: number,
  issue: Issue,
): ExpectedPeriod | null => {
  const { repeats = "WEEKLY", from = null, until = null } = input.expected ?? {};
  if ((from === null) !== (until === null)) {
    issue(["expected", from === null ? "from" : "until"], "Give both, `from` and `until`, or neither.");
    return null;
  }
  const [fromMs, untilMs] = [from ?? seen.fromMs, until ?? seen.untilMs];
  if (fromMs >= untilMs) {
    issue(["expected", "until"], "What is expected ends after it begins.");
    return null;
  }
  if (repeats === "ONCE") {
    const away = Math.max(Math.abs(fromMs - nowMs), Math.abs(untilMs - nowMs)) > MAX_AWAY_MS;
    if (from !== null && untilMs - fromMs <= MAX_ONCE_MS && !away) return { kind: "ONCE", fromMs, untilMs };
    issue(
      ["expected", "from"],
      "What is expected once is named by `from` and `until`, at most 31 days and within a year.",
    );
    return null;
  }
  const timeZone = zoneOf(subject.rule);
  const hours = Math.ceil(untilMs / HOUR_MS) - Math.floor(fromMs / HOUR_MS);
  if (hours > MAX_HOURS) {
    issue(
      ["expected"],
      `It lasts longer than ${MAX_HOURS} hours: name the hours by \`from\` and \`until\`, or its dates with \`repeats\` ONCE.`,
    );
    return null;
  }
  const hour = hourOfWeek(timeZone, fromMs);
  return repeats === "DAILY"
    ? { kind: "DAILY", timeZone, fromHour: hour % 24, hours, untilMs: nowMs + DAILY_FOR_MS }
    : { kind: "WEEKLY", timeZone, fromHour: hour, hours, untilMs: nowMs + WEEKLY_FOR_MS };
};

const causeOf = ({ verdict, cause }: Input, issue: Issue): string | null => {
  if (verdict === "KNOWN_ISSUE" && (cause === null || cause === undefined))
    issue(
      ["cause"],
      "A known issue has a cause, such as the number of its ticket: it is told of again once that is done.",
    );
  if (verdict !== "KNOWN_ISSUE" && cause !== null && cause !== undefined)
    issue(["cause"], "Only a known issue has a cause; put other words into `note`.");
  return cause ?? null;
};

const expiryOf = ({ verdict, expiresAt = null }: Input, nowMs: number, issue: Issue): number | null => {
  if (verdict !== "KNOWN_ISSUE") {
    if (expiresAt !== null) issue(["expiresAt"], "Only a known issue expires.");
    return null;
  }
  const untilMs = expiresAt ?? nowMs + KNOWN_FOR_MS;
  if (untilMs <= nowMs || untilMs > nowMs + MAX_KNOWN_FOR_MS)
    issue(["expiresAt"], "An issue is known until a moment in the future, at most 90 days from now.");
  return untilMs;
};

/** Checks what somebody says of an anomaly: what it means is filled in from what is known of the anomaly. */
export const checkFeedback = (
  input: unknown,
  subject: FeedbackSubject,
  nowMs: number,
): Checked<{ readonly said: FeedbackSaid; readonly seen: Sight }> => {
  const read = checked(inputSchema.safeParse(input));
  if (!read.valid) return read;
  const problems: RuleProblem[] = [];
  const issue: Issue = (path, message) => problems.push({ field: path.join("."), message });
  const seen = sightOf(subject);
  const { verdict, note } = read.value;
  if (verdict !== "EXPECTED" && read.value.expected !== null && read.value.expected !== undefined)
    issue(["expected"], "Only what is EXPECTED has a period.");
  const said = {
    ...{ verdict, note, cause: causeOf(read.value, issue), expiresAtMs: expiryOf(read.value, nowMs, issue) },
    expected: verdict === "EXPECTED" ? periodOf(read.value, subject, seen, nowMs, issue) : null,
  };
  return problems.length > 0 ? { valid: false, problems } : { valid: true, value: { said, seen } };
};

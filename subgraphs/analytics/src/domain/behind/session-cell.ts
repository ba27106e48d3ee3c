import { refuse } from "@tessera/platform/errors/refusal";
import type { FieldAccess } from "../fields.ts";
import { parseSessionMetrics } from "../sessions/parse-sessions.ts";
import type { SessionMetricsInput } from "../sessions/sessions-input.ts";
import type { SessionMetricsQuestion } from "../sessions/sessions.ts";
import type { TimeRange } from "../time-range.ts";

type Maybe<T> = T | null | undefined;

/** Which sessions of a cell are meant, as in the SDL. */
export type SessionOutcome =
  "ALL" | "BOUNCED" | "NOT_BOUNCED" | "ENGAGED" | "NOT_ENGAGED" | "CONVERTED" | "NOT_CONVERTED";
/** What a page is to a session, as in the SDL. */
export type SessionPageRole = "ANY" | "ENTRY" | "EXIT";

/** A number of a `sessionMetrics` answer, as the graph delivers it. */
export interface SessionCellInput {
  readonly start?: Maybe<string>;
  readonly values?: Maybe<readonly Maybe<string>[]>;
  readonly outcome?: SessionOutcome;
  readonly page?: Maybe<{ readonly page: string; readonly role?: SessionPageRole }>;
}

/** Which sessions a number of a `sessionMetrics` answer counts. */
export interface SessionCell {
  readonly outcome: SessionOutcome;
  /** When they start; null for the whole range. */
  readonly starts: TimeRange | null;
  /** Values of the breakdown, null for none; null for all groups. */
  readonly values: readonly (string | null)[] | null;
  /** The page they have, or began or ended with; null for any. */
  readonly page: { readonly page: string; readonly role: SessionPageRole } | null;
}

/** A validated question about sessions, and the number of its answer that is asked about. */
export interface SessionBehind {
  readonly question: SessionMetricsQuestion;
  readonly cell: SessionCell;
}

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const startsOf = ({ buckets }: SessionMetricsQuestion, start: string): TimeRange => {
  if (buckets === null) throw bad("cell.start", "The answer has no buckets: leave `start` out.");
  const place = buckets.startsMs.indexOf(Date.parse(start));
  const fromMs = buckets.startsMs[place];
  if (fromMs === undefined)
    throw bad("cell.start", "This is the start of no bucket of the answer: take one as the answer shows it.");
  return { fromMs, toMs: buckets.startsMs[place + 1] ?? buckets.endMs };
};

const valuesOf = (
  { breakdown }: SessionMetricsQuestion,
  values: readonly Maybe<string>[],
): readonly (string | null)[] => {
  if (values.length !== breakdown.length || values.length === 0)
    throw bad("cell.values", `\`values\` holds a value for each field of \`breakdown\`: ${breakdown.length}.`);
  return values.map((value) => value ?? null);
};

const pageOf = ({ page, role = "ANY" }: NonNullable<SessionCellInput["page"]>): SessionCell["page"] => {
  if (page === "") throw bad("cell.page.page", "Events without a page have none: name a page of the answer.");
  return { page, role };
};

/** Reads which sessions a number of a `sessionMetrics` answer counts; refuses with BAD_INPUT or FORBIDDEN. */
export const parseSessionCell = (
  input: SessionMetricsInput,
  { start, values, outcome = "ALL", page }: SessionCellInput,
  access: FieldAccess,
): SessionBehind => {
  const question = parseSessionMetrics(input, access);
  if (question.asked.kind !== "ALL")
    throw bad("input.sample", "What is behind a number is shown of all persons: leave `sample` and `fast` out.");
  if (question.conversion === null && (outcome === "CONVERTED" || outcome === "NOT_CONVERTED"))
    throw bad("cell.outcome", "Whether sessions converted is known with a `conversion` alone.");
  const given = (values ?? null) !== null;
  if ((page ?? null) !== null && (given || (start ?? null) !== null))
    throw bad("cell.page", "Pages are told of all sessions together: leave `start` and `values` out.");
  return {
    question,
    cell: {
      outcome,
      starts: (start ?? null) === null ? null : startsOf(question, start ?? ""),
      values: given ? valuesOf(question, values ?? []) : null,
      page: page === null || page === undefined ? null : pageOf(page),
    },
  };
};

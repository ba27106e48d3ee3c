import type { Caller } from "@tessera/contracts/caller";
import type { AnomalyJudged } from "@tessera/contracts/events/anomaly-judged";
import { parseAnomalyId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Anomaly } from "../../domain/anomaly.ts";
import { checkFeedback, judgedByOf, sightOf, type FeedbackSubject } from "../../domain/feedback/check-feedback.ts";
import { decisionOf, decisionsOf, standingOf, type Feedback } from "../../domain/feedback/feedback.ts";
import { FEEDBACK_HORIZON_MS, learnedOf, type Learned } from "../../domain/feedback/learned.ts";
import { checkNote } from "../../domain/note.ts";
import type { Rule } from "../../domain/rule.ts";
import type { AnomalyStore } from "../../store/anomaly-store.ts";
import type { FeedbackStore, NewFeedback } from "../../store/feedback/feedback-store.ts";
import type { RuleStore } from "../../store/rule-store.ts";
import { soundOf } from "../silences/silence-operations.ts";

/** Characters of what names a cause. */
const MAX_CAUSE_CHARACTERS = 200;
/** Series of a rule whose learning is told at a time. */
const MAX_LEARNED = 200;

/** What feedback needs. */
export interface FeedbackDeps {
  readonly feedback: FeedbackStore;
  readonly anomalies: Pick<AnomalyStore, "findMany" | "bucketsOf">;
  readonly rules: Pick<RuleStore, "findMany">;
  readonly limit: number;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

/** What became of feedback. */
export type GivenFeedback =
  | { readonly kind: "SAVED"; readonly anomaly: Anomaly }
  | { readonly kind: "NOT_FOUND" }
  | { readonly kind: "LIMIT_REACHED"; readonly limit: number };

const subjectOf = async (
  { anomalies, rules }: FeedbackDeps,
  { tenantId }: Caller,
  text: string,
): Promise<(FeedbackSubject & { readonly rule: Rule }) | null> => {
  const id = parseAnomalyId(text);
  const [anomaly] = id === null ? [] : await anomalies.findMany(tenantId, [id]);
  if (anomaly === undefined) return null;
  const [[rule], buckets] = await Promise.all([
    rules.findMany(tenantId, [anomaly.ruleId]),
    anomalies.bucketsOf(tenantId, anomaly.ruleId, anomaly.fingerprint),
  ]);
  if (rule === undefined) throw new Error("An anomaly names a rule that does not exist.");
  return { anomaly, rule, buckets };
};

const samePerson = (a: Feedback["by"], b: Feedback["by"]): boolean => a.kind === b.kind && a.id === b.id;

// What was filled in with the present moment is the same if it lies as far from it.
const sameMoment = (a: NewFeedback, b: NewFeedback, momentOf: (one: NewFeedback) => number | null): boolean => {
  const [one, other] = [momentOf(a), momentOf(b)];
  return one === other || (one ?? 0) - a.atMs === (other ?? 0) - b.atMs;
};

const sameWords = (a: Feedback, b: NewFeedback): boolean => {
  const words = ({ verdict, cause, note, expected }: NewFeedback): string =>
    JSON.stringify([verdict, cause, note, expected === null ? null : { ...expected, untilMs: 0 }]);
  return (
    a.doneAtMs === null &&
    words(a) === words(b) &&
    sameMoment(a, b, ({ expiresAtMs }) => expiresAtMs) &&
    sameMoment(a, b, ({ expected }) => expected?.untilMs ?? null)
  );
};

/** Whether the last that somebody said is the same in the same words, so that a call that is made again says nothing anew. */
const isSaidAlready =
  (feedback: NewFeedback) =>
  (history: readonly Feedback[]): boolean => {
    const last = history.findLast(({ by }) => samePerson(by, feedback.by));
    return last !== undefined && sameWords(last, feedback);
  };

/** What something is said of. */
interface Judged {
  readonly anomaly: Anomaly;
  readonly rule: Rule;
}

const put = async (deps: FeedbackDeps, caller: Caller, { anomaly, rule }: Judged, feedback: NewFeedback) => {
  const judged = (history: readonly Feedback[]): AnomalyJudged => ({
    ...{ tenantId: caller.tenantId, anomalyId: anomaly.id, ruleId: rule.id, atMs: feedback.atMs },
    ...{ verdict: decisionOf(history)?.verdict ?? null, group: feedback.seen.group },
    question: rule.watch.kind === "QUESTION" ? rule.watch.question : null,
  });
  const kept = await deps.feedback.give(caller.tenantId, feedback, isSaidAlready(feedback), judged);
  return kept ? ({ kind: "SAVED", anomaly } as const) : ({ kind: "LIMIT_REACHED", limit: deps.limit } as const);
};

const give =
  (deps: FeedbackDeps) =>
  async (caller: Caller, id: string, input: object): Promise<GivenFeedback> => {
    const subject = await subjectOf(deps, caller, id);
    if (subject === null) return { kind: "NOT_FOUND" };
    const atMs = deps.nowMs();
    const { said, seen } = soundOf(checkFeedback(input, subject, atMs));
    const { anomaly } = subject;
    return put(deps, caller, subject, {
      ...{ id: deps.newId(), anomalyId: anomaly.id, ruleId: anomaly.ruleId, by: caller.subject, seen, atMs, ...said },
    });
  };

const withdraw =
  (deps: FeedbackDeps) =>
  async (caller: Caller, id: string): Promise<GivenFeedback> => {
    const subject = await subjectOf(deps, caller, id);
    if (subject === null) return { kind: "NOT_FOUND" };
    const { anomaly } = subject;
    const history = await deps.feedback.ofAnomalies(caller.tenantId, [anomaly.id]);
    const own = standingOf(history).some(({ by }) => samePerson(by, caller.subject));
    if (!own) return { kind: "SAVED", anomaly };
    return put(deps, caller, subject, {
      ...{ id: deps.newId(), anomalyId: anomaly.id, ruleId: anomaly.ruleId, by: caller.subject, verdict: "WITHDRAWN" },
      ...{ cause: null, note: null, expected: null, expiresAtMs: null, seen: sightOf(subject), atMs: deps.nowMs() },
    });
  };

const markDone =
  ({ feedback, nowMs, newId }: FeedbackDeps) =>
  async (
    caller: Caller,
    asked: { readonly cause: string; readonly note?: string | null | undefined },
  ): Promise<{ readonly cause: string; readonly verdicts: number }> => {
    const cause = asked.cause.trim();
    if (cause === "" || cause.length > MAX_CAUSE_CHARACTERS)
      throw refuse("BAD_INPUT", `A cause has 1 to ${MAX_CAUSE_CHARACTERS} characters.`, { field: "cause" });
    const done = { id: newId(), cause, note: checkNote(asked.note), by: caller.subject, atMs: nowMs() };
    return { cause, verdicts: await feedback.markDone(caller.tenantId, done) };
  };

/** Tells what people have taught of the series of a rule, by one look at the store. */
export type ReadLearned = (
  rule: Pick<Rule, "tenantId" | "id" | "watch" | "detector">,
  atMs: number,
) => Promise<ReadonlyMap<string, Learned>>;

/** Builds {@link ReadLearned}. */
export const createReadLearned =
  (feedback: Pick<FeedbackStore, "ofRule">): ReadLearned =>
  async (rule, atMs) => {
    const history = await feedback.ofRule(rule.tenantId, rule.id, atMs - FEEDBACK_HORIZON_MS);
    return history.length === 0 ? new Map() : learnedOf(decisionsOf(history), judgedByOf(rule), atMs);
  };

/** Everything that is done on request about feedback, ready to be called. */
export const createFeedbackOperations = (deps: FeedbackDeps) => {
  const readLearned = createReadLearned(deps.feedback);
  return {
    ...{ giveAnomalyFeedback: give(deps), withdrawAnomalyFeedback: withdraw(deps), markCauseDone: markDone(deps) },
    /** What people have taught of a rule's series; those that something follows for, the most first. */
    learnedOfRule: async (rule: Rule): Promise<readonly Learned[]> => {
      const learned = [...(await readLearned(rule, deps.nowMs())).values()];
      return learned
        .filter(({ effects }) => effects.length > 0)
        .toSorted((a, b) => b.factor - a.factor || (a.fingerprint < b.fingerprint ? -1 : 1))
        .slice(0, MAX_LEARNED);
    },
  };
};

/** See {@link createFeedbackOperations}. */
export type FeedbackOperations = ReturnType<typeof createFeedbackOperations>;

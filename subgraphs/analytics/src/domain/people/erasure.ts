import { refuse } from "@tessera/platform/errors/refusal";
import type { TenantId } from "@tessera/contracts/ids";
import { identityOf, type IdentityKey } from "./identity.ts";

/** Where an erasure stands. */
export type ErasureState = "QUEUED" | "RUNNING" | "SETTLING" | "DONE";

/** What is erased, in this order: what tells which rows are the person's goes last. */
export const ERASURE_STEPS = [
  "correlationMatches",
  "jobs",
  "keptAnswers",
  "reportRuns",
  "rollupRows",
  "events",
  "idsInEventsOfOthers",
  "eventsByPerson",
  "eventsInSample",
  "idsInSampleOfOthers",
  "eventIds",
  "traits",
  "cohortFacts",
  "cohortLists",
  "linksInEventStore",
  "links",
] as const;

/** One of {@link ERASURE_STEPS}. */
export type ErasureStep = (typeof ERASURE_STEPS)[number];

/**
 * Milliseconds after the cut-off at which each pass begins: at once; when batches and computations that were under way have ended; and when everything that is
 * resumed, kept or replayed by others is over (jobs run for an hour, answers are kept for an hour, entries of the event log for a day).
 */
export const ERASURE_PASSES_MS: readonly number[] = [0, 2 * 60_000, 25 * 3_600_000];

/** Erasures of a tenant that are not done: each rewrites parts of every table. */
export const MAX_OPEN_ERASURES = 1_000;
/** Erasures on a page. */
export const MAX_ERASURES_ON_PAGE = 100;
const MAX_REASON = 500;

/** The erasure of one person. Times are milliseconds since the epoch. */
export interface Erasure {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly state: ErasureState;
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestedAtMs: number;
  readonly cutOffMs: number | null;
  readonly erasedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly passes: number;
  /** Steps that have ended in the pass under way. */
  readonly step: number;
  readonly erased: Readonly<Partial<Record<ErasureStep, number>>>;
  readonly digests: readonly string[];
}

/** An erasure that somebody works on. */
export interface ErasureRun extends Erasure {
  readonly asked: IdentityKey;
  /** Null before the first pass has found them. */
  readonly identities: readonly IdentityKey[] | null;
  readonly numbers: readonly string[];
  readonly attempt: number;
  readonly cutOffMs: number;
}

/** Reads why somebody is erased; the text outlives the erasure, so that it may not name the person. */
export const parseErasureReason = (reason: string, key: IdentityKey): string => {
  const field = "input.reason";
  if (reason.trim().length === 0 || reason.length > MAX_REASON)
    throw refuse("BAD_INPUT", `Give a \`reason\` of 1 to ${MAX_REASON} characters: it is kept as the proof.`, {
      field,
    });
  if (reason.toLowerCase().includes(identityOf(key).id.toLowerCase()))
    throw refuse(
      "BAD_INPUT",
      "The `reason` names the id that is to be erased, and is kept when the id is gone: write why without it.",
      { field },
    );
  return reason;
};

/** When the next pass of an erasure is due; null when the pass that ended was the last. */
export const nextPassMs = (run: Pick<ErasureRun, "cutOffMs" | "passes">): number | null => {
  const after = ERASURE_PASSES_MS[run.passes + 1];
  return after === undefined ? null : run.cutOffMs + after;
};

import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { MAX_TENANT_ANSWER_ROWS } from "../../domain/delivery/answer-page.ts";
import { cohortsToPin, COPY_AGAIN_MS, type PinnedMembers } from "../../domain/delivery/pinned-members.ts";
import type { InCohortInput } from "../../domain/filter-input.ts";
import type { PeopleStatement } from "../../domain/people-statement.ts";
import type { Cost } from "../../domain/provenance.ts";
import type { AnewRowsStore } from "../../store/delivery/anew-rows-store.ts";
import type { AnswerRowsStore } from "../../store/delivery/answer-rows-store.ts";
import type { InCohortDeps } from "../in-cohort.ts";

/** What holding cohorts to their members of one moment needs. */
export interface PinDeps {
  readonly answerRows: Pick<AnswerRowsStore, "copyMembers" | "copiedMembers" | "keptRows" | "membersSql">;
  readonly anewRows: Pick<AnewRowsStore, "anybodyLinked">;
  readonly statements: InCohortDeps["statements"];
  readonly nowMs: NowMs;
  readonly newId: () => string;
  /** Members of one cohort that are copied at most. */
  readonly maxCopiedMembers: number;
}

/** Who the members of cohorts are on all pages of an answer, and what it took to copy some of them. */
interface Pinned {
  readonly members: readonly PinnedMembers[];
  readonly costs: readonly Cost[];
}

type Asking = { readonly caller: Caller; readonly signal: AbortSignal | undefined };

/** Members as a statement that gives the number of each once. */
export const pinnedPeople =
  ({ answerRows, statements }: Pick<PinDeps, "answerRows" | "statements">, { tenantId }: Pick<Caller, "tenantId">) =>
  ({ cohort, recordedAtMs, copy }: PinnedMembers): PeopleStatement =>
    copy === null
      ? (params) =>
          statements.recordedMembersSql({ tenantId, cohortId: cohort.toLowerCase(), asOfMs: recordedAtMs }, params)
      : answerRows.membersSql(tenantId, copy.id);

const tooMany = (why: string): Error => refuse("RESULT_TOO_LARGE", why, { field: "input" });

const copied = async (
  deps: PinDeps,
  { caller, signal }: Asking,
  members: PeopleStatement,
  whole: "AS_STORED" | "WITH_LINKED",
) => {
  const [id, atMs] = [deps.newId(), deps.nowMs()];
  const request = { id, members, whole, most: deps.maxCopiedMembers };
  const { written, cost } = await deps.answerRows.copyMembers(caller, request, signal);
  if (written > deps.maxCopiedMembers)
    throw tooMany(
      `The answer has more rows than are kept for its pages, and a cohort that its filters name has more than ${deps.maxCopiedMembers.toLocaleString("en-US")} members to be kept for them: filter by a smaller cohort.`,
    );
  return { copy: { id, members: written, atMs }, cost };
};

const pin = async (deps: PinDeps, asking: Asking, input: InCohortInput): Promise<readonly [PinnedMembers, Cost[]]> => {
  const { cohort, asOf = null, people, accounts = null, recordedAtMs = null } = input;
  if (people === undefined) throw new Error("The members of a cohort are found before its pages are.");
  const named = { cohort, asOf, group: accounts?.type ?? null };
  const { tenantId } = asking.caller;
  // Facts are never changed but by erasing somebody, and say nothing of who is linked with whom.
  if (recordedAtMs !== null && (accounts !== null || !(await deps.anewRows.anybodyLinked(tenantId))))
    return [{ ...named, recordedAtMs, copy: null }, []];
  if ((await deps.answerRows.keptRows(tenantId)) > MAX_TENANT_ANSWER_ROWS)
    throw tooMany("Too many rows of answers are kept to keep the members of a cohort beside them: ask in an hour.");
  const { copy, cost } = await copied(deps, asking, people, accounts === null ? "WITH_LINKED" : "AS_STORED");
  return [{ ...named, recordedAtMs: null, copy }, [cost]];
};

/**
 * Holds the cohorts that a question's filters name to the members they have now, for all pages of its answer. Those that a computation recorded are told by its facts.
 * Others are copied: what a definition finds over what the caller may see, and people while some of the tenant's are linked, each by all numbers that their
 * events were stored with. Refuses with RESULT_TOO_LARGE copies for which there is no room.
 */
export const pinMembers = async (deps: PinDeps, asking: Asking, olap: unknown): Promise<Pinned> => {
  const members: PinnedMembers[] = [];
  const costs: Cost[] = [];
  for (const input of cohortsToPin(olap)) {
    const [one, cost] = await pin(deps, asking, input);
    members.push(one);
    costs.push(...cost);
  }
  return { members, costs };
};

/** The same members, each copy written again that has not long to be kept. */
export const keepPinned = async (
  deps: PinDeps,
  asking: Asking,
  members: readonly PinnedMembers[],
): Promise<readonly PinnedMembers[]> => {
  const kept: PinnedMembers[] = [];
  for (const one of members) {
    if (one.copy === null || deps.nowMs() - one.copy.atMs <= COPY_AGAIN_MS) kept.push(one);
    else {
      const { copy } = await copied(deps, asking, pinnedPeople(deps, asking.caller)(one), "AS_STORED");
      kept.push({ ...one, copy: { ...copy, members: one.copy.members } });
    }
  }
  return kept;
};

/** Refuses with CURSOR_EXPIRED what was read by copies of which something is gone since they were written: somebody was erased, or their time has passed. */
export const requireWhole = async (
  { answerRows }: Pick<PinDeps, "answerRows">,
  { tenantId }: Pick<Caller, "tenantId">,
  pinned: readonly PinnedMembers[],
): Promise<void> => {
  for (const { copy } of pinned)
    if (copy !== null && (await answerRows.copiedMembers(tenantId, copy.id)) !== copy.members)
      throw refuse("CURSOR_EXPIRED", "The members of its cohorts are no longer kept: ask for its first page again.", {
        field: "after",
      });
};

import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { FairSlots } from "@tessera/platform/store/fair-slots";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../../domain/access.ts";
import { countsPersons, planAnew, type AnswerMark } from "../../domain/delivery/answer-mark.ts";
import { formatAnswerPlace } from "../../domain/delivery/answer-page.ts";
import { steadied, summedPlaces } from "../../domain/delivery/steady-measures.ts";
import type { KeptQuestion } from "../../domain/delivery/kept-question.ts";
import { parsePagedQuestion } from "../../domain/delivery/paged-question.ts";
import { withPinned } from "../../domain/delivery/pinned-members.ts";
import { formatDuration } from "../../domain/duration.ts";
import { plan } from "../../domain/planner.ts";
import { provenanceOf, type Cost, type Provenance } from "../../domain/provenance.ts";
import type { OlapQuery } from "../../domain/query.ts";
import type { AnswerRowsStore } from "../../store/delivery/answer-rows-store.ts";
import type { AnewRowsStore } from "../../store/delivery/anew-rows-store.ts";
import type { OlapRow } from "../../store/result-rows.ts";
import { keepPinned, pinMembers, pinnedPeople, requireWhole, type PinDeps } from "./pin-members.ts";

/** What computing pages anew needs. */
export interface AnewDeps extends PinDeps {
  readonly answerRows: PinDeps["answerRows"] & Pick<AnswerRowsStore, "tell">;
  readonly anewRows: AnewRowsStore;
  /** Answers whose rows are all computed at a time. */
  readonly keepSlots: FairSlots;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

/** Answers of one tenant whose rows are all computed at a time, in a process. */
export const TENANT_KEEPS = { slots: 2, weight: 1 } as const;

/** The answer of which a page is asked for. */
export interface AnewAsking {
  readonly caller: Caller;
  readonly kept: KeptQuestion;
  readonly asked: OlapQuery;
  /** The one spelling of what was asked, and of what the asker may see. */
  readonly key: string;
  /** Rows on the page. */
  readonly first: number;
  /** Moment of the answer, milliseconds since the epoch. */
  readonly asOfMs: number;
  /** What was read for the page already. */
  readonly costs: readonly Cost[];
  readonly signal: AbortSignal | undefined;
}

/** The rows of a page, and what is told beside them. */
export interface PageRows {
  readonly rows: readonly OlapRow[];
  readonly totals: OlapRow["measures"];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
  readonly provenance: Provenance;
}

const peopleChanged = (): Error =>
  refuse("CURSOR_EXPIRED", "People were linked since the first page, by whom persons are counted: ask for it again.", {
    field: "after",
  });

/** Keeps where a page ended; answers the cursor that names it. */
const mark = async (
  { answerRows, newId }: AnewDeps,
  { caller, kept, key, asOfMs }: AnewAsking,
  ended: AnswerMark,
): Promise<string> => {
  const answerId = newId();
  const head = { key, rows: ended.place, asOfMs, asked: kept, mark: ended };
  await answerRows.tell(caller.tenantId, answerId, head);
  return formatAnswerPlace({ answerId, place: ended.place });
};

const markRow = ({ bucketMs, dimensions, measures }: OlapRow): AnswerMark["last"] => ({
  bucketMs,
  dimensions: [...dimensions],
  measures: [...measures],
});

/** The question, held to who the members of its cohorts were on the first page. */
const pinnedQuestion = async (deps: AnewDeps, asking: AnewAsking, before: AnswerMark | null) => {
  const { caller, kept } = asking;
  const { members, costs } =
    before === null
      ? await pinMembers(deps, asking, kept.olap)
      : { members: await keepPinned(deps, asking, before.members), costs: [] };
  if (members.length === 0) return { asked: asking.asked, members, costs };
  const olap = withPinned(kept.olap, caller.tenantId, members, pinnedPeople(deps, caller));
  return { asked: parsePagedQuestion(olap, accessOf(caller)), members, costs };
};

const read = async (deps: AnewDeps, asking: AnewAsking, before: AnswerMark | null) => {
  const { caller, first, signal } = asking;
  const release = await deps.keepSlots.take(caller.tenantId, TENANT_KEEPS, signal);
  const requestOf = (question: OlapQuery) => {
    const taken = planAnew(question.query, plan(question.query, caller.dataPolicy));
    return { ...question, limit: first, plan: taken, lines: null };
  };
  try {
    const snapshot = before?.snapshot ?? (await deps.anewRows.snapshot(caller.tenantId));
    const { asked, members, costs } = await pinnedQuestion(deps, asking, before);
    const among = { snapshot, resolved: countsPersons(asked.query) };
    const summed = summedPlaces(asked);
    const all = before ?? (await deps.anewRows.totals(caller, requestOf(asked), { ...among, summed }, signal));
    const request = requestOf(steadied(asked, all.spans));
    const page = await deps.anewRows.page(caller, request, { ...among, last: before?.last ?? null }, signal);
    await requireWhole(deps, caller, members);
    const { rows, hasMore, cost } = page;
    const { totals, spans } = all;
    return {
      ...{ rows, hasMore, taken: request.plan },
      costs: [...costs, cost, ...("cost" in all ? [all.cost] : [])],
      kept: {
        snapshot,
        totals: [...totals],
        spans: [...spans],
        members: [...members],
        peopleVersion: cost.peopleVersion ?? 0,
      },
    };
  } finally {
    release();
  }
};

/**
 * One page of an answer that is too large to be kept: its rows behind the one the page before ended with, computed from the events that were stored when the
 * first page was asked for, and the members that cohorts had then. What is kept between pages is the last row alone, and which events and members those are.
 */
export const answerAnew = async (deps: AnewDeps, asking: AnewAsking, before: AnswerMark | null): Promise<PageRows> => {
  const { caller, asked, asOfMs } = asking;
  const { rows, hasMore, costs, taken, kept } = await read(deps, asking, before);
  if (before !== null && before.peopleVersion !== kept.peopleVersion) throw peopleChanged();
  const [last, toldAtMs] = [rows.at(-1), deps.nowMs()];
  const place = (before?.place ?? 0) + rows.length;
  const { timeZone } = asked.query;
  return {
    ...{ rows, totals: kept.totals, hasNextPage: hasMore },
    endCursor: last === undefined ? null : await mark(deps, asking, { place, toldAtMs, ...kept, last: markRow(last) }),
    provenance: {
      ...provenanceOf(taken, [...asking.costs, ...costs], asOfMs, timeZone, caller.dataPolicy),
      ...(before === null ? {} : { freshness: formatDuration(Math.max(0, toldAtMs - asOfMs)) }),
    },
  };
};

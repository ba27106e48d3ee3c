import type { IngestOutcome } from "@tessera/contracts/ingest";
import type { EventId, TenantId } from "@tessera/contracts/ids";
import type { Batcher } from "./batch/batcher.ts";
import { MAX_BATCH_MONTHS, monthOf, type Batch, type Placement, type RefusedRows } from "./batch/batch.ts";
import type { Claim, Claims } from "./dedupe/claims.ts";
import type { KnownIds } from "./dedupe/known-ids.ts";
import { MAX_MONTHS_PER_REQUEST } from "./domain/limits.ts";
import { rejection, type Rejection } from "./domain/rejection.ts";
import { prepareEvent, type PrepareContext, type PreparedEvent } from "./domain/validate-event.ts";

/** What taking events needs. */
export interface TakeDeps {
  readonly batcher: Batcher;
  readonly claims: Claims;
  readonly known: KnownIds;
}

/** An event of a request that passed the checks, with its place in the request. */
interface Candidate {
  readonly index: number;
  readonly eventId: EventId;
  /** Null once the event is in a batch: thousands wait for the store, and their memory is needed for those that follow. */
  event: PreparedEvent | null;
}

const rejected = (index: number, { code, path, reason }: Rejection): IngestOutcome => ({
  kind: "REJECTED",
  index,
  code,
  path,
  reason,
});

const duplicate = ({ index, eventId }: Candidate): IngestOutcome => ({ kind: "DUPLICATE", index, eventId });

/** What its checks leave to the store: of the numbers that JSON text can hold, the store takes no whole one between 2^64 and 10^21. */
const UNSTORABLE =
  "The store can't hold one of the properties: a whole number of more than 64 bits is none that it takes; send it as text.";

const tooManyMonths = rejection(
  "TOO_MANY_MONTHS",
  "/time",
  `The events of one request lie in at most ${MAX_MONTHS_PER_REQUEST} different months; send this one in another request.`,
);

/** The events of a request after validation: outcomes that are already certain, and those still to be stored. */
export interface Checked {
  readonly outcomes: (IngestOutcome | undefined)[];
  readonly candidates: readonly Candidate[];
  readonly months: number;
}

/** Validates every event of a request by itself; one bad event never loses its neighbours. */
export const checkEvents = (events: readonly unknown[], context: PrepareContext): Checked => {
  const outcomes: (IngestOutcome | undefined)[] = Array.from({ length: events.length });
  const candidates: Candidate[] = [];
  const months = new Set<number>();
  for (let index = 0; index < events.length; index += 1) {
    const prepared = prepareEvent(events[index], context);
    if ("rejection" in prepared) {
      outcomes[index] = rejected(index, prepared.rejection);
      continue;
    }
    const month = monthOf(prepared.event.timeMs);
    if (months.size >= MAX_MONTHS_PER_REQUEST && !months.has(month)) outcomes[index] = rejected(index, tooManyMonths);
    else {
      months.add(month);
      candidates.push({ index, eventId: prepared.event.eventId, event: prepared.event });
    }
  }
  return { outcomes, candidates, months: months.size };
};

interface Repeat {
  readonly candidate: Candidate;
  /** Index of the event that came first. */
  readonly first: number;
}

/** Splits events with the same id inside one request: the first stands, the others are duplicates of it. */
const splitRepeats = (candidates: readonly Candidate[]) => {
  const seen = new Map<string, number>();
  const firsts: Candidate[] = [];
  const repeats: Repeat[] = [];
  for (const candidate of candidates) {
    const first = seen.get(candidate.eventId);
    if (first !== undefined) repeats.push({ candidate, first });
    else {
      seen.set(candidate.eventId, candidate.index);
      firsts.push(candidate);
    }
  }
  return { firsts, repeats };
};

const monthOfCandidate = ({ event }: Candidate): number => (event === null ? 0 : monthOf(event.timeMs));

/** Events of the same month side by side, so that a request over many months fills few batches; the order within a month stays. */
const byMonth = (candidates: readonly Candidate[], months: number): readonly Candidate[] =>
  months <= MAX_BATCH_MONTHS
    ? candidates
    : candidates.toSorted((one, other) => monthOfCandidate(one) - monthOfCandidate(other));

/** An event in a batch. */
interface Placed extends Placement {
  readonly index: number;
}

/** Resolves when every batch is settled, with the rows that the store refused of each. */
const settled = async (placed: readonly Placed[]): Promise<ReadonlyMap<Batch, RefusedRows>> => {
  const batches = [...new Set(placed.map(({ batch }) => batch))];
  // All of them are waited for, also after one failed: the ids stay claimed until nothing can store them any more.
  const results = await Promise.allSettled(batches.map((batch) => batch.stored));
  const refused = new Map<Batch, RefusedRows>();
  for (const [place, result] of results.entries()) {
    if (result.status === "rejected") throw result.reason;
    const batch = batches[place];
    if (batch !== undefined) refused.set(batch, result.value);
  }
  return refused;
};

const outcomeOf = ({ index, eventId, batch, row }: Placed, refused: RefusedRows | undefined): IngestOutcome => {
  if (refused?.has(row) !== true) return { kind: "ACCEPTED", index, eventId, batchId: batch.id };
  return rejected(index, rejection("REFUSED_BY_STORE", "/properties", UNSTORABLE));
};

/** Ids that somebody may have sent before; those made here are new. */
const askedOf = (candidates: readonly Candidate[]): readonly EventId[] => {
  const asked: EventId[] = [];
  for (const { eventId, event } of candidates) if (event?.idGenerated === false) asked.push(eventId);
  return asked;
};

/** Stores the events that this request claimed. */
const storeClaimed = async (
  deps: TakeDeps,
  tenantId: TenantId,
  mine: readonly Candidate[],
  months: number,
  outcomes: Checked["outcomes"],
): Promise<void> => {
  const known = await deps.known.find(tenantId, askedOf(mine));
  const placed: Placed[] = [];
  for (const candidate of byMonth(mine, months)) {
    const { index, eventId, event } = candidate;
    if (known.has(eventId)) outcomes[index] = duplicate(candidate);
    else if (event !== null) {
      const { batch, row } = deps.batcher.place(tenantId, event);
      placed.push({ index, eventId, batch, row });
      candidate.event = null;
    }
  }
  let refused: ReadonlyMap<Batch, RefusedRows>;
  try {
    refused = await settled(placed);
  } finally {
    // Also what may have been stored counts as perhaps known: a filter may say "maybe" too often, never too seldom.
    deps.known.note(
      tenantId,
      placed.map(({ eventId }) => eventId),
    );
  }
  for (const one of placed) outcomes[one.index] = outcomeOf(one, refused.get(one.batch));
};

/**
 * Stores what is new among the candidates and settles every outcome. An id that another request is storing is waited for and then looked at
 * again, so that of all who bring one id exactly one stores it.
 */
export const storeNew = async (
  deps: TakeDeps,
  tenantId: TenantId,
  { outcomes, candidates, months }: Checked,
): Promise<readonly IngestOutcome[]> => {
  const { firsts, repeats } = splitRepeats(candidates);
  let open: readonly Candidate[] = firsts;
  while (open.length > 0) {
    const mine: Candidate[] = [];
    const theirs: Candidate[] = [];
    const others = new Set<Claim>();
    for (const candidate of open) {
      const holder = deps.claims.holder(tenantId, candidate.eventId);
      if (holder === undefined) mine.push(candidate);
      else {
        others.add(holder);
        theirs.push(candidate);
      }
    }
    const { release } = deps.claims.claim(
      tenantId,
      mine.map(({ eventId }) => eventId),
    );
    try {
      await storeClaimed(deps, tenantId, mine, months, outcomes);
    } finally {
      release();
    }
    await Promise.all([...others].map((claim) => claim.settled));
    open = theirs;
  }
  for (const { candidate, first } of repeats) {
    const outcome = outcomes[first];
    outcomes[candidate.index] =
      outcome?.kind === "REJECTED" ? { ...outcome, index: candidate.index } : duplicate(candidate);
  }
  return outcomes.flatMap((outcome) => (outcome === undefined ? [] : [outcome]));
};

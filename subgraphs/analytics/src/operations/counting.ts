import type { TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { ThreadPool } from "@tessera/platform/runtime/thread-pool";
import type { FairSlots } from "@tessera/platform/store/fair-slots";
import type { CountKind, CountKinds, CountSlice, CountTask, Counter } from "../domain/counting.ts";

/** Events that are counted where they are asked for: a few milliseconds, less than it takes to find a thread awake. */
const HERE_EVENTS = 20_000;
/** Questions of one tenant that threads count at a time; those of others come in between. */
const TENANT_COUNTS = { slots: 4, weight: 1 } as const;
/** Questions that threads count at a time: each holds what it counted so far, up to some tens of megabytes. */
export const MAX_COUNTS = 12;

/** What counts one question's events. */
export interface Counted<Kind extends CountKind> {
  /** Counts a slice, whose bytes can't be used any more; false when its form could not hold all of it, and none of it was counted. */
  add(slice: CountSlice): Promise<boolean>;
  parts(): Promise<CountKinds[Kind]["parts"]>;
  /** Lets go of what was counted; called once, whatever happened. */
  end(): void;
}

/** Whose question is counted, and about how many events there are. */
export interface CountsFor {
  readonly tenantId: TenantId;
  readonly events: number;
  readonly signal: AbortSignal | undefined;
}

/** Counts questions beside everything else this process does. */
export interface Counting {
  begin<Kind extends CountKind>(task: CountTask<Kind>, about: CountsFor): Promise<Counted<Kind>>;
}

/** Threads, and who may use them when. */
export interface CountingThreads {
  readonly pool: Pick<ThreadPool, "begin">;
  readonly slots: FairSlots;
}

type MakeCounter = <Kind extends CountKind>(task: CountTask<Kind>) => Counter<Kind>;

const countHere = <Kind extends CountKind>(counter: Counter<Kind>): Counted<Kind> => ({
  add: (slice) => Promise.resolve(counter.add(slice)),
  parts: () => Promise.resolve(counter.parts()),
  end: () => undefined,
});

const countThere = async <Kind extends CountKind>(
  { pool, slots }: CountingThreads,
  task: CountTask<Kind>,
  { tenantId, signal }: CountsFor,
): Promise<Counted<Kind>> => {
  const release = await slots.take(tenantId, TENANT_COUNTS, signal);
  const work = pool.begin(task);
  const left = (): void => work.end();
  signal?.addEventListener("abort", left, { once: true });
  const waited = async (asked: Promise<unknown>): Promise<unknown> => {
    try {
      return await asked;
    } catch (error) {
      throw signal?.aborted === true ? refuse("QUERY_CANCELLED", "The caller left.", {}, error) : error;
    }
  };
  return {
    add: async (slice) => (await waited(work.part(slice, [slice.bytes]))) === true,
    parts: async () => (await waited(work.result())) as CountKinds[Kind]["parts"], // boundary: the thread runs the counter of this kind
    end: () => {
      signal?.removeEventListener("abort", left);
      work.end();
      release();
    },
  };
};

/** Counts what is little at once, and everything else in threads, so that no question holds up the others of its process; without threads all is counted at once. */
export const createCounting = (createCounter: MakeCounter, threads: CountingThreads | null): Counting => ({
  begin: (task, about) =>
    threads === null || about.events <= HERE_EVENTS
      ? Promise.resolve(countHere(createCounter(task)))
      : countThere(threads, task, about),
});

/** Counts what some slices hold, which `read` hands over, and tells what they cost to read. */
export const withCount = async <Kind extends CountKind, Costs>(
  counting: Counting,
  task: CountTask<Kind>,
  about: CountsFor,
  read: (count: Counted<Kind>) => Promise<Costs>,
): Promise<{ readonly parts: CountKinds[Kind]["parts"]; readonly costs: Costs }> => {
  const count = await counting.begin(task, about);
  try {
    const costs = await read(count);
    return { parts: await count.parts(), costs };
  } finally {
    count.end();
  }
};

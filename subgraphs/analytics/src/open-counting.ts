import { availableParallelism } from "node:os";
import { createThreadPool } from "@tessera/platform/runtime/thread-pool";
import { createFairSlots } from "@tessera/platform/store/fair-slots";
import { createCounting, MAX_COUNTS, type Counting } from "./operations/counting.ts";
import { createCounter } from "./threads/counters.ts";

/** Threads that count at most: beside the event store, which uses every core it finds, more would only wait for one another. */
const MAX_THREADS = 2;

/** Opens the threads that count events; none is started before there is something for it to count. */
export const openCounting = (): Counting => {
  const threads = Math.min(MAX_THREADS, availableParallelism());
  const pool = createThreadPool({ program: new URL("./threads/counting-thread.ts", import.meta.url), threads });
  return createCounting(createCounter, { pool, slots: createFairSlots({ total: MAX_COUNTS }) });
};

// The program of the threads that count events: see operations/counting.ts for what is counted there, and what where it is asked.
import { serveThread } from "@tessera/platform/runtime/thread-program";
import type { CountKind, CountSlice, CountTask } from "../domain/counting.ts";
import { createCounter } from "./counters.ts";

serveThread((task) => {
  // boundary: what the pool of this program is handed is made by operations/counting.ts alone
  const counter = createCounter(task as CountTask<CountKind>);
  return {
    // boundary: slices are made by operations/counting.ts too
    part: (slice) => counter.add(slice as CountSlice),
    result: () => counter.parts(),
  };
});

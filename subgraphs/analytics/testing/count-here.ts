import { createCounting } from "../src/operations/counting.ts";
import { createCounter } from "../src/threads/counters.ts";

/** Counts events where they are asked for, whatever their number. */
export const countHere = createCounting(createCounter, null);

import { randomUUID } from "node:crypto";
import fc from "fast-check";
import type { TestEvent } from "./test-events.ts";

const MINUTE_MS = 60_000;

/** Attempts of some people with some cards on some devices, at most so many, many of them at the same moments and some before the start of the range. */
export const anyAttempts = (startMs: number, most: number): fc.Arbitrary<TestEvent[]> =>
  fc.array(
    fc
      .record({
        timeMs: fc.oneof(
          fc.integer({ min: -30, max: 130 }).map((minutes) => startMs + minutes * MINUTE_MS),
          fc.integer({ min: -30, max: 130 }).map((minutes) => startMs + minutes * MINUTE_MS + 1),
          fc.integer({ min: 0, max: 5_000 }).map((ms) => startMs + ms),
        ),
        name: fc.constantFrom("pay", "pay", "view"),
        userId: fc.constantFrom("", "ann", "bob", "cy", "dee", "eve", "fay", "gus"),
        device: fc.constantFrom("", "d1", "d2", "d3", "d4", "d5"),
        card: fc.constantFrom("", "c1", "c2", "c3", "c4"),
      })
      .map(({ card, ...event }): TestEvent => ({
        ...{ ...event, id: randomUUID() },
        properties: card === "" ? {} : { card },
      })),
    { minLength: 5, maxLength: most },
  );

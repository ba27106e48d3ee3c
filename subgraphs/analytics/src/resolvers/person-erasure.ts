import { ERASURE_STEPS } from "../domain/people/erasure.ts";
import { isoTime } from "../domain/zone.ts";
import type { PersonErasureResolvers } from "../generated/resolvers.ts";

const timeOf = (ms: number | null): string | null => (ms === null ? null : isoTime(ms));

/** Resolvers of `PersonErasure`. */
export const PersonErasure: PersonErasureResolvers = {
  requestedAt: ({ requestedAtMs }) => isoTime(requestedAtMs),
  cutOff: ({ cutOffMs }) => timeOf(cutOffMs),
  erasedAt: ({ erasedAtMs }) => timeOf(erasedAtMs),
  finishedAt: ({ finishedAtMs }) => timeOf(finishedAtMs),
  stepsDone: ({ state, step }) => (state === "DONE" ? ERASURE_STEPS.length : step),
  stepsTotal: () => ERASURE_STEPS.length,
  erased: ({ erased }) =>
    ERASURE_STEPS.map((place) => ({ place, count: erased[place] ?? 0 })).filter(({ count }) => count > 0),
};

import { z } from "zod";
import { createAutomatic } from "./automatic.ts";
import { byCalendar } from "./calendar.ts";
import { bucketsOfChange, createChange } from "./change.ts";
import type { DetectorDefinition } from "./detector-definition.ts";
import type { Detector, Observation } from "./detector.ts";
import { createEwma } from "./ewma.ts";
import { tameValue } from "./finding.ts";
import { REMEMBERED } from "./history.ts";
import { readKept } from "./packed.ts";
import { MAX_REMEMBERED } from "./recent.ts";
import { createRobustZ } from "./robust-z.ts";
import { createStaticBound } from "./static-bound.ts";

const keptSchema = z.object({ definition: z.string(), state: z.unknown() });

const make = (definition: DetectorDefinition, saved: unknown): Detector => {
  switch (definition.kind) {
    case "STATIC":
      return createStaticBound(definition);
    case "CHANGE":
      return createChange(definition, saved);
    case "ROBUST_Z":
      return createRobustZ(definition, saved);
    case "EWMA":
      return createEwma(definition, saved);
    case "AUTOMATIC":
      return createAutomatic(definition, saved);
  }
};

/** What a detector is given: a value it can reckon with, and null of a bucket of too few. */
const given = (observation: Observation, minimumSamples: number): Observation => {
  const tooFew = observation.samples !== null && observation.samples < minimumSamples;
  return { ...observation, value: tooFew ? null : tameValue(observation.value) };
};

/**
 * Builds the detector of a series. `saved` is what {@link Detector.save} gave of one with the same definition; of another, or of nothing, the detector starts anew.
 */
export const createDetector = (definition: DetectorDefinition, saved: unknown): Detector => {
  const described = JSON.stringify(definition);
  const kept = readKept(keptSchema, saved);
  const state = kept?.definition === described ? kept.state : undefined;
  const detector = byCalendar(definition.calendar, "GAP", (of) => make(definition, of), state);
  return {
    judge: (observation) => detector.judge(given(observation, definition.minimumSamples)),
    save: () => ({ definition: described, state: detector.save() }),
  };
};

const neededBy = (definition: DetectorDefinition, bucketMs: number): number => {
  switch (definition.kind) {
    case "STATIC":
      return 0;
    case "CHANGE":
      return bucketsOfChange(definition, bucketMs);
    case "ROBUST_Z":
      return definition.window;
    case "EWMA":
      return definition.baseline;
    case "AUTOMATIC":
      return REMEMBERED;
  }
};

/** Buckets of a length that a series' detector is shown before the first one that counts, so that it need not learn while it watches; never more than it can remember. */
export const historyOf = (definition: DetectorDefinition, bucketMs: number): number =>
  Math.min(MAX_REMEMBERED, neededBy(definition, bucketMs));

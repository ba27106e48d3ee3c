import { createDetector, createGroupDetector } from "../src/domain/detectors/create-detector.ts";
import {
  checkDetectorDefinition,
  isOfGroup,
  type SeriesDefinition,
} from "../src/domain/detectors/detector-definition.ts";
import type { Detector, Finding, Observation } from "../src/domain/detectors/detector.ts";
import type { GroupDetector } from "../src/domain/detectors/group-detector.ts";

const checked = (input: object) => {
  const result = checkDetectorDefinition(input);
  if (!result.valid) throw new Error(JSON.stringify(result.problems));
  return result.value;
};

/** The definition of a series' detector with what is left out filled in. */
export const definedSeries = (input: object): SeriesDefinition => {
  const definition = checked(input);
  if (isOfGroup(definition)) throw new Error(`${definition.kind} judges series together`);
  return definition;
};

/** A detector that has seen nothing. */
export const freshDetector = (input: object): Detector => createDetector(definedSeries(input), undefined);

/** A detector of series together, which has seen nothing or what was saved. */
export const groupDetectorOf = (input: object, saved: ReadonlyMap<string, unknown> = new Map()): GroupDetector => {
  const definition = checked(input);
  if (!isOfGroup(definition)) throw new Error(`${definition.kind} judges series by themselves`);
  return createGroupDetector(definition, saved);
};

/** What a fresh detector finds in each of a series' buckets. */
export const findingsOf = (input: object, series: readonly Observation[]): readonly Finding[] => {
  const detector = freshDetector(input);
  return series.map(detector.judge);
};

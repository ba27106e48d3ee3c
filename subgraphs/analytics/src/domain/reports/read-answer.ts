import {
  readActiveUsers,
  readAttribution,
  readFunnel,
  readLifecycle,
  readPaths,
  readRetention,
  readStickiness,
} from "./read-behaviour.ts";
import type { Formats } from "./read-columns.ts";
import { readRings, readVelocity } from "./read-fraud.ts";
import { readCohortSizes } from "./read-cohort-sizes.ts";
import { readApiExecutions } from "./read-executions.ts";
import { readDrift, readEventQuality } from "./read-quality.ts";
import { readOlap, readTimeSeries } from "./read-series.ts";
import { readSessionMetrics } from "./read-sessions.ts";
import type { AnswerParts } from "./section.ts";

/** How each type of answer is read. */
const READERS = {
  OlapResult: readOlap,
  TimeSeries: readTimeSeries,
  FunnelAnswer: readFunnel,
  RetentionResult: readRetention,
  StickinessResult: readStickiness,
  LifecycleResult: readLifecycle,
  ActiveUsersResult: readActiveUsers,
  AttributionAnswer: readAttribution,
  PathsAnswer: readPaths,
  SessionMetrics: readSessionMetrics,
  VelocityResult: readVelocity,
  RingsResult: readRings,
  EventQualityResult: readEventQuality,
  DriftResult: readDrift,
  CohortSizesResult: readCohortSizes,
  ApiExecutionsResult: readApiExecutions,
} as const satisfies Readonly<Record<string, (answer: unknown, formats: Formats) => AnswerParts>>;

/** Reads the answer to a question, by its type in the SDL, as tables and what a picture is made of; throws on an answer that is not of its type. */
export const readAnswer = (
  answer: { readonly __typename: keyof typeof READERS },
  formats: Formats = new Map(),
): AnswerParts => READERS[answer.__typename](answer, formats);

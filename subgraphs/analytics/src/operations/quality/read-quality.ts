import type { DataReader } from "@tessera/platform/store/data-policy";
import { behaviourSource } from "../../domain/behaviour-source.ts";
import { fieldsOfMatcher } from "../../domain/event-matcher.ts";
import type { Cost, PlanFacts } from "../../domain/provenance.ts";
import {
  MAX_QUALITY_EVENTS,
  resultOf,
  type EventQualityQuestion,
  type ExpectationResult,
} from "../../domain/quality/event-quality.ts";
import { fieldsOfExpectation } from "../../domain/quality/expectation.ts";
import type { QualityStore } from "../../store/quality/quality-store.ts";
import { refuseTooManyEvents } from "../too-many-events.ts";

/** How a question about values is made to look at fewer events. */
export const NARROWER = "a shorter range, or an `event` that fewer events are";

/** What was read of what events are like. */
export interface ReadQuality {
  readonly events: number;
  readonly expectations: readonly ExpectationResult[];
  readonly facts: PlanFacts;
  readonly costs: readonly Cost[];
}

/** Tests what is expected of the events that a reader may see; refuses too many. */
export const readQuality = async (
  quality: Pick<QualityStore, "size" | "quality">,
  reader: DataReader,
  question: EventQualityQuestion,
  signal?: AbortSignal,
): Promise<ReadQuality> => {
  const { range: reach, event, expect } = question;
  const fields = [...expect.flatMap(fieldsOfExpectation), ...fieldsOfMatcher(event)];
  const { table, rejected } = behaviourSource(fields, reader.dataPolicy);
  const size = await quality.size(reader, event, { table, reach }, signal);
  refuseTooManyEvents(size.rows[0] ?? 0, MAX_QUALITY_EVENTS, NARROWER);
  const { rows, statistics } = await quality.quality(reader, question, { table, reach }, signal);
  const { events = 0, counted = [] } = rows[0] ?? {};
  return {
    events,
    expectations: expect.map((expectation, place) =>
      resultOf(expectation, counted[place] ?? { tested: 0, passed: 0, delay: null }),
    ),
    facts: { parts: [{ table, ...reach }], rejected, approximations: [] },
    costs: [size.statistics, statistics],
  };
};

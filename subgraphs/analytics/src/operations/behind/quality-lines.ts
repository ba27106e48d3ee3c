import type { Caller } from "@tessera/contracts/caller";
import { accessOf } from "../../domain/access.ts";
import { parseExpectationCell, type ExpectationCellInput } from "../../domain/behind/quality-cell.ts";
import { MAX_QUALITY_EVENTS, type EventQualityInput } from "../../domain/quality/event-quality.ts";
import { atRange, type Asked } from "../at-range.ts";
import { resolveNames } from "../in-cohort.ts";
import { findKept } from "../quality/find-kept.ts";
import { NARROWER } from "../quality/read-quality.ts";
import { refuseTooManyEvents } from "../too-many-events.ts";
import { rangeOf, type BehindDeps, type BehindLines, type Of } from "./behind-lines.ts";

/** A number of an `eventQuality` answer, by the question and its place. */
export type OfQuality = Of<Asked<EventQualityInput>, ExpectationCellInput>;

/** What is behind a number of the quality of events: those that were tested, passed or failed; refuses with QUERY_TOO_COSTLY more events than may be looked at. */
export const qualityLines = async (
  deps: BehindDeps,
  caller: Caller,
  { input: asked, cell }: OfQuality,
  signal: AbortSignal | undefined,
): Promise<BehindLines> => {
  const named = await findKept(deps, caller, atRange<EventQualityInput>(asked, deps.nowMs()));
  const input = await resolveNames(deps, caller, named);
  const behind = parseExpectationCell(input, cell, accessOf(caller));
  const { range: reach, event, timeZone } = behind.question;
  const source = { table: "events", tenantId: caller.tenantId, reach } as const;
  const { eventsSizeStatement, eventsSizeOf, qualityBehindSql } = deps.statements;
  const options = signal === undefined ? {} : { signal };
  const size = await deps.eventStore.query(caller, eventsSizeStatement(event, source), eventsSizeOf, options);
  refuseTooManyEvents(size.rows[0] ?? 0, MAX_QUALITY_EVENTS, NARROWER);
  return { sql: qualityBehindSql(behind, source), range: rangeOf(input), timeZone };
};

import type { Caller } from "@tessera/contracts/caller";
import { accessOf } from "../../domain/access.ts";
import { parseSessionCell, type SessionCellInput } from "../../domain/behind/session-cell.ts";
import type { UnitSlice } from "../../domain/funnel/unit-slice.ts";
import type { SessionMetricsInput } from "../../domain/sessions/sessions-input.ts";
import { reachOf, sessionMarks } from "../../domain/sessions/sessions.ts";
import { atRange, type Asked } from "../at-range.ts";
import { resolveNames } from "../in-cohort.ts";
import { askedEffort } from "../effort.ts";
import { inSlices, isByPerson, slicesBehind } from "../read-session-slices.ts";
import { rangeOf, type BehindDeps, type BehindLines, type Of } from "./behind-lines.ts";

/** A number of a `sessionMetrics` answer, by the question and its place. */
export type OfSessions = Of<Asked<SessionMetricsInput>, SessionCellInput>;

/** What is behind a number of sessions: their events, of many in slices of their units; refuses with QUERY_TOO_COSTLY sessions of more events than may be looked at. */
export const sessionLines = async (
  deps: BehindDeps,
  caller: Caller,
  { input: asked, cell }: OfSessions,
  signal: AbortSignal | undefined,
): Promise<BehindLines> => {
  const input = await resolveNames(deps, caller, atRange<SessionMetricsInput>(asked, deps.nowMs()));
  const behind = parseSessionCell(input, cell, accessOf(caller));
  const { question } = behind;
  const source = {
    ...({ table: "events", tenantId: caller.tenantId } as const),
    ...{ marks: sessionMarks(question), reach: reachOf(question.range) },
  };
  const { sessionSizeStatement, sessionSizeOf, sessionsBehindSql } = deps.statements;
  const size = await deps.eventStore.query(
    caller,
    sessionSizeStatement(question, source),
    sessionSizeOf,
    signal === undefined ? {} : { signal },
  );
  const events = size.rows[0] ?? 0;
  const lines = { sql: sessionsBehindSql(behind, source), range: rangeOf(input), timeZone: question.timeZone };
  if (!inSlices(deps, events)) return lines;
  const effort = deps.effort ?? askedEffort(deps.nowMs);
  const { slices, pace } = slicesBehind(effort, question, source, events);
  const ofSlice = (slice: UnitSlice) =>
    sessionsBehindSql({ ...behind, question: { ...question, part: { ...question.part, slice } } }, source);
  return { ...lines, sliced: { slices: slices.map(ofSlice), personsApart: isByPerson(question), effort, pace } };
};

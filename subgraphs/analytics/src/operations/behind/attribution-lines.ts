import type { Caller } from "@tessera/contracts/caller";
import { accessOf } from "../../domain/access.ts";
import type { AttributionInput } from "../../domain/attribution/question.ts";
import {
  parseAttributionCell,
  type AttributionBehind,
  type AttributionCellInput,
} from "../../domain/behind/attribution-cell.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { atRange, type Asked } from "../at-range.ts";
import { resolveNames } from "../in-cohort.ts";
import { isStitched } from "../query-attribution.ts";
import { rangeOf, type BehindDeps, type BehindLines, type Of } from "./behind-lines.ts";

/** A number of an `attribution` answer, by the question and its place. */
export type OfAttribution = Of<Asked<AttributionInput>, AttributionCellInput>;

/** The journeys that a number of attribution counts, as the store is asked for them. */
export interface JourneysBehind {
  readonly behind: AttributionBehind;
  readonly reader: { readonly tenantId: string; readonly stitched: boolean };
  readonly range: TimeRange;
}

/** Reads which journeys a number of attribution counts; refuses with BAD_INPUT or FORBIDDEN. */
export const journeysOf = async (
  deps: BehindDeps,
  caller: Caller,
  { input: asked, cell }: OfAttribution,
): Promise<JourneysBehind> => {
  const input = await resolveNames(deps, caller, atRange<AttributionInput>(asked, deps.nowMs()));
  const behind = parseAttributionCell(input, cell, accessOf(caller));
  const reader = { tenantId: caller.tenantId, stitched: isStitched(behind.question, caller) };
  return { behind, reader, range: rangeOf(input) };
};

/** What is behind a number of attribution: its conversions, or the touchpoints of journeys that ended in none. */
export const attributionLines = async (deps: BehindDeps, caller: Caller, of: OfAttribution): Promise<BehindLines> => {
  const { behind, reader, range } = await journeysOf(deps, caller, of);
  return { sql: deps.statements.attributionBehindSql(behind, reader), range, timeZone: "UTC" };
};

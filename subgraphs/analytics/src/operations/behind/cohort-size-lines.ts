import type { Caller } from "@tessera/contracts/caller";
import { parseCohortSizeCell, type CohortSizeCellInput } from "../../domain/behind/cohort-size-cell.ts";
import { parseCohortSizes, type CohortSizesInput } from "../../domain/cohort-sizes.ts";
import { accountsOf } from "../../domain/cohort-unit.ts";
import { atRange, type Asked } from "../at-range.ts";
import { recordedPeople } from "../cohort-people.ts";
import { findCohortSizes } from "../query-cohort-sizes.ts";
import type { BehindDeps, BehindLines, Of } from "./behind-lines.ts";

/** A number of a `cohortSizes` answer, by the question and its place. */
export type OfCohortSizes = Of<Asked<CohortSizesInput>, CohortSizeCellInput>;

/** Of no computation: nobody was a member before the first event there can be. */
const NEVER = { asOfMs: 0, beforeMs: null } as const;

/** What is behind a number of `cohortSizes`: the members that a computation recorded, with what they did in the range. */
export const cohortSizeLines = async (
  deps: BehindDeps,
  caller: Caller,
  { input: asked, cell }: OfCohortSizes,
): Promise<BehindLines> => {
  const question = parseCohortSizes(atRange<CohortSizesInput>(asked, deps.nowMs()));
  const { range, timeZone } = question;
  const { cohort, kept, before, computations } = await findCohortSizes(deps.cohorts, caller, question);
  const told = before === null ? computations : [before, ...computations];
  const behind = parseCohortSizeCell(kept, told, cell);
  // Notes by which version of the definition they are members.
  if (behind !== null) await recordedPeople(deps, cohort, behind);
  const { tenantId } = caller;
  const reader = { tenantId, cohortId: cohort.id, accounts: accountsOf(tenantId, cohort), range };
  const nobody = { ...NEVER, number: cell.number ?? "SIZE", version: cohort.version };
  return { sql: deps.statements.cohortSizesBehindSql(behind ?? nobody, reader), range, timeZone };
};

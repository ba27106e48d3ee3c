import type { Caller } from "@tessera/contracts/caller";
import { accessOf } from "../../domain/access.ts";
import {
  parseRingCell,
  parseVelocityCell,
  ringValues,
  type RingCellInput,
  type VelocityCellInput,
} from "../../domain/behind/fraud-cell.ts";
import type { RingsInput } from "../../domain/fraud/rings.ts";
import { VELOCITY_LIMITS, velocityReach, type VelocityInput } from "../../domain/fraud/velocity.ts";
import { atRange, type Asked } from "../at-range.ts";
import { placedFraud, readRings } from "../fraud/query-fraud.ts";
import { resolveNames } from "../in-cohort.ts";
import { type BehindDeps, type BehindLines, type Of } from "./behind-lines.ts";

/** A number of a `velocity` answer, by the question and its place. */
export type OfVelocity = Of<Asked<VelocityInput>, VelocityCellInput>;
/** A number of a `rings` answer, by the question and its place. */
export type OfRings = Of<Asked<RingsInput>, RingCellInput>;

/** What is behind a number of `velocity`; refuses with QUERY_TOO_COSTLY more events than the question may look at. */
export const velocityLines = async (
  deps: BehindDeps,
  caller: Caller,
  { input: asked, cell }: OfVelocity,
  signal: AbortSignal | undefined,
): Promise<BehindLines> => {
  const input = await resolveNames(deps, caller, atRange<VelocityInput>(asked, deps.nowMs()));
  const behind = parseVelocityCell(input, cell, accessOf(caller));
  const { by, distinct, event, range, timeZone } = behind.question;
  const reach = velocityReach(behind.question);
  const fields = distinct === null ? [by] : [by, distinct];
  await placedFraud(deps, caller, { by, event, fields, reach }, VELOCITY_LIMITS.events, signal);
  const source = { table: "events", tenantId: caller.tenantId, reach } as const;
  return { sql: deps.statements.velocityBehindSql(behind, source), range, timeZone };
};

/** What is behind a number of `rings`, which are found anew; refuses what the question is refused for, and with RESULT_TOO_LARGE too many shared values. */
export const ringLines = async (
  deps: BehindDeps,
  caller: Caller,
  { input: asked, cell }: OfRings,
  signal: AbortSignal | undefined,
): Promise<BehindLines> => {
  const input = await resolveNames(deps, caller, atRange<RingsInput>(asked, deps.nowMs()));
  const behind = parseRingCell(input, cell, accessOf(caller));
  const { range, timeZone } = behind.question;
  const { rings } = await readRings(deps, caller, behind.question, signal);
  const source = { table: "events", tenantId: caller.tenantId, reach: range } as const;
  const values = ringValues(rings, behind);
  return { sql: deps.statements.ringsBehindSql(behind, values, source), range, timeZone };
};

import type { Caller } from "@tessera/contracts/caller";
import { accessOf } from "../../domain/access.ts";
import {
  heldBin,
  parseDriftCell,
  type DriftBehind,
  type DriftCellInput,
  type DriftHeld,
} from "../../domain/behind/drift-cell.ts";
import type { DriftInput } from "../../domain/quality/drift.ts";
import { atRange, type Asked } from "../at-range.ts";
import { resolveNames } from "../in-cohort.ts";
import { readDriftCuts, refuseTooManyValues } from "../quality/query-quality.ts";
import type { BehindDeps, BehindLines, Of } from "./behind-lines.ts";

/** A number of a `drift` answer, by the question and its place. */
export type OfDrift = Of<Asked<DriftInput>, DriftCellInput>;

/** Which values are meant: bins are made of the reference anew, as the answer makes them. */
const heldBy = async (
  { quality }: BehindDeps,
  caller: Caller,
  { question, values }: DriftBehind,
  signal: AbortSignal | undefined,
): Promise<DriftHeld> =>
  values.kind === "BIN" ? heldBin(await readDriftCuts(quality, caller, question, signal), values.place) : values;

/** What is behind a number of `drift`: the events whose values it counts; refuses with QUERY_TOO_COSTLY more events than may be looked at. */
export const driftLines = async (
  deps: BehindDeps,
  caller: Caller,
  { input: asked, cell }: OfDrift,
  signal: AbortSignal | undefined,
): Promise<BehindLines> => {
  const input = await resolveNames(deps, caller, atRange<DriftInput>(asked, deps.nowMs()));
  const behind = parseDriftCell(input, cell, accessOf(caller));
  const { range, reference, timeZone } = behind.question;
  const reach = behind.side === "RANGE" ? range : reference;
  await refuseTooManyValues(deps.quality, caller, behind.question, reach, signal);
  const held = await heldBy(deps, caller, behind, signal);
  const source = { table: "events", tenantId: caller.tenantId, reach } as const;
  return { sql: deps.statements.driftBehindSql(behind.question, held, source), range, reach, timeZone };
};

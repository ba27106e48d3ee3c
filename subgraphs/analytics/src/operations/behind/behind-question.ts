import type { Caller } from "@tessera/contracts/caller";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import type { ActivityInput } from "../../domain/activity.ts";
import { behaviourRules } from "../../domain/behaviour-rules.ts";
import {
  parseActiveUsersCell,
  parseLifecycleCell,
  parseStickinessCell,
  type ActiveUsersCellInput,
  type ActivityBehind,
  type LifecycleCellInput,
  type StickinessCellInput,
} from "../../domain/behind/activity-cell.ts";
import { requireUnitOf, unitOf } from "../../domain/cohort-unit.ts";
import type { FunnelCellInput } from "../../domain/behind/funnel-cell.ts";
import type { FunnelInput } from "../../domain/funnel/funnel-input.ts";
import type { PathCellInput } from "../../domain/behind/path-cell.ts";
import { parseRetentionCell, type RetentionCellInput } from "../../domain/behind/retention-cell.ts";
import { parseCell, type CellInput } from "../../domain/cell.ts";
import type { PathsInput } from "../../domain/paths/paths-input.ts";
import type { RetentionInput } from "../../domain/retention.ts";
import type { AskedOlap } from "../../domain/semantic/asked-question.ts";
import { atRange, type Asked } from "../at-range.ts";
import { bothOf, namedCohort, namedMembers, peopleOf } from "../cohort-people.ts";
import { resolveNames } from "../in-cohort.ts";
import { resolveQuestion } from "../semantic/resolve-question.ts";
import { attributionLines, type OfAttribution } from "./attribution-lines.ts";
import { rangeOf, type BehindDeps, type BehindLines, type Of } from "./behind-lines.ts";
import { cohortSizeLines, type OfCohortSizes } from "./cohort-size-lines.ts";
import { driftLines, type OfDrift } from "./drift-lines.ts";
import { ringLines, velocityLines, type OfRings, type OfVelocity } from "./fraud-lines.ts";
import { otherGroups } from "./other-groups.ts";
import { qualityLines, type OfQuality } from "./quality-lines.ts";
import { sessionLines, type OfSessions } from "./session-lines.ts";

type Maybe<T> = T | null | undefined;

/** A number of an answer, by the question and its place in the answer; exactly one is given. */
export interface BehindInput {
  readonly olap?: Maybe<Of<Asked<AskedOlap>, CellInput>>;
  readonly retention?: Maybe<Of<Asked<RetentionInput>, RetentionCellInput> & { readonly cohort?: Maybe<string> }>;
  readonly stickiness?: Maybe<Of<Asked<ActivityInput>, StickinessCellInput>>;
  readonly lifecycle?: Maybe<Of<Asked<ActivityInput>, LifecycleCellInput>>;
  readonly activeUsers?: Maybe<Of<Asked<ActivityInput>, ActiveUsersCellInput>>;
  readonly funnel?: Maybe<Of<Asked<FunnelInput>, FunnelCellInput>>;
  readonly sessions?: Maybe<OfSessions>;
  readonly attribution?: Maybe<OfAttribution>;
  readonly paths?: Maybe<Of<Asked<PathsInput>, PathCellInput>>;
  readonly eventQuality?: Maybe<OfQuality>;
  readonly velocity?: Maybe<OfVelocity>;
  readonly rings?: Maybe<OfRings>;
  readonly drift?: Maybe<OfDrift>;
  readonly cohortSizes?: Maybe<OfCohortSizes>;
}

/** A refusal about part of the question, with the place where that question stands. */
export const within = async <T>(kind: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal) || error.extras.field === undefined) throw error;
    throw refuse(error.code, error.message, { ...error.extras, field: `of.${kind}.${error.extras.field}` }, error);
  }
};

const ofOlap = async (
  deps: BehindDeps,
  caller: Caller,
  { input: asked, cell }: NonNullable<BehindInput["olap"]>,
  signal: AbortSignal | undefined,
): Promise<BehindLines> => {
  const { input } = await resolveQuestion(deps, caller, atRange<AskedOlap>(asked, deps.nowMs()));
  const events = parseCell(input, cell, accessOf(caller));
  const groups = events.beside === null ? null : await otherGroups(deps, caller, events.beside, signal);
  return {
    sql: deps.statements.olapBehindSql(events, caller.tenantId, groups),
    ...{ range: events.range, timeZone: input.timeZone ?? "UTC" },
  };
};

const scopeOf = ({ tenantId, dataPolicy }: Caller) => ({ rules: behaviourRules, tenantId, policy: dataPolicy });

const ofRetention = async (
  deps: BehindDeps,
  caller: Caller,
  { input: asked, cell, cohort }: NonNullable<BehindInput["retention"]>,
): Promise<BehindLines> => {
  const nowMs = deps.nowMs();
  const input = await resolveNames(deps, caller, atRange<RetentionInput>(asked, nowMs));
  const of = (cohort ?? null) === null ? null : await namedCohort(deps.cohorts, caller, cohort ?? "", "cohort");
  const asUnits = { ...input, unit: input.unit ?? (of === null ? null : unitOf(of)) };
  const behind = parseRetentionCell(asUnits, cell, accessOf(caller), nowMs);
  const { unit } = behind.query;
  if (of !== null) requireUnitOf(of, unit, "cohort");
  const outer = of === null ? null : await peopleOf(deps, caller, of);
  const group =
    behind.cohortId === null ? null : await namedMembers(deps, caller, behind.cohortId, { unit, where: "cell.cohort" });
  return {
    sql: deps.statements.retentionBehindSql(behind, scopeOf(caller), bothOf(group, outer)),
    ...{ range: rangeOf(input), timeZone: behind.query.timeZone },
  };
};

const ofActivity = async <Cell>(
  deps: BehindDeps,
  caller: Caller,
  { input: asked, cell }: Of<Asked<ActivityInput>, Cell>,
  parse: (input: ActivityInput, cell: Cell, access: ReturnType<typeof accessOf>, nowMs: number) => ActivityBehind,
): Promise<BehindLines> => {
  const nowMs = deps.nowMs();
  const input = await resolveNames(deps, caller, atRange<ActivityInput>(asked, nowMs));
  const behind = parse(input, cell, accessOf(caller), nowMs);
  const { cohortId, timeZone, unit } = behind.query;
  const members =
    cohortId === null ? null : await namedMembers(deps, caller, cohortId, { unit, where: "input.cohort" });
  return {
    sql: deps.statements.activityBehindSql(behind, scopeOf(caller), members),
    ...{ range: rangeOf(input), timeZone },
  };
};

const KINDS = [
  "olap",
  "funnel",
  "retention",
  "stickiness",
  "lifecycle",
  "activeUsers",
  "sessions",
  "attribution",
  "paths",
  "eventQuality",
  "velocity",
  "rings",
  "drift",
  "cohortSizes",
] as const;

/** Refuses with BAD_INPUT unless exactly one number is named. */
export const requireOne = (of: BehindInput): (typeof KINDS)[number] => {
  const [kind, ...others] = KINDS.filter((one) => (of[one] ?? null) !== null);
  if (kind === undefined || others.length > 0)
    throw refuse("BAD_INPUT", `Name exactly one number: give one of ${KINDS.join(", ")}.`, { field: "of" });
  return kind;
};

/** Finds out what is behind a number for a caller; refuses with BAD_INPUT or FORBIDDEN, naming the place in the input. */
export const behindLines = async (
  deps: BehindDeps,
  caller: Caller,
  of: BehindInput,
  signal?: AbortSignal,
): Promise<BehindLines> => {
  const kind = requireOne(of);
  const { olap, retention, stickiness, lifecycle, activeUsers, sessions, attribution } = of;
  const { eventQuality, velocity, rings, drift, cohortSizes } = of;
  return within(kind, () => {
    if (olap) return ofOlap(deps, caller, olap, signal);
    if (retention) return ofRetention(deps, caller, retention);
    if (stickiness) return ofActivity(deps, caller, stickiness, parseStickinessCell);
    if (lifecycle) return ofActivity(deps, caller, lifecycle, parseLifecycleCell);
    if (activeUsers) return ofActivity(deps, caller, activeUsers, parseActiveUsersCell);
    if (sessions) return sessionLines(deps, caller, sessions, signal);
    if (attribution) return attributionLines(deps, caller, attribution);
    if (eventQuality) return qualityLines(deps, caller, eventQuality, signal);
    if (velocity) return velocityLines(deps, caller, velocity, signal);
    if (rings) return ringLines(deps, caller, rings, signal);
    if (drift) return driftLines(deps, caller, drift, signal);
    if (cohortSizes) return cohortSizeLines(deps, caller, cohortSizes);
    throw refuse("BAD_INPUT", "Name a number.", { field: "of" });
  });
};

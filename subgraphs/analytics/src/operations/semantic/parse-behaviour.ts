import type { FieldAccess } from "../../domain/fields.ts";
import { ACTIVE_WINDOWS, parseActivity, type ActivityInput } from "../../domain/activity.ts";
import { parseApiExecutions } from "../../domain/api-executions.ts";
import { parseAttribution } from "../../domain/attribution/question.ts";
import { parseCohortSizes } from "../../domain/cohort-sizes.ts";
import type { BehaviourKind } from "../../domain/dashboards/question.ts";
import { parseRings } from "../../domain/fraud/rings.ts";
import { parseVelocity } from "../../domain/fraud/velocity.ts";
import type { FunnelInput, FunnelMembersInput } from "../../domain/funnel/funnel-input.ts";
import { parseFunnel } from "../../domain/funnel/parse-funnel.ts";
import { parsePaths } from "../../domain/paths/parse-paths.ts";
import { parseDrift } from "../../domain/quality/drift.ts";
import { parseEventQuality } from "../../domain/quality/event-quality.ts";
import { parseRetention } from "../../domain/retention.ts";
import type { BehaviourInput, BehaviourQuestion, Segment } from "../../domain/semantic/definition.ts";
import { parseSessionMetrics } from "../../domain/sessions/parse-sessions.ts";
import { atRange } from "../at-range.ts";

/** A question with the range it has now; `Input` is what the question's parser takes. */
const ranged = <Input extends { readonly range: { readonly from: string; readonly to: string } }>(
  input: BehaviourInput,
  nowMs: number,
): Input =>
  // boundary: the input was coerced to its type of the SDL, after which the types of what the parsers take are written.
  atRange<Input>(input as unknown as Parameters<typeof atRange<Input>>[0], nowMs);

type Parse = (input: BehaviourInput, access: FieldAccess, nowMs: number) => unknown;

const parseSteps =
  (before: number, period: NonNullable<ActivityInput["period"]>): Parse =>
  (input, access, nowMs) => {
    const asked = ranged<ActivityInput>(input, nowMs);
    return parseActivity(asked, access, { before, period: asked.period ?? period });
  };

/** The parsers by which questions are asked. */
const PARSERS: Readonly<Record<BehaviourKind, Parse>> = {
  FUNNEL: (input, access, nowMs) => parseFunnel(ranged<FunnelInput>(input, nowMs), access),
  RETENTION: (input, access, nowMs) => parseRetention(ranged(input, nowMs), access, nowMs),
  STICKINESS: parseSteps(0, "DAY"),
  LIFECYCLE: parseSteps(1, "WEEK"),
  ACTIVE_USERS: parseSteps(ACTIVE_WINDOWS.month - 1, "DAY"),
  ATTRIBUTION: (input, access, nowMs) => parseAttribution(ranged(input, nowMs), access),
  PATHS: (input, access, nowMs) => parsePaths(ranged(input, nowMs), access),
  SESSION_METRICS: (input, access, nowMs) => parseSessionMetrics(ranged(input, nowMs), access),
  VELOCITY: (input, access, nowMs) => parseVelocity(ranged(input, nowMs), access),
  RINGS: (input, access, nowMs) => parseRings(ranged(input, nowMs), access),
  EVENT_QUALITY: (input, access, nowMs) => parseEventQuality(ranged(input, nowMs), access),
  API_EXECUTIONS: (input, _access, nowMs) => parseApiExecutions(ranged(input, nowMs)),
  COHORT_SIZES: (input, _access, nowMs) => parseCohortSizes(ranged(input, nowMs)),
  DRIFT: (input, access, nowMs) => parseDrift(ranged(input, nowMs), access),
};

type Breakdown = NonNullable<FunnelInput["breakdown"]>;

/** What the breakdown of a funnel names; null where a question is none, or has none. */
export const breakdownOf = ({ kind, input }: BehaviourQuestion): Breakdown | null =>
  // boundary: the input was coerced to its type of the SDL.
  kind === "FUNNEL" ? ((input as unknown as FunnelInput).breakdown ?? null) : null;

/** A funnel beside which stand those that its breakdown names: cohorts are found when it is asked, and until then each stands for all events. */
const withMembers = (question: BehaviourQuestion, segments: readonly Segment[]): BehaviourInput => {
  const breakdown = breakdownOf(question);
  if (breakdown === null) return question.input;
  const all = { cohortId: null, segment: null, where: "input.breakdown.cohorts" } as const;
  const members: readonly FunnelMembersInput[] = [
    ...(breakdown.cohorts ?? []).map(() => ({ ...all, filter: { field: "name", exists: true } })),
    ...segments.map(({ kind, name, version, content }, at) => ({
      ...{ cohortId: null, segment: { kind, name, version }, where: `input.breakdown.segments.${at}` },
      filter: content.filter,
    })),
  ];
  return { ...question.input, breakdown: { ...breakdown, members } };
};

/** Reads a question by the parser that asking it goes through; refuses with BAD_INPUT or FORBIDDEN. `segments` are those that a funnel's breakdown names. */
export const parseBehaviour = (
  question: BehaviourQuestion,
  segments: readonly Segment[],
  access: FieldAccess,
  nowMs: number,
): void => {
  PARSERS[question.kind](withMembers(question, segments), access, nowMs);
};

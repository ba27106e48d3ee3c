import type { Caller } from "@tessera/contracts/caller";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../../domain/access.ts";
import { parseApiExecutions } from "../../domain/api-executions.ts";
import { parseCohortSizes } from "../../domain/cohort-sizes.ts";
import { ACTIVE_WINDOWS, parseActivity, type ActivityInput } from "../../domain/activity.ts";
import type { TimeRangeInput } from "../../domain/asked-range.ts";
import { parseAttribution } from "../../domain/attribution/question.ts";
import {
  QUESTION_KINDS,
  QUESTIONS,
  type Question,
  type QuestionInput,
  type QuestionKind,
} from "../../domain/dashboards/question.ts";
import { suggestChart, type AnswerShape } from "../../domain/dashboards/suggest-chart.ts";
import { parseRings } from "../../domain/fraud/rings.ts";
import { parseVelocity } from "../../domain/fraud/velocity.ts";
import type { FunnelInput } from "../../domain/funnel/funnel-input.ts";
import { parseFunnel } from "../../domain/funnel/parse-funnel.ts";
import { parsePaths } from "../../domain/paths/parse-paths.ts";
import { parseDrift } from "../../domain/quality/drift.ts";
import { parseEventQuality } from "../../domain/quality/event-quality.ts";
import { parseRetention } from "../../domain/retention.ts";
import { parseSessionMetrics } from "../../domain/sessions/parse-sessions.ts";
import type { SessionMetricsInput } from "../../domain/sessions/sessions-input.ts";
import type { SavedQuestion } from "../../domain/semantic/definition.ts";
import type { DefinitionStore } from "../../store/semantic/definition-store-types.ts";
import { atRange } from "../at-range.ts";
import { draftQuery } from "../semantic/define.ts";
import { findDefinition } from "../semantic/find-definitions.ts";
import { resolveDimensions } from "../semantic/own-dimensions.ts";
import type { QuestionTypes } from "./question-types.ts";

/** What checking questions needs. */
export interface CheckDeps {
  readonly definitions: DefinitionStore;
  readonly questionTypes: QuestionTypes;
  readonly nowMs: NowMs;
}

/** The question of a widget as the graph delivers it: exactly one of them. */
export type WidgetQuestionInput = {
  readonly [Field in (typeof QUESTIONS)[QuestionKind]["field"]]?: object | null | undefined;
};

/** A saved query by its name. */
export interface SavedQueryRef {
  readonly name: string;
  readonly version?: number | null | undefined;
}

// boundary: the input was coerced to its type of the SDL, after which the types of what the parsers take are written.
const typed = <Input>(input: QuestionInput): Input => input as unknown as Input;

/** Gives a refusal's place within a question its place within what was sent; parsers say `input`, some of them with the question's field. */
const atPlace = async <T>(field: string, to: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    const [said, root, ...rest] = error instanceof Refusal ? [error, ...(error.extras.field ?? "").split(".")] : [];
    if (said === undefined || root !== "input") throw error;
    const inner = rest[0] === field ? rest.slice(1) : rest;
    throw refuse(said.code, said.message, { ...said.extras, field: [to, ...inner].join(".") }, error);
  }
};

/** A question with the range it has now; `Input` is what the question's parser takes. */
const ranged = <Input extends { readonly range: { readonly from: string; readonly to: string } }>(
  input: QuestionInput,
  nowMs: number,
): Input => atRange<Input>(typed<Omit<Input, "range"> & { readonly range: TimeRangeInput }>(input), nowMs);

type Parse = (input: QuestionInput, access: ReturnType<typeof accessOf>, nowMs: number) => unknown;

const parseSteps =
  (before: number, period: NonNullable<ActivityInput["period"]>): Parse =>
  (input, access, nowMs) => {
    const asked = ranged<ActivityInput>(input, nowMs);
    return parseActivity(asked, access, { before, period: asked.period ?? period });
  };

/** A funnel whose cohorts and segments are yet to be found: they are when it is asked, and until then each stands for all events. */
const unfound = (input: FunnelInput): FunnelInput => {
  const { breakdown } = input;
  if (breakdown === null || breakdown === undefined) return input;
  const named = [...(breakdown.cohorts ?? []), ...(breakdown.segments ?? [])];
  const all = { cohortId: null, segment: null, where: "input.breakdown", filter: { field: "name", exists: true } };
  return { ...input, breakdown: { ...breakdown, members: named.map(() => all) } };
};

/** The parsers by which questions are asked. */
const PARSERS: Readonly<
  Record<Exclude<QuestionKind, "OLAP" | "TIME_SERIES" | "SESSION_METRICS" | "SAVED_QUERY">, Parse>
> = {
  FUNNEL: (input, access, nowMs) => parseFunnel(unfound(ranged<FunnelInput>(input, nowMs)), access),
  RETENTION: (input, access, nowMs) => parseRetention(ranged(input, nowMs), access, nowMs),
  STICKINESS: parseSteps(0, "DAY"),
  LIFECYCLE: parseSteps(1, "WEEK"),
  ACTIVE_USERS: parseSteps(ACTIVE_WINDOWS.month - 1, "DAY"),
  ATTRIBUTION: (input, access, nowMs) => parseAttribution(ranged(input, nowMs), access),
  PATHS: (input, access, nowMs) => parsePaths(ranged(input, nowMs), access),
  VELOCITY: (input, access, nowMs) => parseVelocity(ranged(input, nowMs), access),
  RINGS: (input, access, nowMs) => parseRings(ranged(input, nowMs), access),
  EVENT_QUALITY: (input, access, nowMs) => parseEventQuality(ranged(input, nowMs), access),
  API_EXECUTIONS: (input, _access, nowMs) => parseApiExecutions(ranged(input, nowMs)),
  COHORT_SIZES: (input, _access, nowMs) => parseCohortSizes(ranged(input, nowMs)),
  DRIFT: (input, access, nowMs) => parseDrift(ranged(input, nowMs), access),
};

const shapeOf = ({ kind, input }: SavedQuestion): AnswerShape => {
  const measures = (input.measures ?? []).length + (input.metrics ?? []).length;
  return kind === "TIME_SERIES"
    ? { kind, time: true, dimensions: input.splitBy ?? [], measures }
    : { kind, time: (input.granularity ?? "NONE") !== "NONE", dimensions: input.dimensions ?? [], measures };
};

const checkNamed = async (deps: CheckDeps, caller: Caller, question: SavedQuestion): Promise<AnswerShape> => {
  const described = { title: "", description: "", owner: null };
  const reader = deps.definitions.reader(caller.tenantId);
  await draftQuery(reader, caller, deps.nowMs(), described, { question, pinned: false });
  return shapeOf(question);
};

/** Finds a saved query by name, in a version or as it is now; refuses with BAD_INPUT when there is none. */
export const savedQueryNamed = async (deps: CheckDeps, caller: Caller, { name, version = null }: SavedQueryRef) => {
  const found = await findDefinition(deps, "SAVED_QUERY")(caller, name, version);
  if (found !== null) return found;
  throw refuse("BAD_INPUT", "The tenant has no saved query of this name and version.", { field: "input.name" });
};

const check = async (
  deps: CheckDeps,
  caller: Caller,
  kind: QuestionKind,
  input: QuestionInput,
): Promise<AnswerShape> => {
  switch (kind) {
    case "OLAP":
      return checkNamed(deps, caller, { kind, input: typed(input) });
    case "TIME_SERIES":
      return checkNamed(deps, caller, { kind, input: typed(input) });
    case "SAVED_QUERY":
      return shapeOf((await savedQueryNamed(deps, caller, typed(input))).content.question);
    case "SESSION_METRICS": {
      const named = await resolveDimensions(deps, caller, input);
      const asked = ranged<SessionMetricsInput>(named, deps.nowMs());
      parseSessionMetrics(asked, accessOf(caller));
      const time = (asked.granularity ?? "NONE") !== "NONE";
      return { kind, time, dimensions: asked.breakdown ?? [], measures: 1 };
    }
    default:
      PARSERS[kind](await resolveDimensions(deps, caller, input), accessOf(caller), deps.nowMs());
      return { kind, time: false, dimensions: [], measures: 1 };
  }
};

/**
 * Reads the question of a widget by the parsers that asking it goes through, with what the caller may see; refuses with BAD_INPUT or FORBIDDEN at the
 * place where it stands. The input is kept as it was sent.
 */
export const checkQuestion =
  (deps: CheckDeps) =>
  async (caller: Caller, asked: WidgetQuestionInput, where: string): Promise<Question> => {
    const given = QUESTION_KINDS.filter((kind) => (asked[QUESTIONS[kind].field] ?? null) !== null);
    const [kind] = given;
    if (kind === undefined || given.length > 1)
      throw refuse("BAD_INPUT", "A widget asks exactly one question.", { field: where });
    const { field } = QUESTIONS[kind];
    const input = deps.questionTypes.coerce(kind, asked[field], `${where}.${field}`);
    const shape = await atPlace(field, `${where}.${field}`, () => check(deps, caller, kind, input));
    return { kind, input, suggestion: suggestChart(shape) };
  };

import type { Caller } from "@tessera/contracts/caller";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../../domain/access.ts";
import { toldRange, type AbsoluteRange } from "../../domain/asked-range.ts";
import { parseCell, type CellInput } from "../../domain/cell.ts";
import type { AskedOlap } from "../../domain/semantic/asked-question.ts";
import { MAX_DEFINITIONS, type Definition, type DefinitionUse } from "../../domain/semantic/definition.ts";
import {
  levelOf,
  stepFrom,
  steppedQuestion,
  type Direction,
  type DrilledCell,
  type Step,
} from "../../domain/semantic/drill.ts";
import { BUILT_IN_HIERARCHIES, chooseHierarchy, type Hierarchy } from "../../domain/semantic/hierarchy.ts";
import { isoTime } from "../../domain/zone.ts";
import type { DefinitionStore } from "../../store/semantic/definition-store-types.ts";
import { atRange, tellRange, type Asked, type TellsRange } from "../at-range.ts";
import type { BudgetDeps } from "../answer-within-budget.ts";
import { queryOlap, type OlapAnswer } from "../query-olap.ts";
import { resolveQuestion, withDefinitions, type ResolveDeps } from "./resolve-question.ts";

/** Which level of a question is moved, along which hierarchy; as in the SDL. */
export interface AlongInput {
  readonly by: string;
  readonly hierarchy?: string | null | undefined;
  readonly version?: number | null | undefined;
}

/** A question as it is put after a step, as in the SDL; `input` is all of it. */
interface SteppedQuestion {
  readonly range: AbsoluteRange;
  readonly dimensions: readonly string[];
  readonly granularity: NonNullable<AskedOlap["granularity"]>;
  readonly timeZone: string;
  readonly input: AskedOlap;
}

/** An answer one level finer or coarser, with the question it is the answer to; as in the SDL. */
export interface SteppedAnswer extends Step {
  readonly hierarchy: Hierarchy;
  readonly question: SteppedQuestion;
  readonly result: OlapAnswer & TellsRange & { readonly definitions: readonly DefinitionUse[] };
}

/** What moving along hierarchies needs. */
export interface DrillDeps extends BudgetDeps, ResolveDeps {
  readonly definitions: DefinitionStore;
  readonly nowMs: NowMs;
}

const ownHierarchy = (one: Definition): readonly Hierarchy[] =>
  one.kind === "HIERARCHY" ? [{ name: one.name, version: one.version, levels: one.content.levels }] : [];

/** Hierarchies the caller's tenant can use, those that are built in first. */
export const knownHierarchies = async (
  { definitions }: Pick<DrillDeps, "definitions">,
  caller: Caller,
): Promise<readonly Hierarchy[]> => {
  const page = { first: MAX_DEFINITIONS.HIERARCHY, after: null, archived: false };
  return [
    ...BUILT_IN_HIERARCHIES,
    ...(await definitions.list(caller.tenantId, "HIERARCHY", page)).flatMap(ownHierarchy),
  ];
};

/** The hierarchies to choose from: a version that is asked for takes the place of the one now. */
const choices = async (
  deps: DrillDeps,
  caller: Caller,
  { hierarchy = null, version = null }: AlongInput,
): Promise<readonly Hierarchy[]> => {
  const known = await knownHierarchies(deps, caller);
  if (hierarchy === null || version === null) return known;
  const found = await deps.definitions.reader(caller.tenantId).find([{ kind: "HIERARCHY", name: hierarchy, version }]);
  return [...known.filter(({ name }) => name !== hierarchy), ...found.flatMap(ownHierarchy)];
};

/** The events of a cell: its values as they are filtered by, and its part of the range. */
const cellOf = async (
  deps: DrillDeps,
  caller: Caller,
  asked: AskedOlap,
  cell: CellInput | null,
): Promise<DrilledCell | null> => {
  if (cell === null) return null;
  const { input } = await resolveQuestion(deps, caller, asked);
  const { fromMs, toMs } = parseCell(input, cell, accessOf(caller)).range;
  return {
    range: { from: isoTime(fromMs), to: isoTime(toMs) },
    values: (cell.dimensions ?? []).map((value) => value ?? null),
  };
};

/** Asks a question one level finer or coarser along a hierarchy, and tells the question that it asked. */
const stepped =
  (deps: DrillDeps, direction: Direction) =>
  async (
    caller: Caller,
    { input, along, cell = null }: { input: Asked<AskedOlap>; along: AlongInput; cell?: CellInput | null | undefined },
    signal?: AbortSignal,
  ): Promise<SteppedAnswer> => {
    const asked = atRange<AskedOlap>(input, deps.nowMs());
    const from = levelOf(along.by, asked, "along.by");
    const hierarchy = chooseHierarchy(along.by, along.hierarchy ?? null, await choices(deps, caller, along), "along");
    const { name, version } = hierarchy;
    if (version !== null) deps.noteUses?.({ definitions: [{ kind: "HIERARCHY", name, version }] });
    const step = stepFrom(from, hierarchy, direction, "along.by");
    const question = steppedQuestion(asked, step, await cellOf(deps, caller, asked, cell ?? null));
    const answer = await withDefinitions<AskedOlap, OlapAnswer>(deps, queryOlap(deps))(caller, question, signal);
    const { dimensions = [], granularity = "NONE", timeZone = "UTC" } = question;
    const range = toldRange(question.range, timeZone);
    return {
      ...step,
      hierarchy,
      question: { range, dimensions, granularity, timeZone, input: question },
      result: tellRange(answer, question),
    };
  };

/** Answers `drillDown`. */
export const drillDown = (deps: DrillDeps) => stepped(deps, "FINER");

/** Answers `rollUp`. */
export const rollUp = (deps: DrillDeps) => stepped(deps, "COARSER");

import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { FunnelBreakdownInput, FunnelInput, FunnelMembersInput } from "../domain/funnel/funnel-input.ts";
import { parseAnalysisUnit, type AnalysisUnit } from "../domain/analysis-unit.ts";
import { requireMembersUnit } from "../domain/cohort-unit.ts";
import { FUNNEL_LIMITS } from "../domain/funnel/funnel.ts";
import { namedMembers } from "./cohort-people.ts";
import { resolveCohorts } from "./in-cohort.ts";
import { accessNaming, resolveDimensions } from "./semantic/own-dimensions.ts";
import { segmentsOf, type ResolveDeps } from "./semantic/resolve-question.ts";

const WHERE = "input.breakdown";
const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const byCohorts = (
  deps: ResolveDeps,
  caller: Caller,
  unit: AnalysisUnit,
  ids: readonly string[],
): Promise<readonly FunnelMembersInput[]> =>
  Promise.all(
    ids.map(async (id, index): Promise<FunnelMembersInput> => {
      const where = `${WHERE}.cohorts.${index}`;
      const { cohort, sql: people, accounts } = await namedMembers(deps, caller, id, { unit, where });
      const inCohort = { cohort: cohort.id, people, accounts };
      return { ...{ cohortId: cohort.id, segment: null, where }, filter: { inCohort } };
    }),
  );

const bySegments = async (
  deps: ResolveDeps,
  caller: Caller,
  refs: NonNullable<FunnelBreakdownInput["segments"]>,
): Promise<readonly FunnelMembersInput[]> => {
  const segments = await segmentsOf(deps.definitions.reader(caller.tenantId), refs, `${WHERE}.segments`);
  deps.noteUses?.({ definitions: segments.map(({ kind, name, version }) => ({ kind, name, version })) });
  return Promise.all(
    segments.map(async ({ name, version, content }, index): Promise<FunnelMembersInput> => {
      const where = `${WHERE}.segments.${index}`;
      const filter = await resolveCohorts(deps, caller, content.filter, where);
      return { ...{ cohortId: null, segment: { kind: "SEGMENT", name, version }, where }, filter };
    }),
  );
};

/** The cohorts and segments that a breakdown names, those first; refuses unknown ones, twice the same and too many with BAD_INPUT, at their place. */
export const membersOf = async (
  deps: ResolveDeps,
  caller: Caller,
  { unit }: FunnelInput,
  { cohorts, segments }: FunnelBreakdownInput,
): Promise<readonly FunnelMembersInput[]> => {
  const ids = (cohorts ?? []).map((id) => id.toLowerCase());
  const refs = segments ?? [];
  if (ids.length + refs.length > FUNNEL_LIMITS.members)
    throw bad(
      WHERE,
      `A breakdown names at most ${FUNNEL_LIMITS.members} cohorts and segments: ask about the others in another funnel.`,
    );
  if (new Set(ids).size < ids.length) throw bad(`${WHERE}.cohorts`, "`cohorts` names one twice.");
  if (ids.length === 0) return bySegments(deps, caller, refs);
  const counted = parseAnalysisUnit(unit, "input.unit", await accessNaming(deps, caller, unit));
  requireMembersUnit(counted, `${WHERE}.cohorts`);
  return [...(await byCohorts(deps, caller, counted, ids)), ...(await bySegments(deps, caller, refs))];
};

/** Asks a funnel whose breakdown may name cohorts and segments. */
export const withMembers =
  <Answer>(
    deps: ResolveDeps,
    ask: (caller: Caller, input: FunnelInput, signal?: AbortSignal) => Promise<Answer>,
  ): ((caller: Caller, input: FunnelInput, signal?: AbortSignal) => Promise<Answer>) =>
  async (caller, input, signal) => {
    const { breakdown = null } = input;
    if (breakdown === null) return ask(caller, input, signal);
    const members = await membersOf(deps, caller, input, breakdown);
    const named = await resolveDimensions(deps, caller, { ...input, breakdown: { ...breakdown, members } });
    return ask(caller, named, signal);
  };

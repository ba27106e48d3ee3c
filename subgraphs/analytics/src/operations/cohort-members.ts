import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import { accessOf } from "../domain/access.ts";
import { behaviourRules } from "../domain/behaviour-rules.ts";
import { MAX_COHORT_SIZES, MAX_MEMBERS_ON_PAGE, type Cohort, type CohortSize } from "../domain/cohort.ts";
import type { CohortDefinitionInput } from "../domain/cohort-input.ts";
import { parseCohortDefinition } from "../domain/cohort-definition.ts";
import { closeDefinition, madeOf, referencesOf } from "../domain/cohort-references.ts";
import { EVERYTHING_SINCE_MS } from "../domain/cohort-window.ts";
import { eventsOnly, provenanceOf, type Provenance } from "../domain/provenance.ts";
import { parseCount } from "../domain/query.ts";
import { parseAsOf } from "../domain/retention.ts";
import { isoTime } from "../domain/zone.ts";
import type { BehaviourStatements } from "../store/behaviour-statements.ts";
import type { CohortStore } from "../store/cohort-store.ts";
import type { Params } from "../store/params.ts";
import { closedDefinition, computedPeople, peopleOf } from "./cohort-people.ts";
import { knownCohorts } from "./known-cohorts.ts";
import type { NotesUses } from "./telling-uses.ts";

interface Deps extends NotesUses {
  readonly cohorts: CohortStore;
  readonly eventStore: Pick<EventStore, "query">;
  readonly statements: BehaviourStatements;
  readonly nowMs: NowMs;
}

type Maybe<T> = T | null | undefined;
const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** How many people a definition holds; as in the SDL. */
export interface CohortPreview {
  readonly size: number;
  readonly everybody: number;
  readonly provenance: Provenance;
}

/** Answers `previewCohort`. */
export const previewCohort =
  ({ cohorts, eventStore, statements, nowMs, noteUses }: Deps) =>
  async (
    caller: Caller,
    input: { readonly definition: CohortDefinitionInput; readonly asOf?: Maybe<string> },
    signal?: AbortSignal,
  ): Promise<CohortPreview> => {
    const node = parseCohortDefinition(input.definition, "input.definition", accessOf(caller));
    const asOfMs = parseAsOf(input.asOf, "input.asOf", nowMs());
    const known = knownCohorts(await cohorts.all(caller.tenantId));
    const closed = closeDefinition(node, null, known);
    const named = new Set(referencesOf(node));
    const how = { asOf: isoTime(asOfMs), basis: "COMPUTED" } as const;
    noteUses?.({ cohorts: madeOf(node, known).map((part) => ({ ...part, ...how, named: named.has(part.id) })) });
    const scope = { rules: behaviourRules, tenantId: caller.tenantId, policy: caller.dataPolicy, asOfMs };
    const { rows, statistics } = await eventStore.query(
      caller,
      statements.cohortSizeStatement(closed, scope),
      statements.cohortSizeOf,
      optionsOf(signal),
    );
    const { size, everybody } = rows[0] ?? { size: 0, everybody: 0 };
    const facts = eventsOnly({ fromMs: EVERYTHING_SINCE_MS, toMs: Math.max(asOfMs, EVERYTHING_SINCE_MS) });
    return { size, everybody, provenance: provenanceOf(facts, [statistics], asOfMs, "UTC", caller.dataPolicy) };
  };

/** The size of a cohort for a caller: as recorded, or counted over what the caller may see; null before the first computation. */
export const cohortSize =
  ({ cohorts, eventStore, statements }: Deps) =>
  async (caller: Caller, cohort: Cohort, signal?: AbortSignal): Promise<number | null> => {
    const { asOfMs } = cohort.computation;
    if (caller.dataPolicy === null || asOfMs === null) return cohort.size;
    const scope = { rules: behaviourRules, tenantId: caller.tenantId, policy: caller.dataPolicy, asOfMs };
    const { node } = await closedDefinition(cohorts, cohort);
    const statement = statements.cohortSizeStatement(node, scope);
    const { rows } = await eventStore.query(caller, statement, statements.cohortSizeOf, optionsOf(signal));
    return rows[0]?.size ?? 0;
  };

/** Sizes as they were computed; none for a caller from whom data policies hide events, since they tell of all. */
export const cohortHistory =
  ({ cohorts }: Pick<Deps, "cohorts">) =>
  (caller: Caller, cohort: Cohort, first: number): Promise<readonly CohortSize[]> => {
    const limit = parseCount(first, "first", MAX_COHORT_SIZES);
    return caller.dataPolicy === null ? cohorts.sizes(caller.tenantId, cohort.id, limit) : Promise.resolve([]);
  };

/** Whether somebody was in a cohort at a moment; as in the SDL. */
export interface CohortMembership {
  readonly member: boolean;
  readonly basis: "RECORDED" | "COMPUTED";
  readonly asOfMs: number | null;
  readonly sinceMs: number | null;
}

const NEVER: CohortMembership = { member: false, basis: "RECORDED", asOfMs: null, sinceMs: null };
const memberRow = z.object({ member: z.coerce.number(), since: z.coerce.number().optional() });

/** Answers `Cohort.membership`: by what is recorded, or for a caller under data policies by the definition over what the caller may see. */
export const cohortMembership =
  ({ cohorts, eventStore, statements, nowMs }: Deps) =>
  async (
    caller: Caller,
    cohort: Cohort,
    input: { readonly userId?: Maybe<string>; readonly anonymousId?: Maybe<string>; readonly at?: Maybe<string> },
  ): Promise<CohortMembership> => {
    const who = { userId: input.userId ?? null, anonymousId: input.anonymousId ?? null };
    if ((who.userId === null) === (who.anonymousId === null))
      throw refuse("BAD_INPUT", "Name exactly one of `userId` and `anonymousId`.", { field: "input" });
    const atMs = parseAsOf(input.at, "input.at", nowMs());
    const person = (params: Params): string => statements.personSql(caller.tenantId, who, params);
    const parse = (row: unknown) => memberRow.parse(row);
    if (caller.dataPolicy !== null) {
      const people = await computedPeople({ cohorts, statements }, caller, cohort, atMs);
      const { rows } = await eventStore.query(caller, statements.isMemberStatement(person, people.sql), parse);
      return { member: rows[0]?.member === 1, basis: "COMPUTED", asOfMs: atMs, sinceMs: null };
    }
    const sizes = await cohorts.sizes(caller.tenantId, cohort.id, MAX_COHORT_SIZES);
    const asOfMs = sizes.find((size) => size.asOfMs <= atMs)?.asOfMs ?? null;
    if (asOfMs === null) return NEVER;
    const recorded = { tenantId: caller.tenantId, cohortId: cohort.id, asOfMs };
    const { rows } = await eventStore.query(caller, statements.recordedStatement(person, recorded), parse);
    const [found] = rows;
    return { member: found?.member === 1, basis: "RECORDED", asOfMs, sinceMs: found?.since ?? null };
  };

/** Somebody in a cohort. */
export interface CohortMember {
  readonly userId: string | null;
  readonly anonymousId: string | null;
}

const given = (text: string): string | null => (text === "" ? null : text);
const personRow = z
  .object({ person: z.string(), user_id: z.string(), anonymous_id: z.string() })
  .transform(({ person, user_id, anonymous_id }) => ({
    person,
    node: { userId: given(user_id), anonymousId: given(anonymous_id) },
  }));

/** Answers `Cohort.members`: ids are those of events the caller may see. */
export const cohortMembers =
  (deps: Deps) =>
  async (
    caller: Caller,
    cohort: Cohort,
    page: { readonly first: number; readonly after?: Maybe<string> },
    signal?: AbortSignal,
  ): Promise<{
    readonly nodes: readonly CohortMember[];
    readonly hasNextPage: boolean;
    readonly endCursor: string | null;
  }> => {
    const first = parseCount(page.first, "first", MAX_MEMBERS_ON_PAGE);
    const after = page.after ?? "0";
    if (!/^\d{1,20}$/.test(after))
      throw refuse("BAD_INPUT", "The cursor is not one this list gave out.", { field: "after" });
    const people = await peopleOf(deps, caller, cohort);
    const statement = deps.statements.membersStatement(caller, people.sql, { first, after });
    const { rows } = await deps.eventStore.query(caller, statement, (row) => personRow.parse(row), optionsOf(signal));
    const shown = rows.slice(0, first);
    return {
      nodes: shown.map(({ node }) => node),
      hasNextPage: rows.length > first,
      endCursor: shown.at(-1)?.person ?? null,
    };
  };

import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import { accessOf } from "../domain/access.ts";
import { behaviourRules } from "../domain/behaviour-rules.ts";
import { MAX_COHORT_SIZES, MAX_MEMBERS_ON_PAGE, type Cohort, type CohortSize } from "../domain/cohort.ts";
import type { CohortDefinitionInput } from "../domain/cohort-input.ts";
import { parseCohortDefinition, requireTraitsSeen } from "../domain/cohort-definition.ts";
import { closeDefinition, madeOf, referencesOf } from "../domain/cohort-references.ts";
import { accountsOf, membersName, parseCohortOf, type CohortUnit } from "../domain/cohort-unit.ts";
import { parseGroupId } from "../domain/people/group-type.ts";
import { keptVersions } from "../domain/semantic/kept-meanings.ts";
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
import { resolveDimensions, type DimensionDeps } from "./semantic/own-dimensions.ts";
import type { NotesUses } from "./telling-uses.ts";

interface Deps extends NotesUses {
  readonly cohorts: CohortStore;
  readonly eventStore: Pick<EventStore, "query">;
  readonly statements: BehaviourStatements;
  readonly nowMs: NowMs;
}

type Maybe<T> = T | null | undefined;
const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** How many a definition holds; as in the SDL. */
export interface CohortPreview {
  readonly size: number;
  readonly everybody: number;
  readonly provenance: Provenance;
}

/** Answers `previewCohort`. */
export const previewCohort =
  ({ cohorts, eventStore, statements, nowMs, noteUses, definitions }: Deps & DimensionDeps) =>
  async (
    caller: Caller,
    input: {
      readonly definition: CohortDefinitionInput;
      readonly asOf?: Maybe<string>;
      readonly unit?: CohortUnit;
      readonly group?: Maybe<string>;
    },
    signal?: AbortSignal,
  ): Promise<CohortPreview> => {
    const definition = await resolveDimensions({ definitions }, caller, input.definition);
    const node = parseCohortDefinition(definition, "input.definition", accessOf(caller));
    const of = parseCohortOf(input, "input");
    requireTraitsSeen(node, of, accessOf(caller));
    const asOfMs = parseAsOf(input.asOf, "input.asOf", nowMs());
    const known = knownCohorts(await cohorts.all(caller.tenantId));
    const closed = closeDefinition(node, null, known, of);
    const named = new Set(referencesOf(node));
    const how = { asOf: isoTime(asOfMs), basis: "COMPUTED" } as const;
    const parts = madeOf(node, known);
    noteUses?.({
      cohorts: parts.map(({ id, name, version }) => ({ ...{ id, name, version }, ...how, named: named.has(id) })),
      definitions: [...keptVersions(definition), ...parts.flatMap(({ dimensions }) => dimensions ?? [])],
    });
    const accounts = accountsOf(caller.tenantId, of);
    const scope = { rules: behaviourRules, tenantId: caller.tenantId, policy: caller.dataPolicy, accounts, asOfMs };
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
    const accounts = accountsOf(caller.tenantId, cohort);
    const scope = { rules: behaviourRules, tenantId: caller.tenantId, policy: caller.dataPolicy, accounts, asOfMs };
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

/** Whom a question about membership names; as in the SDL. */
interface MembershipInput {
  readonly userId?: Maybe<string>;
  readonly anonymousId?: Maybe<string>;
  readonly accountId?: Maybe<string>;
  readonly at?: Maybe<string>;
}

/** Writes the number of whom is asked about; refuses with BAD_INPUT what no member of the cohort can be. */
const numberOf = (
  statements: Pick<BehaviourStatements, "personSql" | "accountSql">,
  cohort: Cohort,
  input: MembershipInput,
): ((params: Params) => string) => {
  const accounts = accountsOf(cohort.tenantId, cohort);
  const who = { userId: input.userId ?? null, anonymousId: input.anonymousId ?? null };
  const accountId = input.accountId ?? null;
  if ([who.userId, who.anonymousId, accountId].filter((id) => id !== null).length !== 1)
    throw refuse("BAD_INPUT", "Name exactly one of `userId`, `anonymousId` and `accountId`.", { field: "input" });
  if (accounts === null) {
    if (accountId === null) return (params) => statements.personSql(cohort.tenantId, who, params);
    throw refuse("BAD_INPUT", "The cohort is of people: name one by `userId` or `anonymousId`.", {
      field: "input.accountId",
    });
  }
  if (accountId === null)
    throw refuse("BAD_INPUT", `The cohort is of ${membersName(cohort)}: name one by \`accountId\`.`, {
      field: "input",
    });
  const id = parseGroupId(accountId, "input.accountId");
  return (params) => statements.accountSql(id, accounts, params);
};

/** Answers `Cohort.membership`: by what is recorded, or for a caller under data policies by the definition over what the caller may see. */
export const cohortMembership =
  ({ cohorts, eventStore, statements, nowMs }: Deps) =>
  async (caller: Caller, cohort: Cohort, input: MembershipInput): Promise<CohortMembership> => {
    const person = numberOf(statements, cohort, input);
    const atMs = parseAsOf(input.at, "input.at", nowMs());
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

/** Somebody in a cohort, or an account. */
export interface CohortMember {
  readonly userId: string | null;
  readonly anonymousId: string | null;
  readonly accountId: string | null;
}

const given = (text: string): string | null => (text === "" ? null : text);
const personRow = z
  .object({ person: z.string(), user_id: z.string(), anonymous_id: z.string() })
  .transform(({ person, user_id, anonymous_id }) => ({
    person,
    node: { userId: given(user_id), anonymousId: given(anonymous_id), accountId: null },
  }));
const accountRow = z.object({ person: z.string(), account: z.string() }).transform(({ person, account }) => ({
  person,
  node: { userId: null, anonymousId: null, accountId: given(account) },
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
    const { sql, accounts } = await peopleOf(deps, caller, cohort);
    const statement =
      accounts === null
        ? deps.statements.membersStatement(caller, sql, { first, after })
        : deps.statements.accountMembersStatement(accounts, sql, { first, after });
    const parse = (row: unknown) => (accounts === null ? personRow : accountRow).parse(row);
    const { rows } = await deps.eventStore.query(caller, statement, parse, optionsOf(signal));
    const shown = rows.slice(0, first);
    return {
      nodes: shown.map(({ node }) => node),
      hasNextPage: rows.length > first,
      endCursor: shown.at(-1)?.person ?? null,
    };
  };

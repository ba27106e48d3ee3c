import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { wholeTenant } from "@tessera/platform/store/data-policy";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import { listedIds, MAX_LISTED, requireListable, type Cohort, type ListedIds } from "../domain/cohort.ts";
import { accountsOf } from "../domain/cohort-unit.ts";
import type { BehaviourStatements } from "../store/behaviour-statements.ts";
import type { DefinitionUser } from "../domain/semantic/definition-user.ts";
import { usersOf, type UsersDeps } from "./semantic/users-of.ts";
import type { CohortStore, CohortUsers } from "../store/cohort-store.ts";

/** How deleting a cohort ended. */
export type DeleteOutcome =
  | { readonly kind: "DELETED"; readonly id: string }
  | ({ readonly kind: "IN_USE"; readonly users: readonly DefinitionUser[] } & CohortUsers)
  | { readonly kind: "NOT_FOUND"; readonly id: string };

/** Deletes a cohort of the caller's tenant unless something names it. */
export const deleteCohort =
  (deps: { readonly cohorts: CohortStore } & UsersDeps) =>
  async (caller: Caller, asked: string): Promise<DeleteOutcome> => {
    const [{ cohorts }, { tenantId }, id] = [deps, caller, asked.toLowerCase()];
    if (!isUuid(id)) return { kind: "NOT_FOUND", id: asked };
    const { following: users } = await usersOf(deps, caller, { kind: "COHORT", id });
    if (users.length > 0) {
      const [usedBy, definitionIds] = [await cohorts.usedBy(tenantId, id), await cohorts.namedBy(tenantId, id)];
      return { kind: "IN_USE", users, usedBy, definitionIds };
    }
    const referring = await cohorts.remove(tenantId, id);
    if (referring === null) return { kind: "NOT_FOUND", id: asked };
    const { usedBy, definitionIds } = referring;
    return usedBy.length + definitionIds.length > 0
      ? { kind: "IN_USE", users, ...referring }
      : { kind: "DELETED", id: asked };
  };

/** How asking for a computation ended. */
export type ComputeOutcome =
  { readonly kind: "QUEUED"; readonly cohort: Cohort } | { readonly kind: "NOT_FOUND"; readonly id: string };

/** Makes a cohort of the caller's tenant due now. */
export const computeCohort =
  ({ cohorts }: { readonly cohorts: CohortStore }) =>
  async (caller: Caller, id: string): Promise<ComputeOutcome> => {
    const cohort = isUuid(id) ? await cohorts.request(caller.tenantId, id) : null;
    return cohort === null ? { kind: "NOT_FOUND", id } : { kind: "QUEUED", cohort };
  };

/** How changing a list ended. */
export type ListOutcome =
  | { readonly kind: "CHANGED"; readonly cohort: Cohort; readonly listed: number }
  | { readonly kind: "FULL"; readonly limit: number }
  | { readonly kind: "NOT_FOUND"; readonly id: string };

interface ListDeps {
  readonly cohorts: CohortStore;
  readonly eventStore: Pick<EventStore, "query">;
  readonly longQueries: Pick<LongQueryStore, "insert">;
  readonly statements: Pick<BehaviourStatements, "listedStatement">;
  readonly nowMs: NowMs;
}

const listedRow = (row: unknown): number => z.object({ listed: z.coerce.number() }).parse(row).listed;
const storeTime = (ms: number): string => new Date(ms).toISOString().replace("T", " ").replace("Z", "");

/** Where the list of a cohort is written, and whom a change names: each once. */
const rowsOf = ({ group }: Cohort, { userIds, anonymousIds, accountIds }: ListedIds) =>
  group === null
    ? {
        table: "worker_cohort_list",
        who: [
          ...[...new Set(userIds)].map((user_id) => ({ user_id, anonymous_id: "" })),
          ...[...new Set(anonymousIds)].map((anonymous_id) => ({ user_id: "", anonymous_id })),
        ],
      }
    : { table: "worker_cohort_accounts", who: [...new Set(accountIds)].map((id) => ({ account: `${group}:${id}` })) };

/** Puts people or accounts on a cohort's list, or takes them off it, and makes the cohort due. Each change is a fact, so that the list of any moment is known. */
export const changeCohortList =
  ({ cohorts, eventStore, longQueries, statements, nowMs }: ListDeps) =>
  async (
    caller: Caller,
    id: string,
    given: Partial<ListedIds> & { readonly listed?: boolean },
  ): Promise<ListOutcome> => {
    const input = {
      listed: given.listed ?? true,
      userIds: given.userIds ?? [],
      anonymousIds: given.anonymousIds ?? [],
      accountIds: given.accountIds ?? [],
    };
    listedIds(input);
    const [cohort] = isUuid(id) ? await cohorts.findMany(caller.tenantId, [id.toLowerCase()]) : [];
    if (cohort === undefined) return { kind: "NOT_FOUND", id };
    requireListable(cohort, input);
    const reader = wholeTenant(caller.tenantId);
    const statement = statements.listedStatement(caller.tenantId, cohort.id, accountsOf(caller.tenantId, cohort));
    const count = async (): Promise<number> => (await eventStore.query(reader, statement, listedRow)).rows[0] ?? 0;
    const { table, who } = rowsOf(cohort, input);
    const added = input.listed ? who.length : 0;
    if (added > 0 && (await count()) + added > MAX_LISTED) return { kind: "FULL", limit: MAX_LISTED };
    const ms = nowMs();
    const fact = {
      tenant_id: caller.tenantId,
      cohort_id: cohort.id,
      at: storeTime(ms),
      change: ms,
      listed: input.listed,
    };
    await longQueries.insert(
      table,
      who.map((one) => ({ ...fact, ...one })),
      "",
    );
    const asked = await cohorts.request(caller.tenantId, cohort.id);
    return asked === null ? { kind: "NOT_FOUND", id } : { kind: "CHANGED", cohort: asked, listed: await count() };
  };

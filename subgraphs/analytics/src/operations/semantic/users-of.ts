import type { Caller } from "@tessera/contracts/caller";
import { looksAfterAll, subjectOf } from "../../domain/dashboards/sharing.ts";
import { MAX_USERS_TOLD } from "../../domain/semantic/definition.ts";
import { usersApart, type Missed } from "../../domain/semantic/definition-user.ts";
import type { DefinitionUserStore } from "../../store/semantic/definition-users.ts";

/** What asking who names something needs. */
export interface UsersDeps {
  readonly users: DefinitionUserStore;
}

/** Who names something of the caller's tenant: those that would miss it, and those that go on without. Whoever may not see one is told its kind and id alone. */
export const usersOf = async ({ users }: UsersDeps, caller: Caller, missed: Missed) => {
  const { permissions, roles } = caller;
  const viewer = {
    ...{ subject: subjectOf(caller), roles, all: looksAfterAll(caller) },
    rules: permissions.has("anomaly:read"),
  };
  return usersApart(await users.users(caller.tenantId, missed, viewer, MAX_USERS_TOLD));
};

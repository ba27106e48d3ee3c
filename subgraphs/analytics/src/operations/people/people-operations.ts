import { linkVisitor, mergePeople, unmergePeople, type ChangeDeps } from "./change-people.ts";
import type { TenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import { copyPeople } from "./copy-people.ts";
import { linkSeenWith, type SeenPair } from "./link-seen.ts";
import { identityRules, setIdentityRules } from "./identity-rules.ts";

/** What people need. */
export interface PeopleDeps extends ChangeDeps {
  readonly sql: TenantSql;
}

/** Links visitors with the users that events show them as, and tells the event store at once. */
const linkSeen =
  (deps: PeopleDeps) =>
  async (tenantId: TenantId, pairs: readonly SeenPair[]): Promise<void> => {
    const link = linkSeenWith(deps);
    if (await deps.sql.transaction(tenantId, (transaction) => link(transaction, tenantId, pairs)))
      await copyPeople(deps)(tenantId);
  };

/** Everything that can be asked of people, bound to its dependencies. */
export const createPeopleOperations = (deps: PeopleDeps) => ({
  identify: linkVisitor(deps),
  mergePeople: mergePeople(deps),
  unmergePeople: unmergePeople(deps),
  linkSeen: linkSeen(deps),
  identityRules: identityRules(deps),
  setIdentityRules: setIdentityRules(deps),
});

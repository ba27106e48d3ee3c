import type { TenantId } from "@tessera/contracts/ids";
import type { LongQueryStore } from "@tessera/platform/store/long-query-store";
import type { CopiedPerson, PeopleStore } from "../../store/people/people-store-types.ts";
import type { PeopleVersions } from "../../store/people/people-versions.ts";

/** What copying who is who into the event store needs. */
export interface CopyDeps {
  readonly people: Pick<PeopleStore, "copy">;
  readonly versions: Pick<PeopleVersions, "forget">;
  readonly longQueries: Pick<LongQueryStore, "insert">;
}

/**
 * Brings the event store's copy of who is who up to date. A row counts by its version, so that a copy that was interrupted, or made twice, says the same.
 */
export const copyPeople =
  ({ people, versions, longQueries }: CopyDeps) =>
  async (tenantId: TenantId): Promise<void> => {
    const write = async (rows: readonly CopiedPerson[]): Promise<void> => {
      const token = `${tenantId}/people/${rows[0]?.version}-${rows.at(-1)?.version}-${rows.length}`;
      await longQueries.insert(
        "worker_people",
        rows.map((row) => ({ tenant_id: tenantId, ...row })),
        token,
      );
    };
    while (await people.copy(tenantId, write));
    versions.forget(tenantId);
  };

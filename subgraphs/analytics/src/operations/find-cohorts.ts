import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { MAX_COHORTS_ON_PAGE, type Cohort } from "../domain/cohort.ts";
import { parseCount } from "../domain/query.ts";
import type { CohortStore } from "../store/cohort-store.ts";

/** A page of cohorts. */
export interface CohortPage {
  readonly edges: readonly { readonly cursor: string; readonly node: Cohort }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** Finds cohorts by id in one statement, in the order asked; null for ids the tenant has no cohort of. Needs `analytics:read`. */
export const findCohorts =
  (deps: { readonly cohorts: Pick<CohortStore, "findMany"> }) =>
  async (caller: Caller, ids: readonly string[]): Promise<readonly (Cohort | null)[]> => {
    // Entity references reach this past the rules of the root fields, so the permission is asked for here.
    if (!caller.permissions.has("analytics:read"))
      throw refuse("FORBIDDEN", "`Cohort` needs the permission analytics:read.", { permission: "analytics:read" });
    const known = [...new Set(ids.filter(isUuid).map((id) => id.toLowerCase()))];
    const cohorts = known.length === 0 ? [] : await deps.cohorts.findMany(caller.tenantId, known);
    const byId = new Map(cohorts.map((cohort) => [cohort.id, cohort]));
    return ids.map((id) => byId.get(id.toLowerCase()) ?? null);
  };

const encode = (name: string): string => Buffer.from(name, "utf8").toString("base64url");
const decode = (cursor: string | null | undefined): string | null =>
  cursor === null || cursor === undefined ? null : Buffer.from(cursor, "base64url").toString("utf8");

/** Cohorts of the caller's tenant by name. */
export const listCohorts =
  (deps: { readonly cohorts: Pick<CohortStore, "list"> }) =>
  async (
    caller: Caller,
    page: { readonly first: number; readonly after?: string | null | undefined },
  ): Promise<CohortPage> => {
    const first = parseCount(page.first, "first", MAX_COHORTS_ON_PAGE);
    const after = decode(page.after);
    const cohorts = await deps.cohorts.list(caller.tenantId, first, after);
    return {
      edges: cohorts.slice(0, first).map((cohort) => ({ cursor: encode(cohort.name), node: cohort })),
      hasNextPage: cohorts.length > first,
      hasPreviousPage: after !== null,
    };
  };

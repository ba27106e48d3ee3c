import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { parseCount } from "../../domain/query.ts";
import { MAX_ROLLUP_VERSIONS, type Rollup, type RollupVersion } from "../../domain/rollups/rollup.ts";
import type { RollupStore } from "../../store/rollups/rollup-store-types.ts";

/** Rollups on a page. */
const MAX_ROLLUPS_ON_PAGE = 100;

interface Deps {
  readonly rollups: RollupStore;
}

/** A page of rollups. */
export interface RollupPage {
  readonly edges: readonly { readonly cursor: string; readonly node: Rollup }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** Finds a rollup of the caller's tenant by id; null when there is none. */
export const findRollup =
  ({ rollups }: Deps) =>
  async (caller: Caller, id: string): Promise<Rollup | null> =>
    isUuid(id) ? rollups.find(caller.tenantId, id.toLowerCase()) : null;

const encode = (name: string): string => Buffer.from(name, "utf8").toString("base64url");
const decode = (cursor: string | null | undefined): string | null =>
  cursor === null || cursor === undefined ? null : Buffer.from(cursor, "base64url").toString("utf8");

/** Rollups of the caller's tenant by name. */
export const listRollups =
  ({ rollups }: Deps) =>
  async (
    caller: Caller,
    page: { readonly first: number; readonly after?: string | null | undefined; readonly archived: boolean },
  ): Promise<RollupPage> => {
    const first = parseCount(page.first, "first", MAX_ROLLUPS_ON_PAGE);
    const after = decode(page.after);
    const found = await rollups.list(caller.tenantId, { first, after, archived: page.archived });
    const edges = found.map((node) => ({ cursor: encode(node.name), node }));
    return { edges: edges.slice(0, first), hasNextPage: found.length > first, hasPreviousPage: after !== null };
  };

/** Versions of a rollup, the newest first. */
export const rollupVersions =
  ({ rollups }: Deps) =>
  (caller: Caller, rollup: Rollup): Promise<readonly RollupVersion[]> =>
    rollups.versions(caller.tenantId, rollup.id, MAX_ROLLUP_VERSIONS);

import { archiveRollup, defineRollup, type ChangeRollupsDeps } from "./change-rollups.ts";
import { findRollup, listRollups, rollupVersions } from "./find-rollups.ts";

/** What tenants' own rollups need. */
export type RollupDeps = ChangeRollupsDeps;

/** Everything that can be asked of tenants' own rollups, bound to its dependencies. */
export const createRollupOperations = (deps: RollupDeps) => ({
  findRollup: findRollup(deps),
  listRollups: listRollups(deps),
  rollupVersions: rollupVersions(deps),
  defineRollup: defineRollup(deps),
  archiveRollup: archiveRollup(deps),
});

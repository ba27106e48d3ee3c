import { archiveRollup, defineRollup, type ChangeRollupsDeps } from "./change-rollups.ts";
import { rollupProposals, type ProposeDeps } from "./propose.ts";
import { findRollup, listRollups, rollupVersions } from "./find-rollups.ts";

/** What tenants' own rollups need. */
export type RollupDeps = ChangeRollupsDeps & ProposeDeps;

/** Everything that can be asked of tenants' own rollups, bound to its dependencies. */
export const createRollupOperations = (deps: RollupDeps) => ({
  findRollup: findRollup(deps),
  listRollups: listRollups(deps),
  rollupVersions: rollupVersions(deps),
  rollupProposals: rollupProposals(deps),
  defineRollup: defineRollup(deps),
  archiveRollup: archiveRollup(deps),
});

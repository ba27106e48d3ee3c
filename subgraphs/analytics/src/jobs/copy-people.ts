import type { Background } from "@tessera/platform/graphql/subgraph";
import { eachInSpite } from "@tessera/platform/runtime/each-in-spite";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { TenantId } from "@tessera/contracts/ids";
import type { PeopleStore } from "../store/people/people-store-types.ts";

/** Milliseconds between looks for tenants whose copy is behind: whoever changes people copies at once, so this is for what was interrupted. */
const LOOK_MS = 2_000;
/** Tenants brought up to date in one look. */
const MAX_AT_ONCE = 100;

/** What looking for copies that are behind needs. */
export interface CopierDeps {
  readonly people: Pick<PeopleStore, "behindAcrossTenants">;
  /** Brings the copy of one tenant up to date. */
  readonly copy: (tenantId: TenantId) => Promise<void>;
  readonly logger: Logger;
}

/** Brings the event store's copies of who is who up to date that are behind; answers how many there were. */
export const copyBehind = (deps: CopierDeps) => async (): Promise<number> => {
  const tenants = await deps.people.behindAcrossTenants(MAX_AT_ONCE);
  await eachInSpite(tenants, deps.copy);
  return tenants.length;
};

/** Looks again and again for tenants whose people changed since the event store was told. */
export const createPeopleCopier = (deps: CopierDeps): Background => {
  const copy = copyBehind(deps);
  return createRepeatedLook({
    name: "people",
    everyMs: LOOK_MS,
    look: async () => (await copy()) === MAX_AT_ONCE,
    trouble: "Who is who can't be copied to the event store; trying again.",
    logger: deps.logger,
  });
};

import type { TenantId } from "@tessera/contracts/ids";
import { createKeptLookups } from "@tessera/platform/runtime/kept-for-a-while";
import type { NowMs } from "@tessera/platform/time/clock";
import type { PeopleState, PeopleStore } from "./people-store-types.ts";

/** Tenants whose state one process remembers; those read longest ago are forgotten first. */
const MAX_TENANTS = 10_000;
/** Milliseconds a process may count by links that another process has changed since. */
export const MAX_STALE_MS = 1_000;

/** Whether and by which links a tenant's persons are told apart. */
export interface PeopleVersion {
  /** Version of who is who that the event store holds; 0 when nobody of the tenant is linked, so that there is nothing to look up. */
  readonly version: number;
  /** Ids that are under others. */
  readonly links: number;
}

/** Tells by which links a tenant's persons are told apart, from memory while that is young. */
export interface PeopleVersions {
  of(tenantId: TenantId): Promise<PeopleVersion>;
  /** Reads a tenant's anew the next time: its people changed here. */
  forget(tenantId: TenantId): void;
}

const versionOf = ({ copiedVersion, links }: PeopleState): PeopleVersion => ({
  version: links === 0 ? 0 : copiedVersion,
  links,
});

/** Builds {@link PeopleVersions}. */
export const createPeopleVersions = (deps: {
  readonly people: Pick<PeopleStore, "state">;
  readonly nowMs: NowMs;
}): PeopleVersions => {
  const kept = createKeptLookups<TenantId, PeopleVersion>({ ms: MAX_STALE_MS, most: MAX_TENANTS, nowMs: deps.nowMs });
  return {
    of: (tenantId) => kept.of(tenantId, async () => versionOf(await deps.people.state(tenantId))),
    forget: kept.forget,
  };
};

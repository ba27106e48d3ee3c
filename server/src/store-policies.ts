import { requireRowLevelSecurity } from "@tessera/platform/db/row-policies";
import type { TenantSql } from "@tessera/platform/db/sql";
import { PolicyMissing } from "@tessera/platform/errors/policy-missing";
import type { Probe } from "@tessera/platform/http/health";
import type { EventStore } from "@tessera/platform/store/event-store";
import { requireRowPolicies } from "@tessera/platform/store/row-policies";
import type { Part } from "./lifecycle.ts";

/** A store that is down is readiness's concern: a process starts without it. One that is up and lacks a policy is not started upon. */
const unlessDown = (check: Promise<void>): Promise<void> =>
  check.catch((error: unknown) => {
    if (error instanceof PolicyMissing) throw error;
  });

/**
 * Nothing is served past a policy that is missing: a part that does not start until both stores hold readers to their tenant, and probes that fail
 * once one does not (or does not answer). `stores` are the event store as each user that reads for tenants, since each has policies of its own.
 */
export const holdPolicies = (deps: {
  readonly sql: TenantSql;
  readonly stores: readonly EventStore[];
}): { readonly part: Part; readonly probes: readonly Probe[] } => {
  const controlPlane = (): Promise<void> => requireRowLevelSecurity(deps.sql);
  const eventStore = async (): Promise<void> => {
    for (const store of deps.stores) await requireRowPolicies(store);
  };
  return {
    part: {
      name: "policies",
      start: async () => {
        await unlessDown(controlPlane());
        await unlessDown(eventStore());
      },
      stop: () => Promise.resolve(),
    },
    probes: [
      { name: "postgres", check: controlPlane },
      { name: "clickhouse", check: eventStore },
    ],
  };
};

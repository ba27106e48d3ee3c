import type { IncidentId, TenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import type { Background } from "@tessera/platform/graphql/subgraph";
import { eachInSpite } from "@tessera/platform/runtime/each-in-spite";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { changesOf, openBook, tellIncident } from "../../domain/incidents/incident-book.ts";
import { dueAt } from "../../domain/incidents/incident-machine.ts";
import { INCIDENT_LIMITS } from "../../domain/incidents/incident.ts";
import type { OpenBookWithin } from "../../store/incidents/book-store.ts";
import type { IncidentStore } from "../../store/incidents/incident-store.ts";

/** Milliseconds between looks for what is due: an incident is over at most so much later than it says. */
const LOOK_MS = 5_000;
/** Tenants looked at in one look. */
const MAX_TENANTS = 100;
/** Milliseconds between looks for what is older than is kept, and rows removed in one. */
const FORGET_MS = 600_000;
const MAX_FORGOTTEN = 1_000;
const DAY_MS = 86_400_000;
/** Days that an alert which belonged to no incident is remembered after its end. */
const LEFT_DAYS = 1;

/** What keeping incidents needs. */
export interface KeepIncidentsDeps {
  readonly sql: TenantSql;
  readonly incidents: Pick<IncidentStore, "dueTenantsAcrossTenants" | "forgetAcrossTenants">;
  readonly bookWithin: OpenBookWithin;
  readonly newIncidentId: () => IncidentId;
  readonly nowMs: NowMs;
  readonly logger: Logger;
}

/** Tells all incidents of a tenant that time has passed. */
export const tellTime =
  ({ sql, bookWithin, newIncidentId, nowMs }: Omit<KeepIncidentsDeps, "incidents" | "logger">) =>
  (tenantId: TenantId): Promise<void> =>
    sql.transaction(tenantId, async (transaction) => {
      const store = await bookWithin(transaction, tenantId);
      const book = openBook(tenantId, await store.load([], null), { nowMs: nowMs(), newId: newIncidentId });
      for (const { id } of [...book.incidents.values()].filter((one) => (dueAt(one) ?? Infinity) <= book.nowMs))
        // What was quiet long enough may by now be over for good.
        while (tellIncident(book, id, { kind: "TICK", atMs: book.nowMs }));
      await store.save(changesOf(book));
    });

/** Looks for incidents of which the clock has something to say; true when there may be more. */
export const tellTimeToAll = (deps: Omit<KeepIncidentsDeps, "logger">) => async (): Promise<boolean> => {
  const due = await deps.incidents.dueTenantsAcrossTenants(deps.nowMs(), MAX_TENANTS);
  await eachInSpite(due, tellTime(deps));
  return due.length === MAX_TENANTS;
};

/** Ends and closes incidents as time passes. */
export const createIncidentClock = (deps: KeepIncidentsDeps): Background =>
  createRepeatedLook({
    ...{ name: "anomaly-incident-clock", everyMs: LOOK_MS, logger: deps.logger, look: tellTimeToAll(deps) },
    trouble: "Incidents can't be told that time has passed; trying again.",
  });

/** Removes incidents that are older than are kept. */
export const createIncidentForgetter = ({ incidents, nowMs, logger }: KeepIncidentsDeps): Background =>
  createRepeatedLook({
    ...{ name: "anomaly-incident-forgetter", everyMs: FORGET_MS, logger },
    look: async () => {
      const before = {
        closedMs: nowMs() - INCIDENT_LIMITS.keptDays * DAY_MS,
        overMs: nowMs() - LEFT_DAYS * DAY_MS,
      };
      return (await incidents.forgetAcrossTenants(before, MAX_FORGOTTEN)) > 0;
    },
    trouble: "Old incidents can't be removed; trying again.",
  });

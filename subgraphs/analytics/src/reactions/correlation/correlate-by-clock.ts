import { BATCH_STORED } from "@tessera/contracts/events/batch-stored";
import type { TenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import type { Background } from "@tessera/platform/graphql/subgraph";
import { eachInSpite } from "@tessera/platform/runtime/each-in-spite";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";
import { DAY_MS } from "../../domain/duration.ts";
import { CORRELATION_CONSUMER } from "./correlate-batches.ts";
import { stepRun, type StepDeps } from "./step-run.ts";

/** Milliseconds between looks for windows that ended: an absence is told at most so much later. */
const LOOK_MS = 1_000;
/** Tenants looked at by one round. */
const MAX_TENANTS = 100;
/** Milliseconds matches are kept, and how many are dropped by one round. */
export const MATCHES_KEPT_MS = 90 * DAY_MS;
const PRUNE_BATCH = 5_000;

/** What correlating by the clock needs. */
export interface ClockDeps extends StepDeps {
  readonly sql: TenantSql;
  readonly logger: Logger;
}

/**
 * Brings the runs of a tenant to now, if everything that was stored by now has been taken in: the moment is taken before the log is looked at, and a
 * batch that is told of later was received at most a settling time before it.
 */
const lookAt = async (deps: ClockDeps, tenantId: TenantId, consumer: string): Promise<void> => {
  await deps.sql.transaction(tenantId, async (transaction) => {
    await deps.runs.hold(transaction, tenantId);
    const arrivalMs = deps.nowMs();
    if (!(await deps.runs.settled(transaction, tenantId, BATCH_STORED, consumer))) return;
    for (const running of await deps.runs.running(tenantId, transaction))
      await stepRun(deps, transaction, running, { seen: [], place: running.place, arrivalMs });
  });
};

/** Brings on every run in which something is due by the clock alone; answers how many tenants there were. */
export const correlateByClock =
  (deps: ClockDeps, consumer = CORRELATION_CONSUMER) =>
  async (): Promise<number> => {
    const tenants = await deps.runs.dueAcrossTenants(deps.nowMs(), MAX_TENANTS);
    await deps.runs.pruneMatchesAcrossTenants(deps.nowMs() - MATCHES_KEPT_MS, PRUNE_BATCH);
    await eachInSpite(tenants, (tenantId) => lookAt(deps, tenantId, consumer));
    return tenants.length;
  };

/** Looks again and again for windows that ended while no event came. */
export const createCorrelationClock = (deps: ClockDeps): Background => {
  const look = correlateByClock(deps);
  return createRepeatedLook({
    name: "correlation clock",
    everyMs: LOOK_MS,
    look: async () => {
      await look();
      return false;
    },
    trouble: "Windows of correlation rules that ended can't be looked at; trying again.",
    logger: deps.logger,
  });
};

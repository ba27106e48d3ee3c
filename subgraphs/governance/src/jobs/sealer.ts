import type { TenantId } from "@tessera/contracts/ids";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Background } from "@tessera/platform/graphql/subgraph";
import type { Resources } from "@tessera/platform/runtime/resources";
import { expiredBeforeMs } from "../domain/audit-retention.ts";
import type { SealLog } from "../operations/seal-log.ts";
import type { AuditStore } from "../store/audit-store.ts";
import type { SealStore } from "../store/seal-store.ts";

/** Milliseconds between rounds of sealing: what a cut end of the log can hide is at most as old, unless the event log still tells of it. */
export const SEAL_INTERVAL_MS = 600_000;
/** Tenants looked up at once. */
const TENANTS_AT_ONCE = 100;
/** Expired records dropped in one statement. */
const DROPPED_AT_ONCE = 5_000;

/** The background part that seals, and drops what is past its retention. */
export interface Sealer extends Background {
  /** Seals every tenant's log that has grown or expired; answers how many seals were made. */
  round(): Promise<number>;
}

/** What the sealer works with. */
interface SealerDeps extends Pick<Resources, "logger" | "metrics" | "nowMs"> {
  readonly seals: SealStore;
  readonly records: AuditStore;
  readonly sealLog: SealLog;
}

/** Seals one tenant's log to its end and drops what has expired; tells of a log that is broken, and never throws. */
const sealTenant = (deps: SealerDeps): ((tenantId: TenantId) => Promise<number>) => {
  const { logger, metrics } = deps;
  const made = metrics.counter("tessera_audit_seals_total", "Seals made of audit logs.");
  const broken = metrics.counter(
    "tessera_audit_broken_total",
    "Times a log was found not to be as it was written, and was not sealed.",
  );
  const seal = async (tenantId: TenantId): Promise<number> => {
    let count = 0;
    for (let more = true; more;) {
      const outcome = await deps.sealLog(tenantId);
      more = outcome.kind === "SEALED" && outcome.more;
      if (outcome.kind === "SEALED") count += 1;
      if (outcome.kind !== "BROKEN") continue;
      broken.inc();
      logger.error({ tenantId, finding: outcome.finding }, "An audit log is not as it was written; it is not sealed.");
    }
    while ((await deps.records.dropExpired(tenantId, DROPPED_AT_ONCE)) === DROPPED_AT_ONCE);
    made.inc(count);
    return count;
  };
  return (tenantId) =>
    seal(tenantId).catch((error: unknown) => {
      logger.warn({ tenantId, error: errorMessage(error) }, "An audit log could not be sealed; it comes again.");
      return 0;
    });
};

/** Builds {@link Sealer}; any number may run side by side, because one seal at a time is made per tenant. */
export const createSealer = (deps: SealerDeps): Sealer => {
  const { logger } = deps;
  const seal = sealTenant(deps);
  let stopped = true;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();

  const round = async (): Promise<number> => {
    let [count, after]: [number, TenantId | null] = [0, null];
    for (;;) {
      const expiredMs = expiredBeforeMs(deps.nowMs());
      const tenants: readonly TenantId[] = await deps.seals.tenantsToSealAcrossTenants(
        after,
        expiredMs,
        TENANTS_AT_ONCE,
      );
      for (const tenantId of tenants) count += await seal(tenantId);
      after = tenants.at(-1) ?? null;
      if (tenants.length < TENANTS_AT_ONCE) return count;
    }
  };
  const schedule = (): void => {
    timer = setTimeout(() => {
      running = round()
        .catch((error: unknown) => logger.warn({ error: errorMessage(error) }, "Audit logs could not be sealed."))
        .finally(() => {
          if (!stopped) schedule();
        });
    }, SEAL_INTERVAL_MS);
  };
  return {
    name: "audit sealer",
    round,
    start: () => {
      stopped = false;
      schedule();
      return Promise.resolve();
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
};

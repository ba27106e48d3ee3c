import { LEASE_MS } from "@tessera/platform/runtime/held-leases";
import type { Background } from "@tessera/platform/graphql/subgraph";
import { eachInSpite } from "@tessera/platform/runtime/each-in-spite";
import { createRepeatedLook } from "@tessera/platform/runtime/repeated-look";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { BREAKER } from "../domain/webhooks/breaker.ts";
import type { TimesAheadStore } from "../store/times-ahead-store.ts";

/** How far ahead of ours a clock may be and count as right: clocks of machines differ by less. */
const AHEAD_MS = 60_000;
/** Milliseconds between looks, which are how much longer something waits after a clock was put right. */
const LOOK_MS = 30_000;
/** Tenants of one look; the others' turn comes at once. */
const MAX_TENANTS = 100;

/** What putting times right needs. */
export interface MendDeps {
  readonly times: TimesAheadStore;
  readonly nowMs: NowMs;
  readonly logger: Logger;
}

/** Puts right what a clock put down that was ahead, so that what waits does not wait for as long as it was wrong; answers how many tenants' there was. */
export const mendTimesAhead =
  ({ times, nowMs, logger }: MendDeps) =>
  async (): Promise<number> => {
    const presentMs = nowMs();
    const aheadMs = presentMs + AHEAD_MS;
    const now = { nowMs: presentMs, aheadMs, blockedMs: aheadMs + BREAKER.mostMs, leaseUntilMs: presentMs + LEASE_MS };
    const tenants = await times.tenantsAcrossTenants(now, MAX_TENANTS);
    const each = await eachInSpite(tenants, (tenantId) => times.mend(tenantId, now));
    const mended = each.reduce((sum, count) => sum + count, 0);
    if (mended > 0) logger.warn({ mended }, "A clock was ahead: what it put down is put right.");
    return tenants.length;
  };

/** Looks for such times again and again. */
export const createTimesMender = (deps: MendDeps): Background => {
  const mend = mendTimesAhead(deps);
  return createRepeatedLook({
    ...{ name: "anomaly-times-mender", everyMs: LOOK_MS, logger: deps.logger },
    look: async () => (await mend()) === MAX_TENANTS,
    trouble: "Times that a clock put down which was ahead can't be looked for; trying again.",
  });
};

import { describe, expect, it } from "@jest/globals";
import type { EffectiveLimits } from "@tessera/contracts/limits";
import { createLogger } from "../telemetry/logger.ts";
import { callerWith, freshTenantId } from "../testing/ask-subgraph.ts";
import { createQuotas } from "./quotas.ts";

const caller = callerWith(freshTenantId(), []);
const limits: EffectiveLimits = { tenantId: caller.tenantId, tier: "TEAM", features: [], limits: [], throttle: null };
/** Longer than any test waits. */
const PATIENCE_MS = 60_000;

const answeredWhen = (answered: Promise<EffectiveLimits>) =>
  createQuotas({ read: () => answered, nowMs: () => 1_000_000, logger: createLogger("test", "silent") });

describe("what a caller is held to, where nothing is known yet", () => {
  it("is waited for by those who can't go on without for longer than by others, who go on", async () => {
    let answer: (told: EffectiveLimits) => void = () => undefined;
    const quotas = answeredWhen(new Promise((resolve) => (answer = resolve)));
    const patient = quotas.of(caller, PATIENCE_MS);
    expect(await quotas.of(caller)).toEqual({ quotas: [], limits: null });
    answer(limits);
    expect(await patient).toEqual({ quotas: [], limits });
    expect(quotas.of(caller)).toEqual({ quotas: [], limits });
  });

  it("is waited for no longer once it is known that there is no answer", async () => {
    const quotas = answeredWhen(Promise.reject(new Error("away")));
    expect(await quotas.of(caller, PATIENCE_MS)).toEqual({ quotas: [], limits: null });
  });
});

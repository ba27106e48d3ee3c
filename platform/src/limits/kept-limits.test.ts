import { describe, expect, it } from "@jest/globals";
import type { Subject } from "@tessera/contracts/caller";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { createKeptLimits, LIMITS_KEPT_FOR_MS } from "./kept-limits.ts";

const subject: Subject = { kind: "API_KEY", id: "k" };
const tenantId = freshTenantId();

const reading = () => {
  const state = { nowMs: 0, asked: 0, fail: false };
  const kept = createKeptLimits({
    nowMs: () => state.nowMs,
    read: (id) => {
      state.asked += 1;
      return state.fail
        ? Promise.reject(new Error("no answer"))
        : Promise.resolve({ tenantId: id, tier: `T${state.asked}`, features: [], limits: [] });
    },
  });
  return { state, kept };
};

describe("kept limits", () => {
  it("are at most five seconds old, counted from the question", async () => {
    const { state, kept } = reading();
    expect((await kept(tenantId, subject))?.tier).toBe("T1");
    state.nowMs = LIMITS_KEPT_FOR_MS - 1;
    expect((await kept(tenantId, subject))?.tier).toBe("T1");
    state.nowMs = LIMITS_KEPT_FOR_MS;
    expect((await kept(tenantId, subject))?.tier).toBe("T2");
  });

  it("are asked for once by all who ask at the same time, and apart for each tenant and subject", async () => {
    const { state, kept } = reading();
    await Promise.all(Array.from({ length: 50 }, () => kept(tenantId, subject)));
    expect(state.asked).toBe(1);
    await kept(freshTenantId(), subject);
    await kept(tenantId, { kind: "USER", id: "k" });
    expect(state.asked).toBe(3);
  });

  it("a question that failed is asked again", async () => {
    const { state, kept } = reading();
    state.fail = true;
    await expect(kept(tenantId, subject)).rejects.toThrow("no answer");
    state.fail = false;
    expect((await kept(tenantId, subject))?.tier).toBe("T2");
  });
});

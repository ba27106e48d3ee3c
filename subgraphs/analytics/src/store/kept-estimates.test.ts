import { describe, expect, it } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { ESTIMATE_KEPT_MS, createKeptEstimates } from "./kept-estimates.ts";

const HOUR_MS = 3_600_000;
const range = { fromMs: 10 * HOUR_MS, toMs: 20 * HOUR_MS };
const reader = { tenantId: freshTenantId(), dataPolicy: null };
const policy = { allow: {}, deny: {}, atLeast: {}, lessThan: {}, synthetic: false, masks: {}, salt: "0".repeat(32) };

const world = () => {
  let [asked, atMs] = [0, 0];
  const kept = createKeptEstimates(() => atMs);
  const ask = (question: Partial<Parameters<typeof kept>[0]> = {}): Promise<number> =>
    kept({ reader, range, about: "events", ...question }, () => {
      asked += 1;
      return Promise.resolve({ rows: asked, rollupRows: 0, marks: 0, parts: 0 });
    }).then(({ rows }) => rows);
  return { ask, kept, pass: (ms: number) => (atMs += ms) };
};

describe("estimates that are kept", () => {
  it("stand for ranges that are as long and end within the same hour, until they are too old", async () => {
    const { ask, pass } = world();
    expect(await ask()).toBe(1);
    expect(await ask({ range: { fromMs: range.fromMs + 59_000, toMs: range.toMs + 60_000 } })).toBe(1);
    pass(ESTIMATE_KEPT_MS - 1);
    expect(await ask()).toBe(1);
    pass(1);
    expect(await ask()).toBe(2);
  });

  it.each([
    ["another tenant", { reader: { ...reader, tenantId: freshTenantId() } }],
    ["another data policy", { reader: { ...reader, dataPolicy: policy } }],
    ["a longer range", { range: { fromMs: range.fromMs - 60_000, toMs: range.toMs } }],
    ["a range of another hour", { range: { fromMs: range.fromMs + HOUR_MS, toMs: range.toMs + HOUR_MS } }],
    ["other rows", { about: "events_sample" }],
  ])("are none for %s", async (_whose, question) => {
    const { ask } = world();
    expect([await ask(), await ask(question), await ask()]).toEqual([1, 2, 1]);
  });

  it("are not kept of what failed", async () => {
    const { ask, kept } = world();
    await expect(kept({ reader, range, about: "events" }, () => Promise.reject(new Error("gone")))).rejects.toThrow(
      "gone",
    );
    expect(await ask()).toBe(1);
  });
});

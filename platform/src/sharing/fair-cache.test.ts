import { describe, expect, it } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { createFairCache } from "./fair-cache.ts";

const ENTRY = 1_000;
/** What an entry of that many bytes counts for. */
const COUNTED = ENTRY + 256;
const bounds = { totalBytes: 10 * COUNTED, tenantBytes: 8 * COUNTED, valueBytes: 2 * ENTRY, maxAgeMs: 60_000 };

const open = () => {
  const clock = { ms: 1_000_000 };
  const cache = createFairCache<string>(bounds, () => clock.ms);
  const keep = (tenantId: TenantId, ...keys: readonly string[]): void => {
    for (const key of keys) cache.set(tenantId, key, { value: `${tenantId} ${key}`, madeAtMs: clock.ms }, ENTRY);
  };
  const kept = (tenantId: TenantId, ...keys: readonly string[]): readonly string[] =>
    keys.filter((key) => cache.get(tenantId, key) !== null);
  return { cache, clock, keep, kept };
};
const keys = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `k${index}`);

describe("a cache shared by tenants", () => {
  it("a tenant sees its own values alone, under equal keys too", () => {
    const { cache, keep } = open();
    const [one, other] = [freshTenantId(), freshTenantId()];
    keep(one, "same");
    expect(cache.get(other, "same")).toBeNull();
    keep(other, "same");
    expect([cache.get(one, "same")?.value, cache.get(other, "same")?.value]).toEqual([`${one} same`, `${other} same`]);
    cache.forget(one);
    expect([cache.get(one, "same"), cache.get(other, "same")?.value]).toEqual([null, `${other} same`]);
  });

  it("who keeps no more than an even share loses nothing to a tenant that asks without end", () => {
    const { cache, keep, kept } = open();
    const [quiet, noisy] = [freshTenantId(), freshTenantId()];
    keep(quiet, ...keys(5));
    keep(noisy, ...keys(500));
    expect(kept(quiet, ...keys(5))).toEqual(keys(5));
    expect(kept(noisy, ...keys(500))).toEqual(keys(500).slice(-5));
    expect(cache.bytes).toBeLessThanOrEqual(bounds.totalBytes);
  });

  it("one tenant alone keeps no more than its own bound, and what was used last", () => {
    const { keep, kept } = open();
    const tenantId = freshTenantId();
    keep(tenantId, ...keys(8));
    expect(kept(tenantId, "k0")).toEqual(["k0"]);
    keep(tenantId, "another");
    expect(kept(tenantId, "another", ...keys(8))).toEqual(["another", ...keys(8).filter((key) => key !== "k1")]);
  });

  it("a value that is too large is not kept, an older one does not take a newer one's place, and one past its age is none", () => {
    const { cache, clock } = open();
    const tenantId = freshTenantId();
    cache.set(tenantId, "large", { value: "large", madeAtMs: clock.ms }, bounds.valueBytes + 1);
    expect(cache.get(tenantId, "large")).toBeNull();
    cache.set(tenantId, "k", { value: "newer", madeAtMs: clock.ms }, 1);
    cache.set(tenantId, "k", { value: "older", madeAtMs: clock.ms - 1 }, 1);
    expect(cache.get(tenantId, "k")?.value).toBe("newer");
    clock.ms += bounds.maxAgeMs + 1;
    expect(cache.get(tenantId, "k")).toBeNull();
    // What nobody can be given any more leaves the memory when the next value comes.
    cache.set(freshTenantId(), "k", { value: "", madeAtMs: clock.ms }, 1);
    expect(cache.bytes).toBe(257);
  });
});

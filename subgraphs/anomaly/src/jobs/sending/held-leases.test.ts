import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { createHeldLeases, SEND_LEASE_MS } from "./held-leases.ts";
import type { LeasedClaim } from "../../store/leased-claims.ts";

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
});
afterEach(() => {
  jest.useRealTimers();
});

const claim = (leaseToken: string): LeasedClaim => ({ tenantId: freshTenantId(), id: leaseToken, leaseToken });
/** Leases of a store that knows some tokens; `says` is how it answers. */
const open = (known: Set<string>, says: () => Promise<void> = () => Promise.resolve()) => {
  const troubles: unknown[] = [];
  const leases = createHeldLeases<LeasedClaim>({
    renew: async (claims) => {
      await says();
      return new Set(claims.map(({ leaseToken }) => leaseToken).filter((token) => known.has(token)));
    },
    nowMs: () => Date.now(),
    onTrouble: (error) => troubles.push(error),
  });
  return { leases, troubles };
};

describe("a lease", () => {
  test("is a sender's own for as long as it is held and renewed", async () => {
    const { leases } = open(new Set(["a"]));
    const lease = leases.hold(claim("a"), SEND_LEASE_MS);
    await jest.advanceTimersByTimeAsync(10 * SEND_LEASE_MS);
    expect([lease.isOwn(), lease.signal.aborted]).toEqual([true, false]);
  });

  test("that somebody else has is aborted by the next renewal, and no other one is", async () => {
    const known = new Set(["a", "b"]);
    const { leases } = open(known);
    const [lost, kept] = [leases.hold(claim("a"), SEND_LEASE_MS), leases.hold(claim("b"), SEND_LEASE_MS)];
    known.delete("a");
    await jest.advanceTimersByTimeAsync(SEND_LEASE_MS / 2);
    expect([lost.isOwn(), lost.signal.aborted, kept.isOwn()]).toEqual([false, true, true]);
  });

  test("is nobody's once it has ended, though the store can't be asked: what stood still begins nothing", async () => {
    const { leases, troubles } = open(new Set(["a"]), () => Promise.reject(new Error("away")));
    const lease = leases.hold(claim("a"), SEND_LEASE_MS);
    await jest.advanceTimersByTimeAsync(SEND_LEASE_MS - 1);
    expect([lease.isOwn(), troubles.length]).toEqual([true, 3]);
    await jest.advanceTimersByTimeAsync(1);
    expect(lease.isOwn()).toBe(false);
    const stopped = open(new Set(["b"])).leases.hold(claim("b"), Date.now() + SEND_LEASE_MS);
    // No timer of a process that stands still rings.
    jest.setSystemTime(Date.now() + SEND_LEASE_MS);
    expect(stopped.isOwn()).toBe(false);
  });

  test("that is released is renewed no more, and no timer is left", () => {
    const { leases } = open(new Set(["a"]));
    const held = claim("a");
    leases.hold(held, SEND_LEASE_MS);
    leases.release(held);
    expect(jest.getTimerCount()).toBe(0);
  });
});

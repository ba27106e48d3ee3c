import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { createHeldLeases, LEASE_MS, type Leased } from "./held-leases.ts";

beforeEach(() => {
  jest.useFakeTimers({ now: 0 });
});
afterEach(() => {
  jest.useRealTimers();
});

const claim = (leaseToken: string): Leased => ({ leaseToken });
/** Leases of a store that knows some tokens; `says` is how it answers. */
const open = (known: Set<string>, says: () => Promise<void> = () => Promise.resolve()) => {
  const troubles: unknown[] = [];
  const leases = createHeldLeases<Leased>({
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
  test("is its holder's own for as long as it is held and renewed", async () => {
    const { leases } = open(new Set(["a"]));
    const lease = leases.hold(claim("a"), LEASE_MS);
    await jest.advanceTimersByTimeAsync(10 * LEASE_MS);
    expect([lease.isOwn(), lease.signal.aborted]).toEqual([true, false]);
  });

  test("that somebody else has is aborted by the next renewal, and no other one is", async () => {
    const known = new Set(["a", "b"]);
    const { leases } = open(known);
    const [lost, kept] = [leases.hold(claim("a"), LEASE_MS), leases.hold(claim("b"), LEASE_MS)];
    known.delete("a");
    await jest.advanceTimersByTimeAsync(LEASE_MS / 2);
    expect([lost.isOwn(), lost.signal.aborted, kept.isOwn()]).toEqual([false, true, true]);
  });

  test("is nobody's once it has ended, though the store can't be asked: what stood still begins nothing", async () => {
    const { leases, troubles } = open(new Set(["a"]), () => Promise.reject(new Error("away")));
    const lease = leases.hold(claim("a"), LEASE_MS);
    await jest.advanceTimersByTimeAsync(LEASE_MS - 1);
    expect([lease.isOwn(), troubles.length]).toEqual([true, 3]);
    await jest.advanceTimersByTimeAsync(1);
    expect(lease.isOwn()).toBe(false);
    const stopped = open(new Set(["b"])).leases.hold(claim("b"), Date.now() + LEASE_MS);
    // No timer of a process that stands still rings.
    jest.setSystemTime(Date.now() + LEASE_MS);
    expect(stopped.isOwn()).toBe(false);
  });

  test("that has ended since the clock jumped ahead is its holder's again before anybody claims, unless somebody else has it", async () => {
    const known = new Set(["a", "b"]);
    const { leases } = open(known);
    const [kept, lost] = [leases.hold(claim("a"), LEASE_MS), leases.hold(claim("b"), LEASE_MS)];
    jest.setSystemTime(1_000 * LEASE_MS);
    known.delete("b");
    await leases.keep();
    expect([kept.isOwn(), lost.isOwn(), lost.signal.aborted]).toEqual([true, false, true]);
  });

  test("that is released is renewed no more, and no timer is left", () => {
    const { leases } = open(new Set(["a"]));
    const held = claim("a");
    leases.hold(held, LEASE_MS);
    leases.release(held);
    expect(jest.getTimerCount()).toBe(0);
  });
});

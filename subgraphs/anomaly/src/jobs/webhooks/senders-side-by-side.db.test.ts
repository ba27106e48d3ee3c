import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { GOOD_HEALTH } from "../../domain/webhooks/breaker.ts";
import { createReferenceOrder } from "../../testing/reference-webhook-order.ts";
import { openWebhookRoom, type WebhookRoom } from "../../testing/webhook-room.ts";
import { LEASE_MS } from "@tessera/platform/runtime/held-leases";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let room: WebhookRoom;
beforeAll(async () => {
  room = await openWebhookRoom();
});
afterAll(() => room.close());
// What one test leaves waiting no other meets.
afterEach(() => room.rest());

const jobs = (count: number) => Array.from({ length: count }, () => randomUUID());
const jobOf = ({ data }: { readonly data: Readonly<Record<string, unknown>> }) => String(data["jobId"]);

describe("senders side by side", () => {
  test("send no attempt twice at a time: each message arrives once", async () => {
    const to = await room.makeEndpoint();
    room.receiver.answer(to.path, () => new Promise((resolve) => setTimeout(() => resolve(200), 20)));
    const told = jobs(40);
    await room.tellJobs(to, told);
    await Promise.all([room.sender(), room.sender(), room.sender()].map(room.drain));
    await room.drain(room.sender());
    expect(room.arrivedAt(to).map(jobOf).toSorted()).toEqual(told.toSorted());
    expect(room.receiver.mostAtOnce()).toBeLessThanOrEqual(10);
  });

  test("one that dies between sending and settling loses nothing: the same id is sent again when its lease is over", async () => {
    const to = await room.makeEndpoint();
    await room.tellJobs(to, jobs(1));
    const dies = {
      ...room.stores.claims,
      settleDeliveredAcrossTenants: () => Promise.reject(new Error("killed")),
      giveBack: () => Promise.reject(new Error("killed")),
    };
    await room.drain(room.sender({ deliveries: dies }));
    expect(room.arrivedAt(to)).toHaveLength(1);
    room.clock.ms += LEASE_MS - 1;
    await room.drain(room.sender());
    expect(room.arrivedAt(to)).toHaveLength(1);
    room.clock.ms += 1;
    await room.drain(room.sender());
    const arrived = room.arrivedAt(to);
    expect([arrived.length, new Set(arrived.map(({ id }) => id)).size]).toEqual([2, 1]);
    expect(await room.standing(to)).toEqual([{ state: "DELIVERED", attempts: 1, end_reason: null }]);
  });

  test("one that comes back after its lease settles nothing, and one that is stopped gives back what it was sending", async () => {
    const to = await room.makeEndpoint();
    await room.tellJobs(to, jobs(1));
    const bounds = { limit: 64, perTenant: 32, perReceiver: 10, breakerFailures: 5 };
    const claim = async () => {
      const claims = await room.stores.claims.claimDueAcrossTenants(room.clock.ms, room.clock.ms + LEASE_MS, bounds);
      const own = claims.find(({ tenantId }) => tenantId === to.tenantId);
      if (own === undefined) throw new Error("It is due.");
      return own;
    };
    const slow = await claim();
    room.clock.ms += LEASE_MS;
    const quick = await claim();
    const made = { url: to.endpoint.url, startedAtMs: 0, elapsedMs: 1, status: 200, fault: null, detail: "" };
    const after = { delivery: { kind: "DELIVERED" }, health: to.endpoint.health, disabled: null } as const;
    const late = [{ claim: slow, made, decide: () => after }];
    expect(await room.stores.claims.settle(to.tenantId, to.endpoint.id, late, room.clock.ms)).toEqual([false]);
    await room.stores.claims.giveBack(quick, room.clock.ms);
    let began = (): void => undefined;
    const sending = new Promise<void>((resolve) => (began = resolve));
    let answer = (_status: number): void => undefined;
    room.receiver.answer(to.path, () => {
      began();
      return new Promise((resolve) => (answer = resolve));
    });
    const stopped = room.sender();
    await stopped.look();
    await sending;
    stopped.giveUp();
    await stopped.settled();
    answer(200);
    expect(await room.standing(to)).toEqual([{ state: "WAITING", attempts: 0, end_reason: null }]);
    room.receiver.answer(to.path, () => 200);
    await room.drain(room.sender());
    expect(await room.standing(to)).toEqual([{ state: "DELIVERED", attempts: 1, end_reason: null }]);
  });
});

describe("messages about one thing, when an endpoint asks for order", () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("tell" as const),
      of: fc.array(fc.record({ key: fc.nat(2), fails: fc.constantFrom(0, 0, 0, 1, 2, 99) }), {
        minLength: 1,
        maxLength: 5,
      }),
    }),
    fc.record({ kind: fc.constant("replay" as const), onlyFailed: fc.boolean() }),
    fc.record({ kind: fc.constant("wait" as const), seconds: fc.constantFrom(0, 4, 5, 300, 7_200, 90_000) }),
  );

  test("wait for the end of the former one, also where they are sent again, as in the simplest simulation of it", async () => {
    // Breakers are tested elsewhere; here every key goes on by itself.
    const claims: typeof room.stores.claims = {
      ...room.stores.claims,
      settle: (tenantId, endpointId, ended, nowMs) => {
        const healthy = ended.map(({ decide, ...one }): (typeof ended)[number] => ({
          ...one,
          decide: (attempts, health) => ({ ...decide(attempts, health), health: GOOD_HEALTH, disabled: null }),
        }));
        return room.stores.claims.settle(tenantId, endpointId, healthy, nowMs);
      },
    };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 9 }), fc.boolean(), async (steps, all) => {
        const [to, began] = [await room.makeEndpoint({ ordering: all ? "ALL" : "SUBJECT" }), room.clock.ms];
        const [keys, fails, reference] = [jobs(3), new Map<number, number>(), createReferenceOrder()];
        room.receiver.answer(to.path, ({ data }, before) =>
          before < (fails.get(Number(data["revision"])) ?? 0) ? 500 : 200,
        );
        for (const [place, one] of steps.entries()) {
          if (one.kind === "wait") room.clock.ms += one.seconds * 1_000;
          else if (one.kind === "replay") {
            const range = { from: new Date(began).toISOString(), to: new Date(room.clock.ms + 1).toISOString() };
            const asked = { endpointId: to.endpoint.id, ...range, onlyFailed: one.onlyFailed };
            const deliveries = reference.replay(one.onlyFailed, room.clock.ms);
            expect(await room.operations.replayWebhooks(to.caller, asked)).toEqual({ kind: "REPLAYED", deliveries });
          } else {
            for (const [order, { key, fails: often }] of one.of.entries()) {
              const name = (place + 1) * 1_000 + order;
              fails.set(name, often);
              reference.tell({ key: all ? "*" : (keys[key] ?? ""), name, fails: often }, room.clock.ms);
            }
            await room.tellJobs(
              to,
              one.of.map(({ key }) => keys[key] ?? ""),
              place + 1,
            );
          }
          const before = room.arrivedAt(to).length;
          await Promise.all([1, 2].map(() => room.drain(room.sender({ deliveries: claims }))));
          await room.drain(room.sender({ deliveries: claims }));
          const arrived = new Map<string, readonly number[]>();
          for (const { data } of room.arrivedAt(to).slice(before)) {
            const key = all ? "*" : String(data["jobId"]);
            arrived.set(key, [...(arrived.get(key) ?? []), Number(data["revision"])]);
          }
          expect(Object.fromEntries(arrived)).toEqual(Object.fromEntries(reference.drain(room.clock.ms)));
        }
        await room.operations.pauseWebhookEndpoint(to.caller, to.endpoint.id);
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });
});

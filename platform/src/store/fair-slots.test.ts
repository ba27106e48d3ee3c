import { describe, expect, it } from "@jest/globals";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import type { TenantId } from "@tessera/contracts/ids";
import { Refusal } from "../errors/refusal.ts";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import type { EventStore, QueryOptions } from "./event-store.ts";
import { createFairEventStore } from "./fair-event-store.ts";
import { createFairSlots, type FairSlots } from "./fair-slots.ts";
import { wholeTenant } from "./data-policy.ts";

const one = { slots: 1, weight: 1 };

/** Asks for a slot and tells when it came; the caller gives it back. */
const asking = (slots: FairSlots, tenant: TenantId, bounds = one, signal?: AbortSignal) => {
  const asked = { admitted: false, refused: "", release: (): void => undefined };
  slots.take(tenant, bounds, signal).then(
    (release) => {
      asked.admitted = true;
      asked.release = release;
    },
    (error: unknown) => {
      asked.refused = error instanceof Refusal ? error.code : "ERROR";
    },
  );
  return asked;
};

/** No askers yet. */
const nobody = (): ReturnType<typeof asking>[] => [];

describe("slots", () => {
  it("are never more than there are, altogether and for each tenant, and none is idle while somebody may have it", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ tenant: fc.nat({ max: 3 }), takes: fc.boolean() }), { maxLength: 80 }),
        fc.integer({ min: 1, max: 6 }),
        async (steps, total) => {
          const slots = createFairSlots({ total, maxWaitingPerTenant: 1_000 });
          const tenants = [0, 1, 2, 3].map(() => ({ id: freshTenantId(), asked: nobody() }));
          for (const { tenant, takes } of steps) {
            const chosen = tenants[tenant];
            if (chosen === undefined) throw new Error("four tenants");
            const bounds = { slots: tenant + 1, weight: 1 };
            if (takes) chosen.asked.push(asking(slots, chosen.id, bounds));
            else {
              const held = chosen.asked.findIndex(({ admitted }) => admitted);
              if (held >= 0) for (const given of chosen.asked.splice(held, 1)) given.release();
            }
            await turn();
            const running = tenants.map(({ asked }) => asked.filter(({ admitted }) => admitted).length);
            expect(running.every((count, place) => count <= place + 1)).toBe(true);
            expect(running.reduce((sum, count) => sum + count, 0)).toBe(slots.running);
            expect(slots.running).toBeLessThanOrEqual(total);
            const someMay = tenants.some(
              ({ asked }, place) => asked.some(({ admitted }) => !admitted) && (running[place] ?? 0) <= place,
            );
            if (slots.running < total) expect(someMay).toBe(false);
          }
        },
      ),
      { numRuns: 40, endOnFailure: true },
    );
  });

  it("go round between tenants: who comes to a line of a thousand waits for one of them", async () => {
    const slots = createFairSlots({ total: 2, maxWaitingPerTenant: 2_000 });
    const [noisy, quiet] = [freshTenantId(), freshTenantId()];
    const all = Array.from({ length: 1_000 }, () => asking(slots, noisy, { slots: 2, weight: 1 }));
    await turn();
    const late = asking(slots, quiet);
    await turn();
    expect(late.admitted).toBe(false);
    for (const first of all.slice(0, 2)) first.release();
    await turn();
    expect(late.admitted).toBe(true);
    expect(all.filter(({ admitted }) => admitted)).toHaveLength(3);
  });

  it("go to tenants in proportion to their weight while all of them wait", async () => {
    const slots = createFairSlots({ total: 1, maxWaitingPerTenant: 1_000 });
    const light = { id: freshTenantId(), asked: nobody(), bounds: { slots: 1, weight: 1 } };
    const heavy = { id: freshTenantId(), asked: nobody(), bounds: { slots: 1, weight: 3 } };
    for (let place = 0; place < 100; place += 1)
      for (const { id, asked, bounds } of [light, heavy]) asked.push(asking(slots, id, bounds));
    for (let served = 0; served < 80; served += 1) {
      await turn();
      [...light.asked, ...heavy.asked].find(({ admitted, release }) => admitted && release !== undefined)?.release();
      for (const { asked } of [light, heavy]) {
        const done = asked.findIndex(({ admitted }) => admitted);
        if (done >= 0) asked.splice(done, 1);
      }
    }
    const served = { light: 100 - light.asked.length, heavy: 100 - heavy.asked.length };
    expect(served.heavy / served.light).toBeGreaterThan(2.5);
    expect(served.heavy / served.light).toBeLessThan(3.5);
  });

  it("are refused when too many of the tenant wait, or for too long; others are not", async () => {
    const slots = createFairSlots({ total: 10, maxWaitingPerTenant: 2, maxWaitMs: 50 });
    const tenant = freshTenantId();
    const [first, second, third, fourth] = [0, 1, 2, 3].map(() => asking(slots, tenant));
    await turn();
    expect([first?.admitted, fourth?.refused]).toEqual([true, "OVERLOADED"]);
    expect(asking(slots, freshTenantId()).refused).toBe("");
    while (second?.refused === "" || third?.refused === "") await new Promise((resolve) => setTimeout(resolve, 10));
    expect([second?.refused, third?.refused]).toEqual(["OVERLOADED", "OVERLOADED"]);
    expect(slots.waiting).toBe(0);
  });

  it("are not kept for who has left", async () => {
    const slots = createFairSlots({ total: 1 });
    const [tenant, leaving] = [freshTenantId(), new AbortController()];
    const first = asking(slots, tenant);
    const second = asking(slots, tenant, one, leaving.signal);
    await turn();
    leaving.abort();
    await turn();
    expect(second.refused).toBe("QUERY_CANCELLED");
    first.release();
    first.release();
    expect({ running: slots.running, waiting: slots.waiting }).toEqual({ running: 0, waiting: 0 });
  });
});

/** A store whose queries take as long as the test says. */
const fakeStore = () => {
  const running: { readonly settings: QueryOptions["settings"]; readonly end: () => void }[] = [];
  const store: EventStore = {
    query: (_reader, _statement, _parse, options) =>
      new Promise((resolve) => {
        const end = (): void => {
          running.splice(
            running.findIndex((query) => query.end === end),
            1,
          );
          resolve({ rows: [], statistics: { rowsRead: 0, bytesRead: 0, elapsedMs: 0, queryId: "" } });
        };
        running.push({ settings: options?.settings, end });
      }),
    native: async (reader, statement, options) => ({
      bytes: new ArrayBuffer(0),
      statistics: (await store.query(reader, statement, (row) => row, options)).statistics,
    }),
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return { store, running };
};

describe("a fair event store", () => {
  const statement = { name: "any", text: "SELECT 1", params: {} };
  it("gives each query of a tenant its memory, and the tenant as many at a time as its limits say", async () => {
    const { store, running } = fakeStore();
    const fair = createFairEventStore(store, 10);
    fair.holdTo(() => ({ slots: 3, weight: 1, memoryBytes: 1_000_000 }));
    const tenant = wholeTenant(freshTenantId());
    const answers = Array.from({ length: 9 }, () =>
      fair.query(tenant, statement, (row) => row, { settings: { max_threads: 1 } }),
    );
    await turn();
    expect(running.map(({ settings }) => settings)).toEqual(
      Array.from({ length: 3 }, () => ({ max_threads: 1, max_memory_usage: "1000000" })),
    );
    for (let ended = 0; ended < 9; ended += 1) {
      expect(running.length).toBeLessThanOrEqual(3);
      running[0]?.end();
      await turn();
    }
    await Promise.all(answers);
  });

  it("keeps slots for others while one tenant asks without end", async () => {
    const { store, running } = fakeStore();
    const fair = createFairEventStore(store, 4);
    fair.holdTo(() => ({ slots: 2, weight: 1, memoryBytes: 1 }));
    const [noisy, quiet] = [wholeTenant(freshTenantId()), wholeTenant(freshTenantId())];
    const flood = Array.from({ length: 40 }, () => fair.query(noisy, statement, (row) => row));
    await turn();
    expect(running).toHaveLength(2);
    const calm = fair.query(quiet, statement, (row) => row);
    await turn();
    expect(running).toHaveLength(3);
    running[2]?.end();
    await calm;
    while (running.length > 0) {
      running[0]?.end();
      await turn();
    }
    await Promise.all(flood);
  });
});

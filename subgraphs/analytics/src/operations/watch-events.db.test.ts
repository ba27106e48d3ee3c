import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import type { FilterInput } from "../domain/filter-input.ts";
import { createAnalyticsStore } from "../store/analytics-store.ts";
import { storeAndTell, type TestEvent } from "../../testing/test-events.ts";
import type { LiveIterator } from "@tessera/platform/runtime/live-iterator";
import { LIVE_PAGE, watchEvents, type LiveEvent } from "./watch-events.ts";

// Nothing here is about speed: a busy machine may take its time.
jest.setTimeout(120_000);

let world: TestResources;
beforeAll(async () => {
  world = openTestResources();
  await world.resources.eventLog.start();
});
afterAll(async () => {
  await world.resources.eventLog.stop();
  await world.close();
});

const watch = (tenantId: TenantId, after: string | null, filter: FilterInput | null = null): LiveIterator<LiveEvent> =>
  watchEvents({ store: createAnalyticsStore(world.resources.eventStore), eventLog: world.resources.eventLog })(
    callerWith(tenantId, ["analytics:read"]),
    filter,
    after,
  );

const tell = (tenantId: TenantId, events: readonly TestEvent[]): Promise<string> =>
  storeAndTell({ writer: world.writer, eventLog: world.resources.eventLog }, tenantId, events);

const take = async (stream: LiveIterator<LiveEvent>, count: number): Promise<readonly LiveEvent[]> => {
  const taken: LiveEvent[] = [];
  while (taken.length < count) {
    const result = await stream.next();
    if (result.done === true) break;
    taken.push(result.value);
  }
  return taken;
};

const nowMs = Date.UTC(2026, 10, 20, 12);
const events = (count: number, name: (index: number) => string): readonly TestEvent[] =>
  // Out of order in time, so that only the order of storage can explain the order of delivery.
  Array.from({ length: count }, (_event, index) => ({
    id: randomUUID(),
    name: name(index),
    timeMs: nowMs - ((index * 7_919) % 5_000) * 1_000,
  }));
const ids = (list: readonly { readonly event: { readonly id: string } }[]): readonly string[] =>
  list.map(({ event }) => event.id);

describe("the subscription events", () => {
  test("gives each stored event once, batch by batch, in the order of the rows", async () => {
    const tenantId = freshTenantId();
    const stream = watch(tenantId, null);
    const batches = [events(3, () => "a"), events(1, () => "b"), events(4, () => "c")];
    for (const batch of batches) await tell(tenantId, batch);
    const got = await take(stream, 8);
    expect(ids(got)).toEqual(batches.flat().map(({ id }) => id));
    await stream.return();
  });

  test("goes on after a cut at any event, without gap and without duplicate", async () => {
    const tenantId = freshTenantId();
    const stream = watch(tenantId, null);
    const batches = [events(3, () => "a"), events(2, () => "b"), events(3, () => "c")];
    for (const batch of batches) await tell(tenantId, batch);
    const all = await take(stream, 8);
    await stream.return();
    for (const [index, { cursor }] of all.entries()) {
      const resumed = watch(tenantId, cursor);
      expect(ids(await take(resumed, all.length - index - 1))).toEqual(ids(all).slice(index + 1));
      await resumed.return();
    }
    const resumed = watch(tenantId, all.at(-1)?.cursor ?? null);
    const later = events(1, () => "later");
    await tell(tenantId, later);
    expect(ids(await take(resumed, 1))).toEqual([later[0]?.id]);
    await resumed.return();
  });

  test("gives only what passes the filter, and goes on from a batch of which nothing passed", async () => {
    const tenantId = freshTenantId();
    const stream = watch(tenantId, null, { field: "name", eq: "buy" });
    await tell(
      tenantId,
      events(5, () => "view"),
    );
    const mixed = events(6, (index) => (index % 2 === 0 ? "buy" : "view"));
    await tell(tenantId, mixed);
    const bought = mixed.filter(({ name }) => name === "buy").map(({ id }) => id);
    expect(ids(await take(stream, 3))).toEqual(bought);
    await stream.return();
  });

  test("reads a batch larger than a page in pages, in order", async () => {
    const tenantId = freshTenantId();
    const stream = watch(tenantId, null);
    const large = events(LIVE_PAGE * 2 + 7, () => "bulk");
    await tell(tenantId, large);
    expect(ids(await take(stream, large.length))).toEqual(large.map(({ id }) => id));
    await stream.return();
  });

  test("never gives another tenant's events, also not from a cursor of that tenant", async () => {
    const [tenantId, other] = [freshTenantId(), freshTenantId()];
    const theirs = watch(other, null);
    await tell(
      other,
      events(3, () => "theirs"),
    );
    const [first] = await take(theirs, 1);
    await theirs.return();
    const stream = watch(tenantId, first?.cursor ?? null);
    const own = events(1, () => "own");
    await tell(tenantId, own);
    expect(ids(await take(stream, 1))).toEqual([own[0]?.id]);
    await stream.return();
  });

  test("return ends a waiting next at once", async () => {
    const stream = watch(freshTenantId(), null);
    const waiting = stream.next();
    await stream.return();
    await expect(waiting).resolves.toEqual({ done: true, value: undefined });
  });

  test("refuses a cursor it did not give out", () => {
    expect(() => watch(freshTenantId(), "1-2")).toThrow("not one this stream gave out");
    expect(() => watch(freshTenantId(), "1-2.3.4")).toThrow("not one this stream gave out");
  });
});

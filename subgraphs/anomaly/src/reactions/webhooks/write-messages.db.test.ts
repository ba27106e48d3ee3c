import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { JOB_CHANGED } from "@tessera/contracts/events/job-changed";
import { createLogStore } from "@tessera/platform/events/log-store";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { toldTopics } from "../../domain/webhooks/event-types.ts";
import { openWebhookRoom, type TestEndpoint, type WebhookRoom } from "../../testing/webhook-room.ts";
import { createMessageConsumers, writeMessages } from "./write-messages.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let room: WebhookRoom;
beforeAll(async () => {
  room = await openWebhookRoom();
});
afterAll(() => room.close());

const told = (jobId: string, state: string, revision: number) => ({ jobId, revision, state });

describe("the consumers of the log", () => {
  test("write what an endpoint asks for of the log itself, from its making on, once, however often they are run", async () => {
    const { sql, logger, nowMs } = room.engines.resources;
    const log = createLogStore(sql);
    const tenantId = freshTenantId();
    const append = (jobId: string, state: string, revision: number) =>
      log.append([
        ...[{ tenantId, topic: JOB_CHANGED, dedupeKey: `${jobId}:${revision}`, payload: told(jobId, state, revision) }],
      ]);
    await append(randomUUID(), "SUCCEEDED", 1);
    const all = await room.makeEndpoint({ ordering: "SUBJECT" }, tenantId);
    const some = await room.makeEndpoint(
      { eventTypes: ["job.finished"], labels: [{ name: "state", value: "FAILED" }] },
      tenantId,
    );
    const none = await room.makeEndpoint({ eventTypes: ["security.event"] }, tenantId);
    const [one, two] = [randomUUID(), randomUUID()];
    await append(one, "RUNNING", 1);
    await append(one, "SUCCEEDED", 2);
    await append(two, "FAILED", 1);
    const deps = { messages: room.stores.messages, graphUrl: () => "", sql, nowMs, logger };
    const consumers = createMessageConsumers(deps);
    expect(consumers.map(({ name }) => name)).toEqual(toldTopics.map((topic) => `webhooks:${topic}`));
    const typesTo = async ({ caller, endpoint }: TestEndpoint) => {
      const filter = { endpointId: endpoint.id };
      const { items } = await room.operations.listWebhookDeliveries(caller, { first: 100, filter });
      return items.map(({ type }) => type).toReversed();
    };
    // Other tests' transactions on the same server can hold entries back for a moment.
    while ((await typesTo(some)).length < 1 || (await typesTo(all)).length < 4)
      for (const consumer of consumers) await consumer.drain();
    for (const consumer of createMessageConsumers(deps)) await consumer.drain();
    expect((await typesTo(all)).toSorted()).toEqual([
      // It is told of the endpoints made after it, too.
      ...["job.finished", "job.finished", "webhook.endpoint_changed", "webhook.endpoint_changed"],
    ]);
    expect([await typesTo(some), await typesTo(none)]).toEqual([["job.finished"], []]);
  });

  test("pass over an entry that is not what its topic promises, and write those beside it", async () => {
    const to = await room.makeEndpoint();
    const { sql, logger, nowMs } = room.engines.resources;
    const write = writeMessages({ messages: room.stores.messages, graphUrl: () => "", nowMs, logger });
    const transaction = to.endpoint.sinceTransaction + 1n;
    const entries = [{ jobId: 7 }, told(randomUUID(), "CANCELLED", 3)].map((payload, place) => ({
      ...{ tenantId: to.tenantId, topic: JOB_CHANGED, payload, cursor: { transaction, sequence: BigInt(place) } },
    }));
    await sql.transaction(to.tenantId, (within) => write(within, to.tenantId, entries));
    expect(await room.standing(to)).toHaveLength(1);
  });
});

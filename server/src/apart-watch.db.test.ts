import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, test } from "@jest/globals";
import { createLogConsumer } from "@tessera/platform/events/log-consumer";
import { registerHealth } from "@tessera/platform/http/health";
import { createHttpServer } from "@tessera/platform/http/server";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources } from "@tessera/platform/testing/test-resources";
import { createApartWatch } from "./apart-watch.ts";

const world = openTestResources();
afterAll(() => world.close());

describe("who stands apart from a consumer of the event log", () => {
  test("is counted in the metrics and told by /readyz, which stays ready and names no tenant, until it is mended", async () => {
    const { resources, owner } = world;
    const topic = `test.${randomUUID()}`;
    const tenantId = freshTenantId();
    let broken = true;
    const consumer = createLogConsumer({
      ...{ ...resources, name: topic, topic, apart: { retryMs: 0, maxRetryMs: 0 } },
      handle: () => (broken ? Promise.reject(new Error("No.")) : Promise.resolve()),
    });
    await resources.eventLog.append([{ tenantId, topic, dedupeKey: "a", payload: {} }]);
    const apart = async (): Promise<boolean> =>
      (await owner.query("SELECT 1 FROM event_log_consumer WHERE apart_tenant = $1", [tenantId])).rows.length > 0;
    while (!(await apart())) await consumer.drain().catch(() => 0);
    const watch = createApartWatch(resources);
    const server = createHttpServer({ logger: resources.logger, isTls: false });
    registerHealth(server, { probes: () => [], notes: watch.notes, metrics: resources.metrics });
    const asked = async () => ({
      ready: (await server.inject("/readyz")).json<{ status: string; notes: readonly string[] }>(),
      metrics: (await server.inject("/metrics")).body.split("\n").filter((line) => line.includes(topic)),
    });
    await watch.look();
    const during = await asked();
    expect(during.ready.status).toBe("ready");
    expect(during.ready.notes.filter((note) => note.startsWith(topic))).toEqual([
      expect.stringMatching(/: 1 tenant stands apart, for up to \d+ s; see docs\/operations\.md\.$/),
    ]);
    expect(JSON.stringify(during)).not.toContain(tenantId);
    expect(during.metrics[0]).toBe(`tessera_event_log_tenants_apart{consumer="${topic}"} 1`);
    expect(during.metrics[1]).toMatch(/^tessera_event_log_apart_seconds\{/);
    broken = false;
    while (await apart()) await consumer.drain();
    await watch.look();
    const after = await asked();
    expect([after.ready.notes.filter((note) => note.startsWith(topic)), after.metrics]).toEqual([[], []]);
    await owner.query("DELETE FROM event_log_consumer WHERE topic = $1", [topic]);
    await server.close();
  });
});

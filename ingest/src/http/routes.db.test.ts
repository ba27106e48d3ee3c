import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import { freshTenant, startIngest, type RunningIngest } from "../testing/running-ingest.ts";

// Other suites share the processors and the engines.
jest.setTimeout(60_000);

const answer = z.object({
  accepted: z.number(),
  duplicate: z.number(),
  rejected: z.number(),
  outcomes: z.array(z.record(z.string(), z.unknown())),
});

describe("POST /api/v2/events", () => {
  let running: RunningIngest;
  beforeAll(async () => {
    running = await startIngest();
  }, 60_000);
  afterAll(() => running.close());

  const eventsOf = (tenantId: Parameters<RunningIngest["count"]>[0], table = "events"): Promise<number> =>
    running.count(tenantId, `SELECT count() FROM tessera.${table} WHERE tenant_id = {tenant:String}`);

  it("an answered event is in the base table, the id index and the rollup", async () => {
    const tenantId = freshTenant();
    const id = randomUUID();
    const response = await running.post(
      tenantId,
      JSON.stringify([
        { id, name: "view" },
        { name: "view", userId: "u" },
      ]),
    );
    expect(response.status).toBe(200);
    const body = answer.parse(await response.json());
    expect(body).toMatchObject({
      accepted: 2,
      duplicate: 0,
      rejected: 0,
      outcomes: [
        { kind: "ACCEPTED", index: 0, eventId: id },
        { kind: "ACCEPTED", index: 1 },
      ],
    });
    expect(await eventsOf(tenantId)).toBe(2);
    expect(await eventsOf(tenantId, "event_ids")).toBe(2);
    expect(
      await running.count(
        tenantId,
        "SELECT sum(events) FROM tessera.rollup_hour_name WHERE tenant_id = {tenant:String}",
      ),
    ).toBe(2);
  });

  it("one bad event never loses its neighbours, and is told with its place and reason", async () => {
    const tenantId = freshTenant();
    const response = await running.post(
      tenantId,
      JSON.stringify({ events: [{ name: "a" }, { nme: "b" }, { name: "c" }] }),
    );
    expect(response.status).toBe(200);
    expect(answer.parse(await response.json())).toMatchObject({
      accepted: 2,
      rejected: 1,
      outcomes: [{}, { kind: "REJECTED", index: 1, code: "MISSING_FIELD", path: "/name" }, {}],
    });
    expect(await eventsOf(tenantId)).toBe(2);
  });

  it("a request whose events are all rejected is a 422 problem with every outcome", async () => {
    const response = await running.post(freshTenant(), JSON.stringify([{ name: "a", userId: 1 }]));
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      code: "EVENTS_REJECTED",
      rejected: 1,
      outcomes: [{ code: "WRONG_TYPE", path: "/userId" }],
    });
  });

  it("the same id sent again is a duplicate, inside a request and later", async () => {
    const tenantId = freshTenant();
    const event = { id: randomUUID(), name: "once" };
    const first = answer.parse(
      await (await running.post(tenantId, JSON.stringify([event, { ...event, id: event.id.toUpperCase() }]))).json(),
    );
    expect(first.outcomes.map((outcome) => outcome["kind"])).toEqual(["ACCEPTED", "DUPLICATE"]);
    const second = answer.parse(await (await running.post(tenantId, JSON.stringify(event))).json());
    expect(second).toMatchObject({ accepted: 0, duplicate: 1 });
    expect(await eventsOf(tenantId)).toBe(1);
  });

  it("the same id of two tenants is two events", async () => {
    const body = JSON.stringify({ id: randomUUID(), name: "shared" });
    for (const tenantId of [freshTenant(), freshTenant()])
      expect(answer.parse(await (await running.post(tenantId, body)).json()).accepted).toBe(1);
  });

  it("of concurrent senders of the same ids each id is accepted once", async () => {
    const tenantId = freshTenant();
    const events = Array.from({ length: 200 }, () => ({ id: randomUUID(), name: "race" }));
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, sender) => {
        const mine = [...events.slice(sender * 20), ...events.slice(0, sender * 20)];
        return answer.parse(await (await running.post(tenantId, JSON.stringify(mine))).json());
      }),
    );
    expect(answers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(200);
    expect(answers.reduce((sum, { duplicate }) => sum + duplicate, 0)).toBe(1_400);
    expect(await eventsOf(tenantId)).toBe(200);
  });

  it("NDJSON: a malformed line rejects that line alone", async () => {
    const tenantId = freshTenant();
    const response = await running.post(tenantId, '{"name":"a"}\n{oops\n\n{"name":"b"}\r\n', {
      "content-type": "application/x-ndjson",
    });
    expect(answer.parse(await response.json())).toMatchObject({
      accepted: 2,
      rejected: 1,
      outcomes: [{}, { kind: "REJECTED", index: 1, code: "MALFORMED_JSON" }, {}],
    });
  });

  it("a CloudEvents batch is stored, ids that are no UUIDs count once per source", async () => {
    const tenantId = freshTenant();
    const event = {
      specversion: "1.0",
      id: "41",
      source: "/shop",
      type: "order.placed",
      time: "2026-11-20T10:00:00Z",
      userid: "u1",
      data: { revenue: "9.90", currency: "EUR", items: 2 },
    };
    const send = async (events: unknown) =>
      answer.parse(
        await (
          await running.post(tenantId, JSON.stringify(events), { "content-type": "application/cloudevents-batch+json" })
        ).json(),
      );
    expect(await send([event, { ...event, source: "/app" }, { ...event, specversion: "0.3" }])).toMatchObject({
      accepted: 2,
      rejected: 1,
      outcomes: [{}, {}, { path: "/specversion" }],
    });
    expect(await send([event])).toMatchObject({ accepted: 0, duplicate: 1 });
    expect(
      await running.count(
        tenantId,
        "SELECT count() FROM tessera.events WHERE tenant_id = {tenant:String} AND name = 'order.placed' AND user_id = 'u1' AND revenue = 9.9 AND properties.items = 2",
      ),
    ).toBe(2);
  });

  it("a gzip body is taken, a bomb is cut off, a truncated one is refused", async () => {
    const tenantId = freshTenant();
    const packed = gzipSync(JSON.stringify([{ name: "packed" }]));
    expect((await running.post(tenantId, packed, { "content-encoding": "gzip" })).status).toBe(200);
    const bomb = gzipSync(Buffer.alloc(64 * 1_048_576, 32));
    expect((await running.post(tenantId, bomb, { "content-encoding": "gzip" })).status).toBe(413);
    expect(
      (await running.post(tenantId, packed.subarray(0, packed.length - 12), { "content-encoding": "gzip" })).status,
    ).toBe(400);
    expect(await eventsOf(tenantId)).toBe(1);
    expect(running.ingest.admission).toMatchObject({ events: 0, bytes: 0 });
  });

  it.each([
    ["no JSON", "{", {}, 400],
    ["no events", "[]", {}, 400],
    ["an empty body", "", {}, 400],
    ["bytes that are not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), {}, 400],
    ["another media type", "<a/>", { "content-type": "application/xml" }, 415],
    ["another encoding", "[]", { "content-encoding": "br" }, 415],
    ["too many events", JSON.stringify(Array.from({ length: 10_001 }, () => 0)), {}, 413],
    ["a body over the limit", " ".repeat(17 * 1_048_576), {}, 413],
  ])("%s is refused as a whole", async (_title, body, headers, status) => {
    const response = await running.post(freshTenant(), body, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
  });

  it("an event that the store itself refuses is told, and its neighbours are stored as they were sent", async () => {
    const tenantId = freshTenant();
    const events = [
      { name: "plain", properties: { day: "2026-01-01" } },
      // ClickHouse can't parse this number; the limit on numbers is the store's own.
      { name: "refused", properties: { huge: 1e20 } },
      { name: "mixed", properties: { list: [1, "x"], day: "2026-01-01T10:00:00Z" } },
    ];
    const body = answer.parse(await (await running.post(tenantId, JSON.stringify(events))).json());
    expect(body.outcomes).toMatchObject([
      { kind: "ACCEPTED" },
      {
        ...{ kind: "REJECTED", index: 1, code: "REFUSED_BY_STORE", path: "/properties" },
        reason: expect.stringMatching(/^The store can't hold one of the properties: .* send it as text\.$/),
      },
      { kind: "ACCEPTED" },
    ]);
    const holding = (sql: string): Promise<number> =>
      running.count(tenantId, `SELECT countIf(${sql}) FROM tessera.events WHERE tenant_id = {tenant:String}`);
    expect(await holding("toString(properties.day) IN ('2026-01-01', '2026-01-01T10:00:00Z')")).toBe(2);
    expect(await holding("toString(properties.list) = '[1,\\'x\\']'")).toBe(1);
    expect(await eventsOf(tenantId, "event_ids")).toBe(2);
  });

  it("a request over many months is stored completely", async () => {
    const tenantId = freshTenant();
    const events = Array.from({ length: 90 }, (_, index) => ({
      id: randomUUID(),
      name: "old",
      time: new Date(Date.UTC(2010, (index * 7) % 90, 3)).toISOString(),
    }));
    expect(answer.parse(await (await running.post(tenantId, JSON.stringify(events))).json())).toMatchObject({
      accepted: 90,
    });
    expect(await eventsOf(tenantId)).toBe(90);
    expect(
      await running.count(tenantId, "SELECT sum(rows) FROM tessera.batches WHERE tenant_id = {tenant:String}"),
    ).toBe(90);
  });
});

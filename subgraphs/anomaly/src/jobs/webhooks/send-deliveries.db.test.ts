import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { createPublicRequests } from "@tessera/platform/http/public-request";
import { z } from "zod";
import { BREAKER, DISABLE_AFTER_FAILURES, DISABLE_AFTER_MS } from "../../domain/webhooks/breaker.ts";
import { RETRY_SECONDS } from "../../domain/webhooks/retry-schedule.ts";
import { verifyAt } from "../../testing/webhook-receiver.ts";
import { openWebhookRoom, type TestEndpoint, type WebhookRoom } from "../../testing/webhook-room.ts";

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
const waits = (from: number, seconds: number) => (room.clock.ms = from + seconds * 1_000);

describe("a message", () => {
  test("arrives once, signed so that a stranger's library takes it, and refuses another body and an old one", async () => {
    const to = await room.makeEndpoint({ headers: [{ name: "Authorization", value: "Bearer mine" }] });
    const told = jobs(3);
    await room.tellJobs(to, told);
    await room.drain(room.sender());
    const arrived = room.arrivedAt(to);
    expect(arrived.map(jobOf).toSorted()).toEqual(told.toSorted());
    expect(arrived.map(({ type }) => type)).toEqual(Array(3).fill("job.finished"));
    expect(await room.standing(to)).toEqual(
      [1, 2, 3].map(() => ({ state: "DELIVERED", attempts: 1, end_reason: null })),
    );
    const [first] = arrived;
    if (first === undefined) throw new Error("It arrived.");
    expect(first.headers).toMatchObject({ authorization: "Bearer mine", "content-type": "application/json" });
    const verify = (body: string, atMs: number) => () =>
      verifyAt(to.secrets[0] ?? "", body, { ...first.headers }, atMs);
    expect(verify(first.body, first.atMs)()).toMatchObject({ type: "job.finished" });
    expect(verify(first.body.replace("SUCCEEDED", "CANCELLED"), first.atMs)).toThrow("No matching signature");
    expect(verify(first.body, first.atMs + 301_000)).toThrow("too old");
  });

  test("is written once however often its entry is read, and not of what came before the endpoint", async () => {
    const to = await room.makeEndpoint();
    const told = jobs(5);
    await Promise.all([1, 2, 3].map(() => room.tellJobs(to, told)));
    await room.tellJobs(to, jobs(2), 0);
    await room.drain(room.sender());
    expect(room.arrivedAt(to).map(jobOf).toSorted()).toEqual(told.toSorted());
  });

  test("is signed with all secrets while they are rotated: who knows the former one, or the new one, takes it", async () => {
    const to = await room.makeEndpoint();
    const rotated = await room.operations.rotateWebhookSecret(to.caller, to.endpoint.id, {
      ...{ kind: "HMAC_SHA256", overlapHours: 1 },
    });
    if (rotated.kind !== "SAVED") throw new Error("It was rotated.");
    const [fresh] = rotated.shown;
    const arrivesWith = async (secret: string, round: number) => {
      room.receiver.trust(to.path, [secret]);
      await room.tellJobs(to, jobs(1), round);
      await room.drain(room.sender());
      return room.arrivedAt(to).length;
    };
    expect(await arrivesWith(to.secrets[0] ?? "", 1)).toBe(1);
    expect(await arrivesWith(fresh?.secret ?? "", 2)).toBe(2);
    room.clock.ms += 3_600_000;
    expect(await arrivesWith(to.secrets[0] ?? "", 3)).toBe(2);
    expect(room.receiver.refused.at(-1)).toBe(to.path);
  });

  test("that its owner may not read any more is not sent", async () => {
    const to = await room.makeEndpoint();
    await room.tellJobs(to, jobs(1));
    const nobody = room.sender({ accessNow: () => Promise.resolve(null) });
    await room.drain(nobody);
    expect(await room.standing(to)).toEqual([{ state: "SKIPPED", attempts: 0, end_reason: "NOT_PERMITTED" }]);
    expect(room.arrivedAt(to)).toEqual([]);
  });
});

describe("what fails", () => {
  test("is tried again by the schedule with the same id, each time signed anew, until it is taken", async () => {
    const to = await room.makeEndpoint();
    room.receiver.answer(to.path, (_received, before) => (before < 3 ? 500 : 204));
    await room.tellJobs(to, jobs(1));
    const sender = room.sender();
    for (const [place, seconds] of [0, ...RETRY_SECONDS.slice(0, 3)].entries()) {
      const from = room.clock.ms;
      if (seconds > 0) {
        waits(from, seconds - 1);
        await room.drain(sender);
        expect(room.arrivedAt(to)).toHaveLength(place);
      }
      waits(from, seconds);
      await room.drain(sender);
      expect(room.arrivedAt(to)).toHaveLength(place + 1);
    }
    const arrived = room.arrivedAt(to);
    expect(new Set(arrived.map(({ id }) => id)).size).toBe(1);
    expect(new Set(arrived.map(({ headers }) => headers["webhook-timestamp"])).size).toBe(4);
    expect(await room.standing(to)).toEqual([{ state: "DELIVERED", attempts: 4, end_reason: null }]);
  });

  test("to answer within 15 seconds is not waited for, and is tried again", async () => {
    const to = await room.makeEndpoint();
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = z.object({ port: z.number() }).parse(silent.address());
    const patient = createPublicRequests({ allowLoopback: true });
    const asked: number[] = [];
    await room.tellJobs(to, jobs(1));
    // The bound is that of the sender; it is asked for in full, and waited for in part.
    const sender = room.sender({
      requests: {
        ...patient,
        send: (request) => {
          asked.push(request.timeoutMs);
          return patient.send({ ...request, url: `http://127.0.0.1:${port}/`, timeoutMs: 200 });
        },
      },
    });
    await room.drain(sender).finally(() => {
      silent.close();
      silent.closeAllConnections();
    });
    expect(asked).toEqual([15_000]);
    expect(await room.standing(to)).toEqual([{ state: "WAITING", attempts: 1, end_reason: null }]);
  });

  test("and is tried ten times is given up, kept with every attempt, and sent again when somebody asks for it", async () => {
    const to = await room.makeEndpoint();
    room.receiver.answer(to.path, () => "HANG_UP");
    await room.tellJobs(to, jobs(1));
    for (const seconds of [0, ...RETRY_SECONDS]) {
      waits(room.clock.ms, seconds);
      await room.drain(room.sender());
    }
    expect(await room.standing(to)).toEqual([{ state: "DEAD", attempts: 10, end_reason: "ATTEMPTS_USED_UP" }]);
    const { items } = await room.operations.listWebhookDeliveries(to.caller, {
      first: 10,
      filter: { states: ["DEAD"] },
    });
    const attempts = await room.operations.webhookAttempts(
      to.caller,
      items.map(({ id }) => id),
    );
    expect(attempts.map(({ number, fault }) => [number, fault])).toEqual(
      Array.from({ length: 10 }, (_, place) => [place + 1, "CONNECTION"]),
    );
    room.receiver.answer(to.path, () => 200);
    await room.operations.resumeWebhookEndpoint(to.caller, to.endpoint.id);
    const asked = { endpointId: to.endpoint.id, messageIds: [`msg_${items[0]?.messageId}`], onlyFailed: false };
    expect(await room.operations.replayWebhooks(to.caller, asked)).toEqual({ kind: "REPLAYED", deliveries: 1 });
    expect(await room.operations.replayWebhooks(to.caller, asked)).toEqual({ kind: "REPLAYED", deliveries: 0 });
    await room.drain(room.sender());
    const ids = room.arrivedAt(to).map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([11, 1]);
    const range = { endpointId: to.endpoint.id, from: "1991-01-01T00:00:00Z", to: "1992-01-01T00:00:00Z" };
    expect(await room.operations.replayWebhooks(to.caller, { ...range, onlyFailed: true })).toMatchObject({
      deliveries: 0,
    });
    expect(await room.operations.replayWebhooks(to.caller, { ...range, onlyFailed: false })).toMatchObject({
      deliveries: 1,
    });
  });

  test("waits for as long as Retry-After asks, and so does everything else for the endpoint", async () => {
    const to = await room.makeEndpoint();
    room.receiver.answer(to.path, () =>
      room.arrivedAt(to).length === 1 ? { status: 429, headers: { "retry-after": "600" } } : 200,
    );
    await room.tellJobs(to, jobs(1), 1);
    await room.drain(room.sender());
    await room.tellJobs(to, jobs(1), 2);
    const from = room.clock.ms;
    waits(from, 599);
    await room.drain(room.sender());
    expect(room.arrivedAt(to)).toHaveLength(1);
    waits(from, 600);
    await room.drain(room.sender());
    expect(room.arrivedAt(to)).toHaveLength(3);
  });
});

describe("an endpoint", () => {
  const stateOf = async ({ caller, endpoint }: TestEndpoint) => {
    const found = await room.operations.findWebhookEndpoint(caller, endpoint.id);
    return [found?.state, found?.disabledBecause];
  };
  const toldOf = async ({ tenantId }: TestEndpoint) => {
    const text =
      "SELECT payload->>'change' AS change FROM event_log WHERE tenant_id = $1 AND topic = 'webhook.endpoint-changed' ORDER BY sequence";
    const rows = z
      .array(z.object({ change: z.string() }))
      .parse((await room.engines.owner.query(text, [tenantId])).rows);
    return rows.map(({ change }) => change);
  };

  test("that says 410 is disabled at once and told of; what comes then is kept, and can be replayed", async () => {
    const to = await room.makeEndpoint();
    room.receiver.answer(to.path, () => 410);
    await room.tellJobs(to, jobs(1), 1);
    await room.drain(room.sender());
    expect(await stateOf(to)).toEqual(["DISABLED", "GONE"]);
    expect(await toldOf(to)).toEqual(["CREATED", "DISABLED"]);
    await room.tellJobs(to, jobs(2), 2);
    expect((await room.standing(to)).map(({ end_reason: reason }) => reason)).toEqual([
      ...["GONE", "ENDPOINT_DISABLED", "ENDPOINT_DISABLED"],
    ]);
    room.receiver.answer(to.path, () => 200);
    await room.operations.resumeWebhookEndpoint(to.caller, to.endpoint.id);
    const range = {
      from: new Date(room.clock.ms - 1_000).toISOString(),
      to: new Date(room.clock.ms + 1).toISOString(),
    };
    const asked = { endpointId: to.endpoint.id, ...range, onlyFailed: true };
    expect(await room.operations.replayWebhooks(to.caller, asked)).toEqual({ kind: "REPLAYED", deliveries: 3 });
    await room.drain(room.sender());
    expect(room.arrivedAt(to)).toHaveLength(4);
  });

  test("that fails again and again is left alone for a while, then tried with one delivery, then sent the rest", async () => {
    const to = await room.makeEndpoint();
    let fails = true;
    room.receiver.answer(to.path, () => (fails ? 503 : 200));
    await room.tellJobs(to, jobs(BREAKER.failures), 1);
    await room.drain(room.sender());
    await room.tellJobs(to, jobs(8), 2);
    await room.drain(room.sender());
    expect(room.arrivedAt(to)).toHaveLength(BREAKER.failures);
    const from = room.clock.ms;
    waits(from, BREAKER.firstMs / 1_000);
    await room.drain(room.sender());
    expect(room.arrivedAt(to)).toHaveLength(BREAKER.failures + 1);
    fails = false;
    waits(from, 300);
    const sender = room.sender();
    await sender.look();
    await sender.settled();
    expect(room.arrivedAt(to)).toHaveLength(BREAKER.failures + 2);
    await room.drain(sender);
    expect((await room.standing(to)).filter(({ state }) => state === "DELIVERED")).toHaveLength(BREAKER.failures + 8);
  });

  test("that took nothing for days is disabled and told of", async () => {
    const to = await room.makeEndpoint();
    room.receiver.answer(to.path, () => 500);
    await room.tellJobs(to, jobs(1), 1);
    await room.drain(room.sender());
    // As many failures as one delivery has attempts; that a clock jumps by as long disables nobody.
    for (let failures = 1; failures < DISABLE_AFTER_FAILURES; failures += 1) {
      expect(await stateOf(to)).toEqual(["ACTIVE", null]);
      await room.tellJobs(to, jobs(1), failures + 1);
      room.clock.ms += DISABLE_AFTER_MS / (DISABLE_AFTER_FAILURES - 1) + BREAKER.mostMs;
      await room.drain(room.sender());
    }
    expect(await stateOf(to)).toEqual(["DISABLED", "ONLY_FAILURES"]);
    expect((await toldOf(to)).at(-1)).toBe("DISABLED");
  });

  test("that is paused is sent nothing, and everything when it goes on; a rate is kept to", async () => {
    const to = await room.makeEndpoint({ ratePerMinute: 60 });
    await room.operations.pauseWebhookEndpoint(to.caller, to.endpoint.id);
    await room.tellJobs(to, jobs(4));
    await room.drain(room.sender());
    expect(room.arrivedAt(to)).toEqual([]);
    await room.operations.resumeWebhookEndpoint(to.caller, to.endpoint.id);
    const counts: number[] = [];
    for (let second = 0; second < 5; second += 1) {
      await room.drain(room.sender());
      counts.push(room.arrivedAt(to).length);
      room.clock.ms += 1_000;
    }
    expect(counts[0]).toBeLessThanOrEqual(2);
    expect(counts).toEqual([...counts.keys()].map((second) => Math.min(4, (counts[0] ?? 0) + second)));
  });
});

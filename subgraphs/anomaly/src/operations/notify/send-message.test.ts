import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { Webhook } from "standardwebhooks";
import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import { createPublicRequests } from "@tessera/platform/http/public-request";
import { z } from "zod";
import type { ChannelInput } from "../../domain/notify/channel-input.ts";
import { webhookRequest } from "../../domain/notify/kinds/webhook.ts";
import { messageOf } from "../../domain/notify/message.ts";
import { EVERY_KIND, SENDING_TENANT, sendTo, WEBHOOK_SECRET, type SentTo } from "../../testing/notify/every-kind.ts";
import { alertOf, NOTIFY_EPOCH_MS } from "../../testing/notify/notify-room.ts";
import { channelOf, SAMPLE_DELIVERY as DELIVERY } from "../../testing/notify/sample-channel.ts";
import { openReceivers, type Fault, type Receivers } from "../../testing/notify/receivers.ts";
import { createSendMessage, SEND_MS } from "./send-message.ts";

// Nothing here is measured in time.
jest.setTimeout(60_000);

let receivers: Receivers;
beforeAll(async () => {
  receivers = await openReceivers();
});
afterEach(() => {
  for (const list of [receivers.accepted, receivers.faults]) list.length = 0;
});
afterAll(async () => {
  await receivers.close();
});

/** Reads a body of JSON as the assertions below ask. */
const read = (body: string): unknown => JSON.parse(body);

const tenantId = SENDING_TENANT;
const STEPS = ["FIRING", "ACKNOWLEDGED", "RESOLVED"] as const;
/** A channel of each kind, and one of a kind by its name. */
const kinds = Object.entries(EVERY_KIND).map(([name, make]): [string, () => ChannelInput] => [
  name,
  () => make(receivers.url),
]);
const ofKind = (name: string): ChannelInput => {
  const make = EVERY_KIND[name];
  if (make === undefined) throw new Error(`There is no kind ${name}.`);
  return make(receivers.url);
};
const sms = (): ChannelInput => ofKind("gateways of short messages");

const NO_ENDPOINTS = { endpoints: { find: () => Promise.resolve(null) }, publicUrl: () => "" };
const hostile = '<!channel> & <https://evil.example|click> *b* [x](https://evil.example)\r\nBcc: all@example.com"}]';
const send = (input: ChannelInput, more: Omit<SentTo, "url"> = {}) => sendTo(input, { url: receivers.url, ...more });

describe("What is sent", () => {
  test.each(kinds)("is taken by %s, which check it as the real ones do, whatever is in it", async (_name, input) => {
    for (const to of STEPS) {
      const alert: Partial<AlertChanged> = {
        to,
        ruleName: hostile,
        because: hostile.repeat(60),
        labels: { rule: hostile },
      };
      expect((await send(input(), { alert })).outcome).toMatchObject({ kind: "SENT" });
    }
    expect(receivers.accepted.length).toBeGreaterThanOrEqual(3);
    // Wherever there is room for a link, the picture of the one anomaly is linked.
    const isShort = input().sms !== undefined;
    for (const { path, body } of receivers.accepted.filter((one) => !/acknowledge|close/.test(one.path)))
      expect([path, body.includes("/picture/png")]).toEqual([path, !isShort]);
  });

  test("mentions nobody in Slack, and answers in the anomaly's thread", async () => {
    const input = ofKind("Slack's bots");
    const { outcome } = await send(input, { alert: { ruleName: hostile, because: hostile } });
    expect(outcome).toMatchObject({ kind: "SENT", reference: expect.stringMatching(/^\d+\.\d+$/) });
    await send(input, { thread: "1700000000.000100", alert: { to: "RESOLVED" } });
    const [first = "", second = ""] = receivers.accepted.map(({ body }) => body);
    expect(read(first)).not.toHaveProperty("thread_ts");
    const words = expect.stringContaining("&lt;!channel&gt; &amp; &lt;https");
    expect(read(first)).toMatchObject({ attachments: [{ blocks: [{}, { text: { text: words } }, {}] }] });
    expect(read(second)).toMatchObject({ thread_ts: "1700000000.000100", reply_broadcast: true });
  });

  test("keeps to PagerDuty's and Opsgenie's keys: the anomaly's, for each step", async () => {
    const { anomalyId } = alertOf(tenantId);
    for (const to of STEPS)
      for (const name of ["PagerDuty", "Opsgenie"]) await send(ofKind(name), { alert: { to, anomalyId } });
    const events = receivers.accepted.filter(({ path }) => path === "/v2/enqueue").map(({ body }) => read(body));
    expect(events).toMatchObject([
      { event_action: "trigger", dedup_key: anomalyId, payload: { severity: "warning" } },
      { event_action: "acknowledge", dedup_key: anomalyId },
      { event_action: "resolve", dedup_key: anomalyId },
    ]);
    expect(receivers.accepted.filter(({ path }) => path.startsWith("/v2/alerts")).map(({ path }) => path)).toEqual([
      ...["/v2/alerts", `/v2/alerts/${anomalyId}/acknowledge?identifierType=alias`],
      `/v2/alerts/${anomalyId}/close?identifierType=alias`,
    ]);
  });

  test("is signed for webhooks so that Standard Webhooks verify it", async () => {
    await send(ofKind("webhooks"));
    const [taken] = receivers.accepted;
    expect(taken?.headers["webhook-id"]).toBe(DELIVERY);
    const sentAt = jest.spyOn(Date, "now").mockReturnValue(NOTIFY_EPOCH_MS);
    const headers = Object.fromEntries(
      Object.entries(taken?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    expect(new Webhook(WEBHOOK_SECRET).verify(taken?.body ?? "", headers)).toMatchObject({
      type: "alert.notification",
    });
    sentAt.mockRestore();
  });

  test("has less than 20 kB for webhooks, whatever it is about: the last alerts are left out, and it says how many there are", () => {
    const { channel } = channelOf({ name: "g", webhook: { url: "https://example.com/" }, bodyTemplate: "{{because}}" });
    const sizes = [1, 100, 400, 3_000, 20_000].map((letters) => {
      const because = "\u0001ä".repeat(letters);
      const alerts = Array.from({ length: 30 }, () => alertOf(tenantId, { because }));
      const at = { atMs: NOTIFY_EPOCH_MS, unlisted: 0, wait: "DIGEST" } as const;
      const message = messageOf({ id: DELIVERY, channel, alerts, ...at });
      const { body } = webhookRequest({ url: "https://example.com/", sign: null }, message, NOTIFY_EPOCH_MS);
      const told = z
        .object({ data: z.object({ count: z.number(), alerts: z.array(z.unknown()) }) })
        .parse(JSON.parse(body));
      return { fits: Buffer.byteLength(body) < 20_000, count: told.data.count, whole: told.data.alerts.length === 25 };
    });
    expect(sizes.map(({ fits, count }) => [fits, count])).toEqual(sizes.map(() => [true, 30]));
    expect(sizes.map(({ whole }) => whole)).toEqual([true, ...sizes.slice(1).map(() => false)]);
  });

  test("goes to each number once, however often it is tried", async () => {
    receivers.faults.push({ kind: "ANSWER", status: 200 }, { kind: "ANSWER", status: 503 });
    const { outcome, done } = await send(sms());
    expect([outcome.kind, done]).toEqual(["TRY_AGAIN", ["+493012345678"]]);
    expect((await send(sms(), { done })).outcome.kind).toBe("SENT");
    expect(receivers.accepted.map(({ body }) => read(body))).toMatchObject([{ to: "+493087654321" }]);
  });

  test("reaches the other numbers though a gateway can't send to one of them; that one alone is tried again", async () => {
    receivers.faults.push({ kind: "ANSWER", status: 503 });
    const { outcome, done } = await send(sms());
    expect([outcome.kind, done]).toEqual(["TRY_AGAIN", ["+493087654321"]]);
    expect((await send(sms(), { done })).outcome.kind).toBe("SENT");
    expect(receivers.accepted.map(({ body }) => read(body))).toMatchObject([
      { to: "+493087654321" },
      { to: "+493012345678" },
    ]);
  });

  test.each([
    ["asks for fewer", { kind: "ANSWER", status: 429 }],
    ["hangs up", { kind: "DISCONNECT" }],
  ] as const)("is kept from a gateway that %s, whatever number it is for", async (_name, fault) => {
    receivers.faults.push(fault);
    const { outcome, done } = await send(sms());
    expect([outcome.kind, done, receivers.accepted]).toEqual(["TRY_AGAIN", [], []]);
  });
});

const answer = (status: number, body = "", retryAfter?: string): Fault => ({
  ...{ kind: "ANSWER", status, body },
  ...(retryAfter === undefined ? {} : { retryAfter }),
});

describe("What fails", () => {
  test.each(kinds)("by %s is tried again when it may go well another time", async (_name, input) => {
    const passing: Fault[] = [
      answer(429, "slow down", "7"),
      answer(500),
      answer(503),
      answer(408),
      { kind: "DISCONNECT" },
    ];
    for (const fault of passing) {
      receivers.faults.length = 0;
      receivers.faults.push(fault);
      const { outcome } = await send(input());
      const wanted =
        fault.kind === "ANSWER" && fault.status === 429 ? { code: 429, retryAfterMs: 7_000, said: "slow down" } : {};
      expect(outcome).toMatchObject({ kind: "TRY_AGAIN", ...wanted });
    }
  });

  test.each(kinds)("by %s for good disables the channel", async (_name, input) => {
    for (const status of [401, 403, 404, 410]) {
      receivers.faults.length = 0;
      receivers.faults.push(answer(status, "no more"));
      expect((await send(input())).outcome).toEqual({ kind: "REFUSED", code: status, said: "no more", disables: true });
    }
  });

  test.each(kinds)("by %s for what is in one message disables nothing", async (_name, input) => {
    receivers.faults.push(answer(400, "invalid_payload"), answer(400, "invalid_payload"));
    expect((await send(input())).outcome).toMatchObject({ kind: "REFUSED", code: 400, disables: false });
  });

  test.each(["Slack's webhooks", "Slack's bots", "PagerDuty", "Opsgenie"])(
    "by %s: garbage in a good answer is no delivery",
    async (name) => {
      receivers.faults.push(
        answer(name === "PagerDuty" || name === "Opsgenie" ? 202 : 200, "<html>Sign in to the wifi"),
      );
      expect((await send(ofKind(name))).outcome).toMatchObject({ kind: "TRY_AGAIN" });
    },
  );

  test.each([
    ["Slack's bots", "xoxb-unknown", true],
    ["PagerDuty", "f".repeat(32), true],
    ["Opsgenie", "unknown", true],
    ["gateways of short messages", "unknown", true],
    ["Slack's webhooks", "/services/T00000000/B00000000/unknown", true],
    ["Teams", "/workflows/abc/triggers/manual/paths/invoke?sig=unknown", true],
  ])("by %s with an unknown credential disables the channel", async (name, secret, disables) => {
    const known = secret.startsWith("/") ? `${receivers.url}${secret}` : secret;
    expect((await send(ofKind(name), { secret: known })).outcome).toMatchObject({
      kind: "REFUSED",
      disables,
    });
  });

  test("by Slack's API: each error by what heals it", async () => {
    const of = async (error: string) => {
      receivers.faults.push(answer(200, JSON.stringify({ ok: false, error })));
      return (await send(ofKind("Slack's bots"))).outcome;
    };
    expect(await of("ratelimited")).toMatchObject({ kind: "TRY_AGAIN" });
    expect(await of("internal_error")).toMatchObject({ kind: "TRY_AGAIN" });
    expect(await of("msg_too_long")).toMatchObject({ kind: "REFUSED", disables: false });
    expect(await of("is_archived")).toMatchObject({ kind: "REFUSED", disables: true });
    expect(await of("token_revoked")).toMatchObject({ kind: "REFUSED", disables: true });
  });

  test("because the address leads within is never sent", async () => {
    const requests = createPublicRequests({ allowLoopback: false });
    const sendMessage = createSendMessage({
      ...{ requests, mailer: null, nowMs: () => 0, ...NO_ENDPOINTS },
      providers: { slack: "", pagerDuty: { US: "", EU: "" }, opsgenie: { US: "", EU: "" } },
    });
    for (const url of [
      "https://127.0.0.1/",
      "https://169.254.169.254/latest",
      "http://example.com/",
      "https://[::1]/",
    ]) {
      const { channel, secret } = channelOf({ name: "g", webhook: { url } });
      const message = messageOf({
        id: DELIVERY,
        channel,
        alerts: [alertOf(tenantId)],
        unlisted: 0,
        wait: "NOW",
        atMs: 0,
      });
      const outcome = await sendMessage({
        channel,
        secret,
        message,
        thread: null,
        done: [],
        onDone: () => Promise.resolve(true),
      });
      expect(outcome).toMatchObject({ kind: "REFUSED", disables: true });
    }
  });

  test.each(kinds)("by %s in time: a receiver that says nothing is given up", async (_name, input) => {
    receivers.faults.push({ kind: "SILENCE" });
    const patient = createPublicRequests({ allowLoopback: true });
    // The bound is that of the sender; it is asked for in full, and waited for in part.
    const asked: number[] = [];
    const { outcome } = await send(input(), {
      requests: {
        ...patient,
        send: (request) => (asked.push(request.timeoutMs), patient.send({ ...request, timeoutMs: 200 })),
      },
    });
    expect([outcome.kind, asked]).toEqual(["TRY_AGAIN", [SEND_MS]]);
  });
});

import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { createLogger } from "@tessera/platform/telemetry/logger";
import { mailOf } from "../../domain/notify/kinds/email.ts";
import { messageOf } from "../../domain/notify/message.ts";
import { openMailServer, type MailServer } from "../../testing/notify/mail-server.ts";
import { alertOf, NOTIFY_EPOCH_MS } from "../../testing/notify/notify-room.ts";
import { samplePictures } from "../../testing/notify/sample-pictures.ts";
import { channelOf, SAMPLE_DELIVERY } from "../../testing/notify/sample-channel.ts";
import { createAlertPictures, MAX_PICTURES } from "./alert-pictures.ts";
import { createMailer } from "./mailer.ts";

// Pictures are drawn in a thread beside; nothing here is measured in time.
jest.setTimeout(60_000);

let relay: MailServer;
beforeAll(async () => {
  relay = await openMailServer();
});
afterAll(() => relay.close());

const FROM = "alerts@tessera.example";
const tenantId = freshTenantId();
const logger = createLogger("test", "silent");
const alertWith = () => alertOf(tenantId, { ruleName: 'Errors <b>"x"</b>' });

const { channel } = channelOf({ name: "mail", email: { recipients: ["ada@example.com"] } });
const messageWith = (alerts: ReturnType<typeof alertWith>[]) =>
  messageOf({ id: SAMPLE_DELIVERY, channel, alerts, unlisted: 0, wait: "NOW", atMs: NOTIFY_EPOCH_MS });
const to = { from: FROM, recipients: ["ada@example.com"], channelId: channel.id };

test("A mail shows its anomaly's picture within its text, with words for whoever does not see it", async () => {
  const message = messageWith([alertWith()]);
  const pictures = await createAlertPictures(samplePictures(), logger)(tenantId, message);
  const mail = mailOf(to, message, pictures);
  expect(await createMailer({ ...relay, from: FROM, tls: "REQUIRED" }).send(mail)).toMatchObject({ kind: "SENT" });
  const [taken] = relay.taken;
  const text = taken?.text ?? "";
  const cid = `${message.alerts[0]?.anomalyId ?? ""}.${SAMPLE_DELIVERY}@tessera.example`;
  expect(mail.html).toContain(`<img src="cid:${cid}" alt="country &lt;b&gt;&quot;DE&quot;&lt;/b&gt;: 320 where `);
  // The picture is related to the HTML that shows it, beside the text that needs none (RFC 2387).
  expect(text).toMatch(
    /multipart\/alternative[\s\S]+text\/plain[\s\S]+multipart\/related[\s\S]+text\/html[\s\S]+image\/png/,
  );
  expect(/^Content-ID:\s+<([^>]+)>/im.exec(text)?.[1]).toBe(cid);
  expect(text).toMatch(/Content-Disposition: inline/);
  const encoded = /image\/png[\s\S]*?\r\n\r\n([A-Za-z0-9+/=\r\n]+?)\r\n--/.exec(text)?.[1] ?? "";
  expect(Buffer.from(encoded.replaceAll("\r\n", ""), "base64").equals(Buffer.from(pictures[0]?.png ?? []))).toBe(true);
  expect(
    Buffer.from(pictures[0]?.png ?? [])
      .subarray(1, 4)
      .toString(),
  ).toBe("PNG");
});

test("A mail about many shows the first few, and those alone that can be drawn", async () => {
  const alerts = Array.from({ length: 5 }, alertWith);
  const message = messageWith(alerts);
  const names = async (missing: ReadonlySet<string>) =>
    (await createAlertPictures(samplePictures(missing), logger)(tenantId, message)).map(({ name }) => name);
  const ids = alerts.slice(0, MAX_PICTURES).map(({ anomalyId }) => anomalyId);
  expect(await names(new Set())).toEqual(ids);
  expect(await names(new Set([ids[1] ?? ""]))).toEqual([ids[0], ids[2]]);
  expect(
    await createAlertPictures(samplePictures(), logger)(
      tenantId,
      messageWith([alertOf(tenantId, { anomalyId: null })]),
    ),
  ).toEqual([]);
});

test("A mail waits for no picture that is not there in time", async () => {
  const draw = () => new Promise<never>(() => {});
  const slow = { ...samplePictures(), withinMs: 1, draw };
  expect(await createAlertPictures(slow, logger)(tenantId, messageWith([alertWith()]))).toEqual([]);
});

test("A message elsewhere has a link to the picture of its one anomaly, where clients' address is known", () => {
  const one = alertWith();
  const parts = { id: "x", channel, unlisted: 0, wait: "NOW", atMs: 0, publicUrl: "https://tessera.example" } as const;
  expect(messageOf({ ...parts, alerts: [one] }).picture).toBe(
    `https://tessera.example/api/v2/anomalies/${one.anomalyId ?? ""}/picture/png`,
  );
  expect(messageOf({ ...parts, alerts: [one, alertWith()] }).picture).toBeNull();
  expect(messageOf({ ...parts, alerts: [one], publicUrl: "" }).picture).toBeNull();
  expect(messageOf({ ...parts, alerts: [{ ...one, anomalyId: null }] }).picture).toBeNull();
});

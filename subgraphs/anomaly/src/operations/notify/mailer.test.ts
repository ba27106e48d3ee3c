import { createServer, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { z } from "zod";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { mailOf } from "../../domain/notify/kinds/email.ts";
import { messageOf } from "../../domain/notify/message.ts";
import { openMailServer, RELAY, type MailServer } from "../../testing/notify/mail-server.ts";
import { alertOf, NOTIFY_EPOCH_MS } from "../../testing/notify/notify-room.ts";
import { channelOf, SAMPLE_DELIVERY } from "../../testing/notify/sample-channel.ts";
import { createMailer } from "./mailer.ts";

// Nothing here is measured in time.
jest.setTimeout(60_000);

let relay: MailServer;
beforeAll(async () => {
  relay = await openMailServer();
});
afterEach(() => {
  relay.taken.length = 0;
  relay.faults.length = 0;
});
afterAll(() => relay.close());

const FROM = "alerts@tessera.example";
const hostile = '<!channel> & <https://evil.example|click> "b" \r\nBcc: all@example.com"}]';

const mailTo = (
  recipients: readonly string[],
  alert: Parameters<typeof alertOf>[1] = {},
  done: readonly string[] = [],
) => {
  const { channel } = channelOf({ name: "mail", email: { recipients } });
  const alerts = [alertOf(freshTenantId(), alert)];
  const message = messageOf({ id: SAMPLE_DELIVERY, channel, alerts, unlisted: 0, wait: "NOW", atMs: NOTIFY_EPOCH_MS });
  return mailOf({ from: FROM, recipients, channelId: channel.id, done }, message);
};
const send = (recipients: readonly string[], alert: Parameters<typeof alertOf>[1] = {}) =>
  createMailer({ ...relay, from: FROM, tls: "REQUIRED" }).send(mailTo(recipients, alert));

describe("A mail", () => {
  test("goes by STARTTLS and the relay's credentials, with a Message-ID of its delivery and nothing of a stranger's in its head", async () => {
    const recipients = ["ada@example.com", "bob@example.com"];
    for (let tries = 0; tries < 2; tries += 1) await send(recipients, { ruleName: hostile, because: hostile });
    expect(relay.taken).toHaveLength(2);
    for (const { from, to, text } of relay.taken) {
      const head = text.slice(0, text.indexOf("\r\n\r\n")).replaceAll(/\r\n[ \t]+/g, " ");
      expect([from, to]).toEqual([FROM, recipients]);
      expect(head).toContain(`Message-ID: <${SAMPLE_DELIVERY}@tessera.example>`);
      expect(head).toMatch(/^List-Unsubscribe: <mailto:alerts@tessera\.example\?subject=unsubscribe/m);
      expect(head).toMatch(/^Auto-Submitted: auto-generated$/m);
      expect(head).not.toMatch(/^Bcc:/im);
    }
    expect(mailTo(recipients, { because: hostile }).html).toContain(
      "&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;",
    );
  });

  test("goes by TLS from the first byte on where the relay's address says so", async () => {
    const implicit = await openMailServer("IMPLICIT");
    const mailer = createMailer({ ...implicit, from: FROM, tls: "REQUIRED" });
    expect(await mailer.send(mailTo(["ada@example.com"]))).toMatchObject({ kind: "SENT" });
    expect([implicit.taken.length, implicit.isToldPassword()]).toEqual([1, true]);
    await implicit.close();
  });

  test("is kept back from a relay that speaks no TLS where it has to, and so are the credentials", async () => {
    const plain = await openMailServer("NONE");
    const send = (tls: "REQUIRED" | "NONE") =>
      createMailer({ url: plain.url, from: FROM, tls }).send(mailTo(["ada@example.com"]));
    expect(await send("REQUIRED")).toMatchObject({ kind: "TRY_AGAIN" });
    expect([plain.taken.length, plain.isToldPassword()]).toEqual([0, false]);
    expect(await send("NONE")).toMatchObject({ kind: "SENT" });
    await plain.close();
  });

  test("that some mailboxes are refused of is sent to the others", async () => {
    expect(await send(["ada@example.com", RELAY.unknown])).toMatchObject({
      ...{ kind: "SENT", code: 250, said: expect.stringContaining(RELAY.unknown) },
    });
    expect(relay.taken.map(({ to }) => to)).toEqual([["ada@example.com"]]);
  });

  test("that is larger than the relay takes is refused for itself alone", async () => {
    const large = { ...mailTo(["ada@example.com"]), text: "x".repeat(2_000_001) };
    const mailer = createMailer({ ...relay, from: FROM, tls: "REQUIRED" });
    expect(await mailer.send(large)).toMatchObject({ kind: "REFUSED", disables: false });
  });

  test("that is put off for some mailboxes is tried again for these alone, and is one mail for all", async () => {
    const recipients = ["ada@example.com", RELAY.later, RELAY.unknown, "bob@example.com"];
    const deferred = await send(recipients);
    expect(deferred).toMatchObject({
      ...{ kind: "TRY_AGAIN", code: 450, said: expect.stringContaining(RELAY.later) },
      taken: ["ada@example.com", "bob@example.com"],
    });
    const done = deferred.kind === "TRY_AGAIN" ? (deferred.taken ?? []) : [];
    relay.faults.length = 0;
    relay.knowsLater = true;
    const again = createMailer({ ...relay, from: FROM, tls: "REQUIRED" }).send(mailTo(recipients, {}, done));
    expect(await again).toMatchObject({ kind: "SENT", said: expect.stringContaining(RELAY.unknown) });
    relay.knowsLater = false;
    expect(relay.taken.map(({ to }) => to)).toEqual([["ada@example.com", "bob@example.com"], [RELAY.later]]);
    for (const { text } of relay.taken)
      expect(text.replaceAll(/\r\n[ \t]+/g, " ")).toContain(`To: ${recipients.join(", ")}`);
  });

  test.each([
    ["a mailbox there is not", { kind: "REFUSED", code: 550, disables: true }, { recipient: RELAY.unknown }],
    ["greylisting", { kind: "TRY_AGAIN", code: 451 }, { at: "RCPT", status: 451 }],
    ["a message that is refused", { kind: "REFUSED", code: 554, disables: false }, { at: "DATA", status: 554 }],
    ["a full mailbox for now", { kind: "TRY_AGAIN", code: 452 }, { at: "DATA", status: 452 }],
    ["a sender's mailbox the operator has to mend", { kind: "TRY_AGAIN", code: 550 }, { at: "MAIL", status: 550 }],
    ["credentials the operator has to mend", { kind: "TRY_AGAIN", code: 535 }, { at: "AUTH", status: 535 }],
  ] as const)("after %s is what it is", async (_name, wanted, fault) => {
    if ("at" in fault) relay.faults.push({ at: fault.at, status: fault.status, said: "said so" });
    const recipient = "recipient" in fault ? fault.recipient : "ada@example.com";
    expect(await send([recipient])).toMatchObject(wanted);
  });

  test.each([
    ["no relay", "smtp://127.0.0.1:1"],
    ["a relay nobody vouches for", null],
  ])("with %s is tried again", async (_name, url) => {
    // Without the authority, the relay's certificate is nobody's.
    const mailer = createMailer({ url: url ?? relay.url, from: FROM, tls: "REQUIRED" });
    expect(await mailer.send(mailTo(["ada@example.com"]))).toMatchObject({ kind: "TRY_AGAIN" });
    expect(relay.taken).toEqual([]);
  });

  test.each([
    ["says nothing", () => undefined],
    ["serves nobody", (socket: Socket) => socket.end("554 No service for you\r\n")],
    ["hangs up", (socket: Socket) => socket.destroy()],
    ["hangs up after its greeting", (socket: Socket) => socket.end("220 relay\r\n")],
    ["stops within a word", (socket: Socket) => socket.write("22")],
    ["speaks of something else", (socket: Socket) => socket.end("<html>Sign in to the wifi\r\n")],
    [
      "greets for ever",
      (socket: Socket) => {
        const greeting = setInterval(() => socket.write("220-go on\r\n"), 20);
        socket.on("close", () => clearInterval(greeting));
      },
    ],
  ])("with a relay that %s is tried again, and not waited for any longer", async (_name, behave) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => undefined));
      behave(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = z.object({ port: z.number() }).parse(server.address());
    const bounds = { connectMs: 300, silenceMs: 300, mailMs: 900 };
    const mailer = createMailer({ url: `smtp://127.0.0.1:${port}`, from: FROM, tls: "NONE" }, bounds);
    expect(await mailer.send(mailTo(["ada@example.com"]))).toMatchObject({ kind: "TRY_AGAIN" });
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});

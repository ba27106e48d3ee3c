import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { REPORT_READY } from "@tessera/contracts/events/report-changed";
import type { TenantId } from "@tessera/contracts/ids";
import type { FilesOfReport } from "@tessera/contracts/report-mails";
import { TENANT_PERMISSIONS } from "@tessera/contracts/permissions";
import { callerWith, freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { randomUUID } from "node:crypto";
import { openMailServer, type MailServer } from "../../testing/notify/mail-server.ts";
import { openNotifyRoom, type NotifyRoom } from "../../testing/notify/notify-room.ts";
import { mailReports } from "./mail-reports.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

const FILES: FilesOfReport = {
  name: "Weekly",
  files: [{ format: "CSV", name: "weekly.csv", bytes: new TextEncoder().encode("country,n\nDE,4\n") }],
};

/** What the room that has reports answers next; the whole of it is asked in tests/journeys/mailed-reports.spec.ts. */
const answers: { next: (() => Promise<FilesOfReport | null>)[]; asked: string[] } = { next: [], asked: [] };
let relay: MailServer;
let room: NotifyRoom;
beforeAll(async () => {
  relay = await openMailServer();
  room = await openNotifyRoom({
    mailRelay: { ...relay, from: "reports@tessera.example", tls: "REQUIRED" },
    reports: {
      askReports: {
        files: ({ subject }) => {
          answers.asked.push(`${subject.kind}:${subject.id}`);
          return answers.next.shift()?.() ?? Promise.resolve(FILES);
        },
      },
      accessOfSubject: (tenantId, subject) =>
        Promise.resolve(subject.id === "gone" ? null : { ...callerWith(tenantId, TENANT_PERMISSIONS), subject }),
    },
  });
});
afterAll(async () => {
  await room.close();
  await relay.close();
});

const OWNER = "API_KEY:0123456789abcdef";
const ready = (tenantId: TenantId, channels: readonly string[], more: object = {}) => ({
  ...{ tenantId, topic: REPORT_READY, cursor: { transaction: 1n, sequence: 0n } },
  payload: { tenantId, reportId: randomUUID(), runId: randomUUID(), owner: OWNER, channels, ...more },
});
const take = (tenantId: TenantId, entries: readonly ReturnType<typeof ready>[]) =>
  room.engines.resources.sql.transaction(tenantId, (within) =>
    mailReports(room.notify.mailing)(within, tenantId, entries),
  );
const mailTo = async (tenantId: TenantId, more: object = {}) =>
  room.makeChannel(tenantId, { name: "mails", email: { recipients: [`${tenantId}@example.com`] }, ...more });
const takenBy = (tenantId: TenantId) => relay.taken.filter(({ to }) => to[0] === `${tenantId}@example.com`);
const sendAll = async () => {
  while ((await room.sendDue()) > 0);
};

test("A run is mailed once by each channel of mails it names, however often the log is read, as its owner may see it then", async () => {
  const tenantId = freshTenantId();
  const channel = await mailTo(tenantId);
  const inbox = await room.makeChannel(tenantId, { name: "inbox", inApp: {} });
  const foreign = await mailTo(freshTenantId());
  const one = ready(tenantId, [channel, inbox, foreign, randomUUID()]);
  answers.asked = [];
  await take(tenantId, [one, ready(tenantId, [])]);
  await sendAll();
  await take(tenantId, [one, one]);
  await sendAll();
  const [mail, ...others] = takenBy(tenantId);
  expect([others, answers.asked]).toEqual([[], [OWNER]]);
  expect(mail?.text).toMatch(/^Subject: Weekly\r$/m);
  expect(mail?.text).toContain("filename=weekly.csv");
  expect(await room.deliveriesOf(tenantId)).toMatchObject([
    { channelId: channel, state: "SENT", report: { runId: one.payload.runId } },
  ]);
});

test("An entry of a former version, which names no channels, is mailed nobody", async () => {
  const tenantId = freshTenantId();
  await mailTo(tenantId);
  const payload = { tenantId, reportId: randomUUID(), runId: randomUUID() };
  await take(tenantId, [{ ...ready(tenantId, []), payload: { ...payload, owner: "", channels: [] } }]);
  expect(await room.deliveriesOf(tenantId)).toEqual([]);
});

test.each([
  ["has no files any more that its owner may see", OWNER, () => Promise.resolve(null)],
  ["belongs to nobody any more", "API_KEY:gone", () => Promise.resolve(FILES)],
])("What %s is given up, and the channel goes on", async (_name, owner, answer) => {
  const tenantId = freshTenantId();
  const channel = await mailTo(tenantId);
  answers.next = [answer];
  await take(tenantId, [ready(tenantId, [channel], { owner })]);
  await sendAll();
  answers.next = [];
  expect(await room.deliveriesOf(tenantId)).toMatchObject([{ state: "FAILED", attempts: 1 }]);
  await take(tenantId, [ready(tenantId, [channel])]);
  await sendAll();
  expect(takenBy(tenantId)).toHaveLength(1);
});

test("What can't be read, or is not taken, for now is tried again, and mailed once", async () => {
  const tenantId = freshTenantId();
  const channel = await mailTo(tenantId);
  answers.next = [() => Promise.reject(new Error("not now"))];
  await take(tenantId, [ready(tenantId, [channel])]);
  await sendAll();
  expect(await room.deliveriesOf(tenantId)).toMatchObject([{ state: "RETRYING" }]);
  relay.faults.push({ at: "DATA", status: 451, said: "later" });
  for (let tries = 0; tries < 3; tries += 1) {
    room.clock.ms += 60_000;
    await sendAll();
  }
  expect(takenBy(tenantId)).toHaveLength(1);
  expect(await room.deliveriesOf(tenantId)).toMatchObject([{ state: "SENT", attempts: 3 }]);
});

test("A channel that may send no more for now keeps reports back, and puts none of them into a summary", async () => {
  const tenantId = freshTenantId();
  const channel = await mailTo(tenantId, { rateCap: { messages: 1, windowSeconds: 60 } });
  await take(tenantId, [ready(tenantId, [channel]), ready(tenantId, [channel]), ready(tenantId, [channel])]);
  for (let minutes = 0; minutes < 4; minutes += 1) {
    await sendAll();
    expect(takenBy(tenantId).length).toBeLessThanOrEqual(minutes + 1);
    room.clock.ms += 61_000;
  }
  await sendAll();
  expect(takenBy(tenantId)).toHaveLength(3);
});

import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { mendingOf } from "../../testing/mending.ts";
import { alertOf, NOTIFY_EPOCH_MS, openNotifyRoom, type NotifyRoom } from "../../testing/notify/notify-room.ts";
import { openReceivers, type Receivers } from "../../testing/notify/receivers.ts";
import { sendDueDeliveries } from "./send-due-deliveries.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];

let receivers: Receivers;
let room: NotifyRoom;
let mend: ReturnType<typeof mendingOf>;
beforeAll(async () => {
  receivers = await openReceivers();
  room = await openNotifyRoom();
  mend = mendingOf(room.engines);
});
afterEach(async () => {
  await room.engines.owner.query(
    "UPDATE notify_delivery SET state = 'DROPPED', finished_at = due_at WHERE finished_at IS NULL",
  );
  receivers.accepted.length = 0;
  receivers.faults.length = 0;
  room.clock.ms = NOTIFY_EPOCH_MS;
});
afterAll(async () => {
  await room.close();
  await receivers.close();
});

/** How a channel is told, and within how long of honest time everything has been told. */
const WAYS = [
  { name: "at once", channel: {}, route: { groupBy: [] }, withinMs: HOUR_MS },
  {
    name: "in groups",
    channel: {},
    route: { groupBy: ["country"], groupIntervalSeconds: 3_600 },
    withinMs: 3 * HOUR_MS,
  },
  {
    ...{ name: "within a rate cap", route: { groupBy: [] }, withinMs: 8 * HOUR_MS },
    channel: { rateCap: { messages: 1, windowSeconds: 3_600 } },
  },
  {
    ...{ name: "in a digest", route: { groupBy: [] }, withinMs: DAY_MS + 2 * HOUR_MS },
    channel: { digest: { cron: "0 8 * * *", timeZone: "Europe/Berlin" } },
  },
  {
    ...{ name: "after quiet hours", route: { groupBy: [] }, withinMs: DAY_MS },
    channel: { quietHours: { from: "22:00", to: "07:00", timeZone: "Europe/Berlin" } },
  },
] as const;

const moment = fc.record({
  /** Minutes that the clock is off from here on. */
  offMinutes: fc.oneof(
    fc.constant(0),
    fc.integer({ min: -3 * 1_440, max: 20 * 1_440 }),
    fc.integer({ min: -90, max: 90 }),
  ),
  series: fc.array(fc.nat(2), { maxLength: 3 }),
  faults: fc.array(fc.constantFrom("503" as const, "DISCONNECT" as const), { maxLength: 2 }),
  passMs: fc.constantFrom(1_000, MINUTE_MS, 10 * MINUTE_MS, 5 * HOUR_MS),
});
const story = fc.record({
  way: fc.constantFrom(...WAYS),
  moments: fc.array(moment, { minLength: 2, maxLength: 6 }),
});
type Story = typeof story extends fc.Arbitrary<infer One> ? One : never;

const sendAll = async (): Promise<void> => {
  while ((await room.sendDue()) > 0);
};
const openFor = async (tenantId: TenantId, { channel, route }: Story["way"]): Promise<void> => {
  const hook = await room.makeChannel(tenantId, {
    name: "hook",
    webhook: { url: `${receivers.url}/hook` },
    ...channel,
  });
  const inbox = await room.makeChannel(tenantId, { name: "inbox", inApp: {}, ...channel });
  await room.route(tenantId, [hook, inbox], { ...route });
};

/** Plays a story by a clock that is wrong now and then; afterwards it is right. Answers everything that was to be told. */
const live = async (tenantId: TenantId, { way, moments }: Story): Promise<readonly AlertChanged[]> => {
  const told: AlertChanged[] = [];
  const lanes = Array.from({ length: 3 }, () => alertOf(tenantId));
  let rightMs = NOTIFY_EPOCH_MS;
  for (const { offMinutes, series, faults, passMs } of moments) {
    room.clock.ms = rightMs + offMinutes * MINUTE_MS;
    const alerts = series.map((place) => {
      const { anomalyId = null, fingerprint = "" } = lanes[place] ?? {};
      return alertOf(tenantId, { anomalyId, fingerprint, atMs: room.clock.ms });
    });
    receivers.faults.push(
      ...faults.map((one) => (one === "503" ? { kind: "ANSWER" as const, status: 503 } : { kind: one })),
    );
    await room.tell(tenantId, alerts);
    told.push(...alerts);
    await sendAll();
    room.clock.ms += passMs;
    await mend(tenantId);
    await sendAll();
    rightMs += passMs;
  }
  receivers.faults.length = 0;
  room.clock.ms = rightMs;
  // As often as something may become due in that time: nothing is asked in between.
  for (let passed = 0; passed < way.withinMs; passed += 10 * MINUTE_MS) {
    await mend(tenantId);
    await sendAll();
    if ((await room.deliveriesOf(tenantId)).every(({ state }) => state === "SENT")) break;
    room.clock.ms += 10 * MINUTE_MS;
  }
  return told;
};

describe("clocks that jump, ahead and back, by minutes and by weeks", () => {
  test("lose nothing that people are to be told, tell nothing twice, and hold nothing once they are right, whatever it waits for", async () => {
    await fc.assert(
      fc.asyncProperty(story, async (one) => {
        const tenantId = freshTenantId();
        receivers.accepted.length = 0;
        await openFor(tenantId, one.way);
        const told = await live(tenantId, one);
        const deliveries = await room.deliveriesOf(tenantId);
        const open = deliveries.filter(({ state }) => state !== "SENT");
        expect(open.map(({ dueMs, state, wait }) => [state, wait, dueMs - room.clock.ms])).toEqual([]);
        for (const channel of ["hook", "inbox"]) {
          const own = deliveries.filter(({ channelName }) => channelName === channel);
          const transitions = own.flatMap(({ notices }) => notices.map(({ alert }) => alert.transitionId));
          expect(transitions.toSorted()).toEqual(told.map(({ transitionId }) => transitionId).toSorted());
        }
        // Each message arrived once: no sender died.
        const ids = receivers.accepted.map(({ headers }) => String(headers["webhook-id"]));
        expect(ids.toSorted()).toEqual(
          deliveries.flatMap(({ id, channelName }) => (channelName === "hook" ? [id] : [])).toSorted(),
        );
        const inbox = await room.operations.readInbox(room.managerOf(tenantId), { first: 50, unreadOnly: false });
        expect(inbox.page.items).toHaveLength(deliveries.filter(({ channelName }) => channelName === "inbox").length);
        expect(await mend(tenantId)).toBe(false);
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  test("do not end what is tried again: ahead by a week after the first try, it is tried on", async () => {
    const tenantId = freshTenantId();
    await openFor(tenantId, WAYS[0]);
    receivers.faults.push({ kind: "ANSWER", status: 503 }, { kind: "ANSWER", status: 503 });
    await room.tell(tenantId, [alertOf(tenantId)]);
    await sendAll();
    room.clock.ms += 7 * DAY_MS;
    await sendAll();
    room.clock.ms += MINUTE_MS;
    await sendAll();
    expect((await room.deliveriesOf(tenantId)).map(({ state }) => state)).toEqual(["SENT", "SENT"]);
  });

  test("have a sender send nothing again that it is sending", async () => {
    const tenantId = freshTenantId();
    await openFor(tenantId, WAYS[0]);
    await room.tell(tenantId, [alertOf(tenantId)]);
    let [isAsked, answer] = [(): void => undefined, (): void => undefined];
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const sendDue = sendDueDeliveries({
      ...{ ...room.sending, random: () => 0 },
      send: async (message) => {
        isAsked();
        await answered;
        return room.sending.send(message);
      },
    });
    const sending = sendDue();
    await asked;
    room.clock.ms += DAY_MS;
    const again = sendDue();
    // It claims while the first is on its way: what it would claim twice it claims by then.
    await new Promise((resolve) => setTimeout(resolve, 200));
    answer();
    await Promise.all([sending, again]);
    expect(receivers.accepted).toHaveLength(1);
    expect((await room.deliveriesOf(tenantId)).map(({ state }) => state)).toEqual(["SENT", "SENT"]);
  });
});

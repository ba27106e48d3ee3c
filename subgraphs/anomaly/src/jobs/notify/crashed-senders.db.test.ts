import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import { createCrashing, type Crash, type Crashing } from "../../testing/crashing.ts";
import { alertOf, NOTIFY_EPOCH_MS, openNotifyRoom, type NotifyRoom } from "../../testing/notify/notify-room.ts";
import { openReceivers, type Receivers } from "../../testing/notify/receivers.ts";
import { LEASE_MS } from "@tessera/platform/runtime/held-leases";
import { sendDueDeliveries } from "./send-due-deliveries.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let receivers: Receivers;
let room: NotifyRoom;
beforeAll(async () => {
  receivers = await openReceivers();
  room = await openNotifyRoom();
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

/** A sender of a process that ends somewhere. */
const senderOf = ({ wrap }: Crashing) => {
  const { deliveries, send, secrets } = room.sending;
  return sendDueDeliveries({
    ...{ ...room.sending, random: () => 0, send: wrap("send", send) },
    secrets: { open: wrap("open", secrets.open) },
    deliveries: {
      ...deliveries,
      claimDueAcrossTenants: wrap("claim", deliveries.claimDueAcrossTenants),
      begin: wrap("begin", deliveries.begin),
      settle: wrap("settle", deliveries.settle),
      done: wrap("done", deliveries.done),
    },
  });
};

/** One story: transitions of some series, what the receiver makes of the first messages, and how the processes end that send, one after the other. */
interface Story {
  readonly series: readonly number[];
  readonly faults: readonly ("503" | "DISCONNECT")[];
  readonly crashes: readonly Crash[];
}

const openTenant = async (): Promise<TenantId> => {
  const tenantId = freshTenantId();
  const hook = await room.makeChannel(tenantId, { name: "hook", webhook: { url: `${receivers.url}/hook` } });
  const inbox = await room.makeChannel(tenantId, { name: "inbox", inApp: {} });
  await room.route(tenantId, [hook, inbox]);
  return tenantId;
};
const hooksOf = async (tenantId: TenantId) =>
  (await room.deliveriesOf(tenantId)).filter(({ channelName }) => channelName === "hook");
const arrived = (): readonly string[] => receivers.accepted.map(({ headers }) => String(headers["webhook-id"]));
/** Deliveries that the receiver has, and that are not settled. */
const inDoubt = async (tenantId: TenantId): Promise<number> =>
  (await hooksOf(tenantId)).filter(({ id, state }) => state !== "SENT" && arrived().includes(id)).length;

/** Lets a process send until it has ended, or has sent what was due; answers how many messages may arrive once more for it, and whether it ended. */
const live = async (
  tenantId: TenantId,
  crash: Crash,
): Promise<{ readonly doubts: number; readonly ended: boolean }> => {
  const crashing = createCrashing(crash);
  const sending = senderOf(crashing)().catch(() => 0);
  await Promise.race([sending, crashing.ended]);
  if (crashing.endedAt() === null) return { doubts: 0, ended: false };
  if (crash.kind === "DIES") {
    await sending;
    return { doubts: await inDoubt(tenantId), ended: true };
  }
  // What it had handed to the network arrives though it stands still.
  await new Promise((resolve) => setTimeout(resolve, 30));
  const doubts = (await inDoubt(tenantId)) + crashing.undone().filter((name) => name === "send").length;
  room.clock.ms += LEASE_MS;
  while ((await room.sendDue()) > 0);
  const before = await room.deliveriesOf(tenantId);
  crashing.goOn();
  await sending;
  // It was fenced: it has settled nothing of what it held.
  const after = new Map((await room.deliveriesOf(tenantId)).map((one) => [one.id, one]));
  for (const one of before.filter(({ log }) => log.length > 0)) expect(after.get(one.id)).toEqual(one);
  return { doubts, ended: true };
};

/** Plays a story to its end, and holds what arrived against what was told; answers whether a process ended in it. */
const play = async ({ series, faults, crashes }: Story): Promise<boolean> => {
  const tenantId = await openTenant();
  receivers.accepted.length = 0;
  receivers.faults.splice(0);
  for (const fault of faults)
    receivers.faults.push(fault === "503" ? { kind: "ANSWER", status: 503 } : { kind: fault });
  const lanes = Array.from({ length: 3 }, () => alertOf(tenantId));
  const told = series.map((place) => {
    const { anomalyId = null, fingerprint = "" } = lanes[place] ?? {};
    return alertOf(tenantId, { anomalyId, fingerprint });
  });
  await room.tell(tenantId, told);
  let [doubts, ended] = [0, false];
  for (const crash of crashes) {
    const lived = await live(tenantId, crash);
    doubts += lived.doubts;
    ended ||= lived.ended;
    room.clock.ms += LEASE_MS;
  }
  for (let turn = 0; turn < 20; turn += 1) {
    while ((await room.sendDue()) > 0);
    room.clock.ms += LEASE_MS;
  }
  const hooks = await hooksOf(tenantId);
  const transitionOf = new Map(hooks.map(({ id, notices }) => [id, notices.map(({ alert }) => alert.transitionId)]));
  // None is lost, none is in two messages; whoever knows messages by their ids has each once, and in the order of its series.
  expect((await room.deliveriesOf(tenantId)).map(({ state }) => state)).toEqual(Array(2 * told.length).fill("SENT"));
  const firsts = [...new Set(arrived())].flatMap((id) => transitionOf.get(id) ?? [id]);
  expect(firsts.toSorted()).toEqual(told.map(({ transitionId }) => transitionId).toSorted());
  for (const lane of new Set(told.map(({ fingerprint }) => fingerprint))) {
    const own = told.filter(({ fingerprint }) => fingerprint === lane).map(({ transitionId }) => transitionId);
    expect(firsts.filter((id) => own.includes(id))).toEqual(own);
  }
  // A message arrives again only where its sender ended between the receiver's answer and settling it.
  expect(receivers.accepted.length - firsts.length).toBeLessThanOrEqual(doubts);
  const manager = room.managerOf(tenantId);
  expect((await room.operations.readInbox(manager, { first: 50, unreadOnly: false })).page.items).toHaveLength(
    told.length,
  );
  return ended;
};

describe("senders that end in the middle", () => {
  test.each(["DIES", "STANDS_STILL"] as const)(
    "at whatever await, and whoever %s, lose nothing and tell nothing twice that can't be told by its id",
    async (kind) => {
      for (const when of ["BEFORE", "AFTER"] as const) {
        let ended = true;
        for (let at = 1; ended; at += 1)
          ended = await play({ series: [0, 0, 1], faults: [], crashes: [{ at, when, kind }] });
      }
    },
  );

  test("in random stories of several such ends and of receivers that fail lose nothing either", async () => {
    const crash = fc.record({
      at: fc.integer({ min: 1, max: 14 }),
      when: fc.constantFrom("BEFORE" as const, "AFTER" as const),
      kind: fc.constantFrom("DIES" as const, "STANDS_STILL" as const),
    });
    const story = fc.record({
      series: fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }),
      faults: fc.array(fc.constantFrom("503" as const, "DISCONNECT" as const), { maxLength: 2 }),
      crashes: fc.array(crash, { minLength: 1, maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(story, async (one) => {
        await play(one);
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });
});

import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { createPublicRequests } from "@tessera/platform/http/public-request";
import fc from "fast-check";
import { createCrashing, type Crash, type Crashing } from "../../testing/crashing.ts";
import { openWebhookRoom, type TestEndpoint, type WebhookRoom } from "../../testing/webhook-room.ts";
import { LEASE_MS } from "@tessera/platform/runtime/held-leases";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

const requests = createPublicRequests({ allowLoopback: true });
let room: WebhookRoom;
beforeAll(async () => {
  room = await openWebhookRoom();
});
afterAll(() => room.close());
// What one test leaves waiting no other meets.
afterEach(() => room.rest());

/** A sender of a process that ends somewhere. */
const senderOf = ({ wrap }: Crashing) => {
  const { claims } = room.stores;
  return room.sender({
    deliveries: {
      ...claims,
      claimDueAcrossTenants: wrap("claim", claims.claimDueAcrossTenants),
      loadAcrossTenants: wrap("load", claims.loadAcrossTenants),
      settle: wrap("settle", claims.settle),
      settleDeliveredAcrossTenants: wrap("settle", claims.settleDeliveredAcrossTenants),
      giveBack: wrap("give back", claims.giveBack),
    },
    requests: { send: wrap("send", requests.send) },
  });
};

/** One story: messages, in order or not, how often the receiver refuses at first, and how the processes end that send, one after the other. */
interface Story {
  readonly ordering: "NONE" | "ALL";
  readonly messages: number;
  readonly refusals: number;
  readonly crashes: readonly Crash[];
}

/** Deliveries whose message the receiver has taken, and that are not settled. */
const inDoubt = async (to: TestEndpoint, taken: readonly string[]): Promise<number> =>
  new Set(taken).size - (await room.standing(to)).filter(({ state }) => state === "DELIVERED").length;

/** Lets a process send until it has ended, or has sent what was due; answers how many messages may arrive once more for it, and whether it ended. */
const live = async (to: TestEndpoint, taken: readonly string[], crash: Crash) => {
  const crashing = createCrashing(crash);
  const sending = senderOf(crashing)
    .sendClaimed()
    .catch(() => 0);
  await Promise.race([sending, crashing.ended]);
  if (crashing.endedAt() === null) return { doubts: 0, ended: false };
  if (crash.kind === "DIES") {
    await sending;
    return { doubts: await inDoubt(to, taken), ended: true };
  }
  // What it had handed to the network arrives though it stands still.
  await new Promise((resolve) => setTimeout(resolve, 30));
  const doubts = (await inDoubt(to, taken)) + crashing.undone().filter((name) => name === "send").length;
  room.clock.ms += LEASE_MS;
  await room.drain(room.sender());
  const before = await room.standing(to);
  crashing.goOn();
  await sending;
  // It was fenced: it has settled nothing of what it held.
  expect(await room.standing(to)).toEqual(before);
  return { doubts, ended: true };
};

/** Plays a story to its end, and holds what arrived against what was told; answers whether a process ended in it. */
const play = async ({ ordering, messages, refusals, crashes }: Story): Promise<boolean> => {
  const to = await room.makeEndpoint({ ordering });
  const taken: string[] = [];
  let left = refusals;
  room.receiver.answer(to.path, ({ id }) => {
    left -= 1;
    if (left >= 0) return 503;
    taken.push(id);
    return 200;
  });
  const told = Array.from({ length: messages }, () => randomUUID());
  await room.tellJobs(to, told);
  let [doubts, ended] = [0, false];
  for (const crash of crashes) {
    const lived = await live(to, taken, crash);
    doubts += lived.doubts;
    ended ||= lived.ended;
    room.clock.ms += LEASE_MS;
  }
  for (let turn = 0; turn < 12; turn += 1) {
    await room.drain(room.sender());
    room.clock.ms += 400_000;
  }
  await room.operations.pauseWebhookEndpoint(to.caller, to.endpoint.id);
  expect((await room.standing(to)).map(({ state }) => state)).toEqual(told.map(() => "DELIVERED"));
  // None is lost; whoever knows messages by their ids has each once, and in their order where it was asked for.
  const jobOf = new Map(room.arrivedAt(to).map(({ id, data }) => [id, String(data["jobId"])]));
  const firsts = [...new Set(taken)].map((id) => jobOf.get(id) ?? id);
  expect(ordering === "ALL" ? firsts : firsts.toSorted()).toEqual(ordering === "ALL" ? told : told.toSorted());
  // A message arrives again only where its sender ended between the receiver's answer and settling it.
  expect(taken.length - firsts.length).toBeLessThanOrEqual(doubts);
  return ended;
};

describe("senders that end in the middle", () => {
  test.each(["DIES", "STANDS_STILL"] as const)(
    "at whatever await, and whoever %s, lose nothing and send nothing twice that can't be told by its id",
    async (kind) => {
      for (const when of ["BEFORE", "AFTER"] as const) {
        let ended = true;
        for (let at = 1; ended; at += 1)
          ended = await play({ ordering: "NONE", messages: 2, refusals: 0, crashes: [{ at, when, kind }] });
      }
    },
  );

  test("in random stories of several such ends, of order and of receivers that refuse lose nothing either", async () => {
    const crash = fc.record({
      at: fc.integer({ min: 1, max: 9 }),
      when: fc.constantFrom("BEFORE" as const, "AFTER" as const),
      kind: fc.constantFrom("DIES" as const, "STANDS_STILL" as const),
    });
    const story = fc.record({
      ordering: fc.constantFrom("NONE" as const, "ALL" as const),
      messages: fc.integer({ min: 1, max: 4 }),
      refusals: fc.nat(2),
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

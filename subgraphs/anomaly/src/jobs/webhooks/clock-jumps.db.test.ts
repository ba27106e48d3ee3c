import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { mendingOf } from "../../testing/mending.ts";
import { openWebhookRoom, WEBHOOK_EPOCH_MS, type TestEndpoint, type WebhookRoom } from "../../testing/webhook-room.ts";

// Both engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];
let room: WebhookRoom;
let mend: ReturnType<typeof mendingOf>;
beforeAll(async () => {
  room = await openWebhookRoom();
  mend = mendingOf(room.engines);
});
afterAll(() => room.close());
// What one test leaves waiting no other meets.
afterEach(async () => {
  await room.rest();
  room.clock.ms = WEBHOOK_EPOCH_MS;
});

const moment = fc.record({
  /** Minutes that the clock is off from here on. */
  offMinutes: fc.oneof(
    fc.constant(0),
    fc.integer({ min: -3 * 1_440, max: 60 * 1_440 }),
    fc.integer({ min: -90, max: 90 }),
  ),
  messages: fc.nat(3),
  refusals: fc.nat(4),
  passMs: fc.constantFrom(1_000, MINUTE_MS, 10 * MINUTE_MS, 5 * HOUR_MS),
});
const story = fc.record({
  ordering: fc.constantFrom("NONE" as const, "ALL" as const),
  ratePerMinute: fc.constantFrom(1, 6_000),
  moments: fc.array(moment, { minLength: 2, maxLength: 6 }),
});

/** The second message is let go, when the first is taken, by a clock that is weeks ahead, and it is not sent while that is so. */
const LET_GO_BY_A_WRONG_CLOCK: typeof story extends fc.Arbitrary<infer Story> ? Story : never = {
  ...{ ordering: "ALL", ratePerMinute: 1 },
  moments: [
    { offMinutes: -15, messages: 3, refusals: 2, passMs: 5 * HOUR_MS },
    { offMinutes: 82_739, messages: 2, refusals: 1, passMs: 5 * HOUR_MS },
  ],
};

const statesOf = async (to: TestEndpoint): Promise<readonly string[]> =>
  (await room.standing(to)).map(({ state }) => state);

describe("clocks that jump, ahead and back, by minutes and by weeks", () => {
  test("lose no message, send none twice and none out of order, disable nobody, and hold nothing for longer than the schedule once they are right", async () => {
    await fc.assert(
      fc.asyncProperty(story, async ({ ordering, ratePerMinute, moments }) => {
        const to = await room.makeEndpoint({ ordering, ratePerMinute });
        let refusals = 0;
        const taken: string[] = [];
        room.receiver.answer(to.path, ({ data }) => {
          refusals -= 1;
          if (refusals >= 0) return 503;
          taken.push(String(data["jobId"]));
          return 200;
        });
        const told: string[] = [];
        let rightMs = WEBHOOK_EPOCH_MS;
        for (const [place, one] of moments.entries()) {
          room.clock.ms = rightMs + one.offMinutes * MINUTE_MS;
          refusals = one.refusals;
          const jobs = Array.from({ length: one.messages }, () => randomUUID());
          await room.tellJobs(to, jobs, place + 1);
          told.push(...jobs);
          await room.drain(room.sender());
          room.clock.ms += one.passMs;
          await mend(to.tenantId);
          await room.drain(room.sender());
          rightMs += one.passMs;
        }
        refusals = 0;
        room.clock.ms = rightMs;
        // The longest wait of the schedule, with its jitter.
        for (let passed = 0; passed < 1.2 * DAY_MS; passed += 30 * MINUTE_MS) {
          await mend(to.tenantId);
          await room.drain(room.sender());
          if ((await statesOf(to)).every((state) => state === "DELIVERED")) break;
          room.clock.ms += 30 * MINUTE_MS;
        }
        expect(await statesOf(to)).toEqual(told.map(() => "DELIVERED"));
        expect(ordering === "ALL" ? taken : taken.toSorted()).toEqual(ordering === "ALL" ? told : told.toSorted());
        expect((await room.operations.findWebhookEndpoint(to.caller, to.endpoint.id))?.state).toBe("ACTIVE");
        expect(await mend(to.tenantId)).toBe(false);
        await room.operations.pauseWebhookEndpoint(to.caller, to.endpoint.id);
      }),
      { numRuns: 15, endOnFailure: true, examples: [[LET_GO_BY_A_WRONG_CLOCK]] },
    );
  });

  test("have a sender send nothing again that it is sending", async () => {
    const to = await room.makeEndpoint();
    let answer = (): void => undefined;
    const held = new Promise<number>((resolve) => (answer = () => resolve(200)));
    room.receiver.answer(to.path, () => held);
    await room.tellJobs(to, [randomUUID()]);
    const sender = room.sender();
    await sender.look();
    while (room.arrivedAt(to).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    room.clock.ms += DAY_MS;
    await sender.look();
    await sender.look();
    answer();
    await sender.settled();
    expect(room.arrivedAt(to)).toHaveLength(1);
    expect(await room.standing(to)).toEqual([{ state: "DELIVERED", attempts: 1, end_reason: null }]);
  });
});

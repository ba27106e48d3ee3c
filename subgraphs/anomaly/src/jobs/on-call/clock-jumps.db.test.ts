import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import fc from "fast-check";
import { parseAnomalyId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { anomaliesOf, makeRule, raise } from "../../testing/anomaly-room.ts";
import { CONTACTS, openEscalationRoom, SAVE, type EscalationRoom } from "../../testing/escalation-room.ts";
import { mendingOf } from "../../testing/mending.ts";
import { alertOf } from "../../testing/notify/notify-room.ts";
import { tellDuePages } from "./tell-pages.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

const MINUTE_MS = 60_000;
let world: EscalationRoom;
beforeAll(async () => {
  world = await openEscalationRoom();
});
afterAll(() => world.close());

const moment = fc.record({
  /** Minutes by which the clock jumps, and jumps back afterwards. */
  offMinutes: fc.oneof(fc.constant(0), fc.integer({ min: -1_440, max: 20 * 1_440 }), fc.integer({ min: -90, max: 90 })),
  tells: fc.boolean(),
  passMinutes: fc.nat(2),
});

test("Clocks that jump, ahead and back, lose no page, tell none twice, and hold none for longer than its way waits once they are right", async () => {
  const mend = mendingOf(world.room.engines);
  await fc.assert(
    fc.asyncProperty(fc.array(moment, { minLength: 1, maxLength: 5 }), async (moments) => {
      const tenantId = freshTenantId();
      const [person, channel] = [randomUUID(), await world.inboxChannel(tenantId, [])];
      const contacts = [{ channel }, { channel, after: "PT5M" }];
      await world.ask(tenantId, CONTACTS, { person, contacts });
      const steps = [{ after: "PT0S", targets: [{ kind: "PERSON", id: person }] }];
      await world.ask(tenantId, SAVE, { input: { name: "all", steps } });
      const rule = await makeRule(world.room, tenantId, { name: randomUUID(), enabled: false });
      await raise(world.room, tenantId, rule);
      const anomalyId = parseAnomalyId((await anomaliesOf(world.room, tenantId)).at(-1)?.id ?? "");
      const fingerprint = randomUUID();
      const told: string[] = [];
      const work = async (): Promise<void> => {
        await mend(tenantId);
        await tellDuePages(world.escalation.telling)();
        while ((await world.notify.sendDue()) > 0);
      };
      for (const { offMinutes, tells, passMinutes } of moments) {
        world.passTime(offMinutes * MINUTE_MS);
        if (tells) {
          const alert = alertOf(tenantId, { anomalyId, fingerprint, escalationStep: 0, atMs: world.room.clock.ms });
          told.push(alert.transitionId);
          await world.take(tenantId, [alert]);
          if (passMinutes > 0) await work();
        }
        world.passTime((passMinutes - offMinutes) * MINUTE_MS);
      }
      for (let minute = 0; minute <= 6; minute += 1) {
        await work();
        world.passTime(MINUTE_MS);
      }
      const { rows } = await world.room.engines.owner.query(
        "SELECT DISTINCT outcome FROM escalation_page WHERE tenant_id = $1",
        [tenantId],
      );
      expect(rows).toEqual(told.length === 0 ? [] : [{ outcome: "TOLD" }]);
      // By both ways, which are one channel and one person: the second finds that they have it.
      expect((await world.told(tenantId)).toSorted()).toEqual(told.map((id) => `USER:${person} ${id}`).toSorted());
      expect(await mend(tenantId)).toBe(false);
    }),
    { numRuns: 12, endOnFailure: true },
  );
});

import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { z } from "zod";
import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import { parseAnomalyId, type TenantId } from "@tessera/contracts/ids";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { anomaliesOf, makeRule, raise } from "../../testing/anomaly-room.ts";
import { CONTACTS, openEscalationRoom, SAVE, type EscalationRoom } from "../../testing/escalation-room.ts";
import { alertOf } from "../../testing/notify/notify-room.ts";
import { SEND_LEASE_MS, sendDueDeliveries } from "../notify/send-due-deliveries.ts";
import { tellDuePages, type TellPagesDeps } from "./tell-pages.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let world: EscalationRoom;
beforeAll(async () => {
  world = await openEscalationRoom();
});
afterAll(() => world.close());

const MINUTE_MS = 60_000;

/** A pager that dies before it commits the first page it tells. */
const dyingPager = (telling: TellPagesDeps) =>
  tellDuePages({
    ...telling,
    pagesWithin: (transaction, tenantId) => ({
      ...telling.pagesWithin(transaction, tenantId),
      finish: () => Promise.reject(new Error("The process died before it committed.")),
    }),
    pages: { ...telling.pages, postpone: () => Promise.resolve() },
  });
/** A sender that dies after it has sent. */
const dyingSender = () =>
  sendDueDeliveries({
    ...{ ...world.notify.sending, random: () => 0 },
    deliveries: {
      ...world.notify.sending.deliveries,
      settle: () => Promise.reject(new Error("The process died before it settled.")),
    },
  });

const anomalyOf = async (tenantId: TenantId): Promise<string> => {
  const rule = await makeRule(world.room, tenantId, { name: randomUUID(), enabled: false });
  await raise(world.room, tenantId, rule);
  return (await anomaliesOf(world.room, tenantId)).at(-1)?.id ?? "";
};
const stands = (tenantId: TenantId, id: string, state: "ACKNOWLEDGED" | "RESOLVED") =>
  world.room.engines.owner.query(
    `UPDATE anomaly SET state = $3, acknowledgement = jsonb_build_object('atMs', 0, 'by', jsonb_build_object('kind', 'USER', 'id', 'x'), 'note', null),
      resolution = CASE WHEN $3 = 'RESOLVED' THEN jsonb_build_object('cause', 'CALLER', 'atMs', 0) END WHERE tenant_id = $1 AND id = $2`,
    [tenantId, id, state],
  );

type Step =
  | "TELL"
  | "TELL_AGAIN"
  | "TELL_AND_DIE"
  | "PAGE"
  | "PAGE_AND_DIE"
  | "SEND"
  | "SEND_AND_DIE"
  | "WAIT"
  | "ACKNOWLEDGE"
  | "RESOLVE";

test("Whatever dies in between, each step of an alert reaches each of those it is told to once, and none is lost", async () => {
  const steps = fc.array(
    fc.constantFrom<Step>(
      ...(["TELL", "TELL", "TELL_AGAIN", "TELL_AND_DIE", "PAGE", "PAGE_AND_DIE", "SEND", "SEND_AND_DIE"] as const),
      ...(["WAIT", "ACKNOWLEDGE", "RESOLVE"] as const),
    ),
    { minLength: 5, maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (story) => {
      const tenantId = freshTenantId();
      const [ada, bob, team] = [randomUUID(), randomUUID(), randomUUID()];
      const [own, shared] = [
        await world.inboxChannel(tenantId, []),
        await world.inboxChannel(tenantId, [`USER:${team}`]),
      ];
      for (const person of [ada, bob])
        await world.ask(tenantId, CONTACTS, {
          person,
          contacts: [{ channel: own }, ...(person === bob ? [{ channel: own, after: "PT1M" }] : [])],
        });
      const targets = [ada, bob].map((id) => ({ kind: "PERSON", id }));
      const input = {
        name: "all",
        steps: [
          { after: "PT0S", targets },
          { after: "PT1M", targets: [{ kind: "CHANNEL", id: shared }, ...targets] },
        ],
      };
      await world.ask(tenantId, SAVE, { input });
      const id = await anomalyOf(tenantId);
      const [anomalyId, series] = [parseAnomalyId(id), randomUUID()];
      const alerts: AlertChanged[] = [];
      let [over, looked] = [false, false];
      const next = (more: Partial<AlertChanged> = {}): AlertChanged => {
        const reason = alerts.length === 0 ? "BREACHED_LONG_ENOUGH" : "ESCALATED";
        const escalationStep = alerts.length % 2;
        const alert = alertOf(tenantId, { anomalyId, fingerprint: series, reason, escalationStep, ...more });
        alerts.push(alert);
        return alert;
      };
      const pending: AlertChanged[] = [];
      const tellAll = async (crash: boolean): Promise<void> => {
        await world.take(tenantId, pending, crash);
        pending.length = 0;
      };
      const die = (work: Promise<unknown>): Promise<unknown> => work.catch(() => null);
      const play: Readonly<Record<Step, () => Promise<unknown>>> = {
        TELL: async () => {
          if (!over && !looked) pending.push(next());
          await tellAll(false);
        },
        TELL_AGAIN: () =>
          world.take(
            tenantId,
            alerts.filter((alert) => !pending.includes(alert)),
          ),
        TELL_AND_DIE: async () => {
          if (!over && !looked) pending.push(next());
          await die(world.take(tenantId, pending, true));
        },
        PAGE: () => tellDuePages(world.escalation.telling)(),
        PAGE_AND_DIE: () => die(dyingPager(world.escalation.telling)()),
        SEND: () => world.notify.sendDue(),
        SEND_AND_DIE: () => die(dyingSender()()),
        WAIT: () => Promise.resolve(world.passTime(MINUTE_MS)),
        ACKNOWLEDGE: async () => {
          if (over || looked || alerts.length === 0) return;
          looked = true;
          await stands(tenantId, id, "ACKNOWLEDGED");
          pending.push(next({ to: "ACKNOWLEDGED", reason: "ACKNOWLEDGED_BY_CALLER" }));
        },
        RESOLVE: async () => {
          if (over || alerts.length === 0) return;
          over = true;
          await stands(tenantId, id, "RESOLVED");
          pending.push(next({ to: "RESOLVED", reason: "RETURNED_LONG_ENOUGH" }));
        },
      };
      for (const step of story) await play[step]();
      await tellAll(false);
      for (let round = 0; round < 6; round += 1) {
        await tellDuePages(world.escalation.telling)();
        await world.notify.sendDue();
        world.passTime(SEND_LEASE_MS);
      }
      const reached = await world.told(tenantId);
      expect(new Set(reached).size).toBe(reached.length);
      const pages = z
        .array(
          z.object({
            transition_id: z.string(),
            target_kind: z.string(),
            target_id: z.string(),
            person_id: z.string().nullable(),
            outcome: z.string().nullable(),
          }),
        )
        .parse(
          (
            await world.room.engines.owner.query("SELECT * FROM escalation_page WHERE tenant_id = $1 ORDER BY seq", [
              tenantId,
            ])
          ).rows,
        );
      // Everybody a step names has a page, and each page has come to an end.
      for (const { transitionId, escalationStep, to } of alerts) {
        const named = to !== "FIRING" ? [] : escalationStep === 0 ? [ada, bob] : [shared, ada, bob];
        const paged = pages.filter(
          (page) =>
            page.transition_id === transitionId && page.target_kind !== "CONTACT" && page.target_kind !== "TOLD",
        );
        expect(paged.map((page) => page.target_id).toSorted()).toEqual(named.toSorted());
      }
      for (const { transition_id: transition, target_kind: kind, target_id: target, outcome } of pages) {
        expect(["TOLD", "NOT_NEEDED", "NO_CHANNEL"]).toContain(outcome);
        if (!over && !looked) expect(outcome).toBe("TOLD");
        if (outcome === "TOLD" && kind === "PERSON") expect(reached).toContain(`USER:${target} ${transition}`);
        if (outcome === "TOLD" && kind === "CHANNEL") expect(reached).toContain(`USER:${team} ${transition}`);
      }
      // Who was told of it is told what became of it.
      const end = alerts.findLast(({ to }) => to !== "FIRING");
      const before = new Set(
        reached.flatMap((one) => {
          const [person = "", transition = ""] = one.split(" ");
          return alerts.find(({ transitionId }) => transitionId === transition)?.to === "FIRING" ? [person] : [];
        }),
      );
      if (end !== undefined) for (const person of before) expect(reached).toContain(`${person} ${end.transitionId}`);
    }),
    { numRuns: 12, endOnFailure: true },
  );
});

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
import { sendDueDeliveries } from "../notify/send-due-deliveries.ts";
import { LEASE_MS } from "@tessera/platform/runtime/held-leases";
import { tellDuePages, type TellPagesDeps } from "./tell-pages.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let world: EscalationRoom;
beforeAll(async () => {
  world = await openEscalationRoom();
});
afterAll(() => world.close());

const MINUTE_MS = 60_000;
/** Rounds in which what processes held that died is taken over, and every page comes to its end. */
const ROUNDS_TO_END = 6;

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

/** Two people with ways to be reached, a team's inbox, an escalation that tells them, and an anomaly. */
const makePeople = async (tenantId: TenantId) => {
  const [ada, bob, team] = [randomUUID(), randomUUID(), randomUUID()];
  const [own, shared] = [await world.inboxChannel(tenantId, []), await world.inboxChannel(tenantId, [`USER:${team}`])];
  for (const person of [ada, bob])
    await world.ask(tenantId, CONTACTS, {
      person,
      contacts: [{ channel: own }, ...(person === bob ? [{ channel: own, after: "PT1M" }] : [])],
    });
  const targets = [ada, bob].map((id) => ({ kind: "PERSON", id }));
  const steps = [
    { after: "PT0S", targets },
    { after: "PT1M", targets: [{ kind: "CHANNEL", id: shared }, ...targets] },
  ];
  await world.ask(tenantId, SAVE, { input: { name: "all", steps } });
  return { ada, bob, team, shared, anomaly: await anomalyOf(tenantId) };
};

const die = (work: Promise<unknown>): Promise<unknown> => work.catch(() => null);

/** Transitions of one anomaly, and who takes them while processes die. */
const openStory = (tenantId: TenantId, anomaly: string) => {
  const [anomalyId, series] = [parseAnomalyId(anomaly), randomUUID()];
  const [alerts, pending]: [AlertChanged[], AlertChanged[]] = [[], []];
  let stage: "FIRING" | "ACKNOWLEDGED" | "RESOLVED" = "FIRING";
  const next = (more: Partial<AlertChanged>): void => {
    const reason = alerts.length === 0 ? "BREACHED_LONG_ENOUGH" : "ESCALATED";
    const escalationStep = alerts.length % 2;
    const alert = alertOf(tenantId, { anomalyId, fingerprint: series, reason, escalationStep, ...more });
    alerts.push(alert);
    pending.push(alert);
  };
  const fire = (): void => {
    if (stage === "FIRING") next({});
  };
  const takeAll = async (): Promise<void> => {
    await world.take(tenantId, pending);
    pending.length = 0;
  };
  const become = async (to: "ACKNOWLEDGED" | "RESOLVED", reason: string): Promise<void> => {
    if (alerts.length === 0 || stage === "RESOLVED" || stage === to) return;
    stage = to;
    await stands(tenantId, anomaly, to);
    next({ to, reason });
  };
  const play: Readonly<Record<Step, () => Promise<unknown>>> = {
    TELL: () => {
      fire();
      return takeAll();
    },
    TELL_AGAIN: () => {
      const taken = alerts.filter((alert) => !pending.includes(alert));
      return world.take(tenantId, taken);
    },
    TELL_AND_DIE: () => {
      fire();
      return die(world.take(tenantId, pending, true));
    },
    PAGE: () => tellDuePages(world.escalation.telling)(),
    PAGE_AND_DIE: () => die(dyingPager(world.escalation.telling)()),
    SEND: () => world.notify.sendDue(),
    SEND_AND_DIE: () => die(dyingSender()()),
    WAIT: () => Promise.resolve(world.passTime(MINUTE_MS)),
    ACKNOWLEDGE: () => become("ACKNOWLEDGED", "ACKNOWLEDGED_BY_CALLER"),
    RESOLVE: () => become("RESOLVED", "RETURNED_LONG_ENOUGH"),
  };
  return { alerts, play, takeAll, stage: () => stage };
};

const pageRows = z.array(
  z.object({
    ...{ transition_id: z.string(), target_kind: z.string(), target_id: z.string() },
    outcome: z.string().nullable(),
  }),
);
const pagesIn = async (tenantId: TenantId) => {
  const text = "SELECT * FROM escalation_page WHERE tenant_id = $1 ORDER BY seq";
  return pageRows.parse((await world.room.engines.owner.query(text, [tenantId])).rows);
};

type People = Awaited<ReturnType<typeof makePeople>>;

/** Everybody a step names has a page, each page has come to an end, and what it told has arrived. */
const expectPages = async (tenantId: TenantId, story: ReturnType<typeof openStory>, people: People): Promise<void> => {
  const { ada, bob, team, shared } = people;
  const [pages, reached] = [await pagesIn(tenantId), await world.told(tenantId)];
  for (const { transitionId, escalationStep, to } of story.alerts) {
    const named = to !== "FIRING" ? [] : escalationStep === 0 ? [ada, bob] : [shared, ada, bob];
    const paged = pages.filter(
      ({ transition_id: id, target_kind: kind }) => id === transitionId && kind !== "CONTACT" && kind !== "TOLD",
    );
    expect(paged.map((page) => page.target_id).toSorted()).toEqual(named.toSorted());
  }
  for (const { transition_id: transition, target_kind: kind, target_id: target, outcome } of pages) {
    expect(["TOLD", "NOT_NEEDED", "NO_CHANNEL"]).toContain(outcome);
    if (story.stage() === "FIRING") expect(outcome).toBe("TOLD");
    if (outcome === "TOLD" && kind === "PERSON") expect(reached).toContain(`USER:${target} ${transition}`);
    if (outcome === "TOLD" && kind === "CHANNEL") expect(reached).toContain(`USER:${team} ${transition}`);
  }
};

/** Nobody has a step twice, and who was told of an anomaly is told what became of it. */
const expectOnce = async (tenantId: TenantId, { alerts }: ReturnType<typeof openStory>): Promise<void> => {
  const reached = await world.told(tenantId);
  expect(new Set(reached).size).toBe(reached.length);
  const end = alerts.findLast(({ to }) => to !== "FIRING");
  if (end === undefined) return;
  for (const one of reached) {
    const [person = "", transition = ""] = one.split(" ");
    const firing = alerts.find(({ transitionId }) => transitionId === transition)?.to === "FIRING";
    if (firing) expect(reached).toContain(`${person} ${end.transitionId}`);
  }
};

test("Whatever dies in between, each step of an alert reaches each of those it is told to once, and none is lost", async () => {
  const steps = fc.array(
    fc.constantFrom<Step>(
      ...(["TELL", "TELL", "TELL_AGAIN", "TELL_AND_DIE", "PAGE", "PAGE_AND_DIE", "SEND", "SEND_AND_DIE"] as const),
      ...(["WAIT", "ACKNOWLEDGE", "RESOLVE"] as const),
    ),
    { minLength: 5, maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (played) => {
      const tenantId = freshTenantId();
      const people = await makePeople(tenantId);
      const story = openStory(tenantId, people.anomaly);
      for (const step of played) await story.play[step]();
      await story.takeAll();
      // A person is told the steps of one alert one after another, one in a round.
      for (let round = 0; round < story.alerts.length + ROUNDS_TO_END; round += 1) {
        await story.play.PAGE();
        await story.play.SEND();
        world.passTime(LEASE_MS);
      }
      await expectPages(tenantId, story, people);
      await expectOnce(tenantId, story);
    }),
    { numRuns: 12, endOnFailure: true },
  );
});

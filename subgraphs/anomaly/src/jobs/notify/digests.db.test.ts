import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { TenantId } from "@tessera/contracts/ids";
import { LEASE_MS } from "@tessera/platform/runtime/held-leases";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import fc from "fast-check";
import type { QuietHours } from "../../domain/notify/quiet-hours.ts";
import { createCrashing, type Crash } from "../../testing/crashing.ts";
import { openMailServer, type MailServer } from "../../testing/notify/mail-server.ts";
import { alertOf, NOTIFY_EPOCH_MS, openNotifyRoom, type NotifyRoom } from "../../testing/notify/notify-room.ts";
import { referenceDigest, referenceQuiet } from "../../testing/notify/reference-clock.ts";
import { sendDueDeliveries } from "./send-due-deliveries.ts";

// The engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let relay: MailServer;
let room: NotifyRoom;
beforeAll(async () => {
  relay = await openMailServer();
  room = await openNotifyRoom({ mailRelay: { ...relay, from: "alerts@tessera.example", tls: "REQUIRED" } });
});
afterEach(async () => {
  await room.engines.owner.query(
    "UPDATE notify_delivery SET state = 'DROPPED', finished_at = due_at WHERE finished_at IS NULL",
  );
  room.clock.ms = NOTIFY_EPOCH_MS;
});
afterAll(async () => {
  await room.close();
  await relay.close();
});

const [MINUTE_MS, ZONE] = [60_000, "Europe/Berlin"];
/** Noons before nights in which clocks are set on, set back, and are not touched. */
const NOONS = ["1992-03-28T12:00:00Z", "1992-09-26T12:00:00Z", "1992-02-04T12:00:00Z"].map((noon) => Date.parse(noon));
/** Digests with the minutes of the day they name; one in the hour that clocks skip, and show twice. */
const DIGESTS = [
  { cron: "30 2 * * *", names: (minute: number) => minute === 150 },
  { cron: "0 8 * * *", names: (minute: number) => minute === 480 },
  { cron: "15 */3 * * *", names: (minute: number) => minute % 180 === 15 },
];
const clockText = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** Alerts at minutes of two days, of which team, how bad, and how the process ends that sends next, if it does. */
const story = fc.record({
  noonMs: fc.constantFrom(...NOONS),
  digest: fc.constantFrom(...DIGESTS),
  quiet: fc.record({ fromMinute: fc.constantFrom(1_260, 1_380, 60), toMinute: fc.constantFrom(150, 390, 420) }),
  alerts: fc.array(
    fc.record({
      minute: fc.nat(2 * 1_440),
      team: fc.constantFrom("shop", "web"),
      severity: fc.constantFrom("WARNING", "WARNING", "WARNING", "CRITICAL"),
    }),
    { minLength: 4, maxLength: 12 },
  ),
  crashes: fc.array(
    fc.option(fc.record({ at: fc.integer({ min: 1, max: 5 }), when: fc.constantFrom("BEFORE", "AFTER") }), {
      nil: null,
    }),
    { minLength: 1, maxLength: 6 },
  ),
});
type Story = typeof story extends fc.Arbitrary<infer One> ? One : never;

interface Expected {
  readonly alert: AlertChanged;
  readonly team: string;
  readonly toldMs: number;
  /** The message it is in: everything of one name. */
  readonly message: string;
}

/** When an alert is to be told and together with what, minute by minute on clocks on the wall. */
const expectedOf = ({ noonMs, digest, quiet, alerts }: Story, tenantId: TenantId): readonly Expected[] => {
  const hours: QuietHours = { ...quiet, weekdays: [], timeZone: ZONE, except: "CRITICAL" };
  const isQuiet = referenceQuiet(hours);
  /** When the message of a team is told that quiet hours hold. */
  const held = new Map<string, number>();
  return alerts
    .toSorted((a, b) => a.minute - b.minute)
    .map(({ minute, team, severity }, place) => {
      const atMs = noonMs + minute * MINUTE_MS + 30_000;
      const labels = { rule: `Rule ${place}.`, severity, team };
      const alert = alertOf(tenantId, { atMs, severity, labels, ruleName: `Rule ${place}.` });
      if (severity === "CRITICAL") return { alert, team, toldMs: atMs, message: alert.transitionId };
      const digestMs = referenceDigest(digest.names, ZONE, atMs);
      let overMs = digestMs;
      while (isQuiet(overMs)) overMs += MINUTE_MS;
      if (overMs === digestMs) return { alert, team, toldMs: digestMs, message: `${team} ${digestMs} digest` };
      // What is to be held goes with what is held already, though its digest would come later.
      const heldMs = held.get(team) ?? 0;
      const together = heldMs > atMs ? heldMs : overMs;
      held.set(team, together);
      return { alert, team, toldMs: together, message: `${team} ${together} held` };
    });
};

/** A sender that dies at one of its awaits, then one that does not. */
const send = async (crash: Omit<Crash, "kind"> | null): Promise<void> => {
  const { deliveries, send: sendOut } = room.sending;
  const { wrap } = createCrashing(crash === null ? null : { ...crash, kind: "DIES" });
  await sendDueDeliveries({
    ...{ ...room.sending, random: () => 0, send: wrap("send", sendOut) },
    deliveries: {
      ...deliveries,
      claimDueAcrossTenants: wrap("claim", deliveries.claimDueAcrossTenants),
      begin: wrap("begin", deliveries.begin),
      settle: wrap("settle", deliveries.settle),
    },
  })().catch(() => 0);
  room.clock.ms += LEASE_MS;
  while ((await room.sendDue()) > 0);
};

/** Lets time pass from moment to moment: alerts are taken when they fire, and senders look then and when something is due. */
const live = async ({ crashes }: Story, tenantId: TenantId, expected: readonly Expected[]): Promise<void> => {
  const moments = new Set(expected.flatMap(({ alert, toldMs }) => [alert.atMs, toldMs]));
  let turn = 0;
  for (const atMs of [...moments].toSorted((a, b) => a - b)) {
    // Just before, nothing is due.
    room.clock.ms = atMs - 1;
    expect(await room.sendDue()).toBe(0);
    room.clock.ms = atMs;
    const fired = expected.flatMap(({ alert }) => (alert.atMs === atMs ? [alert] : []));
    if (fired.length > 0) await room.tell(tenantId, fired);
    await send(crashes[turn % crashes.length] ?? null);
    turn += 1;
  }
};

const namedIn = (text: string): readonly string[] => [...new Set(text.match(/Rule \d+\./g))].toSorted();
const idOf = (text: string): string => /^Message-ID: <([^@>]+)@/im.exec(text)?.[1] ?? "none";

const play = async (one: Story): Promise<void> => {
  const tenantId = freshTenantId();
  relay.taken.splice(0);
  room.clock.ms = one.noonMs;
  const { fromMinute, toMinute } = one.quiet;
  const channelOf = (name: string): Promise<string> =>
    room.makeChannel(tenantId, {
      ...{ name, email: { recipients: [`${name}@example.com`] }, rateCap: { messages: 1_000, windowSeconds: 60 } },
      digest: { cron: one.digest.cron, timeZone: ZONE, except: "CRITICAL" },
      quietHours: { from: clockText(fromMinute), to: clockText(toMinute), timeZone: ZONE, except: "CRITICAL" },
    });
  const [shop, web] = [await channelOf("shop"), await channelOf("web")];
  const matchers = [{ label: "team", operator: "EQUALS" as const, values: ["web"] }];
  const routes = [{ name: "web", goesOn: false, channels: [web], matchers }];
  await room.route(tenantId, [shop], { groupBy: [], routes });
  const expected = expectedOf(one, tenantId);
  await live(one, tenantId, expected);

  const messages = [...new Set(expected.map(({ message }) => message))].map((name) =>
    expected.filter(({ message }) => message === name),
  );
  const deliveries = await room.deliveriesOf(tenantId);
  const toldIn = deliveries.map(({ channelName, state, notices, begunAtMs }) => ({
    ...{ channelName, state, rules: notices.map(({ alert }) => alert.ruleName).toSorted() },
    // Whoever died had it begun a lease later.
    toldMs: Math.floor((begunAtMs ?? 0) / 30_000) * 30_000,
  }));
  const due = messages.map((of) => ({
    ...{ channelName: of[0]?.team, state: "SENT", rules: of.map(({ alert }) => alert.ruleName).toSorted() },
    toldMs: of[0]?.toldMs,
  }));
  const inOrder = (all: readonly { readonly rules: readonly string[] }[]) =>
    all.toSorted((a, b) => ((a.rules[0] ?? "") < (b.rules[0] ?? "") ? -1 : 1));
  expect(inOrder(toldIn)).toEqual(inOrder(due));
  // Each delivery is one mail to its recipient, which names all of it and nothing else; what came again came under its id.
  const mails = new Map(relay.taken.map(({ text, to }) => [idOf(text), { to, names: namedIn(text) }]));
  expect(Object.fromEntries(mails)).toEqual(
    Object.fromEntries(
      deliveries.map(({ id, channelName, notices }) => [
        id,
        { to: [`${channelName}@example.com`], names: notices.map(({ alert }) => alert.ruleName).toSorted() },
      ]),
    ),
  );
};

describe("digests, with quiet hours around them and senders that die between", () => {
  test("tell everything of the time since the last one in one mail, when the clock of the zone shows it, whatever clocks are set", async () => {
    await fc.assert(fc.asyncProperty(story, play), { numRuns: 12, endOnFailure: true });
  });
});

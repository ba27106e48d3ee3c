import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { TenantId } from "@tessera/contracts/ids";
import fc from "fast-check";
import { z } from "zod";
import type { AlertSignal, AlertTransition } from "./domain/alerts/alert-state.ts";
import { policyOf } from "./testing/alert-stories.ts";
import { NOTIFY_EPOCH_MS, openNotifyRoom, type NotifyRoom } from "./testing/notify/notify-room.ts";
import { openReceivers, type Receivers } from "./testing/notify/receivers.ts";
import {
  HOUR_MS,
  openQuestionWorld,
  START_MS,
  type QuestionWorld,
  type WorldTenant,
} from "./testing/question-world.ts";
import { lasts } from "./testing/reference-alert.ts";
import { recount } from "./testing/reference-alert-steps.ts";

// Engines are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let is: QuestionWorld;
let people: NotifyRoom;
let receivers: Receivers;
beforeAll(async () => {
  is = openQuestionWorld();
  receivers = await openReceivers();
  people = await openNotifyRoom();
});
afterEach(() => is.reset());
afterAll(async () => {
  await is.room.close();
  await people.close();
  await receivers.close();
});

const MINUTE_MS = 60_000;
/** The hour of the first bucket that counts. */
const FIRST = 9;
const COUNTRIES = ["DE", "FR", "PL"] as const;
/** Calm; what the child's bound tells; what the parent's tells, too. */
const COUNTS = { ".": 10, B: 150, X: 450 } as const;
type Letter = keyof typeof COUNTS;
type Hour = Readonly<Record<(typeof COUNTRIES)[number], Letter>>;
/** When in an hour each rule is judged, in minutes: the parent first. */
const RULES = [
  { name: "parent", high: 400, minute: 1 },
  { name: "child", high: 100, minute: 6 },
] as const;
type RuleName = (typeof RULES)[number]["name"];
const ALERTING = { flapping: { changes: 3, window: "PT5H" } };

const logRows = z.array(z.object({ payload: z.looseObject({ transitionId: z.string() }) }));
const toldOf = async (tenantId: TenantId): Promise<readonly AlertChanged[]> => {
  const text =
    "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = 'alert.changed' ORDER BY transaction_id, sequence";
  const rows = logRows.parse((await is.room.engines.owner.query(text, [tenantId])).rows);
  // boundary: what the log keeps is what evaluators wrote
  return rows.map(({ payload }) => payload as unknown as AlertChanged);
};
const seriesOf = ({ ruleName, group }: Pick<AlertChanged, "ruleName" | "group">): string =>
  `${ruleName} ${group[0]?.value ?? ""}`;

/** The moment on the wall clock at which a rule judges an hour of a story. */
const atOf = (place: number, minute: number): number => START_MS + (FIRST + 1 + place) * HOUR_MS + minute * MINUTE_MS;

/** What an alert is told in each hour of a story, and what that leads to, found anew from all of it. */
const stepsOf = (
  hours: readonly Hour[],
  country: (typeof COUNTRIES)[number],
  { high, minute }: (typeof RULES)[number],
  isInhibited: (place: number) => boolean,
): readonly (readonly AlertTransition[])[] => {
  const signals: AlertSignal[] = [];
  const before = { count: 0 };
  return hours.map((hour, place) => {
    const [atMs, count] = [atOf(place, minute), COUNTS[hour[country]]];
    const bucket = { atMs: START_MS + (FIRST + place) * HOUR_MS, untilMs: START_MS + (FIRST + 1 + place) * HOUR_MS };
    const finding =
      count > high ? ({ outcome: "ANOMALOUS", score: 2 } as const) : ({ outcome: "NORMAL", score: 0 } as const);
    const context: AlertSignal = { kind: "CONTEXT", silences: isInhibited(place) ? ["INHIBITED"] : [], atMs };
    const judged: readonly AlertSignal[] = [
      { kind: "FINDING", bucket, finding, impact: null, atMs },
      { kind: "TICK", atMs },
    ];
    const policy = policyOf(ALERTING);
    const led = recount(policy, [...signals, context, ...judged]).slice(before.count);
    const again = led.find(({ reason, notify, to }) => notify && reason !== "BREACHED_LONG_ENOUGH" && lasts(to));
    const isOver =
      again !== undefined &&
      led.some(({ from, to, episode }) => lasts(from) && !lasts(to) && episode === again.episode);
    // Nobody is told that something goes on and, by the same look, that it is over.
    signals.push(...(isOver ? [...judged, context] : [context, ...judged]));
    const all = recount(policy, signals);
    const own = all.slice(before.count);
    before.count = all.length;
    return own;
  });
};

/** What all alerts of a story do, hour by hour, by series. */
const storyOf = (hours: readonly Hour[]): ReadonlyMap<string, readonly (readonly AlertTransition[])[]> => {
  const all = new Map<string, readonly (readonly AlertTransition[])[]>();
  for (const country of COUNTRIES) {
    const parent = stepsOf(hours, country, RULES[0], () => false);
    const isOpen = (place: number): boolean =>
      lasts(
        parent
          .slice(0, place + 1)
          .flat()
          .at(-1)?.to ?? "OK",
      );
    all.set(`parent ${country}`, parent);
    all.set(`child ${country}`, stepsOf(hours, country, RULES[1], isOpen));
  }
  return all;
};

interface Counts {
  readonly NEW: number;
  readonly CHANGED: number;
  readonly OVER: number;
  readonly STILL: number;
}

/** The messages about groups, one for each hour and country of which anything is told: how many alerts are new, changed, over, and still open. */
const groupMessagesOf = (hours: readonly Hour[]): readonly { readonly place: number; readonly counts: Counts }[] => {
  const story = storyOf(hours);
  const messages: { place: number; counts: Counts }[] = [];
  for (const country of COUNTRIES) {
    // Anomalies that people were told are open: each episode is one of its own.
    const believed = new Set<string>();
    hours.forEach((_hour, place) => {
      const counts = { NEW: 0, CHANGED: 0, OVER: 0, STILL: 0 };
      for (const { name } of RULES) {
        const led = story.get(`${name} ${country}`) ?? [];
        const past = led.slice(0, place + 1).flat();
        const stands = past.at(-1);
        const open = stands !== undefined && lasts(stands.to) ? `${name} ${stands.episode ?? ""}` : null;
        const news = new Map<string, AlertTransition>(
          (led[place] ?? []).flatMap((one) => (one.notify ? [[`${name} ${one.episode ?? ""}`, one] as const] : [])),
        );
        if (open !== null && believed.has(open) && !news.has(open)) counts.STILL += 1;
        for (const [anomaly, { to }] of news) {
          counts[!lasts(to) ? "OVER" : believed.has(anomaly) ? "CHANGED" : "NEW"] += 1;
          if (lasts(to)) believed.add(anomaly);
          else believed.delete(anomaly);
        }
      }
      if (counts.NEW + counts.CHANGED + counts.OVER > 0) messages.push({ place, counts });
    });
  }
  return messages.toSorted((a, b) => a.place - b.place || JSON.stringify(a).localeCompare(JSON.stringify(b)));
};

const INHIBIT = `mutation ($input: InhibitionInput!) { createInhibition(input: $input) { __typename } }`;
const isRule = (name: RuleName) => [{ label: "rule", operator: "EQUALS", values: [name] }];

/** Two rules, of which the one explains the other country by country, and two channels: of groups, and of each step. */
const open = async (hours: readonly Hour[]): Promise<WorldTenant> => {
  const tenant = is.openTenant();
  for (const country of COUNTRIES)
    is.world.counts.set(country, (hour) => COUNTS[hours[hour - FIRST]?.[country] ?? "."]);
  const input = { name: "explained", source: isRule("parent"), target: isRule("child"), equal: ["country"] };
  expect((await tenant.ask(INHIBIT, { input })).errors).toBeUndefined();
  for (const { name, high, minute } of RULES) {
    is.room.clock.ms = atOf(0, minute);
    const detector = { static: { side: "ABOVE", high } };
    await is.makeRule(tenant, { name, detector, alerting: ALERTING, evaluationIntervalSeconds: 3_600 });
  }
  const webhook = { url: `${receivers.url}/hook` };
  const grouped = await people.makeChannel(tenant.tenantId, { name: "groups", webhook });
  const each = await people.makeChannel(tenant.tenantId, { name: "each", webhook });
  const times = { groupWaitSeconds: 600, groupIntervalSeconds: 600 };
  await people.route(tenant.tenantId, [], {
    routes: [
      { name: "groups", goesOn: true, channels: [grouped], groupBy: ["country"], ...times },
      { name: "each", channels: [each], groupBy: [] },
    ],
  });
  return tenant;
};

const play = async (hours: readonly Hour[]): Promise<void> => {
  const { tenantId } = await open(hours);
  receivers.accepted.length = 0;
  let taken = 0;
  for (const [place] of hours.entries()) {
    for (const { minute } of RULES) {
      is.room.clock.ms = atOf(place, minute);
      people.clock.ms = NOTIFY_EPOCH_MS + place * HOUR_MS + minute * MINUTE_MS;
      expect(await is.room.worker()()).toBe(1);
      const news = (await toldOf(tenantId)).slice(taken);
      taken += news.length;
      if (news.length > 0) await people.tell(tenantId, news);
      while ((await people.sendDue()) > 0);
    }
    people.clock.ms += 15 * MINUTE_MS;
    while ((await people.sendDue()) > 0);
  }
  const story = storyOf(hours);
  const said = ({
    from,
    to,
    reason,
    notify,
    silence,
  }: Pick<AlertChanged, "from" | "to" | "reason" | "notify" | "silence">) =>
    `${from}>${to} ${reason} ${notify ? "told" : (silence ?? "-")}`;
  const log = await toldOf(tenantId);
  for (const [series, led] of story)
    expect([series, log.filter((one) => seriesOf(one) === series).map(said)]).toEqual([series, led.flat().map(said)]);
  const told = [...story.values()].flat(2).filter(({ notify }) => notify);
  const deliveries = await people.deliveriesOf(tenantId);
  expect(deliveries.filter(({ state }) => state !== "SENT")).toEqual([]);
  expect(deliveries.filter(({ channelName }) => channelName === "each")).toHaveLength(told.length);
  const groups = deliveries.flatMap(({ channelName, begunAtMs, group }) =>
    channelName === "groups"
      ? [{ place: Math.floor(((begunAtMs ?? 0) - NOTIFY_EPOCH_MS) / HOUR_MS), counts: group?.counts }]
      : [],
  );
  const inOrder = groups.toSorted((a, b) => a.place - b.place || JSON.stringify(a).localeCompare(JSON.stringify(b)));
  expect(inOrder).toEqual(groupMessagesOf(hours));
  expect(receivers.accepted).toHaveLength(deliveries.length);
};

const letter = fc.constantFrom<Letter>(".", ".", "B", "X");
const hour = fc.record({ DE: letter, FR: letter, PL: letter });

test("Of stories that group, flap and explain one another, through the evaluator and the senders, people get the messages they should, no more and no fewer", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(hour, { minLength: 4, maxLength: 12 }), async (hours) => {
      await play(hours);
      await is.reset();
    }),
    { numRuns: 8, endOnFailure: true },
  );
});

test("An alert that begins and ends again and again is told as often as its policy lets it be, and what its parent explains is not told at all", async () => {
  const DE: readonly Letter[] = ["B", ".", "B", ".", "B", ".", ".", ".", ".", ".", ".", ".", "X", "X", "."];
  const FR: readonly Letter[] = [".", ".", "X", "B"];
  const hours = DE.map((letterOf, place): Hour => ({ DE: letterOf, FR: FR[place] ?? ".", PL: "." }));
  await play(hours);
  const told = (series: string): readonly string[] =>
    [...(storyOf(hours).get(series) ?? [])].flatMap((led, place) =>
      led.flatMap(({ notify, reason }) => (notify ? [`${place} ${reason}`] : [])),
    );
  expect(told("parent DE")).toEqual(["12 BREACHED_LONG_ENOUGH", "14 RETURNED_LONG_ENOUGH"]);
  expect(told("child DE")).toEqual([
    ...["0 BREACHED_LONG_ENOUGH", "1 RETURNED_LONG_ENOUGH", "2 FLAPPING_BEGAN", "10 FLAPPING_ENDED"],
  ]);
  expect(told("child FR")).toEqual(["3 SILENCE_ENDED", "4 RETURNED_LONG_ENOUGH"]);
});

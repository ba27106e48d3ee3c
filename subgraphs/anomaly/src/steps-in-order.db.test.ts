import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { TenantId } from "@tessera/contracts/ids";
import type { TenantSql } from "@tessera/platform/db/sql";
import fc from "fast-check";
import { z } from "zod";
import type { AlertPolicy } from "./domain/alerts/alert-policy.ts";
import type { AlertSignal } from "./domain/alerts/alert-state.ts";
import { ruleCodec } from "./domain/rules/rule-codec.ts";
import { createEvaluationStore } from "./store/evaluation-store.ts";
import { policyOf } from "./testing/alert-stories.ts";
import { claimsOf } from "./testing/claims-of.ts";
import { NOTIFY_EPOCH_MS, openNotifyRoom, type NotifyRoom } from "./testing/notify/notify-room.ts";
import {
  HOUR_MS,
  openQuestionWorld,
  START_MS,
  type QuestionWorld,
  type WorldTenant,
} from "./testing/question-world.ts";
import { lasts } from "./testing/reference-alert.ts";
import { recount } from "./testing/reference-alert-steps.ts";

// Engines and processors are shared with the tests beside this one; nothing here is measured in time.
jest.setTimeout(240_000);

let is: QuestionWorld;
let people: NotifyRoom;
beforeAll(async () => {
  is = openQuestionWorld();
  people = await openNotifyRoom();
});
afterEach(() => is.reset());
afterAll(async () => {
  await is.room.close();
  await people.close();
});

const logRows = z.array(z.object({ payload: z.looseObject({ transitionId: z.string() }) }));
/** What the event log tells of a tenant's alerts, in the order in which whoever follows it is told. */
const toldOf = async (tenantId: TenantId): Promise<readonly AlertChanged[]> => {
  const text =
    "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = 'alert.changed' ORDER BY transaction_id, sequence";
  const rows = logRows.parse((await is.room.engines.owner.query(text, [tenantId])).rows);
  // boundary: what the log keeps is what evaluators wrote
  return rows.map(({ payload }) => payload as unknown as AlertChanged);
};
const countryOf = ({ group }: Pick<AlertChanged, "group">): string => group[0]?.value ?? "";

type Command = "ACKNOWLEDGE" | "RESOLVE" | "SNOOZE" | "UNSNOOZE";
const DOCUMENTS: Readonly<Record<Command, string>> = {
  ACKNOWLEDGE: "mutation ($id: ID!) { acknowledgeAnomaly(id: $id) { __typename } }",
  RESOLVE: "mutation ($id: ID!) { resolveAnomaly(id: $id) { __typename } }",
  SNOOZE: "mutation ($id: ID!, $until: DateTime) { snoozeAnomaly(id: $id, until: $until) { __typename } }",
  UNSNOOZE: "mutation ($id: ID!) { snoozeAnomaly(id: $id) { __typename } }",
};
const untilOf = (atMs: number): number => atMs + 2 * HOUR_MS;
const ask = async (tenant: WorldTenant, command: Command, id: string): Promise<void> => {
  const variables = {
    id,
    ...(command === "SNOOZE" ? { until: new Date(untilOf(is.room.clock.ms)).toISOString() } : {}),
  };
  expect((await tenant.ask(DOCUMENTS[command], variables)).errors).toBeUndefined();
};
/** An evaluator of the tenant's rules; its statements pass by `passing`. */
const evaluatorOf = ({ tenantId }: WorldTenant, passing: (name: string) => Promise<void>): (() => Promise<number>) => {
  const { sql, eventLog } = is.room.engines.resources;
  const slow: TenantSql = {
    ...sql,
    transaction: (tenant, work) =>
      sql.transaction(tenant, (transaction) =>
        work({
          run: async (statement, parse) => {
            const rows = await transaction.run(statement, parse);
            await passing(statement.name);
            return rows;
          },
        }),
      ),
  };
  return is.room.worker({
    evaluations: {
      ...createEvaluationStore({ sql: slow, eventLog, codec: ruleCodec }),
      claimDueAcrossTenants: claimsOf(is.room.engines.owner, () => [tenantId]),
    },
  });
};
const openAnomaly = async (tenant: WorldTenant, country: string): Promise<string | null> => {
  const told = (await toldOf(tenant.tenantId)).filter((one) => countryOf(one) === country);
  return told.findLast(({ anomalyId }) => anomalyId !== null)?.anomalyId ?? null;
};

test("Steps of a series are told in the order they were taken, though somebody acknowledges it while an evaluation settles", async () => {
  const tenant = is.openTenant();
  is.world.counts.set("DE", (hour) => (hour === 10 ? 150 : 20));
  await is.makeRule(tenant, { alerting: { clear: { k: 1, n: 1, quiet: "PT3H" } } });
  await is.turn(0);
  await is.turn();
  is.room.clock.ms += HOUR_MS;
  const anomaly = (await openAnomaly(tenant, "DE")) ?? "";
  let acknowledging: Promise<void> = Promise.resolve();
  await evaluatorOf(tenant, async (name) => {
    if (name !== "anomaly-claimed-hold") return;
    // It holds the rule and has read no series yet; whoever acknowledges is done by now, or waits for it.
    acknowledging = ask(tenant, "ACKNOWLEDGE", anomaly);
    await Promise.race([acknowledging, new Promise((resolve) => setTimeout(resolve, 500))]);
  })();
  await acknowledging;
  const told = await toldOf(tenant.tenantId);
  expect(told.map(({ from }) => from)).toEqual(["OK", ...told.slice(0, -1).map(({ to }) => to)]);
  expect(told.length).toBeGreaterThan(2);
});

const COUNTRIES = ["DE", "US"] as const;
const COMMANDS: readonly Command[] = ["ACKNOWLEDGE", "RESOLVE", "SNOOZE", "UNSNOOZE"];
const ALERTING = {
  ...{ fire: { k: 1, n: 1 }, clear: { k: 1, n: 1, quiet: "PT2H" } },
  ...{ renotify: { every: "PT2H", atMost: 2 }, flapping: null },
};
/** An hour: who is in breach, what people do while two evaluators look, and how many milliseconds after. */
const anyHour = fc.record({
  ...{ DE: fc.boolean(), US: fc.boolean(), lag: fc.nat(8) },
  commands: fc.array(
    fc.record({ country: fc.constantFrom(...COUNTRIES), command: fc.constantFrom(...COMMANDS), lag: fc.nat(12) }),
    { maxLength: 2 },
  ),
});
type Hour = typeof anyHour extends fc.Arbitrary<infer One> ? One : never;

const permutations = <Thing>(things: readonly Thing[]): readonly (readonly Thing[])[] =>
  things.length <= 1
    ? [things]
    : things.flatMap((thing, place) => permutations(things.toSpliced(place, 1)).map((others) => [thing, ...others]));
const said = (steps: readonly Pick<AlertChanged, "from" | "to" | "reason" | "notify" | "silence" | "atMs">[]) =>
  JSON.stringify(steps.map(({ from, to, reason, notify, silence, atMs }) => [from, to, reason, notify, silence, atMs]));
/** Orders of the past that are looked at further: any that says what is on record is as good as another. */
const MAX_ORDERS = 6;

/** A past that goes on: commands to an anomaly that is over by then are refused before the machine is asked. */
const goneOn = (
  policy: AlertPolicy,
  past: readonly AlertSignal[],
  order: readonly (readonly AlertSignal[])[],
): readonly AlertSignal[] => {
  const signals = [...past];
  for (const unit of order) {
    const isOver = !lasts(recount(policy, signals).at(-1)?.to ?? "OK");
    if (unit[0]?.kind !== "COMMAND" || !isOver) signals.push(...unit);
  }
  return signals;
};

/** The pasts a series may have had: each hour's evaluation once, whole, and each command once, in whatever order says what is on record. */
const createPasts = () => {
  const policy = policyOf(ALERTING);
  const pasts = new Map<string, readonly (readonly AlertSignal[])[]>(COUNTRIES.map((country) => [country, [[]]]));
  return (
    country: (typeof COUNTRIES)[number],
    units: readonly (readonly AlertSignal[])[],
    told: readonly AlertChanged[],
  ): boolean => {
    const own = said(told.filter((one) => countryOf(one) === country));
    const longer = (pasts.get(country) ?? []).flatMap((past) =>
      permutations(units).map((order) => goneOn(policy, past, order)),
    );
    const left = longer.filter((past) => said(recount(policy, past)) === own).slice(0, MAX_ORDERS);
    pasts.set(country, left);
    return left.length > 0;
  };
};

const evaluated = (hour: Hour, country: (typeof COUNTRIES)[number], atMs: number): readonly AlertSignal[] => {
  const untilMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
  const finding = hour[country]
    ? ({ outcome: "ANOMALOUS", score: 2 } as const)
    : ({ outcome: "NORMAL", score: 0 } as const);
  const bucket = { atMs: untilMs - HOUR_MS, untilMs };
  return [
    { kind: "FINDING", bucket, finding, impact: null, atMs },
    { kind: "TICK", atMs },
  ];
};
const commanded = (command: Command, episode: number, atMs: number): AlertSignal => {
  if (command === "ACKNOWLEDGE") return { kind: "COMMAND", command: { kind: command, by: "CALLER" }, episode, atMs };
  if (command === "SNOOZE")
    return { kind: "COMMAND", command: { kind: command, untilMs: untilOf(atMs) }, episode, atMs };
  return { kind: "COMMAND", command: { kind: command }, episode, atMs };
};

/** Two senders, and what takes steps from the log, beside everything else. */
const openTelling = async ({ tenantId }: WorldTenant) => {
  people.clock.ms = NOTIFY_EPOCH_MS;
  await people.route(tenantId, [await people.makeChannel(tenantId, { name: "inbox", inApp: {} })], { groupBy: [] });
  let taken = 0;
  const tell = async (): Promise<void> => {
    const news = (await toldOf(tenantId)).slice(taken);
    taken += news.length;
    if (news.length > 0) await people.tell(tenantId, news);
  };
  const send = async (): Promise<void> => {
    while ((await people.sendDue()) > 0);
  };
  return { tell, send };
};

const play = async (hours: readonly Hour[]): Promise<void> => {
  const tenant = is.openTenant();
  for (const country of COUNTRIES)
    is.world.counts.set(country, (hour) => (hours[hour - 9]?.[country] === true ? 150 : 20));
  await is.makeRule(tenant, { alerting: ALERTING });
  const { tell, send } = await openTelling(tenant);
  const [mayHaveBeen, evaluate] = [createPasts(), evaluatorOf(tenant, () => Promise.resolve())];
  const later = async <Result>(lag: number, work: () => Promise<Result>): Promise<Result> => {
    await new Promise((resolve) => setTimeout(resolve, lag));
    return work();
  };
  for (const [place, hour] of hours.entries()) {
    is.room.clock.ms = START_MS + (10 + place) * HOUR_MS + 60_000;
    const before = await toldOf(tenant.tenantId);
    const commands = hour.commands.flatMap(({ country, command, lag }) => {
      const ids = [...new Set(before.flatMap((one) => (countryOf(one) === country ? [one.anomalyId] : [])))];
      const id = ids.findLast((one) => one !== null);
      return id === undefined || id === null ? [] : [{ country, command, lag, id, episode: ids.length }];
    });
    const [first, second] = await Promise.all([
      evaluate(),
      later(hour.lag, evaluate),
      ...[tell().then(send), later(hour.lag, send)],
      ...commands.map(({ lag, command, id }) => later(lag, () => ask(tenant, command, id))),
    ]);
    // Where somebody held the rule in that moment, evaluators pass it over and come again.
    expect(first + second + (first + second === 0 ? await evaluate() : 0)).toBe(1);
    const told = await toldOf(tenant.tenantId);
    for (const country of COUNTRIES) {
      const own = commands.filter((one) => one.country === country);
      const units = [
        evaluated(hour, country, is.room.clock.ms),
        ...own.map(({ command, episode }) => [commanded(command, episode, is.room.clock.ms)]),
      ];
      expect({ country, place, told, isOneAfterTheOther: mayHaveBeen(country, units, told) }).toMatchObject({
        isOneAfterTheOther: true,
      });
    }
  }
  await tell();
  await send();
  const worth = (await toldOf(tenant.tenantId)).filter(({ notify }) => notify).map(({ transitionId }) => transitionId);
  const deliveries = await people.deliveriesOf(tenant.tenantId);
  expect(deliveries.map(({ state }) => state)).toEqual(worth.map(() => "SENT"));
  const sent = deliveries.flatMap(({ notices }) => notices.map(({ alert }) => alert.transitionId));
  expect(sent.toSorted()).toEqual(worth.toSorted());
};

describe("two evaluators, people who acknowledge, resolve and snooze, and two senders, all at once", () => {
  test("lead alerts through steps that the machine takes when told one thing after the other, and tell each once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyHour, { minLength: 5, maxLength: 9 }), async (hours) => {
        await play(hours);
        await is.reset();
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });
});

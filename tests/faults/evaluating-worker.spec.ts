import { randomInt } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import type { EmbeddedEngines } from "@tessera/platform/engines/embedded-engines";
import { z } from "zod";
import { eventually, pause } from "../testing/eventually.ts";
import { openOutsideReceiver, type OutsideReceiver, type Received } from "../testing/outside-receiver.ts";
import { runMigrate, seedTenant, startEngines, storeEnvironment } from "../testing/running-engines.ts";
import { planRoles, type RoleName, type RunningRoles } from "../testing/running-roles.ts";
import { createTesseraClient, type TesseraClient } from "../testing/tessera-client.ts";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../testing/temporary-home.ts";
import { createRecords, openReceivers, type Records } from "../testing/told-of-rules.ts";
import {
  expectedSteps,
  MINUTE_MS,
  startTraffic,
  storeBacklog,
  watchEvents,
  type Backlog,
  type Breach,
} from "../testing/watched-backlog.ts";

const ROLES = ["tenant", "analytics", "anomaly", "ingest", "gateway"] as const satisfies readonly RoleName[];
/** Rules that are far behind, and how often the worker is killed while it evaluates them. */
const [RULES, BLOWS] = [8, 4];
/** Milliseconds in which everything that was killed is taken over and told, on a machine that is busy with other tests. */
const PATIENT_MS = 150_000;
const LIVE = "live-traffic";

let directory: TemporaryDirectory;
let engines: EmbeddedEngines;
let roles: RunningRoles;
let owner: TenantPool;
let records: Records;
let outside: OutsideReceiver;
let graph: TesseraClient;
let ingest: TesseraClient;
let tenantId: string;
/** Every rule there is, for what was told of all of them. */
const all: string[] = [];

beforeAll(async () => {
  directory = await makeTemporaryDirectory();
  outside = await openOutsideReceiver(directory.path);
  engines = await startEngines(directory.home("engines"));
  await runMigrate(engines.connections);
  const seeded = await seedTenant(engines.connections);
  ({ tenantId } = seeded);
  owner = new TenantPool(engines.connections.postgres.ownerUrl, { max: 2 });
  records = createRecords(owner);
  roles = await planRoles({ ...storeEnvironment(engines.connections), ...outside.environment }, directory.path);
  graph = createTesseraClient(roles.url("gateway"), seeded.apiKey);
  ingest = createTesseraClient(roles.url("ingest"), seeded.apiKey);
  roles.start(ROLES);
  // The gateway is not asked whether it is ready: two of its subgraphs are not run here.
  await roles.ready(["tenant", "analytics", "anomaly", "ingest"]);
  await eventually(async () =>
    expect((await graph.tell("{ tenant { id } }")).data).toEqual({ tenant: { id: tenantId } }),
  );
  await openReceivers(graph);
}, 300_000);

afterAll(async () => {
  await roles?.stop();
  await owner?.end();
  await engines?.stop();
  await outside?.close();
  await directory?.remove();
}, 120_000);

/** Rules over a backlog that nobody has evaluated yet. */
const makeRules = async ({ eventName }: Backlog, count: number, kind: string): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (let place = 0; place < count; place += 1)
    ids.push(await watchEvents(graph, eventName, { name: `${kind} ${place}`, enabled: false }));
  all.push(...ids);
  return ids;
};

/** Each rule has the steps of the breaches and no others, each episode is one anomaly that was seen in each of its minutes. */
const expectJudgedOnce = async (ruleIds: readonly string[], breaches: readonly Breach[]): Promise<void> => {
  const steps = await records.steps(ruleIds);
  const expected = expectedSteps(breaches);
  for (const rule of ruleIds)
    expect(
      steps.filter(({ ruleId }) => ruleId === rule).map(({ country, to, atMs }) => ({ country, to, atMs })),
    ).toEqual(expected);
  const minutes = ruleIds.flatMap(() => breaches.map((breach) => breach.minutes));
  const anomalies = await records.anomalies(ruleIds);
  expect(anomalies.map(({ timesSeen }) => timesSeen).toSorted((a, b) => a - b)).toEqual(
    minutes.toSorted((a, b) => a - b),
  );
  expect(anomalies.filter(({ state }) => state !== "RESOLVED")).toEqual([]);
};

const byId = (
  messages: readonly Received[],
  what: (message: Received) => unknown,
): Map<string, ReadonlySet<string>> => {
  const found = new Map<string, Set<string>>();
  for (const message of messages)
    found.set(message.id, (found.get(message.id) ?? new Set()).add(JSON.stringify(what(message))));
  return found;
};
const hookData = z.looseObject({ data: z.looseObject({ transitionId: z.string() }) });

const allTold = async (): Promise<void> => {
  const steps = await records.steps(all);
  const notices = await records.notices(tenantId);
  expect(notices.filter(({ state }) => state !== "SENT")).toEqual([]);
  expect(notices).toHaveLength(2 * steps.filter(({ notify }) => notify).length);
  expect(await records.webhooksUnderWay(tenantId)).toBe(0);
  expect(new Set(outside.hooks.map(({ id }) => id)).size).toBe(steps.length);
  const ids = steps.map(({ id }) => id).toSorted();
  expect(await records.logged(tenantId, "alert.changed")).toEqual(ids);
  expect(await records.logged(tenantId, "anomaly.raised")).toEqual(
    (await records.anomalies(all)).map(({ id }) => id).toSorted(),
  );
  const told = steps.flatMap(({ id, notify }) => (notify ? [id] : [])).toSorted();
  for (const channel of ["slack", "inbox"]) {
    const own = notices.filter((notice) => notice.channel === channel);
    expect(own.map(({ transitionId }) => transitionId).toSorted()).toEqual(told);
    // A message tells of one step.
    expect(new Set(own.map(({ deliveryId }) => deliveryId)).size).toBe(told.length);
  }
  const onSlack = byId(outside.slack, ({ body }) => body["text"]);
  const deliveries = notices.flatMap(({ channel, deliveryId }) => (channel === "slack" ? [deliveryId] : []));
  expect([...onSlack.keys()].toSorted()).toEqual(deliveries.toSorted());
  const hooked = byId(outside.hooks, ({ body }) => hookData.parse(body).data.transitionId);
  expect([...hooked.values()].flatMap((of) => [...of]).toSorted()).toEqual(ids.map((id) => JSON.stringify(id)));
  // Whatever came again under an id was the same, and no step came under two.
  for (const messages of [onSlack, hooked]) expect([...messages.values()].filter(({ size }) => size !== 1)).toEqual([]);
  const inbox = await graph.ask(
    z.object({ notificationInbox: z.object({ unread: z.number() }) }),
    "{ notificationInbox { unread } }",
  );
  expect(inbox.notificationInbox.unread).toBe(told.length);
};

/** Every step is in the log once and told once by each way; what arrived again is known by its id. Looked at until it holds: the live rule may step in the middle of a look. */
const expectToldOnce = (): Promise<void> => eventually(allTold, PATIENT_MS);

/** A moment at which rules are held: something is in its middle. */
const untilHeld = async (ruleIds: readonly string[]): Promise<void> => {
  while ((await records.held(ruleIds)) === 0) await pause(5);
};

describe("the worker that evaluates rules", () => {
  let live: string;
  let traffic: ReturnType<typeof startTraffic>;

  it("killed again and again in the middle of turns: each bucket is judged once, each step told once, and no message is known by two ids", async () => {
    live = await watchEvents(graph, LIVE, { name: "live", live: true, delay: "PT20S" });
    all.push(live);
    traffic = startTraffic(ingest, LIVE);
    const backlog = await storeBacklog(ingest);
    const rules = await makeRules(backlog, RULES, "killed");
    roles.start(["worker"]);
    await roles.ready(["worker"]);
    await records.setBack(rules, backlog.fromMs);
    const total = RULES * expectedSteps(backlog.breaches).length;
    let inTheMiddle = 0;
    for (let blow = 0; blow < BLOWS; blow += 1) {
      await untilHeld(rules);
      await pause(randomInt(0, 400));
      await roles.kill("worker");
      if ((await records.steps(rules)).length < total) inTheMiddle += await records.held(rules);
      roles.start(["worker"]);
    }
    expect(inTheMiddle).toBeGreaterThan(0);
    await eventually(async () => expect(await records.steps(rules)).toHaveLength(total), PATIENT_MS);
    await expectJudgedOnce(rules, backlog.breaches);
    await expectToldOnce();
  }, 500_000);

  it("killed while webhooks and messages to Slack are on their way: each comes again under its id, and nothing else does", async () => {
    const backlog = await storeBacklog(ingest);
    const rules = await makeRules(backlog, 2, "telling");
    const before = { hooks: outside.hooks.length, slack: outside.slack.length };
    outside.hold();
    await records.setBack(rules, backlog.fromMs);
    const underWay = () => [outside.hooks.slice(before.hooks), outside.slack.slice(before.slack)] as const;
    while (!underWay().every((messages) => messages.length >= 3)) await pause(20);
    await roles.kill("worker");
    // What it had handed to the network arrives though it is dead.
    await pause(500);
    const idsOf = (messages: readonly Received[]): ReadonlySet<string> => new Set(messages.map(({ id }) => id));
    const given = underWay().map(idsOf);
    outside.release();
    roles.start(["worker"]);
    const total = 2 * expectedSteps(backlog.breaches).length;
    await eventually(async () => expect(await records.steps(rules)).toHaveLength(total), PATIENT_MS);
    await expectToldOnce();
    // The receiver had them, and nobody was told so: these come a second time, and no others.
    const again = underWay().map((messages) =>
      idsOf(messages.filter(({ id }, place) => messages.findIndex((first) => first.id === id) !== place)),
    );
    expect(again).toEqual(given);
  }, 300_000);

  it("standing still for 20 seconds in the middle of turns: another one has its rules before it goes on, and it settles nothing of them then", async () => {
    const breaches = await traffic.stop();
    const backlog = await storeBacklog(ingest);
    const rules = await makeRules(backlog, RULES, "stopped");
    const { clickhouse } = engines.pids();
    const stopped = roles.process("worker");
    // A store that stands still keeps the turns in their middle until the worker does.
    process.kill(clickhouse, "SIGSTOP");
    try {
      await records.setBack(rules, backlog.fromMs);
      await untilHeld(rules);
      stopped.send("SIGSTOP");
    } finally {
      process.kill(clickhouse, "SIGCONT");
    }
    const total = RULES * expectedSteps(backlog.breaches).length;
    try {
      const stoodMs = performance.now();
      roles.start(["second worker"]);
      await eventually(async () => expect(await records.steps(rules)).toHaveLength(total), PATIENT_MS);
      await expectJudgedOnce(rules, backlog.breaches);
      while (performance.now() - stoodMs < 20_000) await pause(50);
    } finally {
      stopped.send("SIGCONT");
    }
    await roles.kill("second worker");
    // It goes on: what is behind now it judges, and of what it was at nothing has changed.
    const later = await makeRules(backlog, 1, "later");
    await records.setBack(later, backlog.fromMs);
    await eventually(async () => expect(await records.steps(later)).toHaveLength(total / RULES), PATIENT_MS);
    await expectJudgedOnce([...rules, ...later], backlog.breaches);
    await expectLive(live, breaches);
    await expectToldOnce();
  }, 500_000);
});

/** What a live rule said, early or at its turns, is what the minutes say that have ended. */
const expectLive = async (rule: string, breaches: readonly Breach[]): Promise<void> => {
  const lastMs = Math.max(...breaches.map(({ fromMs }) => fromMs)) + 2 * MINUTE_MS;
  await eventually(async () => expect(await records.judgedUntil([rule], lastMs)).toBe(1), PATIENT_MS);
  const steps = await records.steps([rule]);
  for (const country of ["DE", "US"]) {
    const own = breaches.filter((breach) => breach.country === country);
    expect(steps.flatMap((step) => (step.country === country ? [step.to] : []))).toEqual(
      own.flatMap(() => ["FIRING", "RESOLVED"]),
    );
  }
  expect(breaches.length).toBeGreaterThan(1);
};

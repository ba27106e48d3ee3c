import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import type { EmbeddedEngines } from "@tessera/platform/engines/embedded-engines";
import { z } from "zod";
import { readPids, startEmbeddedProcess, type EmbeddedProcess } from "../testing/embedded-process.ts";
import { createSenderLog, startSenders, type EventSenders } from "../testing/event-senders.ts";
import { expectExactlyOnce, storeOwnerOf } from "../testing/event-store-truth.ts";
import { eventually } from "../testing/eventually.ts";
import { freePort } from "../testing/free-port.ts";
import { ownerAccess, runMigrate, seedTenant, startEngines, storeEnvironment } from "../testing/running-engines.ts";
import { openHoldingRelay, type HoldingRelay } from "../testing/holding-relay.ts";
import { planRoles, type RoleName, type RunningRoles } from "../testing/running-roles.ts";
import { askReadiness, createTesseraClient, type TesseraClient } from "../testing/tessera-client.ts";
import { allSent, openChannels, tellAlerts, untilHolds } from "../testing/told-alerts.ts";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../testing/temporary-home.ts";

/** Acknowledged requests before the blow, and after the recovery. */
const REQUESTS = 25;
const countShape = z.object({ olap: z.object({ totals: z.array(z.object({ integers: z.array(z.number()) })) }) });
const countAll = () => ({
  range: { from: new Date(Date.now() - 7_200_000).toISOString(), to: new Date(Date.now() + 60_000).toISOString() },
  measures: [{ function: "COUNT" }],
  dimensions: ["name"],
});
const COUNT = "query($input: OlapInput!) { olap(input: $input) { totals { ... on IntegerColumn { integers } } } }";

let directory: TemporaryDirectory;
let senders: EventSenders | null = null;

beforeAll(async () => {
  directory = await makeTemporaryDirectory();
});

afterEach(async () => {
  await senders?.stop();
  senders = null;
});

afterAll(async () => {
  await directory?.remove();
}, 60_000);

/** A stream of events, a blow in the middle of it, the stream after it; then the product is left in peace. */
const strike = async (
  target: { readonly url: () => string; readonly apiKey: string },
  log: ReturnType<typeof createSenderLog>,
  blow: () => Promise<void>,
): Promise<void> => {
  senders = startSenders(target, log);
  await senders.more(REQUESTS);
  const before = log.acknowledged.size;
  await blow();
  await senders.more(REQUESTS);
  await senders.stop();
  expect(log.acknowledged.size).toBeGreaterThan(before);
  await eventually(async () => expect(await askReadiness(target.url())).toEqual({ status: 200, missing: [] }));
};

describe("an embedded instance, kill -9 in the middle of a stream of events", () => {
  const log = createSenderLog();
  let instance: EmbeddedProcess;
  let environment: { readonly PORT: string };
  const target = { url: () => instance.url, apiKey: "" };

  const expectWhole = async (): Promise<void> => {
    await expectExactlyOnce(await storeOwnerOf(instance.home), instance.tenantId, log);
    const { olap } = await instance.client.ask(countShape, COUNT, { input: countAll() });
    expect(olap.totals[0]?.integers[0]).toBeGreaterThanOrEqual(log.acknowledged.size);
    expect(olap.totals[0]?.integers[0]).toBeLessThanOrEqual(log.sent.size);
  };

  beforeAll(async () => {
    environment = { PORT: String(await freePort()) };
    instance = await startEmbeddedProcess({ home: directory.home("embedded"), environment });
    target.apiKey = instance.apiKey;
  }, 240_000);

  afterAll(async () => {
    await instance?.process.stop();
  }, 60_000);

  it.each(["clickhouse", "postgres"] as const)(
    "of %s: it is started again by itself, every acknowledged event is there exactly once",
    async (engine) => {
      const before = await readPids(instance.home);
      await strike(target, log, () => Promise.resolve(void process.kill(before[engine], "SIGKILL")));
      const after = await readPids(instance.home);
      expect(after[engine]).not.toBe(before[engine]);
      expect(after.server).toBe(before.server);
      await expectWhole();
    },
    180_000,
  );

  it("of the server itself: once it is started again, every acknowledged event is there exactly once", async () => {
    await strike(target, log, async () => {
      process.kill((await readPids(instance.home)).server, "SIGKILL");
      await instance.process.ended;
      instance = await startEmbeddedProcess({ home: instance.home, environment });
    });
    await expectWhole();
  }, 240_000);
});

describe("roles in processes of their own, kill -9", () => {
  const ROLES = [
    "tenant",
    "analytics",
    "anomaly",
    "ingest",
    "worker",
    "gateway",
  ] as const satisfies readonly RoleName[];
  const log = createSenderLog();
  let engines: EmbeddedEngines;
  let roles: RunningRoles;
  let graph: TesseraClient;
  let tenantId: string;
  let relay: HoldingRelay;
  /** Who takes mails. */
  const mails = () => ({ SMTP_URL: relay.url, SMTP_FROM: "alerts@tessera.example", SMTP_TLS: "NONE" });

  beforeAll(async () => {
    relay = await openHoldingRelay();
    engines = await startEngines(directory.home("engines"));
    await runMigrate(engines.connections);
    const seeded = await seedTenant(engines.connections);
    ({ tenantId } = seeded);
    roles = await planRoles(storeEnvironment(engines.connections), directory.path);
    graph = createTesseraClient(roles.url("gateway"), seeded.apiKey);
    roles.start(ROLES, mails());
    // The gateway is not asked whether it is ready: two of its subgraphs are not run here.
    await roles.ready(["tenant", "analytics", "anomaly", "ingest", "worker"]);
    await eventually(async () =>
      expect((await graph.tell("{ tenant { id } }")).data).toEqual({ tenant: { id: tenantId } }),
    );
  }, 300_000);

  afterAll(async () => {
    await roles?.stop();
    await engines?.stop();
    await relay?.close();
  }, 120_000);

  it("of the ingest process in the middle of a stream of events: it settles what was under way when it is back", async () => {
    const target = { url: () => roles.url("ingest"), apiKey: graph.apiKey };
    await strike(target, log, async () => {
      await roles.kill("ingest");
      roles.start(["ingest"]);
    });
    await expectExactlyOnce(ownerAccess(engines.connections), tenantId, log);
  }, 180_000);

  it("of the worker in the middle of a job: another run of the job ends it with the right answer", async () => {
    const jobShape = z.object({
      job: z.object({
        state: z.string(),
        attempt: z.number(),
        result: z.object({ rowCount: z.number(), totals: countShape.shape.olap.shape.totals }).nullable(),
      }),
    });
    const { clickhouse } = engines.pids();
    // A store that stands still keeps the job in its middle for as long as this takes.
    process.kill(clickhouse, "SIGSTOP");
    try {
      const { startQuery } = await graph.ask(
        z.object({ startQuery: z.object({ job: z.object({ id: z.string() }) }) }),
        "mutation($input: StartQueryInput!) { startQuery(input: $input) { ... on QueryStarted { job { id } } } }",
        { input: { olap: countAll() } },
      );
      const ask = async (fields: string) =>
        (
          await graph.ask(
            z.object({ job: z.object({ state: z.string(), attempt: z.number() }) }),
            `query($id: ID!) { job(id: $id) { state attempt ${fields} } }`,
            { id: startQuery.job.id },
          )
        ).job;
      await eventually(async () => expect(await ask("")).toEqual({ state: "RUNNING", attempt: 1 }));
      await roles.kill("worker");
      process.kill(clickhouse, "SIGCONT");
      expect((await ask("")).state).toBe("RUNNING");
      roles.start(["worker"], mails());
      const done = await eventually(async () => {
        const { job } = await graph.ask(
          jobShape,
          `query($id: ID!) { job(id: $id) { state attempt result(first: 10) { rowCount totals { ... on IntegerColumn { integers } } } } }`,
          { id: startQuery.job.id },
        );
        expect(job.state).toBe("SUCCEEDED");
        return job;
      }, 120_000);
      expect(done.attempt).toBe(2);
      const { olap } = await graph.ask(countShape, COUNT, { input: countAll() });
      expect(done.result).toEqual({ rowCount: 3, totals: olap.totals });
    } finally {
      process.kill(clickhouse, "SIGCONT");
    }
  }, 240_000);

  it("of the worker in the middle of sending, and standing still for 20 seconds there: each message arrives, is known by its id where it arrives again, and whoever is fenced settles nothing", async () => {
    await openChannels(graph);
    relay.hold(8);
    await tellAlerts(engines.connections, tenantId, 25);
    // It has more than one mail on its way: the relay has them, and the worker is not told so.
    await untilHolds(() => relay.waiting() >= 3);
    await roles.kill("worker");
    const told = relay.given.length;
    relay.release();
    roles.start(["worker"], mails());
    const sent = await allSent(graph, 50);
    const idsOf = (of: typeof sent) => of.filter(({ channelName }) => channelName === "mail").map(({ id }) => id);
    expect([...new Set(relay.given)].toSorted()).toEqual(idsOf(sent).toSorted());
    // What was told again was given to the relay when the worker died, and no more than that.
    expect(relay.given.length - 25).toBeGreaterThan(0);
    expect(relay.given.length - 25).toBeLessThanOrEqual(told);
    expect(sent.filter(({ log: [first] }) => first?.outcome === "ABANDONED").length).toBeGreaterThanOrEqual(
      relay.given.length - 25,
    );

    const before = relay.given.length;
    relay.hold(2);
    await tellAlerts(engines.connections, tenantId, 10);
    await untilHolds(() => relay.waiting() >= 3);
    const stopped = roles.process("worker");
    stopped.send("SIGSTOP");
    try {
      const underWay = relay.given.length - before;
      const stoodMs = performance.now();
      roles.start(["second worker"], mails());
      relay.release();
      const all = await allSent(graph, 70);
      expect([...new Set(relay.given)].toSorted()).toEqual(idsOf(all).toSorted());
      expect(relay.given.length - before - 10).toBeGreaterThan(0);
      expect(relay.given.length - before - 10).toBeLessThanOrEqual(underWay);
      await untilHolds(() => performance.now() - stoodMs >= 20_000);
      stopped.send("SIGCONT");
      // It sends what comes now as the other does: it has gone on, and what it was at has come to nothing.
      await roles.kill("second worker");
      await tellAlerts(engines.connections, tenantId, 1);
      const after = await allSent(graph, 72);
      expect(after.filter(({ id }) => all.some((one) => one.id === id))).toEqual(all);
      for (const { log } of after) expect(log.filter(({ outcome }) => outcome === "SENT")).toHaveLength(1);
    } finally {
      stopped.send("SIGCONT");
    }
    const inbox = await graph.ask(
      z.object({ notificationInbox: z.object({ unread: z.number() }) }),
      "{ notificationInbox { unread } }",
    );
    expect(inbox.notificationInbox.unread).toBe(36);
    expect(relay.given).not.toContain("none");
  }, 300_000);
});

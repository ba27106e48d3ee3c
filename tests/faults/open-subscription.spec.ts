import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { z } from "zod";
import { readPids, startEmbeddedProcess, type EmbeddedProcess } from "../testing/embedded-process.ts";
import { eventually } from "../testing/eventually.ts";
import { connectLive, type LiveClient } from "../testing/live-client.ts";
import { freePort } from "../testing/free-port.ts";
import { makeTemporaryDirectory, type TemporaryDirectory } from "../testing/temporary-home.ts";

const START_MS = 240_000;
const EVENTS = "subscription { events { cursor event { id name } } }";
const records = z.object({
  auditLog: z.object({
    nodes: z.array(
      z.object({
        executionId: z.string(),
        operationName: z.string().nullable(),
        usage: z.object({
          rowsRead: z.number(),
          bytesRead: z.number(),
          storeMs: z.number(),
          subscriptionSeconds: z.number(),
        }),
      }),
    ),
  }),
});
const RECORDS = `{ auditLog(first: 100, filter: { field: "Subscription.events" }) {
  nodes { executionId operationName usage { rowsRead bytesRead storeMs subscriptionSeconds } } } }`;
const usage = z.object({ usage: z.object({ totals: z.object({ subscriptions: z.coerce.number() }) }) });
const USAGE = "query ($interval: UsageIntervalInput!) { usage(interval: $interval) { totals { subscriptions } } }";
const around = () => ({
  interval: {
    from: new Date(Date.now() - 7_200_000).toISOString(),
    to: new Date(Date.now() + 7_200_000).toISOString(),
  },
});

let directory: TemporaryDirectory;
let instance: EmbeddedProcess;
let environment: { readonly PORT: string };

beforeAll(async () => {
  directory = await makeTemporaryDirectory();
  environment = { PORT: String(await freePort()) };
  instance = await startEmbeddedProcess({ home: directory.home("embedded"), environment });
}, START_MS);
afterAll(async () => {
  await instance?.process.stop();
  await directory?.remove();
}, 60_000);

const recorded = async () => (await instance.client.ask(records, RECORDS)).auditLog.nodes;

/** Follows the tenant's events until some were told. */
const followed = async (): Promise<LiveClient> => {
  const live = await connectLive(instance.url, instance.apiKey);
  const name = `open-${randomUUID()}`;
  const stream = live.follow(EVENTS);
  await eventually(async () => {
    await instance.client.send([{ name }]);
    expect(JSON.stringify(stream.messages)).toContain(name);
  });
  return live;
};

describe("a subscription that is open when the process is killed", () => {
  it("leaves one record, and one that had ended before leaves one too, of what was read for it; later starts add none", async () => {
    const ended = await followed();
    await ended.close();
    const [before] = await eventually(async () => {
      const found = await recorded();
      expect(found).toHaveLength(1);
      return found;
    });
    // What was read for the stream counts, though nobody asked for it by a query.
    expect(before?.usage.rowsRead).toBeGreaterThan(0);
    expect(before?.usage.bytesRead).toBeGreaterThan(0);
    expect(before?.usage.subscriptionSeconds).toBeGreaterThan(0);

    await followed();
    for (let start = 0; start < 2; start += 1) {
      process.kill((await readPids(instance.home)).server, "SIGKILL");
      await instance.process.ended;
      instance = await startEmbeddedProcess({ home: instance.home, environment });
      const after = await eventually(async () => {
        const found = await recorded();
        expect(found).toHaveLength(2);
        return found;
      });
      expect(new Set(after.map(({ executionId }) => executionId)).size).toBe(2);
      expect(after).toContainEqual(before);
    }
    // The ledger counts what the audit log tells.
    await eventually(async () =>
      expect((await instance.client.ask(usage, USAGE, around())).usage.totals.subscriptions).toBe(2),
    );
  }, 240_000);
});

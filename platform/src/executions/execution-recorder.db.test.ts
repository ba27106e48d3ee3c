import { afterAll, afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { v7 as newUuid } from "uuid";
import { EXECUTION_RECORDED, type ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import type { TenantId } from "@tessera/contracts/ids";
import { createTenantSql } from "../db/sql.ts";
import { TenantPool } from "../db/tenant-pool.ts";
import type { EventLog } from "../events/event-log.ts";
import { LOG_START } from "../events/log-cursor.ts";
import { createLogStore } from "../events/log-store.ts";
import { createLogger } from "../telemetry/logger.ts";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { testEngines } from "../testing/engines.ts";
import { openExecutionJournal } from "./execution-journal.ts";
import { executionRecord } from "./execution-record.ts";
import { createExecutionRecorder, MAX_WAITING_BYTES } from "./execution-recorder.ts";

const pool = new TenantPool(testEngines().postgres.appUrl);
const store = createLogStore(createTenantSql(pool));
const logger = createLogger("test", "silent");
const down = { append: () => Promise.reject(new Error("connect ECONNREFUSED")) };
let directory: string;

const recordOf = (tenantId: TenantId): ExecutionRecorded => ({
  executionId: randomUUID(),
  tenantId,
  subject: { kind: "API_KEY", id: "0123456789abcdef" },
  grantId: null,
  kind: "QUERY",
  operationName: "Totals",
  documentId: null,
  fields: ["Query.totals"],
  objects: [],
  transport: "http",
  clientAddress: "192.0.2.1",
  decision: "ALLOWED",
  code: null,
  usage: {
    costPoints: 3,
    rowsRead: 10,
    bytesRead: 100,
    storeMs: 1.5,
    elapsedMs: 2.5,
    responseBytes: 50,
    events: 0,
    subscriptionSeconds: 0,
  },
  traceId: "0".repeat(32),
  startedAtMs: 1_795_000_000_000,
});
const recorder = (eventLog: Pick<EventLog, "append"> = store) =>
  createExecutionRecorder({ journal: openExecutionJournal(directory, newUuid), eventLog, logger });
/** Records in the event log; other tests' transactions may hold entries back for a moment. */
const told = async (tenantId: TenantId, count: number): Promise<ExecutionRecorded[]> => {
  for (let look = 0; look < 200; look += 1) {
    const entries = await store.read(tenantId, EXECUTION_RECORDED, LOG_START);
    if (entries.length >= count) return entries.map(({ payload }) => executionRecord.parse(payload));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("The records were not told.");
};
const byId = (records: readonly ExecutionRecorded[]) =>
  records.toSorted((a, b) => a.executionId.localeCompare(b.executionId));

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "executions-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
afterAll(() => pool.end());

describe("the recorder of executions", () => {
  it("tells every record once, as it was, and leaves no file", async () => {
    const tenantId = freshTenantId();
    const records = Array.from({ length: 900 }, () => recordOf(tenantId));
    const running = recorder();
    await running.start();
    await Promise.all(records.map((record) => running.record(record)));
    await running.stop();
    expect(byId(await told(tenantId, records.length))).toEqual(byId(records));
    expect(readdirSync(directory)).toEqual([]);
  });

  it("has what it acknowledged on file: a later process tells it, and a line that was cut off is left out", async () => {
    const tenantId = freshTenantId();
    const records = [recordOf(tenantId), recordOf(tenantId)];
    const ended = recorder(down);
    await Promise.all(records.map((record) => ended.record(record)));
    const [open] = readdirSync(directory);
    appendFileSync(join(directory, open ?? ""), '{"executionId": "');
    const next = recorder();
    await next.start();
    await next.stop();
    expect(byId(await told(tenantId, 2))).toEqual(byId(records));
    expect(readdirSync(directory)).toEqual([]);
  });

  it("keeps records while the event log can't be written, and tells each once when it can, also those told half", async () => {
    const tenantId = freshTenantId();
    const records = Array.from({ length: 3 }, () => recordOf(tenantId));
    let fails = 2;
    const flaky = recorder({
      append: async (entries) => {
        await store.append(entries);
        fails -= 1;
        if (fails >= 0) throw new Error("Connection terminated unexpectedly");
      },
    });
    for (const record of records) await flaky.record(record);
    await flaky.stop();
    await flaky.stop();
    await flaky.stop();
    expect(byId(await told(tenantId, 3))).toEqual(byId(records));
    expect(readdirSync(directory)).toEqual([]);
  });

  it("takes no more work while more wait than may, and is not ready then", async () => {
    const journal = openExecutionJournal(directory, newUuid);
    let waiting = MAX_WAITING_BYTES + 1;
    const full = createExecutionRecorder({
      journal: { ...journal, waitingBytes: () => waiting },
      eventLog: store,
      logger,
    });
    expect(() => full.admit()).toThrow(expect.objectContaining({ code: "OVERLOADED" }));
    await expect(full.probe.check()).rejects.toThrow("too many records");
    waiting = 0;
    full.admit();
    await full.probe.check();
  });

  it("rejects what the disk does not take, and is not ready until it does", async () => {
    const journal = openExecutionJournal(directory, newUuid);
    let isFull = true;
    const running = createExecutionRecorder({
      journal: {
        ...journal,
        write: (records) => {
          if (isFull) throw new Error("ENOSPC: no space left on device");
          journal.write(records);
        },
      },
      eventLog: store,
      logger,
    });
    await expect(running.record(recordOf(freshTenantId()))).rejects.toThrow("ENOSPC");
    await expect(running.probe.check()).rejects.toThrow("can't be written");
    isFull = false;
    await running.record(recordOf(freshTenantId()));
    await running.probe.check();
  });
});

import { randomUUID } from "node:crypto";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, jest } from "@jest/globals";
import fc from "fast-check";
import { v7 as newUuid } from "uuid";
import type { ExecutionRecorded } from "@tessera/contracts/events/execution-recorded";
import type { LogAppend } from "../events/event-log.ts";
import { createLogger } from "../telemetry/logger.ts";
import { freshTenantId } from "../testing/ask-subgraph.ts";
import { CHECKPOINT_EVERY_MS, openExecutionCheckpoints } from "./execution-checkpoints.ts";
import { openExecutionJournal } from "./execution-journal.ts";
import { executionRecord } from "./execution-record.ts";
import { createExecutionRecorder } from "./execution-recorder.ts";
import { createOpenExecutionRecorder } from "./open-executions.ts";

jest.setTimeout(60_000);
const logger = createLogger("test", "silent");
const tenantId = freshTenantId();
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tessera-open-"));
  jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick", "performance", "queueMicrotask"] });
});
afterEach(() => {
  jest.useRealTimers();
  rmSync(directory, { recursive: true, force: true });
});

const recordOf = (executionId: string, rowsRead: number, subscriptionSeconds: number): ExecutionRecorded => ({
  executionId,
  tenantId,
  subject: { kind: "API_KEY", id: "0123456789abcdef" },
  grantId: null,
  kind: "SUBSCRIPTION",
  ...{ operationName: null, documentId: null, fields: ["Subscription.events"], objects: [] },
  ...{ transport: "websocket", clientAddress: null, decision: "ALLOWED", code: null },
  usage: {
    ...{ costPoints: 1, rowsRead, bytesRead: rowsRead * 10, storeMs: 0, events: 0, responseBytes: 0 },
    ...{ elapsedMs: subscriptionSeconds * 1_000, subscriptionSeconds },
  },
  traceId: "0".repeat(32),
  startedAtMs: 1_795_000_000_000,
});

/** The event log as far as records need it: an entry whose key is known is left out. */
const keyedLog = () => {
  const told = new Map<string, ExecutionRecorded>();
  return {
    told,
    append: async (entries: readonly LogAppend[]) => {
      for (const { dedupeKey, payload } of entries)
        if (dedupeKey !== undefined && dedupeKey !== null && !told.has(dedupeKey))
          told.set(dedupeKey, executionRecord.parse(payload));
    },
  };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const startProcess = async (eventLog: ReturnType<typeof keyedLog>) => {
  const journal = openExecutionJournal(directory, newUuid);
  const recorder = createOpenExecutionRecorder({
    recorder: createExecutionRecorder({ journal, eventLog, logger }),
    checkpoints: openExecutionCheckpoints(directory),
    logger,
  });
  await recorder.start();
  return recorder;
};

interface Touch {
  readonly kind: "READ" | "END" | "END_AND_KILL";
  readonly which: number;
  readonly rows: number;
}
type Step = { readonly kind: "OPEN" | "MINUTE" | "KILL" | "RESTART" | "CUT" } | Touch;
const which = fc.nat({ max: 9 });
const rows = fc.nat({ max: 50 });
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Step>({ kind: "OPEN" }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("READ" as const), which, rows }) },
    { weight: 3, arbitrary: fc.constant<Step>({ kind: "MINUTE" }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constantFrom("END" as const, "END_AND_KILL" as const), which, rows }),
    },
    { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: "KILL" }, { kind: "RESTART" }, { kind: "CUT" }) },
  ),
  { minLength: 1, maxLength: 40 },
);

/** One subscription as it truly was: what it has read, and had read when it was last written down. */
interface Truth {
  rows: number;
  written: number;
  minutes: number;
  writtenMinutes: number;
  state: "OPEN" | "ENDED" | "CUT";
}

/** Plays steps against the recorder and, beside it, what must be told in the end. */
const play = async (all: readonly Step[]) => {
  const eventLog = keyedLog();
  const truth = new Map<string, Truth>();
  let recorder = await startProcess(eventLog);
  const running = () => [...truth].filter(([, { state }]) => state === "OPEN");
  const snapshot = (id: string): ExecutionRecorded => {
    const { rows: read, minutes } = truth.get(id) ?? { rows: 0, minutes: 0 };
    return recordOf(id, read, minutes * 60);
  };
  const restart = async (how: "KILL" | "RESTART"): Promise<void> => {
    // A killed process does nothing more: its timers stand still, and what it had is in files alone.
    jest.clearAllTimers();
    if (how === "RESTART") await recorder.stop();
    for (const [, one] of running())
      if (how === "RESTART") Object.assign(one, { state: "CUT", written: one.rows, writtenMinutes: one.minutes });
      else one.state = "CUT";
    recorder = await startProcess(eventLog);
  };
  const end = async (step: Touch): Promise<void> => {
    const found = running()[step.which % Math.max(1, running().length)];
    if (found === undefined) return;
    const [id, one] = found;
    one.rows += step.rows;
    await recorder.record(snapshot(id));
    one.state = "ENDED";
  };
  for (const step of all) {
    if (step.kind === "OPEN") {
      const id = randomUUID();
      truth.set(id, { rows: 0, written: 0, minutes: 0, writtenMinutes: 0, state: "OPEN" });
      recorder.open(id, () => snapshot(id));
      await turn();
    } else if (step.kind === "READ") {
      const found = running()[step.which % Math.max(1, running().length)];
      if (found !== undefined) found[1].rows += step.rows;
    } else if (step.kind === "MINUTE") {
      for (const [, one] of running()) one.minutes += 1;
      for (const [, one] of running()) Object.assign(one, { written: one.rows, writtenMinutes: one.minutes });
      jest.advanceTimersByTime(CHECKPOINT_EVERY_MS);
      await turn();
    } else if (step.kind === "CUT") appendFileSync(join(directory, "open-executions"), '{"executionId":"cut o');
    else if (step.kind === "KILL" || step.kind === "RESTART") await restart(step.kind);
    else if ("which" in step) {
      await end(step);
      if (step.kind === "END_AND_KILL") await restart("KILL");
      else await turn();
    }
  }
  await restart("KILL");
  await restart("RESTART");
  await restart("RESTART");
  await recorder.stop();
  return { told: eventLog.told, truth };
};

describe("what is open when a process ends", () => {
  it("is told once each, whatever the order of checkpoints, ends, kills and replays: an ended one as it ended, others as last written", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        rmSync(directory, { recursive: true, force: true });
        const { told, truth } = await play(all);
        const expected = new Map(
          [...truth].map(([id, one]) => [
            id,
            one.state === "ENDED" ? [one.rows, one.minutes] : [one.written, one.writtenMinutes],
          ]),
        );
        const found = new Map(
          [...told].map(([id, { usage }]) => [id, [usage.rowsRead, usage.subscriptionSeconds / 60]]),
        );
        expect(found).toEqual(expected);
        // At most one interval of each is lost.
        for (const { minutes, writtenMinutes } of truth.values())
          expect(minutes - writtenMinutes).toBeLessThanOrEqual(1);
      }),
      { numRuns: 150, endOnFailure: true },
    );
  });

  it("a line that the end of the process cut off spoils no other", async () => {
    const checkpoints = openExecutionCheckpoints(directory);
    const [one, other] = [recordOf(randomUUID(), 1, 60), recordOf(randomUUID(), 2, 60)];
    checkpoints.add([one, other]);
    checkpoints.drop([other.executionId]);
    appendFileSync(join(directory, "open-executions"), JSON.stringify(recordOf(randomUUID(), 3, 60)).slice(0, 50));
    const again = openExecutionCheckpoints(directory);
    expect(again.left).toEqual([one]);
    again.replace([other]);
    expect(openExecutionCheckpoints(directory).left).toEqual([other]);
  });
});

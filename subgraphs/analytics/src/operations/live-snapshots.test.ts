import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { parseTenantId } from "@tessera/contracts/ids";
import type { LogEntry } from "@tessera/platform/events/event-log";
import { LOG_START, type LogCursor } from "@tessera/platform/events/log-cursor";
import { refuse } from "@tessera/platform/errors/refusal";
import { scriptedFollower, type ScriptedFollower } from "../../testing/scripted-follower.ts";
import { HEARTBEAT_MS, liveSnapshots, MIN_SNAPSHOT_INTERVAL_MS } from "./live-snapshots.ts";

const tenantId = parseTenantId("3f0d4a51-7a1a-4f0a-9b1d-111111111111");
const entryAt = (sequence: number): LogEntry => {
  if (tenantId === null) throw new Error("A UUID is a tenant id.");
  return { cursor: { transaction: 1n, sequence: BigInt(sequence) }, tenantId, topic: "t", payload: {} };
};

interface State {
  value: number;
  decays: boolean;
  taken: LogCursor[];
  take: (cursor: LogCursor, signal: AbortSignal) => Promise<void>;
}

let script: ScriptedFollower;
let state: State;
beforeEach(() => {
  jest.useFakeTimers();
  script = scriptedFollower();
  state = { value: 1, decays: false, taken: [], take: () => Promise.resolve() };
});
afterEach(() => {
  jest.useRealTimers();
});

const open = () =>
  liveSnapshots<number>({
    follower: script.follower,
    start: LOG_START,
    take: async (cursor, signal) => {
      state.taken.push(cursor);
      await state.take(cursor, signal);
      return { value: state.value, fingerprint: String(state.value), decays: state.decays };
    },
    decayMs: 5_000,
    nowMs: () => Date.now(),
  });

/** Whether a promise has settled once the clock has moved on by `ms`. */
const after = async <T>(ms: number, promise: Promise<T>): Promise<T | "WAITING"> => {
  const settled = Promise.race([
    promise,
    new Promise<"WAITING">((resolve) => setTimeout(() => resolve("WAITING"), ms)),
  ]);
  await jest.advanceTimersByTimeAsync(ms);
  return settled;
};

describe("live snapshots", () => {
  test("the present snapshot comes at once, with the place it includes", async () => {
    await expect(after(1, open().next())).resolves.toEqual({ done: false, value: 1 });
    expect(state.taken).toEqual([LOG_START]);
  });

  test("however many batches come, a new snapshot comes at most once per second, and includes the newest", async () => {
    const stream = open();
    await stream.next();
    state.value = 2;
    for (let sequence = 1; sequence <= 50; sequence += 1) script.push(entryAt(sequence));
    const second = stream.next();
    expect(await after(MIN_SNAPSHOT_INTERVAL_MS - 10, second)).toBe("WAITING");
    expect(await after(20, second)).toEqual({ done: false, value: 2 });
    expect(state.taken).toEqual([LOG_START, { transaction: 1n, sequence: 50n }]);
  });

  test("a batch that changes nothing is not sent, but a heartbeat is", async () => {
    const stream = open();
    await stream.next();
    script.push(entryAt(1));
    const second = stream.next();
    expect(await after(HEARTBEAT_MS - 100, second)).toBe("WAITING");
    expect(await after(200, second)).toEqual({ done: false, value: 1 });
  });

  test("a snapshot that time can change is taken again while no batch comes", async () => {
    state.decays = true;
    const stream = open();
    await stream.next();
    state.value = 0;
    const second = stream.next();
    expect(await after(4_900, second)).toBe("WAITING");
    expect(await after(200, second)).toEqual({ done: false, value: 0 });
  });

  test("return ends a waiting next at once and closes what is upstream", async () => {
    const stream = open();
    await stream.next();
    const waiting = stream.next();
    await stream.return();
    await expect(waiting).resolves.toEqual({ done: true, value: undefined });
    expect(script.returned).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });

  test("return aborts a snapshot that is being taken", async () => {
    state.take = (_cursor, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    const stream = open();
    const waiting = stream.next();
    await jest.advanceTimersByTimeAsync(1);
    await stream.return();
    await expect(waiting).resolves.toEqual({ done: true, value: undefined });
  });

  test("a refusal of the log ends the stream with that refusal", async () => {
    const stream = open();
    await stream.next();
    script.end(refuse("SLOW_CONSUMER", "Too slow."));
    await expect(stream.next()).rejects.toMatchObject({ code: "SLOW_CONSUMER" });
    await expect(stream.next()).resolves.toEqual({ done: true, value: undefined });
  });

  test("a snapshot that fails ends the stream and closes what is upstream", async () => {
    state.take = () => Promise.reject(refuse("QUERY_TIMEOUT", "Too long."));
    await expect(open().next()).rejects.toMatchObject({ code: "QUERY_TIMEOUT" });
    expect(script.returned).toBe(true);
  });
});

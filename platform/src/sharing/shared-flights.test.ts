import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import { describe, expect, it, jest } from "@jest/globals";
import fc from "fast-check";
import { createSharedFlights, GATHER_MS, MAX_UNDER_WAY, type SharedOutcome, type Work } from "./shared-flights.ts";

/** Work that ends when told, with a note of every time it was begun. */
const scripted = () => {
  const clock = { ms: 1_000 };
  const flights = createSharedFlights<string>(() => clock.ms);
  const begun: { readonly signal: AbortSignal; readonly end: (value: string) => void; readonly fail: () => void }[] =
    [];
  const work: Work<string> = (signal) =>
    new Promise((resolve, reject) => {
      begun.push({ signal, end: resolve, fail: () => reject(new Error("It failed.")) });
    });
  const join = (maxAgeMs: number, signal?: AbortSignal) => flights.join("key", maxAgeMs, work, signal);
  const begins = async (count: number): Promise<void> => {
    while (begun.length < count) await nextTurn();
  };
  return { clock, flights, begun, join, begins };
};

/** What happens in a story: somebody asks, one of what is under way ends, one of the last leaves, time passes. */
const happening = fc.oneof(
  fc.record({ what: fc.constant("asks" as const), maxAgeMs: fc.constantFrom(0, 0, 200, 5_000) }),
  fc.record({ what: fc.constant("ends" as const), which: fc.nat({ max: 1 }) }),
  fc.record({ what: fc.constant("leaves" as const), which: fc.nat({ max: 2 }) }),
  fc.record({ what: fc.constant("passes" as const), ms: fc.integer({ min: 1, max: 1_200 }) }),
);

type Happening = typeof happening extends fc.Arbitrary<infer One> ? One : never;

/** Somebody who asked at a time for an outcome of some age, and what came of it. */
interface Asked {
  readonly atMs: number;
  readonly maxAgeMs: number;
  readonly left: AbortController;
  outcome: SharedOutcome<number> | "LEFT" | null;
}

/** What came of all who asked in a story, and how many pieces of work were under way at most; all that is under way in the end is ended. */
const play = async (story: readonly Happening[]) => {
  const clock = { ms: 0 };
  const flights = createSharedFlights<number>(() => clock.ms);
  const pass = async (ms: number): Promise<void> => {
    clock.ms += ms;
    await jest.advanceTimersByTimeAsync(ms);
  };
  const open = new Set<() => void>();
  const asked: Asked[] = [];
  let most = 0;
  const work = (signal: AbortSignal): Promise<number> =>
    new Promise((resolve, reject) => {
      const beganAtMs = clock.ms;
      const over = (settle: () => void) => (): void => {
        open.delete(end);
        settle();
      };
      const end = over(() => resolve(beganAtMs));
      open.add(end);
      most = Math.max(most, open.size);
      const stopped = over(() => reject(new Error("It was stopped.")));
      if (signal.aborted) stopped();
      else signal.addEventListener("abort", stopped, { once: true });
    });
  const ask = (maxAgeMs: number): void => {
    const one: Asked = { atMs: clock.ms, maxAgeMs, left: new AbortController(), outcome: null };
    asked.push(one);
    flights.join("key", maxAgeMs, work, one.left.signal).then(
      (outcome) => (one.outcome = outcome),
      () => (one.outcome = "LEFT"),
    );
  };
  for (const one of story) {
    if (one.what === "asks") ask(one.maxAgeMs);
    else if (one.what === "ends") [...open][one.which]?.();
    else if (one.what === "leaves") asked.at(-1 - one.which)?.left.abort();
    await pass(one.what === "passes" ? one.ms : 0);
  }
  while (flights.size > 0) {
    for (const end of open) end();
    await pass(GATHER_MS);
  }
  return { asked, most };
};

describe("work shared by those who ask for the same at the same time", () => {
  it("who takes an outcome of some age joins what is under way; who takes none shares what begins after it asked", async () => {
    const { clock, flights, begun, join, begins } = scripted();
    const first = join(0);
    await begins(1);
    clock.ms = 1_100;
    const [patient, strict, other] = [join(100), join(0), join(0)];
    begun[0]?.end("one");
    expect(await first).toEqual({ value: "one", beganAtMs: 1_000, shared: false });
    expect(await patient).toEqual({ value: "one", beganAtMs: 1_000, shared: true });
    await begins(2);
    begun[1]?.end("two");
    expect(await strict).toEqual({ value: "two", beganAtMs: 1_100, shared: false });
    expect(await other).toEqual({ value: "two", beganAtMs: 1_100, shared: true });
    expect([begun.length, flights.size]).toEqual([2, 0]);
  });

  it("work that takes long is not waited for: what was gathered begins beside it", async () => {
    const { begun, join, begins } = scripted();
    const slow = join(0);
    const next = join(0);
    await begins(2);
    begun[1]?.end("second");
    expect(await next).toMatchObject({ value: "second", shared: false });
    begun[0]?.end("first");
    expect(await slow).toMatchObject({ value: "first", shared: false });
  });

  it("however many ask, two pieces of it are under way, and the rest share what begins when one of them ends", async () => {
    const { begun, join, begins } = scripted();
    const slow = join(0);
    const second = join(0);
    await begins(2);
    const rest = [join(0), join(0), join(0)];
    await wait(GATHER_MS + 100);
    expect(begun).toHaveLength(MAX_UNDER_WAY);
    begun[1]?.end("second");
    expect(await second).toMatchObject({ value: "second" });
    await begins(3);
    begun[2]?.end("third");
    for (const one of rest) expect(await one).toMatchObject({ value: "third" });
    begun[0]?.end("first");
    expect(await slow).toMatchObject({ value: "first" });
    expect(begun).toHaveLength(3);
  });

  it("who joins what somebody else gathered and left is answered", async () => {
    const { flights, begun, join, begins } = scripted();
    const first = join(0);
    await begins(1);
    const impatient = new AbortController();
    const left = join(0, impatient.signal);
    impatient.abort();
    await expect(left).rejects.toMatchObject({ code: "QUERY_CANCELLED" });
    const stays = join(0);
    begun[0]?.end("one");
    await begins(2);
    expect(begun[1]?.signal.aborted).toBe(false);
    begun[1]?.end("two");
    expect([await first, await stays]).toMatchObject([{ value: "one" }, { value: "two", shared: false }]);
    // What was gathered and left by all begins for nobody.
    const [running, nobody] = [join(0), new AbortController()];
    await begins(3);
    const gone = join(0, nobody.signal);
    nobody.abort();
    await expect(gone).rejects.toMatchObject({ code: "QUERY_CANCELLED" });
    begun[2]?.end("three");
    await running;
    await nextTurn();
    expect([begun.length, flights.size]).toEqual([3, 0]);
  });

  it("goes on while somebody waits, and is ended when nobody does", async () => {
    const { flights, begun, join, begins } = scripted();
    const [one, other] = [new AbortController(), new AbortController()];
    const left = join(1_000, one.signal);
    await begins(1);
    const stays = join(1_000, other.signal);
    one.abort();
    await expect(left).rejects.toMatchObject({ code: "QUERY_CANCELLED" });
    expect(begun[0]?.signal.aborted).toBe(false);
    other.abort();
    await expect(stays).rejects.toMatchObject({ code: "QUERY_CANCELLED" });
    expect(begun[0]?.signal.aborted).toBe(true);
    // Nobody joins what was ended.
    const later = join(1_000);
    await begins(2);
    begun[0]?.end("ended");
    begun[1]?.end("anew");
    expect(await later).toMatchObject({ value: "anew" });
    await nextTurn();
    expect(flights.size).toBe(0);
  });

  it("an error reaches all who waited, and is not kept", async () => {
    const { begun, join, begins } = scripted();
    const both = [join(1_000)];
    await begins(1);
    both.push(join(1_000));
    begun[0]?.fail();
    for (const one of both) await expect(one).rejects.toThrow("It failed.");
    const again = join(1_000);
    await begins(2);
    begun[1]?.end("well");
    expect(await again).toMatchObject({ value: "well" });
  });

  it("runs in the context of who waits first and is still there, so that its cost is counted there", async () => {
    const flights = createSharedFlights<string>(Date.now);
    const payer = new AsyncLocalStorage<string>();
    const end: (() => void)[] = [];
    const work: Work<string> = async () => {
      const name = payer.getStore() ?? "nobody";
      await new Promise<void>((resolve) => end.push(resolve));
      return name;
    };
    const leaving = new AbortController();
    const ask = (name: string, signal?: AbortSignal) => payer.run(name, () => flights.join("key", 0, work, signal));
    const first = ask("first");
    const left = ask("left", leaving.signal);
    const last = ask("last");
    leaving.abort();
    await expect(left).rejects.toMatchObject({ code: "QUERY_CANCELLED" });
    while (end.length < 2) await nextTurn();
    for (const one of end) one();
    expect([(await first).value, (await last).value]).toEqual(["first", "last"]);
  });

  it("whatever the order of askings, ends and leavings: all who stay have an outcome young enough for them, of two pieces under way at most", async () => {
    jest.useFakeTimers();
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(happening, { maxLength: 40, size: "max" }), async (story) => {
          const { asked, most } = await play(story);
          expect(most).toBeLessThanOrEqual(MAX_UNDER_WAY);
          for (const { atMs, maxAgeMs, left, outcome } of asked) {
            if (outcome === "LEFT" || outcome === null) expect([outcome, left.signal.aborted]).toEqual(["LEFT", true]);
            else {
              expect(outcome.beganAtMs).toBe(outcome.value);
              expect(outcome.beganAtMs).toBeGreaterThanOrEqual(atMs - maxAgeMs);
            }
          }
        }),
        { endOnFailure: true, numRuns: 500 },
      );
    } finally {
      jest.useRealTimers();
    }
  });
});

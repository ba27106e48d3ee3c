import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "@jest/globals";
import { createSharedFlights, type Work } from "./shared-flights.ts";

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
});

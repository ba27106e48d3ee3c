import { describe, expect, test } from "@jest/globals";
import { MAX_RESTARTS, superviseEngine, type Engine } from "./supervised-engine.ts";

interface FakeEngine extends Engine {
  readonly end: (sentence: string) => void;
  readonly stopped: () => boolean;
}

const fakeEngine = (pid: number): FakeEngine => {
  let end: (sentence: string) => void = () => undefined;
  let stopped = false;
  const exited = new Promise<string>((resolve) => {
    end = resolve;
  });
  return {
    pid,
    exited,
    end,
    stopped: () => stopped,
    stop: async () => {
      stopped = true;
      end("asked to");
      await exited;
    },
  };
};
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a supervised engine", () => {
  test("is started again when it ends unasked, and says so", async () => {
    const sentences: string[] = [];
    const [first, second] = [fakeEngine(1), fakeEngine(2)];
    const engine = superviseEngine({
      first,
      restart: () => Promise.resolve(second),
      onRestart: (sentence) => sentences.push(sentence),
    });
    first.end("killed.");
    await settled();
    expect(engine.current().pid).toBe(2);
    expect(sentences).toEqual(["killed. Starting it again."]);
    await engine.stop();
    expect(second.stopped()).toBe(true);
  });

  test("is neither started again nor given up when it was stopped", async () => {
    const first = fakeEngine(1);
    let starts = 0;
    const engine = superviseEngine({
      first,
      restart: () => Promise.resolve(fakeEngine((starts += 1))),
      onRestart: () => undefined,
    });
    let gaveUp = false;
    void engine.gaveUp.then(() => (gaveUp = true));
    await engine.stop();
    await settled();
    expect(starts).toBe(0);
    expect(gaveUp).toBe(false);
  });

  test("is given up when it ends again and again, or can't be started", async () => {
    const first = fakeEngine(0);
    const engine = superviseEngine({
      first,
      restart: () => {
        const next = fakeEngine(1);
        next.end("killed.");
        return Promise.resolve(next);
      },
      onRestart: () => undefined,
    });
    first.end("killed.");
    await expect(engine.gaveUp).resolves.toContain(`more than ${MAX_RESTARTS} times`);
    const only = fakeEngine(0);
    const broken = superviseEngine({
      first: only,
      restart: () => Promise.reject(new Error("disk full")),
      onRestart: () => undefined,
      pause: settled,
    });
    only.end("killed.");
    await expect(broken.gaveUp).resolves.toContain("disk full");
  });

  test("is tried again when what a killed one left behind keeps it from starting", async () => {
    const [first, second] = [fakeEngine(1), fakeEngine(2)];
    const sentences: string[] = [];
    let failures = 2;
    const engine = superviseEngine({
      first,
      restart: () => {
        failures -= 1;
        return failures >= 0 ? Promise.reject(new Error("shared memory is still in use")) : Promise.resolve(second);
      },
      onRestart: (sentence) => sentences.push(sentence),
      pause: settled,
    });
    first.end("killed.");
    while (engine.current().pid !== 2) await settled();
    expect(sentences).toHaveLength(3);
    await engine.stop();
    expect(second.stopped()).toBe(true);
  });
});

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
const settled = () => new Promise((resolve) => setImmediate(resolve));

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
    });
    only.end("killed.");
    await expect(broken.gaveUp).resolves.toContain("disk full");
  });
});

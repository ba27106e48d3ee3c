import { afterEach, describe, expect, it, jest } from "@jest/globals";
import type { ExecutionResult } from "graphql";
import { CallCancelled, type CallContext, type SubgraphConnection } from "./connection.ts";
import { guardConnection } from "./guarded.ts";

const CALL: CallContext = {};

const scripted = (
  script: (() => Promise<ExecutionResult>)[],
): SubgraphConnection<CallContext> & { calls: () => number } => {
  let calls = 0;
  return {
    name: "s",
    calls: () => calls,
    execute: () => {
      calls += 1;
      return (script.shift() ?? (() => Promise.resolve({ data: { ok: true } })))();
    },
    subscribe: () => {
      throw new Error("not scripted");
    },
    close: () => Promise.resolve(),
  };
};

const codeOf = ({ errors }: ExecutionResult) => errors?.[0]?.extensions["code"];
const refuse = () => Promise.reject(new Error("refused"));

afterEach(() => void jest.useRealTimers());

describe("a guarded connection", () => {
  it("opens after failures in a row, refuses without asking, and closes when a trial succeeds", async () => {
    const inner = scripted([refuse, refuse]);
    const states: string[] = [];
    const guarded = guardConnection(inner, {
      consecutiveFailures: 2,
      halfOpenAfterMs: 400,
      onStateChange: (_service, state) => states.push(state),
    });
    for (let turn = 0; turn < 3; turn += 1)
      expect(codeOf(await guarded.execute({ query: "{ ok }" }, CALL))).toBe("SUBGRAPH_UNAVAILABLE");
    expect(inner.calls()).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await guarded.execute({ query: "{ ok }" }, CALL)).toEqual({ data: { ok: true } });
    expect(states).toEqual(["open", "half-open", "closed"]);
  });

  it("counts neither GraphQL errors nor callers that gave up as failures", async () => {
    const { GraphQLError } = await import("graphql");
    const inner = scripted([() => Promise.resolve({ errors: [new GraphQLError("no")] }), () => new Promise(() => {})]);
    const guarded = guardConnection(inner, { consecutiveFailures: 1 });
    expect((await guarded.execute({ query: "{ ok }" }, CALL)).errors?.[0]?.message).toBe("no");
    await expect(guarded.execute({ query: "{ ok }" }, { signal: AbortSignal.timeout(10) })).rejects.toBeInstanceOf(
      CallCancelled,
    );
    expect(await guarded.execute({ query: "{ ok }" }, CALL)).toEqual({ data: { ok: true } });
  });

  it("ends the inner call when time is up", async () => {
    let ended = false;
    const hanging: SubgraphConnection<CallContext> = {
      ...scripted([]),
      execute: ({ signal }) => new Promise(() => signal?.addEventListener("abort", () => (ended = true))),
    };
    expect(codeOf(await guardConnection(hanging, { timeoutMs: 10 }).execute({ query: "{ ok }" }, CALL))).toBe(
      "SUBGRAPH_TIMEOUT",
    );
    expect(ended).toBe(true);
  });

  it("gives every operation its own time, in whatever order they end", async () => {
    jest.useFakeTimers();
    const waiting: ((result: ExecutionResult) => void)[] = [];
    const slow: SubgraphConnection<CallContext> = {
      ...scripted([]),
      execute: () => new Promise((resolve) => void waiting.push(resolve)),
    };
    const guarded = guardConnection(slow, { timeoutMs: 120, consecutiveFailures: 1_000 });
    const ask = () => guarded.execute({ query: "{ ok }" }, CALL);
    const [first, answered] = [ask(), ask()];
    await jest.advanceTimersByTimeAsync(60);
    const late = ask();
    waiting[1]?.({ data: { ok: true } });
    expect(await answered).toEqual({ data: { ok: true } });
    await jest.advanceTimersByTimeAsync(60);
    expect(codeOf(await first)).toBe("SUBGRAPH_TIMEOUT");
    waiting[2]?.({ data: { ok: true } }); // its own time is not up yet
    expect(await late).toEqual({ data: { ok: true } });
    const last = ask();
    await jest.advanceTimersByTimeAsync(121);
    expect(codeOf(await last)).toBe("SUBGRAPH_TIMEOUT");
  });

  it("forgets failures at the next success, and counts a call that throws at once", async () => {
    const throwing = (): Promise<ExecutionResult> => {
      throw new Error("at once");
    };
    const answering = () => Promise.resolve({ data: { ok: true } });
    const inner = scripted([refuse, answering, throwing, answering, refuse, throwing]);
    const guarded = guardConnection(inner, { consecutiveFailures: 2 });
    for (let turn = 0; turn < 8; turn += 1) await guarded.execute({ query: "{ ok }" }, CALL);
    expect(inner.calls()).toBe(6);
  });

  it("turns a stream that breaks into one last result", async () => {
    const broken: SubgraphConnection<CallContext> = {
      ...scripted([]),
      subscribe: () => ({
        [Symbol.asyncIterator]() {
          return this;
        },
        next: refuse,
      }),
    };
    const stream = guardConnection(broken, {}).subscribe({ query: "subscription { count }" }, CALL);
    expect(await stream.next()).toMatchObject({
      value: { errors: [{ extensions: { code: "SUBGRAPH_UNAVAILABLE" } }] },
    });
    expect((await stream.next()).done).toBe(true);
  });
});

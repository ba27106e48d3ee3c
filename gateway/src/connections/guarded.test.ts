import { describe, expect, it } from "@jest/globals";
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

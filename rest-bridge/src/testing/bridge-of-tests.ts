import { afterAll, beforeAll, beforeEach } from "@jest/globals";
import { startBridge } from "./running-bridge.ts";

/** The bridge of a test file: started before its tests, stopped after them, with no calls of the graph kept from one test to the next. Its members are there within tests alone. */
export const bridgeOfTests = () => {
  let running: Awaited<ReturnType<typeof startBridge>> | undefined;
  const bridge = (): Awaited<ReturnType<typeof startBridge>> => {
    if (running === undefined) throw new Error("The bridge is started before the first test of the file.");
    return running;
  };
  beforeAll(async () => {
    running = await startBridge();
  });
  afterAll(() => bridge().stop());
  beforeEach(() => {
    bridge().graph.calls.length = 0;
  });
  type Running = Awaited<ReturnType<typeof startBridge>>;
  const connect: Running["connect"] = (...to) => bridge().connect(...to);
  const receiveBy: Running["receiveBy"] = (receive) => bridge().receiveBy(receive);
  const ask: Awaited<ReturnType<typeof startBridge>>["ask"] = (path, init) => bridge().ask(path, init);
  return {
    get graph() {
      return bridge().graph;
    },
    get records() {
      return bridge().records;
    },
    get url() {
      return bridge().url;
    },
    ...{ ask, connect, receiveBy },
    /** Asks with a body of JSON, if any, and reads the JSON of the answer. */
    asked: async (path: string, method = "GET", body?: unknown) => {
      const answer = await ask(path, {
        ...(body === undefined ? { method } : { method, body: JSON.stringify(body) }),
        headers: body === undefined ? {} : { "content-type": "application/json" },
      });
      const json: unknown = await answer.json();
      return { status: answer.status, body: json };
    },
  };
};

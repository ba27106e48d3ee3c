// A gateway over two in-process subgraphs, alone in its process so that its memory and CPU are its own.
import { optionsWith, startGateway } from "../../gateway/src/gateway-fixture.ts";
import { preciseNowMs, servingCommand, type ServingMessage } from "./messages.ts";

const MAX_SOCKETS = 20_000;

const tell = (message: ServingMessage): void => void process.send?.(message);
const graph = await startGateway({
  subscriptions: { ...optionsWith().subscriptions, maxSocketsPerTenant: MAX_SOCKETS },
  rate: { budget: 0, windowSeconds: 60 },
});

const measure = (): void => {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const upstreams = graph.log.readers();
  tell({ kind: "usage", rssBytes: rss, heapBytes: heapUsed, cpuMicros: user + system, upstreams });
};

const publish = async (times: number, everyMs: number): Promise<void> => {
  for (let count = 0; count < times; count += 1) {
    graph.log.publish(`at:${preciseNowMs().toFixed(3)}:`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  measure();
};

process.on("message", (raw) => {
  const command = servingCommand.parse(raw);
  if (command.kind === "measure") measure();
  else void publish(command.times, command.everyMs);
});
process.on("disconnect", () => process.exit(0));
tell({ kind: "listening", wsUrl: graph.wsUrl, authorization: graph.issue() });

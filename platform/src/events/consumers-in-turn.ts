import type { TenantSql } from "../db/sql.ts";
import type { Background } from "../graphql/subgraph.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { LogConsumer } from "./log-consumer.ts";
import { createTroubleTeller } from "./trouble-teller.ts";
import { waitingConsumersOf } from "./waiting-consumers.ts";

/** Milliseconds before a consumer that failed is tried again. */
const RETRY_MS = 1_000;

/** Waits until some of the consumers have something to take, or until `woken`; answers which have. */
const whoIsBehind = async (
  waiting: ReturnType<typeof waitingConsumersOf>,
  consumers: readonly LogConsumer[],
  woken: Promise<void>,
): Promise<readonly LogConsumer[]> => {
  const behind = new Set<LogConsumer>();
  let over = false;
  const waits = consumers.map((consumer) => {
    const { done, leave } = waiting.wait(consumer.name);
    const told = done.then(() => {
      if (!over) behind.add(consumer);
    });
    return { told, leave };
  });
  await Promise.race([woken, ...waits.map(({ told }) => told)]);
  over = true;
  for (const { leave } of waits) leave();
  return [...behind];
};

/** Consumers that take turns. */
export interface ConsumersInTurn extends Background {
  readonly consumers: readonly LogConsumer[];
}

/**
 * Runs consumers of the event log that have not been started, one after the other, as each has something to take: however many they are, they use no more
 * connections than one. What one can't take is tried again after a pause, and holds up the others for no longer than its try.
 */
export const createConsumersInTurn = (deps: {
  readonly name: string;
  readonly sql: TenantSql;
  readonly logger: Logger;
  readonly consumers: readonly LogConsumer[];
}): ConsumersInTurn => {
  const waiting = waitingConsumersOf(deps.sql);
  const state = { stopping: false };
  let wake = (): void => undefined;
  let running: Promise<void> = Promise.resolve();

  const troubles = new Map(deps.consumers.map(({ name }) => [name, createTroubleTeller(deps.logger, name)]));
  const drain = async (consumer: LogConsumer): Promise<boolean> => {
    try {
      await consumer.drain();
      troubles.get(consumer.name)?.went();
      return true;
    } catch (error) {
      troubles.get(consumer.name)?.failed(error);
      return false;
    }
  };
  /** Who has something to take next; those that failed are tried again after a pause. */
  const nextTurn = async (failed: readonly LogConsumer[]): Promise<readonly LogConsumer[]> => {
    let timer: NodeJS.Timeout | undefined;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
      const waits = [...(failed.length > 0 ? [RETRY_MS] : []), ...deps.consumers.flatMap((one) => one.retryMs() ?? [])];
      if (waits.length > 0) timer = setTimeout(resolve, Math.min(...waits));
      if (state.stopping) resolve();
    });
    const others = deps.consumers.filter((consumer) => !failed.includes(consumer));
    const behind = await whoIsBehind(waiting, others, woken);
    clearTimeout(timer);
    const apart = others.filter((one) => one.retryMs() !== null && !behind.includes(one));
    return [...failed, ...behind, ...apart];
  };
  const loop = async (): Promise<void> => {
    let turn: readonly LogConsumer[] = deps.consumers;
    while (!state.stopping) {
      const failed: LogConsumer[] = [];
      for (const consumer of turn) if (!state.stopping && !(await drain(consumer))) failed.push(consumer);
      if (!state.stopping) turn = await nextTurn(failed);
    }
  };
  return {
    name: deps.name,
    consumers: deps.consumers,
    start: () => {
      state.stopping = false;
      running = loop();
      return Promise.resolve();
    },
    stop: async () => {
      state.stopping = true;
      wake();
      await running;
    },
  };
};

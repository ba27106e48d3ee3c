import { MAX_ATTEMPTS, RETRY_SECONDS } from "../domain/webhooks/retry-schedule.ts";

/** A message of the reference: how often its receiver fails before it takes it. */
export interface OrderedMessage {
  readonly key: string;
  readonly name: number;
  readonly fails: number;
}

/**
 * In-order delivery, said as plainly as it can be: one queue for each key, of which the head alone is sent when it is due; a failure makes the head due
 * later, by the middle of its wait; what was taken, or failed too often, leaves, and the next is due at once.
 */
export const createReferenceOrder = () => {
  const queues = new Map<string, { readonly message: OrderedMessage; attempts: number; dueAtMs: number }[]>();
  return {
    tell: (message: OrderedMessage, nowMs: number): void => {
      const queue = queues.get(message.key) ?? [];
      queues.set(message.key, [...queue, { message, attempts: 0, dueAtMs: nowMs }]);
    },
    /** Sends what is due; answers what arrives of each key, in order. */
    drain: (nowMs: number): Map<string, readonly number[]> => {
      const arrived = new Map<string, readonly number[]>();
      for (const [key, queue] of queues) {
        for (let head = queue[0]; head !== undefined && head.dueAtMs <= nowMs; head = queue[0]) {
          arrived.set(key, [...(arrived.get(key) ?? []), head.message.name]);
          head.attempts += 1;
          if (head.attempts > head.message.fails || head.attempts === MAX_ATTEMPTS) {
            queue.shift();
            const [next] = queue;
            if (next !== undefined) next.dueAtMs = nowMs;
          } else head.dueAtMs = nowMs + (RETRY_SECONDS[head.attempts - 1] ?? 0) * 1_000;
        }
      }
      return arrived;
    },
  };
};

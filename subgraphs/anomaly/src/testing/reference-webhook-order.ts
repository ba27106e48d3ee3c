import { MAX_ATTEMPTS, RETRY_SECONDS } from "../domain/webhooks/retry-schedule.ts";

/** A message of the reference: how often its receiver fails before it takes it. */
export interface OrderedMessage {
  readonly key: string;
  readonly name: number;
  readonly fails: number;
}

/** A message, how often its receiver was asked, and what became of it. */
interface Known {
  readonly message: OrderedMessage;
  arrived: number;
  waits: boolean;
  delivered: boolean;
}

/**
 * In-order delivery, said as plainly as it can be: one queue for each key, of which the head alone is sent when it is due; a failure makes the head due
 * later, by the middle of its wait; what was taken, or failed too often, leaves, and the next is due at once. What is sent again stands behind what waits, those that were told
 * first before others; its receiver goes on where it was.
 */
export const createReferenceOrder = () => {
  const queues = new Map<string, { readonly known: Known; attempts: number; dueAtMs: number }[]>();
  const all: Known[] = [];
  const put = (known: Known, nowMs: number): void => {
    const { key } = known.message;
    known.waits = true;
    queues.set(key, [...(queues.get(key) ?? []), { known, attempts: 0, dueAtMs: nowMs }]);
  };
  return {
    tell: (message: OrderedMessage, nowMs: number): void => {
      const known = { message, arrived: 0, waits: true, delivered: false };
      all.push(known);
      put(known, nowMs);
    },
    /** Sends again what does not wait, or of that what nobody took; answers how many. */
    replay: (onlyFailed: boolean, nowMs: number): number => {
      const again = all.filter(({ waits, delivered }) => !waits && !(onlyFailed && delivered));
      for (const known of again) put(known, nowMs);
      return again.length;
    },
    /** Sends what is due; answers what arrives of each key, in order. */
    drain: (nowMs: number): Map<string, readonly number[]> => {
      const arrived = new Map<string, readonly number[]>();
      for (const [key, queue] of queues) {
        for (let head = queue[0]; head !== undefined && head.dueAtMs <= nowMs; head = queue[0]) {
          const { known } = head;
          arrived.set(key, [...(arrived.get(key) ?? []), known.message.name]);
          head.attempts += 1;
          known.arrived += 1;
          const isTaken = known.arrived > known.message.fails;
          if (isTaken || head.attempts === MAX_ATTEMPTS) {
            Object.assign(known, { waits: false, delivered: known.delivered || isTaken });
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

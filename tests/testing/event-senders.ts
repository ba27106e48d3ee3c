import { randomUUID } from "node:crypto";
import { z } from "zod";
import { pause } from "./eventually.ts";

const EVENTS_PER_REQUEST = 20;
const PAUSE_MS = 15;
const PAUSE_AFTER_FAILURE_MS = 150;
/** Milliseconds a sender waits for an answer; above the product's own. */
const ANSWER_TIMEOUT_MS = 20_000;

const outcomesShape = z.object({ outcomes: z.array(z.object({ kind: z.string(), eventId: z.string().optional() })) });

/** The client-side log of a stream of events. */
export interface EventSenders {
  /** Every id that was ever sent. */
  readonly sent: ReadonlySet<string>;
  /** Every id the product said it holds. */
  readonly acknowledged: ReadonlySet<string>;
  /** Requests that got no acknowledgement. */
  readonly failures: () => number;
  /** Resolves after so many more requests were acknowledged. */
  more(requests: number): Promise<void>;
  /** Ends the stream once every request has its answer or failure. */
  stop(): Promise<void>;
}

/** Where and as whom to send; the address may change while processes take over from each other. */
export interface SenderTarget {
  readonly url: () => string;
  readonly apiKey: string;
}

/** A log that several streams of events write one after the other. */
export const createSenderLog = () => ({ sent: new Set<string>(), acknowledged: new Set<string>() });

/**
 * Several senders beside each other post events until stopped. Every second request that fails is sent again with the same ids until it is
 * answered; the others are given up, so that their outcome stays unknown.
 */
export const startSenders = (target: SenderTarget, log = createSenderLog(), count = 4): EventSenders => {
  const { sent, acknowledged } = log;
  let [requests, failures, running] = [0, 0, true];
  let lastFailure = "none";

  const post = async (events: readonly object[]): Promise<boolean> => {
    try {
      const response = await fetch(`${target.url()}/api/v2/events`, {
        method: "POST",
        headers: { authorization: `Bearer ${target.apiKey}`, "content-type": "application/json" },
        body: JSON.stringify(events),
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      });
      if (response.status !== 200) {
        throw new Error(`${response.status} ${await response.text()}`);
      }
      const { outcomes } = outcomesShape.parse(await response.json());
      for (const { kind, eventId } of outcomes)
        if ((kind === "ACCEPTED" || kind === "DUPLICATE") && eventId !== undefined) acknowledged.add(eventId);
      requests += 1;
      return true;
    } catch (error) {
      lastFailure = String(error);
      failures += 1;
      return false;
    }
  };
  const sendForEver = async (sender: number): Promise<void> => {
    for (let round = 0; running; round += 1) {
      const ids = Array.from({ length: EVENTS_PER_REQUEST }, () => randomUUID());
      for (const id of ids) sent.add(id);
      const events = ids.map((id, index) => ({ id, name: `step_${index % 3}`, userId: `sender-${sender}` }));
      const again = round % 2 === 0;
      for (let done = await post(events); !done && again && running; done = await post(events))
        await pause(PAUSE_AFTER_FAILURE_MS);
      await pause(PAUSE_MS);
    }
  };
  const senders = Array.from({ length: count }, (_, sender) => sendForEver(sender));
  return {
    sent,
    acknowledged,
    failures: () => failures,
    more: async (wanted) => {
      const goal = requests + wanted;
      const deadline = performance.now() + 90_000;
      while (requests < goal) {
        if (performance.now() > deadline)
          throw new Error(
            `Only ${requests} of ${goal} requests were acknowledged; the last failure was: ${lastFailure}`,
          );
        await pause(PAUSE_MS);
      }
    },
    stop: async () => {
      running = false;
      await Promise.all(senders);
    },
  };
};

import type { AlertPolicy } from "./alert-policy.ts";
import type { AlertSignal, AlertState, OuterSilence, Stepped } from "./alert-state.ts";
import { bucketStep } from "./bucket-step.ts";
import { commandStep, retiredStep } from "./command-step.ts";
import { settle } from "./telling.ts";
import { tickStep } from "./tick-step.ts";

const sameSilences = (a: readonly OuterSilence[], b: readonly OuterSilence[]): boolean =>
  a.length === b.length && a.every((silence) => b.includes(silence));

/** What a bucket that has not ended leads to is said to be so from now on, and not from its end on, which lies ahead. */
const asOfNow = ({ alert, transitions }: Stepped, nowMs: number): Stepped => ({
  alert: alert.sinceMs > nowMs ? { ...alert, sinceMs: nowMs } : alert,
  transitions: transitions.map((one) => (one.atMs > nowMs ? { ...one, atMs: nowMs } : one)),
});

const taken = (policy: AlertPolicy, alert: AlertState, signal: AlertSignal): Stepped => {
  switch (signal.kind) {
    case "FINDING": {
      const stepped = bucketStep(policy, alert, signal);
      return signal.live === true ? asOfNow(stepped, signal.atMs) : stepped;
    }
    case "NO_SERIES":
      return bucketStep(policy, alert, signal);
    case "TICK":
      return tickStep(policy, alert, signal.atMs);
    case "COMMAND":
      return commandStep(policy, alert, signal);
    case "RETIRED":
      return retiredStep(policy, alert, signal);
    case "CONTEXT": {
      const same = sameSilences(alert.silences, signal.silences);
      return { alert: same ? alert : { ...alert, silences: [...new Set(signal.silences)] }, transitions: [] };
    }
  }
};

/**
 * What a signal leads to. Pure and total. The time of buckets decides where an alert stands: a replay of the same buckets gives the same steps, and a bucket that ends no later
 * than the last one changes nothing. The wall clock decides only when people are reminded, when an escalation goes on and when a snooze ends. Whenever nothing silences an alert,
 * what people believe of it is so.
 */
export const step = (policy: AlertPolicy, alert: AlertState, signal: AlertSignal): Stepped =>
  settle(policy, taken(policy, alert, signal), signal.atMs);

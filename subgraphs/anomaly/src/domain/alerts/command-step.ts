import type { AlertPolicy } from "./alert-policy.ts";
import type { AlertSignal, AlertState, Stepped } from "./alert-state.ts";
import { isOpen, record } from "./telling.ts";
import { wake } from "./tick-step.ts";

type CommandSignal = Extract<AlertSignal, { readonly kind: "COMMAND" }>;
type RetiredSignal = Extract<AlertSignal, { readonly kind: "RETIRED" }>;

const acknowledged = (policy: AlertPolicy, alert: AlertState, by: "CALLER" | "CHANNEL", wallMs: number): Stepped => {
  const to = alert.state === "FIRING" ? "ACKNOWLEDGED" : alert.state;
  const reason = by === "CALLER" ? "ACKNOWLEDGED_BY_CALLER" : "ACKNOWLEDGED_BY_CHANNEL";
  const worth = alert.believed?.episode === alert.episode;
  const seen = { alert: { ...alert, acknowledged: true }, transitions: [] };
  return record(policy, seen, { to, reason, atMs: wallMs, wallMs, worth });
};

const resolved = (policy: AlertPolicy, alert: AlertState, wallMs: number): Stepped => {
  const ended = { ...alert, recent: "", acknowledged: false, awaitsReturn: true };
  const worth = alert.believed !== null;
  const entry = { to: "RESOLVED", reason: "RESOLVED_BY_CALLER", atMs: wallMs, wallMs, worth } as const;
  return record(policy, { alert: ended, transitions: [] }, entry);
};

/** What a command leads to; one that is done already, or names another episode, changes nothing. */
export const commandStep = (policy: AlertPolicy, alert: AlertState, signal: CommandSignal): Stepped => {
  const { command, episode, atMs } = signal;
  const unchanged: Stepped = { alert, transitions: [] };
  if (episode !== null && episode !== alert.episode) return unchanged;
  switch (command.kind) {
    case "ACKNOWLEDGE":
      return isOpen(alert.state) && !alert.acknowledged ? acknowledged(policy, alert, command.by, atMs) : unchanged;
    case "RESOLVE":
      return isOpen(alert.state) ? resolved(policy, alert, atMs) : unchanged;
    case "SNOOZE": {
      if (command.untilMs <= atMs || command.untilMs === alert.snoozedUntilMs) return unchanged;
      const asleep = { ...alert, snoozedUntilMs: command.untilMs };
      const entry = { to: alert.state, reason: "SNOOZED", atMs, wallMs: atMs, worth: false } as const;
      return record(policy, { alert: asleep, transitions: [] }, entry);
    }
    case "UNSNOOZE":
      return alert.snoozedUntilMs === null ? unchanged : wake(policy, unchanged, atMs);
  }
};

/** What it leads to that a series is watched no more, or by another rule: whatever is open ends, and all that was learnt of it is forgotten. */
export const retiredStep = (policy: AlertPolicy, alert: AlertState, { reason, atMs }: RetiredSignal): Stepped => {
  const forgotten = { ...alert, recent: "", emptyRun: 0, acknowledged: false, awaitsReturn: false, changesMs: [] };
  const before: Stepped = { alert: forgotten, transitions: [] };
  const calm = ({ alert: ended, transitions }: Stepped): Stepped => ({
    alert: { ...ended, flapping: false },
    transitions,
  });
  const entry = { reason, atMs, wallMs: atMs } as const;
  if (isOpen(alert.state))
    return calm(record(policy, before, { ...entry, to: "RESOLVED", worth: alert.believed !== null }));
  return calm(alert.state === "PENDING" ? record(policy, before, { ...entry, to: "OK", worth: false }) : before);
};

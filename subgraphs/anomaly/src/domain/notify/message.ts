import type { AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { Severity } from "../alerts/alert.ts";
import type { Channel, ChannelKind } from "./channel.ts";
import type { Wait } from "./plan.ts";
import { isAtLeast } from "./severity-rank.ts";
import { render, type View } from "./template.ts";

/** What a message asks of a receiver that keeps incidents. */
export type Action = "TRIGGER" | "ACKNOWLEDGE" | "RESOLVE";

/** Alerts that one message names; of the others it says how many they are. */
export const MAX_TOLD = 25;
/** Characters of a title and a text, in whatever channel. */
export const MESSAGE_LIMITS = { title: 250, text: 8_000 } as const;

/** What a channel is told in one message. */
export interface Message {
  /** Id of the delivery: the same however often it is tried. */
  readonly id: string;
  readonly action: Action;
  readonly severity: Severity;
  /** What receivers put messages about one thing together by: the anomaly, or the series where there is none; null when the message is about several. */
  readonly subject: string | null;
  readonly title: string;
  readonly text: string;
  /** The newest transition of each alert, the first that happened first, at most {@link MAX_TOLD}. */
  readonly alerts: readonly AlertChanged[];
  /** Alerts it is about, told and untold. */
  readonly count: number;
  readonly wait: Wait;
  readonly atMs: number;
}

/** What a transition asks of a receiver. */
export const actionOf = ({ to }: Pick<AlertChanged, "to">): Action => {
  if (to === "RESOLVED" || to === "OK") return "RESOLVE";
  return to === "ACKNOWLEDGED" ? "ACKNOWLEDGE" : "TRIGGER";
};

/** What stands for an alert at receivers: its anomaly, so that the next one is new to them. */
export const subjectOf = ({ anomalyId, fingerprint }: Pick<AlertChanged, "anomalyId" | "fingerprint">): string =>
  anomalyId ?? fingerprint;

const number = (value: number | null): string => (value === null ? "" : String(Number(value.toPrecision(6))));
const moment = (ms: number | null): string => (ms === null ? "" : new Date(ms).toISOString());
const duration = (fromMs: number | null, toMs: number): string => {
  if (fromMs === null) return "";
  const minutes = Math.max(0, Math.round((toMs - fromMs) / 60_000));
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
};

/** An alert as templates see it. Labels have no prototype: a template reaches what the tenant named and nothing else. */
const viewOfAlert = (alert: AlertChanged): View => ({
  action: actionOf(alert),
  severity: alert.severity,
  state: alert.to,
  from: alert.from,
  reason: alert.reason,
  rule: alert.ruleName,
  ruleId: alert.ruleId,
  anomalyId: alert.anomalyId ?? "",
  fingerprint: alert.fingerprint,
  group: alert.group.map(({ name, value }) => `${name}=${value ?? ""}`).join(", "),
  labels: { __proto__: null, ...alert.labels },
  value: number(alert.value),
  expected: number(alert.expected),
  low: number(alert.low),
  high: number(alert.high),
  because: alert.because,
  at: moment(alert.atMs),
  since: moment(alert.sinceMs),
  duration: duration(alert.sinceMs, alert.atMs),
});

/** Built-in words, which templates replace. */
export const BUILT_IN = {
  title:
    "{{#isOne}}[{{severity}}] {{rule}}{{#group}} ({{group}}){{/group}}: {{state}}{{/isOne}}{{^isOne}}{{count}} alerts, the worst {{severity}}{{/isOne}}",
  body: `{{#isOne}}{{because}}
State: {{state}} ({{reason}}) at {{at}}
{{#value}}Value: {{value}}{{#expected}}, expected {{expected}}{{/expected}}{{#low}}, usual {{low}} to {{high}}{{/low}}
{{/value}}{{#since}}Since: {{since}} ({{duration}})
{{/since}}{{/isOne}}{{^isOne}}{{#alerts}}- [{{severity}}] {{rule}}{{#group}} ({{group}}){{/group}}: {{state}} at {{at}}. {{because}}
{{/alerts}}{{#more}}and {{more}} more
{{/more}}{{/isOne}}`,
} as const;

/** Of several transitions of an alert the newest, in the order in which alerts were first told of. */
export const newestOfEach = (alerts: readonly AlertChanged[]): readonly AlertChanged[] => {
  const newest = new Map<string, AlertChanged>();
  for (const alert of alerts) newest.set(subjectOf(alert), alert);
  return [...newest.values()];
};

/** What alerts ask of a receiver together: they are over when all are. */
const actionOfAll = (each: readonly AlertChanged[]): Action => {
  const [first, ...others] = new Set(each.map(actionOf));
  return first === undefined || others.length > 0 ? "TRIGGER" : first;
};

/** What a message is made of. */
export interface MessageParts {
  readonly id: string;
  readonly channel: Pick<Channel, "name" | "templates"> & { readonly settings: { readonly kind: ChannelKind } };
  /** Transitions in order, at least one; of a long list the newest. */
  readonly alerts: readonly AlertChanged[];
  /** Alerts that are not in the list. */
  readonly unlisted: number;
  readonly wait: Wait;
  readonly atMs: number;
}

const cut = (text: string, most: number): string => {
  if (text.length <= most) return text;
  // No half of a surrogate pair is left at the end.
  return `${text.slice(0, most - 3).replace(/[\uD800-\uDBFF]$/, "")}...`;
};

/** Makes a message: the channel's templates or the built-in words, every value escaped for the kind of channel. */
export const messageOf = (parts: MessageParts): Message => {
  const { channel, wait, atMs } = parts;
  const each = newestOfEach(parts.alerts);
  const [first] = each;
  if (first === undefined) throw new Error("A message is about at least one alert.");
  const count = each.length + parts.unlisted;
  const worst = each.reduce((most, one) => (isAtLeast(most.severity, one.severity) ? most : one));
  const alerts = each.slice(0, MAX_TOLD);
  const view: View = {
    ...viewOfAlert(worst),
    alerts: alerts.map(viewOfAlert),
    ...{ count: String(count), more: count > alerts.length ? String(count - alerts.length) : "" },
    ...{ isOne: count === 1, channel: channel.name, wait },
  };
  const { kind } = channel.settings;
  const title = render(kind, channel.templates.title ?? BUILT_IN.title, view)
    .replaceAll(/\s+/g, " ")
    .trim();
  return {
    ...{ id: parts.id, action: actionOfAll(each), severity: worst.severity, alerts, count, wait, atMs },
    subject: count === 1 ? subjectOf(first) : null,
    title: cut(title === "" ? "Alert" : title, MESSAGE_LIMITS.title),
    text: cut(render(kind, channel.templates.body ?? BUILT_IN.body, view).trim(), MESSAGE_LIMITS.text),
  };
};

import type { AlertChanged, AlertShown } from "@tessera/contracts/events/alert-changed";
import { reasonInWords } from "../alerts/reason-words.ts";
import { readingIn } from "../zone-clock.ts";
import type { GroupChange } from "./group.ts";
import { actionOf } from "./subject.ts";
import type { View } from "./template.ts";

/** An alert that a message names, and what became of it since its group's last message; null when it is about no group. */
export interface Told {
  readonly alert: AlertChanged;
  readonly change: GroupChange | null;
}

const number = (value: number | null): string => (value === null ? "" : String(Number(value.toPrecision(6))));
const moment = (ms: number | null): string => (ms === null ? "" : new Date(ms).toISOString());
const duration = (fromMs: number | null, toMs: number): string => {
  if (fromMs === null) return "";
  const minutes = Math.max(0, Math.round((toMs - fromMs) / 60_000));
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
};

/** How alerts are told of that say nothing of it. */
const PLAIN: AlertShown = { number: "", unit: "", times: 1, timeZone: "UTC", about: "" };

/** What the rule's clock shows, to the minute, with its zone. */
const clock = (ms: number | null, zone: string): string =>
  ms === null ? "" : `${new Date(readingIn(zone, ms)).toISOString().slice(0, 16).replace("T", " ")} (${zone})`;

/** A value in the unit of its rule's number. */
const inUnit = (value: number | null, { unit, times }: AlertShown): string => {
  if (value === null) return "";
  return unit === "" ? number(value * times) : `${number(value * times)} ${unit}`;
};

/** Between which values, or on which side of one, the number is normal. */
const normalOf = ({ low, high }: AlertChanged, shown: AlertShown): string => {
  if (low !== null && high !== null) return `${number(low * shown.times)} to ${inUnit(high, shown)}`;
  if (high !== null) return `at most ${inUnit(high, shown)}`;
  return low === null ? "" : `at least ${inUnit(low, shown)}`;
};

/** The reason in words, unless they are what was seen. */
const whyOf = ({ reason, because }: AlertChanged): string => {
  const words = reasonInWords(reason);
  return words === because ? "" : words;
};

/** An alert as templates see it. Labels have no prototype: a template reaches what the tenant named and nothing else. */
export const viewOfAlert = ({ alert, change }: Told): View => {
  const { shown = PLAIN } = alert;
  return {
    change: change ?? "",
    action: actionOf(alert),
    severity: alert.severity,
    state: alert.to,
    from: alert.from,
    reason: alert.reason,
    why: whyOf(alert),
    rule: alert.ruleName,
    ruleId: alert.ruleId,
    about: shown.about,
    anomalyId: alert.anomalyId ?? "",
    fingerprint: alert.fingerprint,
    group: alert.group.map(({ name, value }) => `${name}=${value ?? "(none)"}`).join(", "),
    labels: { __proto__: null, ...alert.labels },
    number: shown.number,
    value: number(alert.value),
    valueShown: inUnit(alert.value, shown),
    expected: number(alert.expected),
    expectedShown: inUnit(alert.expected, shown),
    low: number(alert.low),
    high: number(alert.high),
    normal: normalOf(alert, shown),
    because: alert.because,
    at: moment(alert.atMs),
    atClock: clock(alert.atMs, shown.timeZone),
    since: moment(alert.sinceMs),
    sinceClock: clock(alert.sinceMs, shown.timeZone),
    duration: duration(alert.sinceMs, alert.atMs),
  };
};

/** Built-in words, which templates replace. */
export const BUILT_IN = {
  title:
    "{{#isOne}}[{{severity}}] {{rule}}{{#group}} ({{group}}){{/group}}: {{state}}{{/isOne}}{{^isOne}}{{#isGroup}}[{{severity}}] {{#groupName}}{{groupName}}: {{/groupName}}{{summary}}{{/isGroup}}{{^isGroup}}{{count}} alerts, the worst {{severity}}{{/isGroup}}{{/isOne}}",
  body: `{{#isOne}}{{because}}
{{#valueShown}}{{#number}}{{number}}{{/number}}{{^number}}Value{{/number}}: {{valueShown}}{{#expectedShown}}, expected {{expectedShown}}{{/expectedShown}}{{#normal}}, normal {{normal}}{{/normal}}
{{/valueShown}}{{state}} at {{atClock}}{{#why}}: {{why}}{{/why}}
{{#sinceClock}}Since {{sinceClock}}, {{duration}}
{{/sinceClock}}{{#about}}{{about}}
{{/about}}{{#anomalyId}}Anomaly {{anomalyId}}
{{/anomalyId}}{{/isOne}}{{^isOne}}{{#alerts}}- {{#change}}{{change}} {{/change}}[{{severity}}] {{rule}}{{#group}} ({{group}}){{/group}}: {{state}} at {{atClock}}. {{because}}
{{/alerts}}{{#more}}and {{more}} more
{{/more}}{{/isOne}}`,
} as const;

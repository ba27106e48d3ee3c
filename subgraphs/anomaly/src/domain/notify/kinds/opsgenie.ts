import { beginningOf } from "@tessera/platform/text/whole-characters";
import type { Severity } from "../../alerts/alert.ts";
import type { Message } from "../message.ts";
import {
  byStatus,
  JSON_HEADERS,
  objectIn,
  sent,
  tryAgain,
  type ReadAnswer,
  type Transmission,
} from "./transmission.ts";

const PRIORITIES: Readonly<Record<Severity, string>> = { INFO: "P5", WARNING: "P3", ERROR: "P2", CRITICAL: "P1" };
/** Characters that the Alerts API takes of each. */
const MAX = {
  message: 130,
  alias: 512,
  description: 15_000,
  entity: 512,
  source: 100,
  note: 25_000,
  tag: 50,
  tags: 20,
} as const;

const tagsOf = (labels: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(labels)
    .map(([name, value]) => beginningOf(`${name}:${value}`, MAX.tag))
    .slice(0, MAX.tags);

const creation = (message: Message, teams: readonly string[]): object => {
  const [alert] = message.alerts;
  return {
    ...{ message: beginningOf(message.title, MAX.message), alias: aliasOf(message), source: "Tessera" },
    ...{ description: beginningOf(message.text, MAX.description), priority: PRIORITIES[message.severity] },
    ...(teams.length === 0 ? {} : { responders: teams.map((name) => ({ type: "team", name })) }),
    ...{ tags: tagsOf(alert?.labels ?? {}), entity: beginningOf(alert?.ruleName ?? "", MAX.entity) },
    details: {
      ...{ rule_id: alert?.ruleId ?? "", anomaly_id: alert?.anomalyId ?? "", state: alert?.to ?? "" },
      ...{ value: String(alert?.value ?? ""), expected: String(alert?.expected ?? "") },
      ...(message.picture === null ? {} : { picture: message.picture }),
    },
  };
};

const aliasOf = ({ subject, id }: Message): string => beginningOf(subject ?? id, MAX.alias);

/** A request of the Alerts API; alerts of one alias that is open are counted and not made again. */
export const opsgenieAlert = (
  to: { readonly api: string; readonly apiKey: string; readonly teams: readonly string[] },
  message: Message,
): Transmission => {
  const at = `${to.api}/v2/alerts`;
  const step = message.action === "ACKNOWLEDGE" ? "acknowledge" : "close";
  const url =
    message.action === "TRIGGER" ? at : `${at}/${encodeURIComponent(aliasOf(message))}/${step}?identifierType=alias`;
  const body =
    message.action === "TRIGGER"
      ? creation(message, to.teams)
      : { source: "Tessera", note: beginningOf(`${message.title}\n${message.text}`, MAX.note) };
  return {
    ...{ method: "POST", url, body: JSON.stringify(body) },
    headers: { ...JSON_HEADERS, authorization: `GenieKey ${to.apiKey}` },
  };
};

/** Reads the answer: 202 with the id by which Opsgenie tells what became of the request. */
export const readOpsgenie: ReadAnswer = (answer, nowMs) => {
  if (answer.status >= 300) return byStatus(answer, nowMs);
  const id = answer.status === 202 ? objectIn(answer.text)?.["requestId"] : undefined;
  return typeof id === "string" ? sent(answer, id) : tryAgain(answer, nowMs);
};

import { beginningOf } from "@tessera/platform/text/whole-characters";
import type { Severity } from "../../alerts/alert.ts";
import type { Message } from "../message.ts";
import { byStatus, JSON_HEADERS, objectIn, refused, sent, tryAgain } from "./transmission.ts";
import type { ReadAnswer, Transmission } from "./transmission.ts";

const ACTIONS = { TRIGGER: "trigger", ACKNOWLEDGE: "acknowledge", RESOLVE: "resolve" } as const;
const SEVERITIES: Readonly<Record<Severity, string>> = {
  ...{ INFO: "info", WARNING: "warning", ERROR: "error", CRITICAL: "critical" },
};
/** Characters of a summary, and of what a series is of: values of events may be of any length. */
const MAX_SUMMARY = 1_024;
const MAX_COMPONENT = 1_024;

const componentOf = (alert: Message["alerts"][number] | undefined): string =>
  beginningOf(alert?.group.map(({ value }) => value ?? "").join(" ") ?? "", MAX_COMPONENT);

/** An event of the Events API v2; the key of deduplication is the anomaly's, so that what is sent again changes nothing. */
export const pagerDutyEvent = (
  to: { readonly api: string; readonly routingKey: string },
  message: Message,
): Transmission => {
  const [alert] = message.alerts;
  const event = {
    ...{ routing_key: to.routingKey, event_action: ACTIONS[message.action], dedup_key: message.subject ?? message.id },
    ...{ client: "Tessera" },
    ...(message.picture === null ? {} : { links: [{ href: message.picture, text: "Picture of the series" }] }),
    payload: {
      ...{ summary: beginningOf(message.title, MAX_SUMMARY), source: alert?.ruleName ?? "tessera" },
      ...{ severity: SEVERITIES[message.severity], timestamp: new Date(alert?.atMs ?? message.atMs).toISOString() },
      ...{ component: componentOf(alert), class: alert?.reason ?? "" },
      custom_details: {
        ...{ text: message.text, rule_id: alert?.ruleId, anomaly_id: alert?.anomalyId, state: alert?.to },
        ...{ value: alert?.value, expected: alert?.expected, low: alert?.low, high: alert?.high },
        ...{ labels: alert?.labels, transition_id: alert?.transitionId },
      },
    },
  };
  return { method: "POST", url: `${to.api}/v2/enqueue`, headers: JSON_HEADERS, body: JSON.stringify(event) };
};

/** Reads the answer: 202 with `success`; of 400 the errors tell whether the routing key is what is wrong. */
export const readPagerDuty: ReadAnswer = (answer, nowMs) => {
  if (answer.status === 202)
    return objectIn(answer.text)?.["status"] === "success" ? sent(answer) : tryAgain(answer, nowMs);
  if (answer.status === 400) return refused(answer, /routing[_ ]key/i.test(answer.text));
  // Anything else of 2xx did not come from the Events API.
  return answer.status < 300 ? tryAgain(answer, nowMs) : byStatus(answer, nowMs);
};

import { beginningOf } from "@tessera/platform/text/whole-characters";
import type { Severity } from "../../alerts/alert.ts";
import type { Message } from "../message.ts";
import { byStatus, JSON_HEADERS, objectIn, refused, sent, tryAgain } from "./transmission.ts";
import type { Answer, ReadAnswer, Transmission } from "./transmission.ts";

/** Characters of a header and of a section of Block Kit, which Slack refuses more of. */
const MAX_HEADER = 150;
const MAX_SECTION = 3_000;
/** Characters of the text that is shown where blocks can't be. */
const MAX_FALLBACK = 3_000;

/** Colours beside a message. */
export const COLOURS: Readonly<Record<Severity, string>> = {
  ...{ INFO: "#439FE0", WARNING: "#DAA038", ERROR: "#E8590C", CRITICAL: "#C92A2A" },
};
const RESOLVED_COLOUR = "#2F9E44";

/** The beginning of an escaped text: no entity is cut through, which would show as what it is not. */
const beginning = (text: string, most: number): string =>
  text.length <= most ? text : `${beginningOf(text, most - 3).replace(/&[a-z]{0,3}$/, "")}...`;

/** Plain text is shown as it is: what was escaped for the other blocks is turned back. */
const plain = (text: string): string => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A message in Block Kit, with a text for where blocks can't be shown. */
export const slackBody = (message: Message): Readonly<Record<string, unknown>> => {
  const { title, text, action, severity, picture } = message;
  const header = {
    type: "header",
    text: { type: "plain_text", text: beginning(plain(title), MAX_HEADER), emoji: false },
  };
  const section = { type: "section", text: { type: "mrkdwn", text: beginning(text, MAX_SECTION), verbatim: true } };
  const link = { type: "mrkdwn", text: `<${picture ?? ""}|Picture of the series>`, verbatim: true };
  const linked = picture === null ? [] : [{ type: "section", text: link }];
  return {
    text: beginning(title, MAX_FALLBACK),
    attachments: [
      {
        color: action === "RESOLVE" ? RESOLVED_COLOUR : COLOURS[severity],
        blocks: [header, ...(text === "" ? [] : [section]), ...linked],
      },
    ],
  };
};

/** A message to an incoming webhook. */
export const slackWebhook = (url: string, message: Message): Transmission => ({
  ...{ method: "POST", url, headers: JSON_HEADERS },
  body: JSON.stringify({ ...slackBody(message), unfurl_links: false, unfurl_media: false }),
});

/** A message by `chat.postMessage`, in the thread of the first one about the anomaly, and shown in the conversation too when it ends. */
export const slackBot = (
  to: { readonly api: string; readonly token: string; readonly conversation: string; readonly thread: string | null },
  message: Message,
): Transmission => ({
  ...{ method: "POST", url: `${to.api}/api/chat.postMessage` },
  headers: { ...JSON_HEADERS, authorization: `Bearer ${to.token}` },
  body: JSON.stringify({
    ...{ channel: to.conversation, ...slackBody(message), unfurl_links: false, unfurl_media: false },
    // Slack keeps no messages apart by it, and hands it to whoever reads them: a repeated one can be told.
    metadata: { event_type: "tessera_alert", event_payload: { delivery_id: message.id } },
    ...(to.thread === null ? {} : { thread_ts: to.thread, reply_broadcast: message.action === "RESOLVE" }),
  }),
});

/** Errors of the Web API that pass by themselves. */
const PASSING = new Set([
  ...["ratelimited", "rate_limited", "message_limit_exceeded", "fatal_error", "internal_error"],
  ...["service_unavailable", "request_timeout", "team_added_to_org"],
]);
/** Errors that are of this message alone. */
const OF_THE_MESSAGE = new Set([
  ...[
    "msg_too_long",
    "no_text",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_attachments",
    "too_many_attachments",
  ],
  ...["invalid_arguments", "markdown_text_conflict", "metadata_too_large", "msg_blocks_too_long"],
]);

/** Reads the answer of the Web API, which is of status 200 for errors too. Errors that are not known here, too, are of the token or the conversation. */
export const readSlackBot: ReadAnswer = (answer, nowMs) => {
  if (answer.status !== 200) return byStatus(answer, nowMs);
  const said = objectIn(answer.text);
  if (said?.["ok"] === true) return sent(answer, typeof said["ts"] === "string" ? said["ts"] : undefined);
  const error = said?.["error"];
  // What is not its API's answer came from something in between.
  if (typeof error !== "string" || PASSING.has(error)) return tryAgain(answer, nowMs);
  return refused(answer, !OF_THE_MESSAGE.has(error));
};

const said = ({ text }: Answer): string => text.trim().toLowerCase();

/** Reads the answer of an incoming webhook: `ok`, or a word. */
export const readSlackWebhook: ReadAnswer = (answer, nowMs) => {
  if (answer.status === 200) return said(answer) === "ok" ? sent(answer) : tryAgain(answer, nowMs);
  return byStatus(answer, nowMs);
};

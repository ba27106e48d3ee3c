import type { Message } from "../message.ts";
import { byStatus, JSON_HEADERS, tryAgain, type ReadAnswer, type Transmission } from "./transmission.ts";

/** Bytes of a message that Teams takes. */
export const TEAMS_MAX_BYTES = 28_000;

const COLOURS = { INFO: "Accent", WARNING: "Warning", ERROR: "Attention", CRITICAL: "Attention" } as const;

/** A line of text is a block, since Adaptive Cards put lines of one block together. */
const blocks = (text: string): readonly object[] =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => ({ type: "TextBlock", text: line, wrap: true, spacing: "Small" }));

const card = ({ title, action, severity, picture }: Message, lines: readonly object[]): object => ({
  $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
  ...{ type: "AdaptiveCard", version: "1.4", msteams: { width: "Full" } },
  body: [
    {
      ...{ type: "TextBlock", text: title, weight: "Bolder", size: "Medium", wrap: true },
      color: action === "RESOLVE" ? "Good" : COLOURS[severity],
    },
    ...lines,
  ],
  ...(picture === null ? {} : { actions: [{ type: "Action.OpenUrl", title: "Picture of the series", url: picture }] }),
});

/** A message as a Workflows webhook takes it: one Adaptive Card, with as many lines as Teams takes. */
export const teamsBody = (message: Message): string => {
  const bodyOf = (lines: readonly object[]): string =>
    JSON.stringify({
      type: "message",
      attachments: [
        { contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content: card(message, lines) },
      ],
    });
  let lines = blocks(message.text);
  while (lines.length > 0 && Buffer.byteLength(bodyOf(lines)) > TEAMS_MAX_BYTES) lines = lines.slice(0, -1);
  return bodyOf(lines);
};

/** A message to a Workflows webhook. */
export const teamsWebhook = (url: string, message: Message): Transmission => ({
  ...{ method: "POST", url, headers: JSON_HEADERS, body: teamsBody(message) },
});

/** Reads the answer: 202 of Workflows; connectors of before answered 200 with the status of the trouble in words. */
export const readTeams: ReadAnswer = (answer, nowMs) =>
  answer.status === 200 && /HTTP error (?:408|429|5\d\d)/.test(answer.text)
    ? tryAgain(answer, nowMs)
    : byStatus(answer, nowMs);

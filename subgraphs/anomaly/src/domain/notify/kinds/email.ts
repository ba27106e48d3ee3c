import type { Message } from "../message.ts";
import { COLOURS } from "./slack.ts";

/** A mail as it is handed to the operator's relay. */
export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The same however often it is tried: mail stores and readers show one of those that are equal. */
  readonly messageId: string;
  readonly references: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const ADDRESS =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;

/** Whether a text is one mailbox and nothing else: no name beside it, no list, no line end (RFC 5321, 4.1.2, without quoted local parts). */
export const isMailbox = (text: string): boolean =>
  text.length <= 254 && ADDRESS.test(text) && !text.startsWith(".") && !text.includes("..") && !text.includes(".@");

/** A header's value: one line, of which nothing makes another header. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();

/** A message as a mail from the operator's mailbox. */
export const mailOf = (
  to: { readonly from: string; readonly recipients: readonly string[]; readonly channelId: string },
  message: Message,
): Mail => {
  const { title, text, severity, subject, group, id } = message;
  const domain = to.from.slice(to.from.lastIndexOf("@") + 1);
  const line = oneLine(title);
  const html = `<div style="border-left:4px solid ${COLOURS[severity]};padding-left:12px;font-family:sans-serif"><h3>${escapeHtml(line)}</h3><p style="white-space:pre-wrap">${escapeHtml(text)}</p></div>`;
  return {
    ...{ from: to.from, to: to.recipients, subject: line, text: `${text}\n`, html },
    messageId: `<${id}@${domain}>`,
    references: subject === null ? [] : [`<${group === null ? "anomaly" : "group"}.${subject}@${domain}>`],
    headers: {
      "List-Unsubscribe": `<mailto:${to.from}?subject=unsubscribe%20${to.channelId}>`,
      // RFC 3834: nothing answers by itself.
      "Auto-Submitted": "auto-generated",
      "X-Tessera-Delivery": id,
    },
  };
};

import type { Message } from "../message.ts";
import { COLOURS } from "./slack.ts";

/** A picture that a mail shows within its text. */
export interface MailPicture {
  /** Names it within the mail; unique in it. */
  readonly name: string;
  readonly png: Uint8Array;
  /** What it shows in words. */
  readonly alternative: string;
}

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
  /** Shown by `cid:` and the id (RFC 2392). */
  readonly pictures: readonly (MailPicture & { readonly cid: string })[];
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

/** Pixels of the page that a picture is shown wide; narrower pages show it smaller. */
const IMAGE_WIDTH = 720;

/** A message as a mail from the operator's mailbox. */
export const mailOf = (
  to: { readonly from: string; readonly recipients: readonly string[]; readonly channelId: string },
  message: Message,
  pictures: readonly MailPicture[] = [],
): Mail => {
  const { title, text, severity, subject, group, id } = message;
  const domain = to.from.slice(to.from.lastIndexOf("@") + 1);
  const line = oneLine(title);
  const shown = pictures.map((picture) => ({ ...picture, cid: `${picture.name}.${id}@${domain}` }));
  const images = shown.map(
    ({ cid, alternative }) =>
      `<p><img src="cid:${cid}" alt="${escapeHtml(oneLine(alternative))}" width="${IMAGE_WIDTH}" style="max-width:100%;height:auto;border:0"></p>`,
  );
  const html = `<div style="border-left:4px solid ${COLOURS[severity]};padding-left:12px;font-family:sans-serif"><h3>${escapeHtml(line)}</h3><p style="white-space:pre-wrap">${escapeHtml(text)}</p>${images.join("")}</div>`;
  return {
    ...{ from: to.from, to: to.recipients, subject: line, text: `${text}\n`, html, pictures: shown },
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

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
  /** Those of them who have not got it yet: to nobody else it goes. */
  readonly missing: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The same however often it is tried: mail stores and readers show one of those that are equal. */
  readonly messageId: string;
  readonly references: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** Shown by `cid:` and the id (RFC 2392). */
  readonly pictures: readonly (MailPicture & { readonly cid: string })[];
  readonly attachments: readonly MailAttachment[];
}

/** A file beside a mail's text. */
export interface MailAttachment {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** What a mail shows in place of its message, and has beside it. */
export interface MailPage {
  /** A page of ours with its pictures in it; null: the message is shown. */
  readonly html: string | null;
  readonly attachments: readonly MailAttachment[];
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

/** The picture of a page of ours: it stands in the page as its bytes. */
const PICTURE = /src="data:image\/png;base64,([A-Za-z0-9+/=]+)"/g;

/**
 * A report's page as a mail shows it: most readers of mail show no picture that stands in the page, so each becomes a part of the mail, which the page names by its id
 * (RFC 2392). `cid` says the id of a picture of some name.
 */
const pageForMail = (
  html: string,
  cid: (name: string) => string,
): { readonly html: string; readonly pictures: readonly MailPicture[] } => {
  const pictures: MailPicture[] = [];
  const page = html.replaceAll(PICTURE, (_whole, base64: string) => {
    const name = `chart-${pictures.length + 1}`;
    pictures.push({ name, png: new Uint8Array(Buffer.from(base64, "base64")), alternative: "" });
    return `src="cid:${cid(name)}"`;
  });
  return { html: page.replace("img-src data:;", "img-src data: cid:;"), pictures };
};

/** A message as a mail from the operator's mailbox. */
export const mailOf = (
  to: {
    readonly from: string;
    readonly recipients: readonly string[];
    readonly channelId: string;
    /** Recipients who have it; left out: nobody. */
    readonly done?: readonly string[];
  },
  message: Message,
  pictures: readonly MailPicture[] = [],
  page: MailPage = { html: null, attachments: [] },
): Mail => {
  const { title, text, severity, subject, group, id } = message;
  const domain = to.from.slice(to.from.lastIndexOf("@") + 1);
  const line = oneLine(title);
  const cid = (name: string): string => `${name}.${id}@${domain}`;
  const whole = page.html === null ? null : pageForMail(page.html, cid);
  const shown = [...pictures, ...(whole?.pictures ?? [])].map((picture) => ({ ...picture, cid: cid(picture.name) }));
  const images = shown.map(
    ({ cid: shownBy, alternative }) =>
      `<p><img src="cid:${shownBy}" alt="${escapeHtml(oneLine(alternative))}" width="${IMAGE_WIDTH}" style="max-width:100%;height:auto;border:0"></p>`,
  );
  const told = `<div style="border-left:4px solid ${COLOURS[severity]};padding-left:12px;font-family:sans-serif"><h3>${escapeHtml(line)}</h3><p style="white-space:pre-wrap">${escapeHtml(text)}</p>${images.join("")}</div>`;
  return {
    ...{
      from: to.from,
      to: to.recipients,
      missing: to.recipients.filter((one) => to.done?.includes(one) !== true),
      subject: line,
      text: `${text}\n`,
      html: whole?.html ?? told,
      pictures: shown,
    },
    attachments: page.attachments,
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

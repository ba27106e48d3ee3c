import { createTransport } from "nodemailer";
import { z } from "zod";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { excerptOf } from "../../domain/notify/kinds/transmission.ts";
import type { Mail } from "../../domain/notify/kinds/email.ts";
import type { SendOutcome } from "../../domain/notify/retry.ts";

/** Milliseconds to connect and to be greeted, that the relay may be silent, and that a mail may take altogether: well within a sender's lease, which is renewed meanwhile. */
export const MAIL_BOUNDS = { connectMs: 10_000, silenceMs: 15_000, mailMs: 30_000 } as const;

/** The operator's relay. */
export interface MailRelay {
  /** `smtp://user:password@host:587` or `smtps://...`. */
  readonly url: string;
  /** Mailbox that mails are from. */
  readonly from: string;
  /** REQUIRED: nothing is said, credentials least of all, before STARTTLS; NONE: for a relay on the same machine. */
  readonly tls: "REQUIRED" | "NONE";
  /** Certificate authority (PEM) that is trusted instead of the well-known ones. */
  readonly certificateAuthority?: string | undefined;
}

/** Sends mails by the operator's relay. */
export interface Mailer {
  readonly from: string;
  send(mail: Mail): Promise<SendOutcome>;
}

/** The command in answer to which a refusal is one of the recipients, and that in answer to which it is one of the mail. */
const [OF_RECIPIENTS, OF_MAIL] = ["RCPT TO", "DATA"] as const;
/** What the library says of a mail that a relay would not take: too large, or refused after it was read. */
const REFUSED_MAIL = "EMESSAGE";

interface Trouble {
  readonly code: string;
  readonly command: string;
  readonly status: number | null;
}

const textIn = (error: object, name: string): string => {
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" ? value : "";
};

const troubleIn = (error: unknown): Trouble => {
  if (typeof error !== "object" || error === null) return { code: "", command: "", status: null };
  const status: unknown = Reflect.get(error, "responseCode");
  return {
    ...{ code: textIn(error, "code"), command: textIn(error, "command") },
    status: typeof status === "number" ? status : null,
  };
};

/**
 * What a relay's refusal means (RFC 5321, 4.2.1): 4yz passes; of 5yz what is said of all recipients is for good, what is said of the message is of this one
 * alone, and what is said of anything else (its service, TLS, credentials, the sender's mailbox) is the operator's to mend: the mail waits for that.
 */
const outcomeOf = (error: unknown): SendOutcome => {
  const { code, command, status } = troubleIn(error);
  const said = excerptOf(errorMessage(error));
  const isForGood = status !== null && status >= 500 && [OF_RECIPIENTS, OF_MAIL].some((one) => one === command);
  const isRefused = isForGood || (code === REFUSED_MAIL && (status === null || status >= 500));
  if (!isRefused) return { kind: "TRY_AGAIN", code: status, said, retryAfterMs: null };
  return { kind: "REFUSED", code: status, said, disables: command === OF_RECIPIENTS };
};

const addressOf = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "object" && value !== null ? textIn(value, "address") : "";

const refusals = z.array(z.object({ recipient: z.string(), responseCode: z.number().optional(), message: z.string() }));

/**
 * What a relay said of the mailboxes that it refused of a mail it took for others: those that may do another time (4yz) are tried again by themselves, since the others have it.
 */
const outcomeOfTaken = (info: {
  readonly response: string;
  readonly accepted: readonly unknown[];
  readonly rejectedErrors?: unknown;
}): SendOutcome => {
  const refused = refusals.parse(info.rejectedErrors ?? []);
  const later = refused.find(({ responseCode = 500 }) => responseCode < 500);
  const names = refused.map(({ recipient }) => recipient).join(", ");
  const said = excerptOf(names === "" ? info.response : `${later?.message ?? info.response} (refused: ${names})`);
  const code = Number(info.response.slice(0, 3)) || null;
  if (later === undefined) return { kind: "SENT", code, said };
  const taken = info.accepted.map(addressOf);
  return { kind: "TRY_AGAIN", code: later.responseCode ?? null, said, retryAfterMs: null, taken };
};

/** Builds {@link Mailer}; a connection each, so that no message waits for another one's. */
export const createMailer = (
  relay: MailRelay,
  { connectMs, silenceMs, mailMs }: Readonly<Record<keyof typeof MAIL_BOUNDS, number>> = MAIL_BOUNDS,
): Mailer => {
  const url = new URL(relay.url);
  const secure = url.protocol === "smtps:";
  const user = decodeURIComponent(url.username);
  const transport = createTransport({
    ...{ host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || (secure ? 465 : 587)), secure },
    ...(user === "" ? {} : { auth: { user, pass: decodeURIComponent(url.password) } }),
    ...(relay.tls === "REQUIRED" ? { requireTLS: true } : { ignoreTLS: true }),
    tls: {
      minVersion: "TLSv1.2" as const,
      ...(relay.certificateAuthority === undefined ? {} : { ca: relay.certificateAuthority }),
    },
    ...{ connectionTimeout: connectMs, greetingTimeout: connectMs, socketTimeout: silenceMs },
    // Nothing in a mail is read from a file or fetched.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  const deliver = async (mail: Mail): Promise<SendOutcome> => {
    const { to, missing, pictures, attachments, ...same } = mail;
    const info = await transport.sendMail({
      ...{ ...same, to: [...to], references: [...mail.references], headers: { ...mail.headers } },
      envelope: { from: mail.from, to: [...missing] },
      attachments: [
        ...pictures.map(({ name, cid, png }) => ({
          ...{ filename: `${name}.png`, content: Buffer.from(png), contentType: "image/png", cid },
          contentDisposition: "inline" as const,
        })),
        ...attachments.map(({ name, type, bytes }) => ({
          ...{ filename: name, content: Buffer.from(bytes), contentType: type },
          contentDisposition: "attachment" as const,
        })),
      ],
    });
    return outcomeOfTaken(info);
  };
  return {
    from: relay.from,
    send: async (mail) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<SendOutcome>((resolve) => {
        const said = `The relay was not done within ${mailMs} ms.`;
        timer = setTimeout(() => resolve({ kind: "TRY_AGAIN", code: null, said, retryAfterMs: null }), mailMs);
      });
      try {
        return await Promise.race([deliver(mail).catch(outcomeOf), late]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
};

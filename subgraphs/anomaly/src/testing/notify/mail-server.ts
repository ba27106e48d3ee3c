import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { createTestCertificate } from "@tessera/platform/testing/certificate";

/** A mail as the relay took it. */
export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

/** A relay that wants STARTTLS and credentials before it takes a mail, and checks its headers. */
export interface MailServer {
  readonly url: string;
  readonly certificateAuthority: string;
  readonly taken: TakenMail[];
  /** Whether it takes mails by now for the mailbox that it puts off. */
  knowsLater: boolean;
  /** Whether somebody told it a password. */
  readonly isToldPassword: () => boolean;
  /** What is answered to the next mail at a stage, each once: a status, with words. */
  readonly faults: { readonly at: "MAIL" | "RCPT" | "DATA" | "AUTH"; readonly status: number; readonly said: string }[];
  readonly close: () => Promise<void>;
}

/** Credentials the relay knows, the mailbox it knows no more, and one that it puts off. */
export const RELAY = {
  user: "relay",
  password: "p@ss:word",
  unknown: "gone@example.com",
  later: "grey@example.com",
} as const;

const refusal = (status: number, said: string): Error => Object.assign(new Error(said), { responseCode: status });

/** What RFC 5322 wants of a mail, and what bulk mail needs besides. */
const missing = (text: string): string | null => {
  const head = text.slice(0, text.indexOf("\r\n\r\n"));
  for (const name of ["From", "To", "Date", "Message-ID", "Subject", "MIME-Version", "List-Unsubscribe"])
    if (head.match(new RegExp(`^${name}:`, "gim"))?.length !== 1) return name;
  return null;
};

/** How a relay speaks of TLS: by STARTTLS, from the first byte on, or not at all, as one does that somebody in between keeps from it. */
type Tls = "STARTTLS" | "IMPLICIT" | "NONE";

const TLS_OPTIONS: Readonly<Record<Tls, SMTPServerOptions>> = {
  STARTTLS: {},
  IMPLICIT: { secure: true },
  NONE: { disabledCommands: ["STARTTLS"], allowInsecureAuth: true },
};

/** Opens {@link MailServer}. */
export const openMailServer = async (tls: Tls = "STARTTLS"): Promise<MailServer> => {
  const { certificate, key } = createTestCertificate("localhost");
  const passwords: string[] = [];
  const opened = { knowsLater: false };
  const [taken, faults]: [TakenMail[], MailServer["faults"][number][]] = [[], []];
  const faultAt = (stage: string): Error | null => {
    if (faults[0]?.at !== stage) return null;
    const fault = faults.shift();
    return fault === undefined ? null : refusal(fault.status, fault.said);
  };
  const options: SMTPServerOptions = {
    ...{ cert: certificate, key, authMethods: ["PLAIN", "LOGIN"], size: 2_000_000, disableReverseLookup: true },
    ...TLS_OPTIONS[tls],
    onAuth: (auth, _session, callback) => {
      passwords.push(auth.password ?? "");
      const fault = faultAt("AUTH");
      if (fault !== null) return callback(fault);
      const isKnown = auth.username === RELAY.user && auth.password === RELAY.password;
      return isKnown ? callback(null, { user: RELAY.user }) : callback(refusal(535, "Authentication failed"));
    },
    onMailFrom: (_address, _session, callback) => callback(faultAt("MAIL")),
    onRcptTo: ({ address }, _session, callback) => {
      const fault = faultAt("RCPT");
      if (fault !== null) return callback(fault);
      if (address === RELAY.later && !opened.knowsLater) return callback(refusal(450, "Try later"));
      return address === RELAY.unknown ? callback(refusal(550, "No such mailbox")) : callback();
    },
    onData: (stream, session, callback) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        if (stream.sizeExceeded) return callback(refusal(552, "Too large"));
        const fault = faultAt("DATA") ?? (missing(text) === null ? null : refusal(550, `No ${missing(text)}`));
        if (fault !== null) return callback(fault);
        const { mailFrom, rcptTo } = session.envelope;
        taken.push({
          ...{ from: mailFrom === false ? "" : mailFrom.address, to: rcptTo.map(({ address }) => address), text },
        });
        return callback();
      });
    },
  };
  const server = new SMTPServer(options);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("The relay listens on a port.");
  const credentials = `${RELAY.user}:${encodeURIComponent(RELAY.password)}`;
  return Object.assign(opened, {
    ...{ certificateAuthority: certificate, taken, faults, isToldPassword: () => passwords.length > 0 },
    url: `${tls === "IMPLICIT" ? "smtps" : "smtp"}://${credentials}@localhost:${address.port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  });
};

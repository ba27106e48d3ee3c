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
  /** What is answered to the next mail at a stage, each once: a status, with words. */
  readonly faults: { readonly at: "RCPT" | "DATA" | "AUTH"; readonly status: number; readonly said: string }[];
  readonly close: () => Promise<void>;
}

/** Credentials the relay knows, and the mailbox it knows no more. */
export const RELAY = { user: "relay", password: "p@ss:word", unknown: "gone@example.com" } as const;

const refusal = (status: number, said: string): Error => Object.assign(new Error(said), { responseCode: status });

/** What RFC 5322 wants of a mail, and what bulk mail needs besides. */
const missing = (text: string): string | null => {
  const head = text.slice(0, text.indexOf("\r\n\r\n"));
  for (const name of ["From", "To", "Date", "Message-ID", "Subject", "MIME-Version", "List-Unsubscribe"])
    if (head.match(new RegExp(`^${name}:`, "gim"))?.length !== 1) return name;
  return null;
};

/** Opens {@link MailServer}. */
export const openMailServer = async (): Promise<MailServer> => {
  const { certificate, key } = createTestCertificate("localhost");
  const [taken, faults]: [TakenMail[], MailServer["faults"][number][]] = [[], []];
  const faultAt = (stage: string): Error | null => {
    if (faults[0]?.at !== stage) return null;
    const fault = faults.shift();
    return fault === undefined ? null : refusal(fault.status, fault.said);
  };
  const options: SMTPServerOptions = {
    ...{ cert: certificate, key, authMethods: ["PLAIN", "LOGIN"], size: 2_000_000, disableReverseLookup: true },
    onAuth: (auth, _session, callback) => {
      const fault = faultAt("AUTH");
      if (fault !== null) return callback(fault);
      const isKnown = auth.username === RELAY.user && auth.password === RELAY.password;
      return isKnown ? callback(null, { user: RELAY.user }) : callback(refusal(535, "Authentication failed"));
    },
    onRcptTo: ({ address }, _session, callback) => {
      const fault = faultAt("RCPT");
      if (fault !== null) return callback(fault);
      return address === RELAY.unknown ? callback(refusal(550, "No such mailbox")) : callback();
    },
    onData: (stream, session, callback) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
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
  return {
    ...{ url: `smtp://${credentials}@localhost:${address.port}`, certificateAuthority: certificate, taken, faults },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
};

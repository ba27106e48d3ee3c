import { SMTPServer } from "smtp-server";

/** A relay for mails that answers late, or not yet: what it was given it has, whoever is told. */
export interface HoldingRelay {
  readonly url: string;
  /** `Message-ID` of each mail it was given, as often as it was. */
  readonly given: readonly string[];
  /** Each mail it was given as it came (RFC 5322), in the same order. */
  readonly mails: readonly string[];
  /** Mails it was given and has not answered. */
  waiting(): number;
  /** Answers `after` more mails, and none then until it is released. */
  hold(after: number): void;
  release(): void;
  close(): Promise<void>;
}

/** Opens {@link HoldingRelay} on loopback; it asks for neither TLS nor credentials. */
export const openHoldingRelay = async (): Promise<HoldingRelay> => {
  const [given, mails]: [string[], string[]] = [[], []];
  const held = new Set<() => void>();
  let answers = Number.POSITIVE_INFINITY;
  const server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ["STARTTLS", "AUTH"], disableReverseLookup: true },
    onData: (stream, _session, callback) => {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        given.push(/^Message-ID: <([^@>]+)@/im.exec(text)?.[1] ?? "none");
        mails.push(text);
        const answer = (): void => {
          held.delete(answer);
          callback();
        };
        answers -= 1;
        if (answers >= 0) answer();
        else held.add(answer);
      });
    },
  });
  // A sender that was killed leaves its connections broken.
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("The relay listens on a port.");
  return {
    ...{ url: `smtp://127.0.0.1:${address.port}`, given, mails, waiting: () => held.size },
    hold: (after) => {
      answers = after;
    },
    release: () => {
      answers = Number.POSITIVE_INFINITY;
      for (const answer of held) answer();
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
};

import { writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { pathToFileURL } from "node:url";
import { createTestCertificate } from "@tessera/platform/testing/certificate";
import { z } from "zod";
import { root } from "./tessera-process.ts";

/** Where webhooks of these tests are sent. */
export const HOOKS_URL = "https://hooks.tessera-receiver.com/alerts";
/** Names that lead here: a server of webhooks, and Slack's. */
const HOSTS = [new URL(HOOKS_URL).hostname, "slack.com"] as const;
/** Milliseconds until a message is answered: some are under way at any time while many are sent. */
const ANSWER_AFTER_MS = 40;

/** A message as it came. */
export interface Received {
  /** By what the receiver knows it: `webhook-id`, or the delivery's id in Slack's metadata. */
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Webhooks and Slack, outside of the product, on this machine. */
export interface OutsideReceiver {
  /** Settings by which a process of the product takes it for the outside. */
  readonly environment: Readonly<Record<string, string>>;
  /** Webhooks, and messages to Slack, as often as they came. */
  readonly hooks: readonly Received[];
  readonly slack: readonly Received[];
  /** Answers nothing more until it is released: what it is given it has, whoever is told. */
  hold(): void;
  release(): void;
  close(): Promise<void>;
}

const record = z.record(z.string(), z.unknown());
const slackPost = z.looseObject({
  metadata: z.object({ event_payload: z.object({ delivery_id: z.string() }) }),
});

/** Opens {@link OutsideReceiver}; certificates are kept in the directory. */
export const openOutsideReceiver = async (directory: string): Promise<OutsideReceiver> => {
  const made = new Map<string, ReturnType<typeof createTestCertificate>>(
    HOSTS.map((host) => [host, createTestCertificate(host)]),
  );
  const contexts = new Map([...made].map(([host, { certificate: cert, key }]) => [host, { cert, key }]));
  const hooks: Received[] = [];
  const slack: Received[] = [];
  let held: (() => void)[] | null = null;
  const server = createServer(
    {
      SNICallback: (name, done) => {
        const known = contexts.get(name);
        if (known === undefined) done(new Error(`${name} is not here.`));
        else done(null, createSecureContext(known));
      },
    },
    (request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const body: unknown = JSON.parse(Buffer.concat(parts).toString("utf8"));
        const isSlack = request.headers.host === "slack.com";
        if (isSlack)
          slack.push({ id: slackPost.parse(body).metadata.event_payload.delivery_id, body: record.parse(body) });
        else hooks.push({ id: String(request.headers["webhook-id"]), body: record.parse(body) });
        const answer = isSlack ? JSON.stringify({ ok: true, ts: `${slack.length}.000100` }) : "";
        if (held === null) setTimeout(() => response.end(answer), ANSWER_AFTER_MS);
        else held.push(() => void response.end(answer));
      });
    },
  );
  // A sender that was killed leaves its connections broken.
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The receiver listens on a port.");
  const authorities = join(directory, "outside.pem");
  await writeFile(authorities, [...made.values()].map(({ certificate }) => certificate).join(""));
  const preload = pathToFileURL(join(root, "tests/testing/outside-is-here.mjs"));
  for (const host of HOSTS) preload.searchParams.set(host, String(address.port));
  return {
    environment: { NODE_OPTIONS: `--import=${preload.href}`, NODE_EXTRA_CA_CERTS: authorities },
    hooks,
    slack,
    hold: () => {
      held ??= [];
    },
    release: () => {
      for (const answer of held ?? []) answer();
      held = null;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { z } from "zod";

/** A webhook as it arrived, its signature and timestamp checked. */
export interface Received {
  readonly path: string;
  readonly id: string;
  readonly atMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a receiver answers; given what arrived, and how often this id arrived at this path before. */
export type Answer = (
  received: Received,
  before: number,
) =>
  | number
  | { readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | Promise<number>
  | "HANG_UP";

/** A server that takes webhooks as a careful receiver would. */
export interface Receiver {
  readonly url: string;
  /** In the order of their arrival. */
  readonly received: Received[];
  /** What was refused, and why. */
  readonly refused: string[];
  /** Most requests to one path that were answered at one time. */
  readonly mostAtOnce: () => number;
  /** Trusts a secret at a path. */
  trust(path: string, secrets: readonly string[]): void;
  answer(path: string, answer: Answer): void;
  close(): Promise<void>;
}

const told = z.object({ type: z.string(), data: z.record(z.string(), z.unknown()) });

const readAll = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.from(String(part)));
  return Buffer.concat(parts).toString("utf8");
};

/** Verifies with a stranger's library, whose clock is ours for as long. */
export const verifyAt = (secret: string, body: string, headers: Record<string, string>, nowMs: number): unknown => {
  const clock = Date.now;
  Date.now = () => nowMs;
  try {
    return new Webhook(secret).verify(body, headers);
  } finally {
    Date.now = clock;
  }
};

const isVerified = (
  secrets: readonly string[],
  body: string,
  headers: Record<string, string>,
  nowMs: number,
): boolean =>
  secrets.some((secret) => {
    try {
      verifyAt(secret, body, headers, nowMs);
      return true;
    } catch {
      return false;
    }
  });

/** Opens a {@link Receiver}: what is not signed by a trusted secret, or is older or newer than five minutes by `nowMs`, is refused with 401. */
export const openReceiver = async (nowMs: () => number): Promise<Receiver> => {
  const [received, refused]: [Received[], string[]] = [[], []];
  const [trusted, answers] = [new Map<string, readonly string[]>(), new Map<string, Answer>()];
  const [open, clocks] = [new Map<string, number>(), { most: 0 }];

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? "/";
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const body = await readAll(request);
    if (request.method !== "POST" || !isVerified(trusted.get(path) ?? [], body, headers, nowMs())) {
      refused.push(path);
      return void response.writeHead(401).end("who are you?");
    }
    const { type, data } = told.parse(JSON.parse(body));
    const id = headers["webhook-id"] ?? "";
    const before = received.filter((one) => one.id === id && one.path === path).length;
    const one: Received = { path, id, atMs: nowMs(), headers, body, type, data };
    received.push(one);
    open.set(path, (open.get(path) ?? 0) + 1);
    clocks.most = Math.max(clocks.most, open.get(path) ?? 0);
    const answered = await (answers.get(path) ?? (() => 200))(one, before);
    open.set(path, (open.get(path) ?? 1) - 1);
    if (answered === "HANG_UP") return void request.socket.destroy();
    const { status, headers: more } = typeof answered === "number" ? { status: answered, headers: {} } : answered;
    response.writeHead(status, more).end(`answered ${status}`);
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The receiver does not listen.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    ...{ received, refused, mostAtOnce: () => clocks.most },
    trust: (path, secrets) => void trusted.set(path, secrets),
    answer: (path, answer) => void answers.set(path, answer),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

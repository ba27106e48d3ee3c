import { createClient, type Client } from "graphql-ws";
import { WebSocket } from "ws";
import { z } from "zod";
import { pause, PATIENCE_MS } from "./eventually.ts";

/** A subscription that is being followed. */
export interface Followed {
  /** Data of every message so far. */
  readonly messages: readonly unknown[];
  /** Errors of messages, and the one that ended the subscription. */
  readonly problems: readonly unknown[];
  readonly ended: () => boolean;
  /** Resolves once the messages are as wanted; rejects when the subscription ends before, or patience does. */
  until(wanted: (messages: readonly unknown[]) => boolean): Promise<void>;
  /** Unsubscribes. */
  leave(): void;
}

/** One WebSocket of one API key. */
export interface LiveClient {
  follow(query: string, variables?: Record<string, unknown>): Followed;
  /** Cuts the connection without a word, as a network does. */
  cut(): void;
  /** Resolves with the close code once the server closes the socket. */
  readonly closed: Promise<number>;
  close(): Promise<void>;
}

const closeEvent = z.object({ code: z.number() });

/** Follows one subscription of a connected client. */
const followWith = (client: Client, query: string, variables: Record<string, unknown>): Followed => {
  const messages: unknown[] = [];
  const problems: unknown[] = [];
  let ended = false;
  const leave = client.subscribe(
    { query, variables },
    {
      next: ({ data, errors }) => {
        if (errors !== undefined) problems.push(...errors);
        messages.push(data);
      },
      error: (error) => {
        problems.push(error);
        ended = true;
      },
      complete: () => void (ended = true),
    },
  );
  return {
    messages,
    problems,
    ended: () => ended,
    leave,
    until: async (wanted) => {
      const deadline = performance.now() + PATIENCE_MS;
      while (!wanted(messages)) {
        if (ended || performance.now() > deadline)
          throw new Error(
            `${ended ? "Ended" : "Waited in vain"}: ${JSON.stringify({ messages, problems }).slice(0, 2_000)}`,
          );
        await pause(10);
      }
    },
  };
};

/** Connects and authenticates at `url` (http or ws). */
export const connectLive = async (url: string, apiKey: string): Promise<LiveClient> => {
  let socket: WebSocket | undefined;
  const remember = (made: WebSocket): void => void (socket = made);
  const Watched = class extends WebSocket {
    constructor(address: string, protocols: string[]) {
      super(address, protocols);
      remember(this);
    }
  };
  let onConnected: () => void = () => undefined;
  let onClosed: (code: number) => void = () => undefined;
  const connected = new Promise<void>((resolve) => (onConnected = resolve));
  const closed = new Promise<number>((resolve) => (onClosed = resolve));
  const client = createClient({
    url: `${url.replace(/^http/, "ws")}/graphql`,
    webSocketImpl: Watched,
    connectionParams: { authorization: `Bearer ${apiKey}` },
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => undefined,
    on: {
      connected: () => onConnected(),
      closed: (event) => onClosed(closeEvent.safeParse(event).data?.code ?? 0),
    },
  });
  await Promise.race([
    connected,
    closed.then((code) => Promise.reject(new Error(`The socket was closed with ${code}.`))),
  ]);
  return {
    closed,
    follow: (query, variables = {}) => followWith(client, query, variables),
    cut: () => socket?.terminate(),
    close: async () => {
      await client.dispose();
    },
  };
};

import { describe, expect, it } from "@jest/globals";
import { WebSocket } from "ws";
import type { TwoTenants } from "../../testing/two-tenants.ts";
import type { OwnThings } from "../examples.ts";
import {
  graphRequests,
  ingestRequests,
  oauthRequests,
  restRequests,
  type HostileRequest,
  type NextRequest,
} from "./inputs.ts";
import { bent, garbled, seeded } from "./seeded.ts";

/** Given in `beforeAll`, so that suites ask for it when their tests run. */
export type HostileWorld = () => { readonly instance: TwoTenants; readonly own: OwnThings };

const SEED = 20_261_121;
const SENDERS = 24;
/** Milliseconds an answer may take on a busy machine. */
const ANSWER_MS = 30_000;

/** What an answer to a stranger never holds: paths, stacks, words of stores and libraries, names of internal users. */
const LEAKS =
  /node_modules|node:internal|\.tsx?[:\s]\d|\n\s+at \S+ \(|DB::|ClickHouse|PostgreSQL|\bpg_\w+|prisma|ECONN(?:REFUSED|RESET|ABORTED)|tessera_(reader|writer|jobs|app|owner|queue)|hunter2|SQLSTATE|fastify|FST_ERR/i;

interface Finding {
  readonly status: number;
  readonly request: HostileRequest;
  readonly text: string;
}

const send = async (url: string, apiKey: string, request: HostileRequest): Promise<Finding | null> => {
  const response = await fetch(`${url}${request.path}`, {
    method: request.method,
    headers: { authorization: `Bearer ${apiKey}`, ...request.headers },
    redirect: "manual",
    signal: AbortSignal.timeout(ANSWER_MS),
    ...(request.body === undefined ? {} : { body: request.body }),
  });
  const text = await response.text();
  const isPage = response.headers.get("content-type")?.startsWith("text/html") ?? false;
  const isDocument = request.path.startsWith("/api/v2/openapi") || isPage;
  const bad = response.status >= 500 || (!isDocument && LEAKS.test(text));
  return bad ? { status: response.status, request, text: text.slice(0, 500) } : null;
};

const flood = async (world: HostileWorld, next: NextRequest, count: number): Promise<readonly Finding[]> => {
  const { url, alpha } = world().instance;
  const random = seeded(SEED);
  const findings: Finding[] = [];
  let left = count;
  const sender = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const found = await send(url, alpha.apiKey, next(random));
      if (found !== null) findings.push(found);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  return findings.slice(0, 5);
};

const isAlive = async (world: HostileWorld): Promise<number> => (await fetch(`${world().instance.url}/livez`)).status;

const MESSAGES: readonly unknown[] = [
  { type: "ping", payload: { a: 1 } },
  { type: "pong" },
  { id: "1", type: "complete" },
  { id: "1", type: "subscribe", payload: { query: "{ whoAmI { expiresAt } }", variables: {} } },
  { id: "2", type: "subscribe", payload: { query: "subscription { realtimeMetrics { cursor } }" } },
];
/** Close codes that say what was wrong with the client; 1011 and 4500 would say that something is wrong with us. */
const HONEST_CODES = new Set([1005, 1006, 1009, 4400, 4401, 4403, 4409, 4429, 1013]);

/** Sends hostile messages until the socket is closed or all are sent; answers how many, and the close code. */
const talk = (
  url: string,
  apiKey: string,
  messages: readonly string[],
): Promise<{ sent: number; code: number; heard: string }> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/graphql`, "graphql-transport-ws");
    let [sent, heard] = [0, ""];
    socket.on("open", () =>
      socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${apiKey}` } })),
    );
    socket.on("message", (data: Buffer) => {
      heard = `${heard}${data.toString("utf8")}`.slice(-20_000);
      if (!heard.includes("connection_ack") || sent > 0) return;
      for (const message of messages) {
        if (socket.readyState !== socket.OPEN) break;
        socket.send(message);
        sent += 1;
      }
      socket.close();
    });
    socket.on("error", () => undefined);
    socket.on("close", (code) => resolve({ sent, code, heard }));
  });

const MESSAGES_PER_SOCKET = 25;

const floodSockets = async (world: HostileWorld, count: number) => {
  const { url, alpha } = world().instance;
  const random = seeded(SEED);
  const codes = new Set<number>();
  const leaks: string[] = [];
  let sent = 0;
  const sender = async (): Promise<void> => {
    while (sent < count) {
      const messages = Array.from({ length: MESSAGES_PER_SOCKET }, () => {
        const text = JSON.stringify(bent(random, MESSAGES[random.below(MESSAGES.length)])) ?? "";
        return random.below(6) === 0 ? garbled(random, text) : text;
      });
      const talked = await talk(url, alpha.apiKey, messages);
      sent += talked.sent;
      codes.add(talked.code);
      if (LEAKS.test(talked.heard)) leaks.push(talked.heard.slice(0, 500));
    }
  };
  await Promise.all(Array.from({ length: 8 }, sender));
  return { sent, codes: [...codes].filter((code) => !HONEST_CODES.has(code)), leaks };
};

/** Floods of hostile input, the same in every run. */
export const describeFuzz = (world: HostileWorld): void => {
  describe("hostile input ends in no 5xx, no crash and no word of what is inside", () => {
    it.each<readonly [string, number, () => NextRequest]>([
      ["REST", 2_500, () => restRequests],
      ["events", 1_500, () => ingestRequests],
      ["OAuth", 1_200, () => oauthRequests],
      ["GraphQL", 2_500, () => graphRequests(world().own)],
    ])("%s: %i requests", async (_surface, count, next) => {
      expect(await flood(world, next(), count)).toEqual([]);
      expect(await isAlive(world)).toBe(200);
    });

    it("WebSocket: 2,000 messages", async () => {
      const { sent, codes, leaks } = await floodSockets(world, 2_000);
      expect(sent).toBeGreaterThanOrEqual(2_000);
      expect({ codes, leaks }).toEqual({ codes: [], leaks: [] });
      expect(await isAlive(world)).toBe(200);
    });
  });
};

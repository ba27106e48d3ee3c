import { ClickHouseError, parseError, type ClickHouseSettings } from "@clickhouse/client";
import { Pool, type Dispatcher } from "undici";
import type { ClickHouseAccess } from "./migrate.ts";
import { formatParam } from "./query-params.ts";

/** A statement as it is sent, with the format of its answer in its text. */
export interface StoreQuestion {
  readonly database: string;
  readonly queryId: string;
  readonly text: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly settings: ClickHouseSettings;
  /** Ends the waiting and closes the connection, by which the engine sees that nobody waits. */
  readonly signal: AbortSignal;
}

/** What the store answered: its body is read once. */
export type StoreAnswer = Pick<Dispatcher.ResponseData, "body" | "headers">;

/** The event store's HTTP interface: what the official client does for a query, at a third of its processor time. */
export interface StoreHttp {
  /** Rejects with a ClickHouseError where the store refused, with undici's error where it did not answer. */
  ask(question: StoreQuestion): Promise<StoreAnswer>;
  /** Rejects when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Characters at the end of an answer in which the store tells of an error that came after its beginning. */
const MAX_ERROR_TEXT = 16_384;
const HTTP_OK = 200;

const textOf = (setting: string, value: unknown): string => {
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new Error(`The setting ${setting} is neither text nor number.`);
};

const searchOf = ({ database, queryId, params, settings }: StoreQuestion): string => {
  const search = new URLSearchParams({ query_id: queryId, database });
  for (const [name, value] of Object.entries(params)) search.append(`param_${name}`, formatParam(value));
  for (const [name, value] of Object.entries(settings))
    if (value !== undefined) search.append(name, textOf(name, value));
  return search.toString();
};

/** Opens the HTTP interface for one user; nothing is connected yet. `timeoutMs` bounds the wait for an answer and for each of its parts. */
export const openStoreHttp = (
  { url, username, password }: ClickHouseAccess,
  { connections, timeoutMs }: { readonly connections: number; readonly timeoutMs: number },
): StoreHttp => {
  const { origin, pathname } = new URL(url);
  const path = pathname.endsWith("/") ? pathname : `${pathname}/`;
  const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
  const pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: timeoutMs, bodyTimeout: timeoutMs });
  const failed = ({ statusCode, headers: told }: Dispatcher.ResponseData): boolean =>
    statusCode !== HTTP_OK || told["x-clickhouse-exception-code"] !== undefined;
  return {
    ask: async (question) => {
      const { text: body, signal } = question;
      const answer = await pool.request({
        method: "POST",
        path: `${path}?${searchOf(question)}`,
        headers,
        body,
        signal,
      });
      if (failed(answer)) throw parseError(await answer.body.text());
      return answer;
    },
    ping: async () => {
      const answer = await pool.request({ method: "GET", path: `${path}ping`, headers });
      const text = await answer.body.text();
      if (failed(answer)) throw parseError(text);
    },
    close: () => pool.destroy(),
  };
};

/** The engine's error at the end of what came of an answer; null when it tells none. */
const errorWithin = (text: string): ClickHouseError | null => {
  const told = parseError(text.slice(-MAX_ERROR_TEXT));
  return told instanceof ClickHouseError ? told : null;
};

/** The whole text of an answer. An engine that fails in its middle writes its error and then cuts the connection: that error is thrown, not the cut. */
const wholeText = ({ body }: StoreAnswer): Promise<string> =>
  new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const text = (): string => Buffer.concat(parts).toString("utf8");
    body.on("data", (part: Buffer) => parts.push(part));
    body.once("end", () => resolve(text()));
    body.once("error", (error: Error) => reject(errorWithin(text()) ?? error));
  });

/** Reads an answer in JSON; an error that came when part of the answer was written is thrown and not the part. */
export const readJson = async (answer: StoreAnswer): Promise<unknown> => {
  const text = await wholeText(answer);
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw errorWithin(text) ?? error;
  }
  const exception: unknown = typeof read === "object" && read !== null ? Reflect.get(read, "exception") : undefined;
  if (typeof exception === "string") throw parseError(exception);
  return read;
};

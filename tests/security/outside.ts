import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { z } from "zod";
import { pause, PATIENCE_MS } from "../testing/eventually.ts";

/** An answer as bytes on the wire, and as data. */
export interface RawAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

const problem = z.object({
  message: z.string(),
  path: z.array(z.union([z.string(), z.number()])).optional(),
  extensions: z.record(z.string(), z.unknown()).optional(),
});
/** An error as a GraphQL answer carries it. */
export type Problem = z.infer<typeof problem>;
const graphAnswer = z.object({ data: z.unknown().optional(), errors: z.array(problem).optional() });

/** Reads a GraphQL answer; throws when it is none. */
export const readAnswer = (answer: RawAnswer) => graphAnswer.parse(JSON.parse(answer.text));

const raw = async (response: Response): Promise<RawAnswer> => ({
  status: response.status,
  contentType: response.headers.get("content-type") ?? "",
  text: await response.text(),
});

/** Asks any address as one key does. */
export const askHttp = async (url: string, apiKey: string | null, init: RequestInit = {}): Promise<RawAnswer> => {
  const credential: Record<string, string> = apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
  const headers = { "content-type": "application/json", ...credential };
  return raw(await fetch(url, { ...init, headers: { ...headers, ...Object.fromEntries(new Headers(init.headers)) } }));
};

/** What a GraphQL request's body may hold. */
export interface GraphBody {
  readonly query?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly documentId?: string;
  readonly extensions?: unknown;
}

/** Asks the graph over HTTP, in the media type whose status codes tell refusals. */
export const askGraph = (url: string, apiKey: string | null, body: GraphBody): Promise<RawAnswer> =>
  askHttp(`${url}/graphql`, apiKey, {
    method: "POST",
    headers: { accept: "application/graphql-response+json" },
    body: JSON.stringify(body),
  });

/** What came over a subscription until it ended, or until `enough` said so. */
export interface Heard {
  readonly messages: readonly unknown[];
  /** The errors that ended it; null when it completed or was left. */
  readonly refusal: readonly Problem[] | null;
}

/** Milliseconds between stirs; whether a subscription has begun can't be seen from outside. */
const STIR_EVERY_MS = 400;

/**
 * Subscribes on a socket of its own; answers when the subscription ended, `enough` is true of its messages, or `silenceMs` passed. `stir` makes
 * something happen, again and again until then.
 */
export const hear = async (
  url: string,
  apiKey: string,
  body: { readonly query: string; readonly variables?: Record<string, unknown> },
  enough: (messages: readonly unknown[]) => boolean = () => false,
  options: { readonly silenceMs?: number; readonly stir?: () => Promise<void> } = {},
): Promise<Heard> => {
  const client = createClient({
    url: `${url.replace(/^http/, "ws")}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${apiKey}` },
    retryAttempts: 0,
  });
  const messages: unknown[] = [];
  let over = false;
  const stirring = (async (): Promise<void> => {
    while (options.stir !== undefined && !over) {
      await options.stir();
      await pause(STIR_EVERY_MS);
    }
  })();
  const refusal = await new Promise<readonly Problem[] | null>((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), options.silenceMs ?? PATIENCE_MS);
    const done = (result: readonly Problem[] | null): void => {
      clearTimeout(timer);
      resolve(result);
    };
    client.subscribe(body, {
      next: (message) => {
        messages.push(message);
        if (enough(messages)) done(null);
      },
      error: (error) => {
        const parsed = z.array(problem).safeParse(error);
        clearTimeout(timer);
        if (parsed.success) resolve(parsed.data);
        else reject(error instanceof Error ? error : new Error(JSON.stringify(error)));
      },
      complete: () => done(null),
    });
  }).finally(() => {
    over = true;
  });
  await client.dispose();
  await stirring;
  return { messages, refusal };
};

import { z } from "zod";

const graphAnswer = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        path: z.array(z.union([z.string(), z.number()])).optional(),
        extensions: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .optional(),
});

/** A GraphQL answer. */
export type GraphAnswer = z.infer<typeof graphAnswer>;

const receiptShape = z.object({
  accepted: z.number(),
  duplicate: z.number(),
  rejected: z.number(),
  outcomes: z.array(z.object({ kind: z.string(), eventId: z.string().optional(), batchId: z.string().optional() })),
});

/** What ingest answers. */
export type Receipt = z.infer<typeof receiptShape>;

/** Milliseconds any answer may take; above all the product's own timeouts. */
const ANSWER_TIMEOUT_MS = 30_000;

/** One API key at one address. */
export interface TesseraClient {
  readonly url: string;
  readonly apiKey: string;
  /** The whole answer to an operation, errors included, with the HTTP status. */
  tell(query: string, variables?: Readonly<Record<string, unknown>>): Promise<GraphAnswer & { status: number }>;
  /** The data of an operation that must not fail, parsed. */
  ask<T>(shape: z.ZodType<T>, query: string, variables?: Readonly<Record<string, unknown>>): Promise<T>;
  /** Sends events over REST; throws when they are not answered with 200. */
  send(events: readonly object[]): Promise<Receipt>;
  /** GET with the key. */
  get(path: string): Promise<Response>;
}

/** Builds a client. */
export const createTesseraClient = (url: string, apiKey: string): TesseraClient => {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
  const tell: TesseraClient["tell"] = async (query, variables = {}) => {
    const response = await post("/graphql", { query, variables });
    return { status: response.status, ...graphAnswer.parse(await response.json()) };
  };
  return {
    url,
    apiKey,
    tell,
    ask: async (shape, query, variables) => {
      const { data, errors } = await tell(query, variables);
      if (errors !== undefined) throw new Error(`The graph answered with errors: ${JSON.stringify(errors)}`);
      return shape.parse(data);
    },
    send: async (events) => {
      const response = await post("/api/v2/events", events);
      const text = await response.text();
      if (response.status !== 200) throw new Error(`Events were answered with ${response.status}: ${text}`);
      return receiptShape.parse(JSON.parse(text));
    },
    get: (path) => fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) }),
  };
};

const readiness = z.object({
  status: z.string(),
  dependencies: z.array(z.object({ name: z.string(), ready: z.boolean(), reason: z.string().optional() })),
});

/** What `/readyz` says: its status and the names of the dependencies that are not ready. */
export const askReadiness = async (
  url: string,
): Promise<{ readonly status: number; readonly missing: readonly string[] }> => {
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  const { dependencies } = readiness.parse(await response.json());
  return { status: response.status, missing: dependencies.filter(({ ready }) => !ready).map(({ name }) => name) };
};

import { errorMessage } from "@tessera/platform/errors/error-message";
import { z } from "zod";

/** Milliseconds one request may take. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Times a request is sent again when the server is busy or out of reach: about two minutes of waiting. */
const MAX_RETRIES = 30;
const MAX_WAIT_MS = 5_000;

/** Where events are sent and as whom. */
export interface Target {
  readonly url: string;
  readonly apiKey: string;
}

/** What became of one request's events; `rejected` names each by its place in the request. */
export interface SendResult {
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: readonly {
    readonly index: number;
    readonly code: string;
    readonly path: string;
    readonly reason: string;
  }[];
}

/** Raised when the server refuses the import as a whole; its message is for the reader of the terminal. */
export class SendError extends Error {
  override readonly name = "SendError";
}

const answer = z.object({
  accepted: z.number(),
  duplicate: z.number(),
  outcomes: z.array(
    z.object({
      kind: z.literal("REJECTED"),
      index: z.number(),
      code: z.string(),
      path: z.string(),
      reason: z.string(),
    }),
  ),
});
const problem = z.object({ title: z.string(), detail: z.string(), action: z.string() });

const explained = (status: number, text: string): string => {
  try {
    const { title, detail, action } = problem.parse(JSON.parse(text));
    return `${status}: ${title} ${detail} ${action}`;
  } catch {
    return `${status}: ${text.slice(0, 200)}`;
  }
};

const waitMs = (retryAfter: string | null, attempt: number): number => {
  const seconds = Number(retryAfter ?? Number.NaN);
  return Math.min(Number.isNaN(seconds) ? 200 * 2 ** attempt : seconds * 1_000, MAX_WAIT_MS);
};

const post = (target: Target, body: string): Promise<Response> =>
  fetch(new URL("/api/v2/events?outcomes=rejected", target.url), {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${target.apiKey}` },
    body,
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });

/** Sends one request's events; waits and sends again while the server is busy. Events must carry ids, so that repeating is safe. */
export const sendEvents = async (target: Target, events: readonly object[]): Promise<SendResult> => {
  const body = JSON.stringify(events);
  let last = "";
  for (let attempt = 0; attempt <= MAX_RETRIES; attempt += 1) {
    let retryAfter: string | null = null;
    try {
      const response = await post(target, body);
      const text = await response.text();
      if (response.status === 200 || response.status === 422) {
        const { accepted, duplicate, outcomes } = answer.parse(JSON.parse(text));
        return { accepted, duplicate, rejected: outcomes };
      }
      last = explained(response.status, text);
      if (response.status !== 429 && response.status < 500) throw new SendError(last);
      retryAfter = response.headers.get("retry-after");
    } catch (error) {
      if (error instanceof SendError) throw error;
      last = `${target.url} is not reachable (${errorMessage(error)}). Start Tessera first: npm start.`;
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs(retryAfter, attempt)));
  }
  throw new SendError(`Given up after ${MAX_RETRIES} tries. ${last}`);
};

import { createPublicRequests } from "./public-request.ts";

/** Milliseconds an answer may take from first to last byte. */
export const PUBLIC_FETCH_TIMEOUT_MS = 5_000;
/** Bytes an answer may have. */
export const PUBLIC_FETCH_MAX_BYTES = 262_144;

/** Fetches JSON from an address somebody outside has named. */
export type PublicFetch = (url: string) => Promise<unknown>;

/** Builds {@link PublicFetch}, which asks as {@link createPublicRequests} says; `allowLoopback` lets http to 127.0.0.1 pass, for tests. */
export const createPublicFetch = (options: { readonly allowLoopback: boolean }): PublicFetch => {
  const requests = createPublicRequests(options);
  return async (url) => {
    const { status, body, isCut } = await requests.send({
      method: "GET",
      url,
      headers: { accept: "application/json" },
      timeoutMs: PUBLIC_FETCH_TIMEOUT_MS,
      maxAnswerBytes: PUBLIC_FETCH_MAX_BYTES,
    });
    if (status !== 200) throw new Error(`The address answered ${status}; redirects are not followed.`);
    if (isCut) throw new Error(`The answer has more than ${PUBLIC_FETCH_MAX_BYTES} bytes.`);
    const answer: unknown = JSON.parse(body.toString("utf8"));
    return answer;
  };
};

import { setTimeout as sleep } from "node:timers/promises";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import { RestOlapRowsDocument, type RestOlapRowsQuery } from "../../generated/graphql.ts";
import { answered } from "../../graph/answered.ts";
import { documentIdOf, type GraphPort } from "../../graph/graph-port.ts";
import type { CheckedRequest } from "../../http/serve-route.ts";
import { questionFieldOf, type toOlapInput } from "../realtime-query/question.ts";

/** Rows asked for at once: what a stream holds in memory, and as many as a page of the graph has at most. */
const PAGE_ROWS = 10_000;
/** Times one stream waits for its budget or for the store before it is cut off. */
const MAX_WAITS = 20;
/** Seconds one such wait takes at most: a budget of points comes back within a minute. */
const MAX_WAIT_SECONDS = 60;

/** Some rows of an answer as the graph gives them. */
export type RowsPage = RestOlapRowsQuery["olapPage"];

type Request = Pick<
  CheckedRequest<unknown, unknown>,
  "caller" | "traceId" | "clientAddress" | "signal" | "graphIsAsked"
>;

const documentId = documentIdOf(RestOlapRowsDocument);

const askPage = async (
  graph: Pick<GraphPort, "execute">,
  { caller, traceId, clientAddress, signal, graphIsAsked }: Request,
  input: ReturnType<typeof toOlapInput>,
  after: string | null,
): Promise<RowsPage> => {
  graphIsAsked();
  const variables = { input, rows: PAGE_ROWS, after };
  // A signal of the page's own: what listens to it is gone with the page, of which a stream has hundreds.
  const page = new AbortController();
  const leave = (): void => page.abort();
  signal.throwIfAborted();
  signal.addEventListener("abort", leave, { once: true });
  try {
    const result = await graph.execute({
      ...{ caller, documentId, variables, traceId, clientAddress },
      signal: page.signal,
    });
    const { data, warnings } = answered(RestOlapRowsDocument, result, questionFieldOf);
    const [first] = warnings;
    if (first !== undefined) throw refuse("SUBGRAPH_INVALID_RESPONSE", first.detail);
    return data.olapPage;
  } finally {
    signal.removeEventListener("abort", leave);
  }
};

/** How long to wait before the same page is asked for again, in seconds; null when waiting does not help. */
const waitFor = (error: unknown): number | null => {
  if (!(error instanceof Refusal) || (error.code !== "RATE_LIMITED" && error.code !== "OVERLOADED")) return null;
  const { retryAfterSeconds } = error.extras;
  return typeof retryAfterSeconds === "number" && retryAfterSeconds <= MAX_WAIT_SECONDS ? retryAfterSeconds : null;
};

/**
 * Pages of one answer, each asked for when the one before was taken; the first one is there already. A page after it that the caller's budget does not
 * cover, or the store has no room for, is waited for.
 */
async function* pagesAfter(
  graph: Pick<GraphPort, "execute">,
  request: Request,
  input: ReturnType<typeof toOlapInput>,
  first: RowsPage,
): AsyncGenerator<RowsPage> {
  let page = first;
  let waits = 0;
  for (;;) {
    yield page;
    if (!page.hasNextPage) return;
    const after = page.endCursor;
    for (;;) {
      const next = await askPage(graph, request, input, after).catch((error: unknown) => {
        const seconds = waitFor(error);
        if (seconds === null || waits >= MAX_WAITS) throw error;
        return seconds;
      });
      if (typeof next !== "number") {
        page = next;
        break;
      }
      waits += 1;
      await sleep(next * 1_000, undefined, { signal: request.signal });
    }
  }
}

/** All rows of a question, page by page. What is refused of the first page is refused before anything is sent. */
export const rowPages = async (
  graph: Pick<GraphPort, "execute">,
  request: Request,
  input: ReturnType<typeof toOlapInput>,
): Promise<{ readonly first: RowsPage; readonly pages: AsyncGenerator<RowsPage> }> => {
  const first = await askPage(graph, request, input, null);
  return { first, pages: pagesAfter(graph, request, input, first) };
};

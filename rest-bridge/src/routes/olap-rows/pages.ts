import { RestOlapRowsDocument, type RestOlapRowsQuery } from "../../generated/graphql.ts";
import type { GraphPort } from "../../graph/graph-port.ts";
import { pageQuestion, pagesInTurn } from "../../graph/pages-in-turn.ts";
import type { CheckedRequest } from "../../http/serve-route.ts";
import { questionFieldOf, type toOlapInput } from "../realtime-query/question.ts";

/** Rows asked for at once: what a stream holds in memory, and as many as a page of the graph has at most. */
const PAGE_ROWS = 10_000;

/** Some rows of an answer as the graph gives them. */
export type RowsPage = RestOlapRowsQuery["olapPage"];

type Request = Pick<
  CheckedRequest<unknown, unknown>,
  "caller" | "traceId" | "clientAddress" | "signal" | "graphIsAsked"
>;

const askPage = pageQuestion(RestOlapRowsDocument, questionFieldOf);

/** All rows of a question, page by page. What is refused of the first page is refused before anything is sent. */
export const rowPages = async (
  graph: Pick<GraphPort, "execute">,
  request: Request,
  input: ReturnType<typeof toOlapInput>,
): Promise<{ readonly first: RowsPage; readonly pages: AsyncGenerator<RowsPage> }> => {
  const pageAfter = async (after: string | null): Promise<RowsPage> =>
    (await askPage(graph, request, { input, rows: PAGE_ROWS, after })).olapPage;
  const first = await pageAfter(null);
  const next = ({ hasNextPage, endCursor }: RowsPage) => (hasNextPage ? pageAfter(endCursor) : null);
  return { first, pages: pagesInTurn(first, next, request.signal) };
};

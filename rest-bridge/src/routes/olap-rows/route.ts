import { Readable } from "node:stream";
import type { Caller } from "@tessera/contracts/caller";
import type { HttpServer } from "@tessera/platform/http/server";
import type { Static } from "typebox";
import { provenanceHeader } from "../../answers/provenance-header.ts";
import type { GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute, type CheckedRequest } from "../../http/serve-route.ts";
import { rowOf, toColumns, type Column } from "../realtime-query/answer.ts";
import { toOlapInput } from "../realtime-query/question.ts";
import { arrowStream } from "./arrow.ts";
import { olapArrowDescription, olapNdjsonDescription, type streamedQuestionSchema } from "./description.ts";
import { rowPages, type RowsPage } from "./pages.ts";

type Asked = Static<typeof streamedQuestionSchema>;

const EXACTNESS = { EXACT: "exact", APPROXIMATE: "approximate" } as const;

const headersOf = ({ provenance }: RowsPage): Readonly<Record<string, string>> => ({
  "tessera-as-of": provenance.asOf,
  "tessera-exactness": EXACTNESS[provenance.exactness],
  ...provenanceHeader(provenance),
});

/** Rows of a page in REST's words. */
interface Rows {
  readonly columns: readonly Column[];
  readonly rowCount: number;
}

const rowsOf = async (
  deps: GraphRouteDeps,
  request: CheckedRequest<unknown, Asked> & { readonly caller: Caller },
): Promise<AsyncGenerator<Rows>> => {
  const { body, caller } = request;
  ownTenant(caller, body.tenant_id);
  const { first, pages } = await rowPages(deps.graph, request, toOlapInput(body));
  request.addHeaders(headersOf(first));
  const asked = body.dimensions ?? [];
  async function* inRestWords(): AsyncGenerator<Rows> {
    for await (const { columns, rowCount } of pages) yield { columns: toColumns(columns, asked), rowCount };
  }
  return inRestWords();
};

async function* linesOf(pages: AsyncIterable<Rows>): AsyncGenerator<string> {
  for await (const { columns, rowCount } of pages) {
    let lines = "";
    for (let place = 0; place < rowCount; place += 1) lines += `${JSON.stringify(rowOf(columns, place))}\n`;
    yield lines;
  }
}

/** Adds POST /api/v2/analytics/query/ndjson and POST /api/v2/analytics/query/arrow. */
export const registerOlapRows = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, olapNdjsonDescription, async (request) =>
    Readable.from(linesOf(await rowsOf(deps, request)), { objectMode: false, highWaterMark: 1 }),
  );
  serveRoute(server, deps, olapArrowDescription, async (request) =>
    Readable.from(arrowStream(await rowsOf(deps, request), request.body.time_zone ?? "UTC"), {
      objectMode: false,
      highWaterMark: 1,
    }),
  );
};

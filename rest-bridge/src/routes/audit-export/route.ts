import { Readable } from "node:stream";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import type { HttpServer } from "@tessera/platform/http/server";
import type { NowMs } from "@tessera/platform/time/clock";
import { RestAuditExportDocument, RestAuditSealDocument, RestAuditSegmentDocument } from "../../generated/graphql.ts";
import { answered } from "../../graph/answered.ts";
import type { GraphRouteDeps } from "../../graph/graph-question.ts";
import { documentIdOf, type GraphPort } from "../../graph/graph-port.ts";
import { serveRoute, type CheckedRequest } from "../../http/serve-route.ts";
import { momentParameter } from "../audit-log/moment.ts";
import { auditExportDescription } from "./description.ts";
import { brokenLine, endLine, headerLine, segmentLines, type ExportFrame } from "./lines.ts";

/** Records asked for at once: what an export holds in memory. */
const SEGMENT_RECORDS = 500;
/** Seals made at most before an export; each covers many thousand records. */
const MAX_SEALINGS = 1_000;

type Ask = <Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: object) => Promise<Data>;

const askerOf =
  (graph: GraphPort, { caller, traceId, clientAddress, signal, graphIsAsked }: CheckedRequest<unknown, unknown>): Ask =>
  async (document, variables) => {
    graphIsAsked();
    const documentId = documentIdOf(document);
    const call = { caller, documentId, variables: { ...variables }, traceId, clientAddress, signal };
    const { data, warnings } = answered(document, await graph.execute(call));
    const [first] = warnings;
    if (first !== undefined) throw refuse("SUBGRAPH_INVALID_RESPONSE", first.detail);
    return data;
  };

/** Seals what was recorded until now, so that the export is covered by a seal to its end. */
const seal = async (ask: Ask): Promise<void> => {
  for (let made = 0; made < MAX_SEALINGS; made += 1) {
    const { sealAuditLog: outcome } = await ask(RestAuditSealDocument, {});
    if (outcome.__typename === "AuditBroken") throw refuse("CONFLICT", outcome.detail);
    if (outcome.__typename !== "AuditLogSealed" || !outcome.more) return;
  }
};

/** One segment after the other, each asked for when the reader has taken the one before. */
async function* linesOf(ask: Ask, frame: ExportFrame, header: string): AsyncGenerator<string> {
  yield header;
  try {
    for (let begin = Number(frame.begin); begin < Number(frame.end);) {
      const asked = { begin, end: frame.end, first: SEGMENT_RECORDS };
      const { auditSegment } = await ask(RestAuditSegmentDocument, asked);
      const { records } = auditSegment;
      if (records.length === 0) throw refuse("CONFLICT", `The record at ${begin} is gone; verifyAudit tells more.`);
      yield segmentLines(auditSegment);
      begin += records.length;
    }
    yield endLine(frame);
  } catch (error) {
    const told = error instanceof Refusal ? error : refuse("INTERNAL", "The export could not be continued.");
    yield brokenLine(told.code, told.message);
  }
}

/** Adds GET /api/v2/audit/export. */
export const registerAuditExport = (server: HttpServer, deps: GraphRouteDeps & { readonly nowMs: NowMs }): void =>
  serveRoute(server, deps, auditExportDescription, async (request) => {
    const range = {
      from: momentParameter(request.query.from, "from"),
      to: momentParameter(request.query.to, "to"),
    };
    const ask = askerOf(deps.graph, request);
    await seal(ask);
    const { auditExport, auditKeys } = await ask(RestAuditExportDocument, range);
    const header = headerLine(auditExport, auditKeys, deps.nowMs());
    request.addHeaders({ "content-disposition": 'attachment; filename="audit.ndjson"' });
    return Readable.from(linesOf(ask, auditExport, header));
  });

import { Readable } from "node:stream";
import { refuse } from "@tessera/platform/errors/refusal";
import { RestReportFileDocument, type ReportFormat } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { attachmentNamed, namesTag, parseByteRange, type ByteRange } from "../../http/byte-range.ts";
import { FileAnswer } from "../../http/file-answer.ts";
import type { CheckedRequest } from "../../http/serve-route.ts";

/** Bytes of each part of a file but the last, as the graph gives them. */
const PART_BYTES = 500_000;
/** A page that is opened from its file runs nothing, loads nothing and knows nothing of where it came from. */
const SANDBOX = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'";

type Request = CheckedRequest<unknown, unknown>;

const question = graphQuestion(RestReportFileDocument, (field) => (field === "run" ? "run_id" : field));

const askPart = async (deps: GraphRouteDeps, request: Request, format: ReportFormat, part: number) => {
  const { data } = await question(deps.graph, request, { run: request.path["run_id"], format, part });
  if (data.reportFile === null) throw refuse("NOT_FOUND", "There is no such file.", { field: "run_id" });
  return data.reportFile;
};

/** The bytes of a range, part after part, each asked for when the one before was taken. */
async function* bytesOf(
  deps: GraphRouteDeps,
  request: Request,
  format: ReportFormat,
  { range, first }: { readonly range: ByteRange; readonly first: Awaited<ReturnType<typeof askPart>> },
): AsyncGenerator<Buffer> {
  // What is told of the caller's limits is told in headers, which have been sent by the time of later parts.
  const silent = { ...request, addHeaders: () => undefined };
  for (let part = Math.floor(range.first / PART_BYTES); part * PART_BYTES <= range.last; part += 1) {
    const { base64 } = part === 0 ? first : await askPart(deps, silent, format, part);
    const from = part * PART_BYTES;
    yield Buffer.from(base64, "base64").subarray(Math.max(0, range.first - from), range.last + 1 - from);
  }
}

/** Answers a file as it is asked for: whole, in part, or not at all where the caller has it (RFC 9110). */
export const answerFile = async (deps: GraphRouteDeps, request: Request, format: ReportFormat): Promise<FileAnswer> => {
  const first = await askPart(deps, request, format, 0);
  const { size, sha256 } = first.file;
  const etag = `"${sha256}"`;
  request.addHeaders({
    ...{ etag, "accept-ranges": "bytes", "content-disposition": attachmentNamed(first.name) },
    ...{ "last-modified": new Date(first.madeAt).toUTCString(), "content-security-policy": SANDBOX },
  });
  if (namesTag(request.header("if-none-match"), etag)) return new FileAnswer(304);
  const condition = request.header("if-range");
  const asked = condition === undefined || condition === etag ? parseByteRange(request.header("range"), size) : null;
  if (asked === "UNSATISFIABLE") {
    request.addHeaders({ "content-range": `bytes */${size}` });
    return new FileAnswer(416);
  }
  const range = asked ?? { first: 0, last: size - 1 };
  request.addHeaders({ "content-length": String(range.last + 1 - range.first) });
  if (asked !== null) request.addHeaders({ "content-range": `bytes ${range.first}-${range.last}/${size}` });
  const body = Readable.from(bytesOf(deps, request, format, { range, first }), { objectMode: false, highWaterMark: 1 });
  return new FileAnswer(asked === null ? 200 : 206, body);
};

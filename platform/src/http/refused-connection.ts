import type { Socket } from "node:net";
import { PROBLEM_MEDIA_TYPE, problemOf, type Problem } from "../errors/problem.ts";

/** What the parser of the protocol says of a connection it gives up. */
interface ParserError {
  readonly code?: string;
}

const problemOfParser = ({ code }: ParserError): Problem => {
  if (code === "HPE_HEADER_OVERFLOW" || code === "HPE_CHUNK_EXTENSIONS_OVERFLOW")
    return problemOf("HEADERS_TOO_LARGE", "The header fields, or the extensions of a chunk, are too long.");
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return problemOf("REQUEST_TIMEOUT", "The request was not complete in time.");
  return problemOf("MALFORMED_REQUEST", "The bytes sent are no HTTP/1.1 request (RFC 9112).");
};

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

/** Connections whose last answer is on its way. */
const leaving = new WeakSet<object>();

/** Marks a connection as one that gets no other answer than the one it is given now. */
export const answerLast = (socket: Socket): void => void leaving.add(socket);

/** Answers bytes that are no request with a problem document and closes: what follows them can't be trusted to be a request either. */
export const refuseConnection = (error: ParserError, socket: Socket): void => {
  if (error.code === "ECONNRESET" || socket.destroyed || leaving.has(socket)) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOfParser(error);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${REASONS[problem.status] ?? "Refused"}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Cache-Control: no-store",
    "X-Content-Type-Options: nosniff",
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
};

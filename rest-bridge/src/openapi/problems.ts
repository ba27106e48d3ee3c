import { errorCodes, type ErrorCode } from "@tessera/platform/errors/error-codes";
import { PROBLEM_MEDIA_TYPE, problemOf } from "@tessera/platform/errors/problem";
import type { Json, JsonObject } from "./openapi-types.ts";

/** Codes every operation may answer, whoever asks. */
const ALWAYS: readonly ErrorCode[] = ["CREDENTIAL_IN_URL", "NOT_ACCEPTABLE", "INTERNAL"];
/** Codes every operation may answer that needs a caller and asks the graph or the stores. */
const AUTHENTICATED: readonly ErrorCode[] = [
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "RATE_LIMITED",
  "OVERLOADED",
  "DEPENDENCY_UNAVAILABLE",
];

/** The problem document (RFC 9457) every refusal has, with the codes of the one error table. */
export const problemSchema = (): JsonObject => ({
  type: "object",
  description: "A problem (RFC 9457). `code` is stable and made for programs; `detail` is made for people.",
  required: ["type", "title", "status", "detail", "code", "action"],
  properties: {
    type: { type: "string", format: "uri", description: "`urn:tessera:error:` and the code." },
    title: { type: "string", description: "What the code means, always the same." },
    status: { type: "integer", description: "The HTTP status." },
    detail: { type: "string", description: "What happened this time." },
    code: { type: "string", enum: Object.keys(errorCodes), description: "Stable code of the error table." },
    action: { type: "string", description: "What to do about it." },
    traceId: { type: "string", description: "W3C trace id of the request; name it when asking for help." },
    field: { type: "string", description: "The part of the request it is about, such as `filters.0.field`." },
    retryAfterSeconds: { type: "number", description: "Seconds after which another try makes sense." },
  },
  additionalProperties: true,
});

const exampleOf = (code: ErrorCode): JsonObject => {
  const { title } = errorCodes[code];
  const problem = problemOf(code, title);
  return { summary: title, value: { ...problem, traceId: "0af7651916cd43dd8448eb211c80319c" } satisfies JsonObject };
};

const retryHeader: JsonObject = {
  "Retry-After": { description: "Seconds after which another try makes sense.", schema: { type: "integer" } },
};

const responseOf = (status: number, codes: readonly ErrorCode[]): JsonObject => ({
  description: codes.map((code) => `${code}: ${errorCodes[code].title} ${errorCodes[code].action}`).join("\n\n"),
  ...(status === 429 || status === 503 ? { headers: retryHeader } : {}),
  content: {
    [PROBLEM_MEDIA_TYPE]: {
      schema: { $ref: "#/components/schemas/Problem" },
      examples: Object.fromEntries(codes.map((code): [string, Json] => [code, exampleOf(code)])),
    },
  },
});

/** Problem answers of one operation by status: its own, and those every operation may give. */
export const problemResponses = (own: readonly ErrorCode[], authenticated: boolean): JsonObject => {
  const codes = [...new Set([...own, ...(authenticated ? [...AUTHENTICATED, ...ALWAYS] : [])])];
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = errorCodes[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus]
      .toSorted(([a], [b]) => a - b)
      .map(([status, its]): [string, Json] => [String(status), responseOf(status, its)]),
  );
};

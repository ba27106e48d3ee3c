/** One row of the error table: HTTP status, the sentence a stranger reads, and what to do about it. */
export interface ErrorCodeRow {
  readonly status: number;
  readonly title: string;
  readonly action: string;
}

/** The one table of error codes, shared by GraphQL (`extensions.code`), REST (RFC 9457 `type` and `status`) and graphql-ws. */
export const errorCodes = {
  BAD_INPUT: { status: 400, title: "The request is not valid.", action: "Correct the named field and send it again." },
  GRAPHQL_PARSE_FAILED: {
    status: 400,
    title: "The GraphQL document can't be parsed.",
    action: "Correct the syntax at the named place.",
  },
  GRAPHQL_VALIDATION_FAILED: {
    status: 400,
    title: "The GraphQL document does not fit the schema.",
    action: "Correct the named field or argument; the schema is at /graphiql.",
  },
  BAD_USER_INPUT: {
    status: 400,
    title: "A variable or argument has a wrong value.",
    action: "Correct the named variable or argument.",
  },
  UNAUTHENTICATED: {
    status: 401,
    title: "The caller is not known.",
    action: "Send a valid API key as `Authorization: Bearer <key>`.",
  },
  DPOP_NONCE_REQUIRED: {
    status: 401,
    title: "The DPoP proof needs a nonce of the server.",
    action: "Make a proof with the nonce of the DPoP-Nonce header and send the request again.",
  },
  SIGNATURE_REQUIRED: {
    status: 401,
    title: "Requests with this credential must be signed.",
    action: "Sign the request as RFC 9421 says, with a key that is registered for the credential.",
  },
  SIGNATURE_INVALID: {
    status: 401,
    title: "The signature of the request is not valid.",
    action: "Sign the request anew, with a fresh nonce, over what the detail names.",
  },
  DIGEST_MISMATCH: {
    status: 400,
    title: "The body does not fit its Content-Digest.",
    action: "Send the digest of the bytes of the body (RFC 9530).",
  },
  CREDENTIAL_IN_URL: {
    status: 400,
    title: "A credential must not stand in a URL.",
    action: "Send it in the Authorization header and revoke the exposed one.",
  },
  FORBIDDEN: {
    status: 403,
    title: "The caller may not do this.",
    action: "Ask an administrator of the tenant for the named permission.",
  },
  FEATURE_NOT_IN_TIER: {
    status: 403,
    title: "The tenant's tier does not include this.",
    action: "Ask the operator of the platform for one of the tiers that the detail names.",
  },
  TENANT_MISMATCH: {
    status: 403,
    title: "The tenant in the request is not the caller's tenant.",
    action: "Use the tenant id the credential belongs to.",
  },
  NOT_FOUND: {
    status: 404,
    title: "There is no such thing.",
    action: "Check the id; things of other tenants are not visible.",
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: "This method is not offered here.",
    action: "Use a method named in the Allow header.",
  },
  NOT_ACCEPTABLE: {
    status: 406,
    title: "None of the accepted media types can be produced.",
    action: "Accept application/json.",
  },
  CONFLICT: {
    status: 409,
    title: "The request contradicts the present state.",
    action: "Read the present state and decide again.",
  },
  CURSOR_EXPIRED: {
    status: 410,
    title: "The cursor is older than what is kept.",
    action: "Start again from a fresh snapshot.",
  },
  PAYLOAD_TOO_LARGE: {
    status: 413,
    title: "The body is larger than allowed.",
    action: "Send smaller batches; the limit is in the detail.",
  },
  MALFORMED_REQUEST: {
    status: 400,
    title: "The request is not well-formed HTTP.",
    action: "Send it as RFC 9112 says; the connection is closed.",
  },
  URL_TOO_LONG: {
    status: 414,
    title: "The URL is longer than allowed.",
    action: "Send the question as the body of a POST.",
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: "The header fields are more or longer than allowed.",
    action: "Send fewer or shorter ones.",
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: "The request was not complete in time.",
    action: "Send it again, faster.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: "This media type is not understood.",
    action: "Use one of the media types named in the detail.",
  },
  QUERY_TOO_LARGE: {
    status: 400,
    title: "The GraphQL document is larger than allowed.",
    action: "Ask for less at once; the limit is in the detail.",
  },
  QUERY_TOO_DEEP: {
    status: 400,
    title: "The GraphQL document is nested deeper than allowed.",
    action: "Ask for fewer levels at once.",
  },
  QUERY_TOO_COSTLY: {
    status: 400,
    title: "The query would cost more than allowed.",
    action: "Narrow the time range, the dimensions or the page size as the detail says.",
  },
  OPERATION_NOT_SAFELISTED: {
    status: 403,
    title: "Only registered operations may run here.",
    action: "Register the operation in the persisted operation manifest.",
  },
  PERSISTED_QUERY_NOT_FOUND: {
    status: 404,
    title: "No operation is registered under this id.",
    action: "Check the id against the manifest, or send the document itself.",
  },
  INTROSPECTION_DISABLED: {
    status: 403,
    title: "The caller may not read the schema.",
    action: "Use a key with the schema:introspect permission.",
  },
  EVENTS_REJECTED: {
    status: 422,
    title: "None of the events was accepted.",
    action: "Correct each event as its outcome says and send it again.",
  },
  RESULT_TOO_LARGE: {
    status: 422,
    title: "The answer is larger than allowed.",
    action: "Narrow the range, lower the limit, or run it as a job.",
  },
  RATE_LIMITED: { status: 429, title: "Too many requests.", action: "Wait as long as Retry-After says." },
  OVERLOADED: {
    status: 503,
    title: "The service is taking no more work at the moment.",
    action: "Wait as long as Retry-After says and send it again.",
  },
  QUERY_TIMEOUT: {
    status: 504,
    title: "The query took longer than allowed.",
    action: "Narrow the time range or run it as a job.",
  },
  QUERY_CANCELLED: {
    status: 499,
    title: "The query was cancelled.",
    action: "Send it again if the answer is still wanted.",
  },
  SUBGRAPH_TIMEOUT: {
    status: 504,
    title: "A part of the graph did not answer in time.",
    action: "Try again; the rest of the answer is complete.",
  },
  SUBGRAPH_UNAVAILABLE: {
    status: 503,
    title: "A part of the graph is not available.",
    action: "Try again later; the rest of the answer is complete.",
  },
  SUBGRAPH_INVALID_RESPONSE: {
    status: 502,
    title: "A part of the graph gave an answer that can't be used.",
    action: "Try again; report the trace id if it stays.",
  },
  DEPENDENCY_UNAVAILABLE: {
    status: 503,
    title: "A service this depends on is not available.",
    action: "Try again later.",
  },
  TOO_MANY_SUBSCRIPTIONS: {
    status: 429,
    title: "Too many subscriptions are open.",
    action: "Close some first; the limit is in the detail.",
  },
  SLOW_CONSUMER: {
    status: 429,
    title: "The subscriber reads more slowly than events arrive.",
    action: "Reconnect with the last cursor.",
  },
  INTERNAL: {
    status: 500,
    title: "Something went wrong on our side.",
    action: "Try again; report the trace id if it stays.",
  },
} as const satisfies Record<string, ErrorCodeRow>;

/** A code of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** True when the text is a code of the table. */
export const isErrorCode = (text: unknown): text is ErrorCode =>
  typeof text === "string" && Object.hasOwn(errorCodes, text);

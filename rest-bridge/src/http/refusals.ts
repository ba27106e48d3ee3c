import type { ErrorCode } from "@tessera/platform/errors/error-codes";

/** What any route that takes a body may refuse it with. */
export const BODY_REFUSALS = [
  ...(["BAD_INPUT", "BAD_USER_INPUT", "TENANT_MISMATCH"] as const),
  ...(["PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"] as const),
] as const satisfies readonly ErrorCode[];

/** What routes refuse that change something the caller may not. */
export const WRITING_REFUSALS = [...BODY_REFUSALS, "FORBIDDEN"] as const satisfies readonly ErrorCode[];

/** What routes refuse that answer a question of rows. */
export const ROWS_REFUSALS = [
  ...BODY_REFUSALS,
  "RESULT_TOO_LARGE",
  "QUERY_TIMEOUT",
] as const satisfies readonly ErrorCode[];

/** What routes refuse that answer a question of what people do. */
export const BEHAVIOUR_REFUSALS = [
  ...BODY_REFUSALS,
  "QUERY_TOO_COSTLY",
  "QUERY_TIMEOUT",
] as const satisfies readonly ErrorCode[];

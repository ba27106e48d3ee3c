import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { errorCodes, isErrorCode, type ErrorCode } from "@tessera/platform/errors/error-codes";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { Refusal } from "@tessera/platform/errors/refusal";
import type { Logger } from "@tessera/platform/telemetry/logger";

/** Codes other libraries give, in the words of the one table. */
const TRANSLATED: Readonly<Record<string, ErrorCode>> = {
  BAD_REQUEST: "BAD_INPUT",
  OPERATION_RESOLUTION_FAILURE: "BAD_INPUT",
  PERSISTED_QUERY_NOT_SUPPORTED: "PERSISTED_QUERY_NOT_FOUND",
};

/** Codes whose message was written here or by graphql-js about the caller's own request. */
const isVariableError = (error: GraphQLFormattedError): boolean =>
  error.path === undefined && /^Variable "\$[^"]+" (got invalid value|of (required|non-null) type)/.test(error.message);

/** The part of the variables that graphql-js says is wrong, written as refusals write it: `input.steps.0.within`. */
const placeOfVariable = (message: string): string | null => {
  const [, name = null, inside] =
    /^Variable "\$(\w+)"(?: got invalid value [\s\S]*? at "(\1[^"]*)";)?/.exec(message) ?? [];
  return inside === undefined ? name : inside.replaceAll(/\[(\d+)\]/g, ".$1");
};

/** Codes of data a subgraph should not have sent; the message may quote that data, so that the table's sentence stands in. */
const DATA_CODES: ReadonlySet<unknown> = new Set(["INVALID_SUBGRAPH_DATA", "SUBGRAPH_INVALID_RESPONSE"]);

const codeOf = (error: GraphQLFormattedError): { code: ErrorCode; showsMessage: boolean } => {
  const given = error.extensions?.["code"];
  if (DATA_CODES.has(given)) return { code: "SUBGRAPH_INVALID_RESPONSE", showsMessage: false };
  if (typeof given === "string" && TRANSLATED[given] !== undefined) {
    return { code: TRANSLATED[given], showsMessage: true };
  }
  if (given === "INTERNAL") return { code: given, showsMessage: false };
  if (isErrorCode(given)) return { code: given, showsMessage: true };
  if (isVariableError(error)) return { code: "BAD_USER_INPUT", showsMessage: true };
  return { code: "INTERNAL", showsMessage: false };
};

const isPlain = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);

/** Extensions of a refusal are plain values; anything else (stack traces, HTTP heads, exceptions) stays here. */
const shownExtensions = (error: GraphQLFormattedError, code: ErrorCode): Record<string, unknown> => {
  const shown: Record<string, unknown> = { code };
  for (const [key, value] of Object.entries(error.extensions ?? {})) {
    if (key !== "code" && key !== "stacktrace" && isPlain(value)) shown[key] = value;
  }
  const field = isVariableError(error) ? placeOfVariable(error.message) : null;
  return field === null ? shown : { field, ...shown };
};

const causeOf = (thrown: unknown): unknown => {
  const inner: unknown = thrown instanceof GraphQLError ? thrown.originalError : undefined;
  return inner instanceof GraphQLError && inner !== thrown ? causeOf(inner) : (inner ?? thrown);
};

/** Says errors in the words of the one table. */
export interface ErrorMasking {
  /**
   * What a client may see of an error; one without a code of the table becomes INTERNAL, its message logged here and nowhere shown.
   * Showing what was shown already changes nothing.
   */
  readonly show: (thrown: unknown, traceId: string | null) => GraphQLError;
}

const formattedOf = (thrown: unknown): GraphQLFormattedError => {
  if (thrown instanceof GraphQLError) return thrown.toJSON();
  if (thrown instanceof Refusal) return { message: thrown.message, extensions: thrown.extensions };
  return { message: errorMessage(thrown) };
};

const withPlace = (thrown: unknown, message: string, extensions: Record<string, unknown>): GraphQLError => {
  if (!(thrown instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  const { nodes = null, source = null, positions = null, path = null } = thrown;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
};

/** Makes the masking; `onShown` hears every code that leaves. */
export const createErrorMasking = (deps: {
  readonly logger: Logger;
  readonly onShown: (code: ErrorCode) => void;
}): ErrorMasking => {
  const shown = new WeakSet<GraphQLError>();
  const log = (thrown: unknown, traceId: string | null): void => {
    const cause = causeOf(thrown);
    const stack = cause instanceof Error ? cause.stack : undefined;
    deps.logger.error({ traceId, error: errorMessage(cause), stack }, "An operation failed.");
  };
  const masked = (thrown: unknown, code: ErrorCode, traceId: string | null): GraphQLError => {
    log(thrown, traceId);
    const service = formattedOf(thrown).extensions?.["service"];
    return withPlace(thrown, errorCodes[code].title, {
      code,
      ...(typeof service === "string" ? { service } : {}),
      ...(traceId === null ? {} : { traceId }),
    });
  };
  return {
    show: (thrown, traceId) => {
      if (thrown instanceof GraphQLError && shown.has(thrown)) return thrown;
      const formatted = formattedOf(thrown);
      const { code, showsMessage } = codeOf(formatted);
      const visible = showsMessage
        ? withPlace(thrown, formatted.message, shownExtensions(formatted, code))
        : masked(thrown, code, traceId);
      deps.onShown(code);
      shown.add(visible);
      return visible;
    },
  };
};

import { GraphQLError, type ExecutionResult } from "graphql";
import { subgraphFailure, type SubgraphFailureCode } from "../connections/connection.ts";
import type { JsonObject } from "./json.ts";

type Path = readonly (string | number)[];

/** An answer names at most this many errors: one broken subgraph behind a long list must not make the answer larger than its data. */
export const MAX_ERRORS = 1_000;

/** Extension keys that describe a subgraph's inside and never reach a client. */
const INTERNAL_EXTENSIONS: ReadonlySet<string> = new Set(["stacktrace", "exception", "serviceName"]);

/** The errors of one request and the objects whose data failed to arrive. */
export type Failures = {
  readonly errors: GraphQLError[];
  /** Objects that a failed fetch would have filled: their missing fields are explained by its error. */
  readonly unfilled: Set<JsonObject>;
};

/** What a subgraph reported: a GraphQLError in process, its JSON from elsewhere. */
type Reported = NonNullable<ExecutionResult["errors"]>[number];

/** A subgraph's error as the client sees it: its message and extensions, at the client's path, without locations in queries never seen. */
export const clientError = (error: Reported, path: Path | undefined): GraphQLError => {
  const extensions: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(error.extensions ?? {})) {
    if (!INTERNAL_EXTENSIONS.has(key)) extensions[key] = value;
  }
  extensions["code"] ??= "DOWNSTREAM_SERVICE_ERROR";
  return new GraphQLError(error.message === "" ? "The field could not be resolved." : error.message, {
    extensions,
    ...(path === undefined || path.length === 0 ? {} : { path }),
    ...(error instanceof Error ? { originalError: error } : {}),
  });
};

/** Records an error unless the answer already names as many as it may. */
export const addError = (failures: Failures, error: GraphQLError): void => {
  if (failures.errors.length < MAX_ERRORS) failures.errors.push(error);
};

/** Records a fetch that gave nothing: one error, with a path when exactly one place waited for it. */
export const addFetchFailure = (
  failures: Failures,
  reason: { service: string; code: SubgraphFailureCode; cause?: unknown },
  targets: Iterable<JsonObject>,
): void => {
  for (const target of targets) failures.unfilled.add(target);
  addError(failures, subgraphFailure(reason.service, reason.code, reason.cause));
};

const startsWith = (path: Path, beginning: Path): boolean =>
  beginning.every((element, index) => path[index] === element);

/** Whether a null at `path` has its reason among the errors already: at it, below it, or a fetch that never came. */
export const isExplained = (failures: Failures, path: Path, holder: JsonObject): boolean =>
  failures.unfilled.has(holder) ||
  failures.errors.some((error) => error.path !== undefined && startsWith(error.path, path));

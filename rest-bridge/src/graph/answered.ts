import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { errorCodes, isErrorCode } from "@tessera/platform/errors/error-codes";
import { refuse, type Refusal, type RefusalExtras } from "@tessera/platform/errors/refusal";
import { snakeCase } from "../http/snake-case.ts";
import type { GraphError, GraphResult } from "./graph-port.ts";

/** What is missing from an answer that is otherwise complete. */
export interface Warning {
  readonly code: string;
  readonly detail: string;
  /** The part of the answer that is missing, such as `provenance.tables`. */
  readonly path: string;
}

/** Data of an operation, with what is missing from it. */
export interface Answered<Data> {
  readonly data: Data;
  readonly warnings: readonly Warning[];
}

/** The part of a request in REST's words: `input.orderBy.0.column` is `order_by.0.column`. */
export const restFieldOf = (field: string): string =>
  field
    .replace(/\[(\d+)\]/g, ".$1")
    .split(".")
    .filter((part, place) => !(place === 0 && (part === "input" || part === "variables")))
    .map(snakeCase)
    .join(".");

const isPlain = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value);

/** Says a field of the graph's input, already in snake case, as the route itself calls it. */
export type FieldNaming = (field: string) => string;

const unchanged: FieldNaming = (field) => field;

const extrasOf = (extensions: Readonly<Record<string, unknown>>, naming: FieldNaming): RefusalExtras => {
  const extras: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(extensions))
    if (key !== "code" && key !== "traceId" && isPlain(value)) extras[key] = value;
  if (typeof extras["field"] === "string") extras["field"] = naming(restFieldOf(extras["field"]));
  return extras;
};

const WRONG_VARIABLE = /^Variable "\$([\w]+)" got invalid value .*? at "\1\.([^"]+)"(?:; )?/;

const withVariable = (message: string, extras: RefusalExtras, naming: FieldNaming): RefusalExtras => {
  const place = WRONG_VARIABLE.exec(message)?.[2];
  return extras.field === undefined && place !== undefined ? { ...extras, field: naming(restFieldOf(place)) } : extras;
};

/** What the graph says, in REST's words: variables are the graph's own, and a slip is asked about all the same with `allow_unknown`. */
const inRestWords = (message: string): string =>
  (message.replace(WRONG_VARIABLE, "") || message).replaceAll("`allowUnknown: true`", "`allow_unknown: true`");

/** An error of the graph as a refusal of the one table; what has no code of the table is INTERNAL and says nothing else. */
export const refusalOf = ({ message, extensions = {} }: GraphError, naming: FieldNaming = unchanged): Refusal => {
  const { code } = extensions;
  if (!isErrorCode(code) || code === "INTERNAL") return refuse("INTERNAL", errorCodes.INTERNAL.title);
  return refuse(code, inRestWords(message), withVariable(message, extrasOf(extensions, naming), naming));
};

const warningOf = (error: GraphError): Warning => {
  const { code, message } = refusalOf(error);
  const [, ...inside] = error.path ?? [];
  return { code, detail: message, path: inside.map((part) => snakeCase(String(part))).join(".") };
};

const hasData = (data: unknown): boolean =>
  typeof data === "object" && data !== null && Object.values(data).every((field) => field !== null);

/**
 * The data of an answer. An operation of the bridge asks for one root field: without it the answer is the first error, thrown as a refusal; with
 * it, errors are about optional parts, and become warnings beside what is there. `isThere` tells where the root field alone is not what was asked for.
 */
export const answered = <Data, Variables>(
  _document: TypedDocumentNode<Data, Variables>,
  { data, errors = [] }: GraphResult,
  naming: FieldNaming = unchanged,
  isThere: (data: Data) => boolean = () => true,
): Answered<Data> => {
  const [first] = errors;
  // A root field that may be null, and is without an error, says that there is no such thing.
  const nothingFound = first === undefined && typeof data === "object" && data !== null;
  if (!nothingFound && !hasData(data)) {
    if (first === undefined) throw new Error("The graph answered neither data nor errors.");
    throw refusalOf(first, naming);
  }
  // boundary: the gateway answers what the persisted operation selects, in the shape the document was generated with.
  const told = data as Data;
  if (first !== undefined && !isThere(told)) throw refusalOf(first, naming);
  return { data: told, warnings: errors.map(warningOf) };
};

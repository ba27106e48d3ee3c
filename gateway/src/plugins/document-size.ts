import { GraphQLError, Lexer, parse, Source, TokenKind, type DocumentNode } from "graphql";
import type { Refusal } from "@tessera/platform/errors/refusal";
import { overLimit } from "../operations/limit-refusal.ts";

/** Bytes a document may have: four times the largest document of the product's own clients, small enough to be lexed in a millisecond. */
export const DEFAULT_MAX_DOCUMENT_BYTES = 65_536;
/** Tokens a document may have: parsing and validation take time by tokens, and GraphiQL's introspection has about 500. */
export const DEFAULT_MAX_TOKENS = 4_000;

/** Options of {@link parseWithinSize}. */
export interface DocumentSizeOptions {
  readonly maxDocumentBytes: number;
  readonly maxTokens: number;
}

/** A document, or why it is none: over a limit, or not GraphQL. */
export type ParsedDocument =
  | { readonly kind: "parsed"; readonly document: DocumentNode }
  | { readonly kind: "over"; readonly refusal: Refusal }
  | { readonly kind: "syntax"; readonly error: GraphQLError };

const countTokens = (text: string): number => {
  const lexer = new Lexer(new Source(text));
  let tokens = 0;
  try {
    while (lexer.advance().kind !== TokenKind.EOF) tokens += 1;
  } catch {
    return tokens; // what follows is not GraphQL; the count up to there is over the limit already
  }
  return tokens;
};

/** Parses a document unless it has too many bytes (told without reading it) or tokens (told before it is parsed in full). */
export const parseWithinSize = (text: string, options: DocumentSizeOptions, noLocation = true): ParsedDocument => {
  const bytes = Buffer.byteLength(text);
  if (bytes > options.maxDocumentBytes) {
    const refusal = overLimit("QUERY_TOO_LARGE", "Bytes of the document", options.maxDocumentBytes, bytes);
    return { kind: "over", refusal };
  }
  try {
    return { kind: "parsed", document: parse(text, { noLocation, maxTokens: options.maxTokens }) };
  } catch (thrown) {
    if (!(thrown instanceof GraphQLError)) throw thrown;
    if (!thrown.message.includes("Parsing aborted")) return { kind: "syntax", error: thrown };
    const refusal = overLimit("QUERY_TOO_LARGE", "Tokens of the document", options.maxTokens, countTokens(text));
    return { kind: "over", refusal };
  }
};

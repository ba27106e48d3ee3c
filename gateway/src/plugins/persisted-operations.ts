import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { TenantId } from "@tessera/contracts/ids";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { refuse, type Refusal } from "@tessera/platform/errors/refusal";
import type { GraphqlRequest, Transport } from "../operations/graphql-request.ts";

/** Documents that clients registered by their hash while the safelist is not enforced (automatic persisted queries), of all tenants. */
const MAX_AUTOMATIC_OPERATIONS = 10_000;
/** Characters of those documents altogether. */
const MAX_AUTOMATIC_CHARACTERS = 20_000_000;

/** How the safelist is kept: not at all, by telling of strangers, by refusing them. */
export const SAFELIST_MODES = ["off", "warn", "enforce"] as const;
/** One of {@link SAFELIST_MODES}. */
export type SafelistMode = (typeof SAFELIST_MODES)[number];

/** Documents by id, `sha256:<hex of the SHA-256 of the text>`: the shape of codegen's manifest. */
export type OperationManifest = Readonly<Record<string, string>>;

const manifestShape = z.record(
  z.string().regex(/^sha256:[0-9a-f]{64}$/, "an id is sha256:<64 hex digits>"),
  z.string().min(1),
);

/** The id of a document text. */
export const operationIdOf = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** Reads and merges manifests; throws an Error naming the file that is no manifest or holds a document whose id is not its hash. */
export const readManifests = (paths: readonly string[]): OperationManifest => {
  const merged: Record<string, string> = {};
  for (const path of paths) {
    try {
      const manifest = manifestShape.parse(JSON.parse(readFileSync(path, "utf8")));
      const wrong = Object.entries(manifest).find(([id, text]) => operationIdOf(text) !== id);
      if (wrong !== undefined) throw new Error(`the document under ${wrong[0]} has another hash`);
      Object.assign(merged, manifest);
    } catch (error) {
      throw new Error(`${path} is not a manifest of persisted operations: ${errorMessage(error)}`, { cause: error });
    }
  }
  return merged;
};

/** The document a request names, or why it gets none. `stranger` is true for a text that no manifest has while the safelist is kept. */
export type ResolvedText =
  | { readonly kind: "text"; readonly text: string; readonly stranger: boolean }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** Resolves requests to documents, the same way for every transport. */
export interface PersistedOperations {
  readonly resolve: (request: GraphqlRequest, transport: Transport, tenantId: TenantId) => ResolvedText;
  /** Remembers a text a client sent together with its hash, for its own tenant; called once it was found valid. */
  readonly remember: (request: GraphqlRequest, tenantId: TenantId) => void;
}

const automaticQuery = z.object({ persistedQuery: z.object({ sha256Hash: z.string().regex(/^[0-9a-f]{64}$/) }) });

const refused = (refusal: Refusal): ResolvedText => ({ kind: "refused", refusal });

const idOf = (request: GraphqlRequest): { id: string | null; automatic: boolean } => {
  if (request.documentId !== undefined) return { id: request.documentId, automatic: false };
  const parsed = automaticQuery.safeParse(request.extensions);
  return parsed.success
    ? { id: `sha256:${parsed.data.persistedQuery.sha256Hash}`, automatic: true }
    : { id: null, automatic: false };
};

/**
 * Persisted operations by `documentId` (GraphQL over HTTP) or by the hash of Apollo's automatic persisted queries. While the safelist is
 * enforced a text counts only when a manifest has it, and nothing can be registered from outside.
 */
export const createPersistedOperations = (manifest: OperationManifest, mode: SafelistMode): PersistedOperations => {
  const registered = new Map(Object.entries(manifest));
  const known = new Set(registered.values());
  const automatic = new LRUCache<string, string>({
    max: MAX_AUTOMATIC_OPERATIONS,
    maxSize: MAX_AUTOMATIC_CHARACTERS,
    sizeCalculation: (text) => text.length,
  });
  // By tenant: whether somebody else has registered a document is nobody's business.
  const automaticKey = (tenantId: TenantId, id: string): string => `${tenantId} ${id}`;
  const byId = (id: string, tenantId: TenantId): ResolvedText => {
    const text = registered.get(id);
    if (text !== undefined) return { kind: "text", text, stranger: false };
    const sent = mode === "enforce" ? undefined : automatic.get(automaticKey(tenantId, id));
    if (sent !== undefined) return { kind: "text", text: sent, stranger: mode === "warn" };
    return refused(refuse("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound"));
  };
  const byText = (text: string, transport: Transport): ResolvedText => {
    const stranger = mode !== "off" && transport !== "in-process" && !known.has(text);
    if (!stranger || mode === "warn") return { kind: "text", text, stranger };
    return refused(refuse("OPERATION_NOT_SAFELISTED", "This document is not among the registered operations."));
  };
  return {
    resolve: (request, transport, tenantId) => {
      const { id, automatic: isAutomatic } = idOf(request);
      const { query } = request;
      if (query === undefined || query === "") {
        if (id !== null) return byId(id, tenantId);
        return refused(refuse("BAD_INPUT", "The request names no document.", { field: "query" }));
      }
      if (id === null) return byText(query, transport);
      if (!isAutomatic) {
        return refused(refuse("BAD_INPUT", "Send either `query` or `documentId`.", { field: "documentId" }));
      }
      if (operationIdOf(query) === id) return byText(query, transport);
      return refused(
        refuse("BAD_INPUT", "The hash is not that of the document.", { field: "extensions.persistedQuery" }),
      );
    },
    remember: (request, tenantId) => {
      const { id, automatic: isAutomatic } = idOf(request);
      const { query = "" } = request;
      if (mode === "enforce" || !isAutomatic || id === null || query === "") return;
      automatic.set(automaticKey(tenantId, id), query);
    },
  };
};

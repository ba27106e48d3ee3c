import { buildSubgraphSchema } from "@apollo/subgraph";
import { Kind, parse, type GraphQLScalarType, type GraphQLSchema } from "graphql";
import type { Caller } from "@tessera/contracts/caller";
import type { Logger } from "../telemetry/logger.ts";
import { giveErrorsMeaning } from "./error-meaning.ts";
import { withPermissions, type PermissionTable } from "./field-permissions.ts";
import { scalars } from "./scalars.ts";

/** One call into a subgraph, on behalf of a verified caller. */
export interface SubgraphCall {
  readonly caller: Caller;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** W3C trace id of the request, 32 hex digits. */
  readonly traceId: string;
}

/** A background part of a subgraph (a reaction, a job handler, a schedule); run by the worker role. */
export interface Background {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A subgraph ready to serve: in process by its schema, or over HTTP. */
export interface Subgraph {
  readonly name: string;
  /** The SDL as composed into the supergraph. */
  readonly sdl: string;
  readonly schema: GraphQLSchema;
  /** A fresh context for one call; loaders inside live as long as the call. */
  contextFor(call: SubgraphCall): object;
  /** Parts to run in the worker role. */
  readonly background: readonly Background[];
}

/** Resolvers as codegen types them; the schema builder reads them by type and field name. */
export type ResolverMap = Readonly<Record<string, object | GraphQLScalarType | undefined>>;

type SchemaModule = Parameters<typeof buildSubgraphSchema>[0] extends infer Modules
  ? Modules extends readonly (infer One)[]
    ? One
    : never
  : never;

/** Builds a subgraph from its SDL, resolvers and permission table: federated schema, shield with fallback deny, meaningful errors. */
export const buildSubgraph = <Context extends { readonly caller: Caller }>(parts: {
  readonly name: string;
  readonly sdl: string;
  readonly resolvers: ResolverMap;
  readonly permissions: PermissionTable;
  /** Fields that tell of all of the tenant's events, whoever asks; refused to callers under a data policy. */
  readonly wholeTenantFields?: readonly string[];
  readonly contextFor: (call: SubgraphCall) => Context;
  readonly logger: Logger;
  readonly background?: readonly Background[];
}): Subgraph => {
  const typeDefs = parse(parts.sdl);
  const declared = new Set(
    typeDefs.definitions.flatMap((node) => (node.kind === Kind.SCALAR_TYPE_DEFINITION ? [node.name.value] : [])),
  );
  const known = Object.fromEntries(Object.entries(scalars).filter(([name]) => declared.has(name)));
  // boundary: codegen has checked the resolvers against this very SDL; the builder's own type is wider and untyped.
  const resolvers = { ...known, ...parts.resolvers } as SchemaModule extends { resolvers?: infer R } ? R : never;
  const schema = giveErrorsMeaning(buildSubgraphSchema([{ typeDefs, resolvers }]), parts.logger);
  return {
    name: parts.name,
    sdl: parts.sdl,
    schema: withPermissions(schema, parts.permissions, parts.wholeTenantFields),
    contextFor: parts.contextFor,
    background: parts.background ?? [],
  };
};

import type { TenantId } from "@tessera/contracts/ids";
import type { Definition, DefinitionContent, DefinitionKind } from "../../domain/semantic/definition.ts";

/** A definition by its name, in a version; null for the one now. */
export interface Wanted {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly version: number | null;
}

/** A version of a definition, its content as it was kept. */
export interface DefinitionVersion {
  readonly version: number;
  readonly content: Readonly<Record<string, unknown>>;
  readonly definedBy: string;
  readonly definedAtMs: number;
}

/** What looking up names needs. */
export interface DefinitionReader {
  /** In no particular order; what there is not is left out. */
  find(wanted: readonly Wanted[]): Promise<readonly Definition[]>;
  /** Names that are not archived, sorted: as many as may be defined. */
  names(kind: DefinitionKind): Promise<readonly string[]>;
}

/** What a definition is to be. */
export interface Draft {
  readonly content: DefinitionContent;
  /** Ids of the definitions it refers to. */
  readonly refersTo: readonly string[];
  /** Ids of the cohorts its filters name. */
  readonly cohorts?: readonly string[];
}

/** Decides on a draft, given what stands now and what else there is; refuses what must not be. */
export type Decide = (now: Definition | null, reader: DefinitionReader) => Promise<Draft>;

/** A name that is to stand for something; the id is of use when nothing has the name. */
export interface NewDefinition {
  readonly id: string;
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly by: string;
  /** Names of the kind a tenant may have. */
  readonly limit: number;
}

/** How defining ended; what stood already is unchanged. */
export type DefineOutcome =
  | { readonly kind: "DEFINED"; readonly definition: Definition; readonly changed: boolean }
  | { readonly kind: "TOO_MANY"; readonly limit: number };

/** How archiving ended. */
export type ArchiveOutcome =
  | { readonly kind: "ARCHIVED"; readonly definition: Definition }
  | { readonly kind: "IN_USE"; readonly usedBy: readonly Definition[] }
  | { readonly kind: "NOT_FOUND"; readonly id: string };

/** Metrics, segments and saved queries in PostgreSQL; all changes of one tenant's follow each other, so that references are checked without a race. */
export interface DefinitionStore {
  reader(tenantId: TenantId): DefinitionReader;
  byId(tenantId: TenantId, id: string, version: number | null): Promise<Definition | null>;
  /** As they are now, in no particular order; what there is not is left out. */
  findMany(tenantId: TenantId, ids: readonly string[]): Promise<readonly Definition[]>;
  /** By name after a name; one more than `first` tells that there is more. */
  list(
    tenantId: TenantId,
    kind: DefinitionKind,
    page: { readonly first: number; readonly after: string | null; readonly archived: boolean },
  ): Promise<readonly Definition[]>;
  versions(tenantId: TenantId, id: string, first: number): Promise<readonly DefinitionVersion[]>;
  usedBy(tenantId: TenantId, id: string, first: number): Promise<readonly Definition[]>;
  define(tenantId: TenantId, one: NewDefinition, decide: Decide): Promise<DefineOutcome>;
  /** Archives it unless others refer to it, of which at most `first` are answered. */
  archive(tenantId: TenantId, id: string, first: number): Promise<ArchiveOutcome>;
}

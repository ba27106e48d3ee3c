import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { parseCount } from "../../domain/query.ts";
import {
  MAX_DEFINITIONS_ON_PAGE,
  type Definition,
  type DefinitionKind,
  type SavedQuery,
} from "../../domain/semantic/definition.ts";
import type { DefinitionStore } from "../../store/semantic/definition-store-types.ts";

interface Deps {
  readonly definitions: DefinitionStore;
}

/** A definition of one kind. */
export type DefinitionOf<Kind extends DefinitionKind> = Extract<Definition, { readonly kind: Kind }>;

/** A page of definitions. */
export interface DefinitionPage<Kind extends DefinitionKind> {
  readonly edges: readonly { readonly cursor: string; readonly node: DefinitionOf<Kind> }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

const isOf =
  <Kind extends DefinitionKind>(kind: Kind) =>
  (one: Definition): one is DefinitionOf<Kind> =>
    one.kind === kind;

/** Finds a definition of the caller's tenant by kind and name, in a version or as it is now; null when there is none. */
export const findDefinition =
  <Kind extends DefinitionKind>({ definitions }: Deps, kind: Kind) =>
  async (caller: Caller, name: string, version: number | null | undefined = null): Promise<DefinitionOf<Kind> | null> =>
    (await definitions.reader(caller.tenantId).find([{ kind, name, version }])).find(isOf(kind)) ?? null;

/** Finds definitions by id in one statement, as they are now, in the order asked; null for ids the tenant has none of. Needs `analytics:read`. */
export const findDefinitions =
  ({ definitions }: Deps) =>
  async (caller: Caller, ids: readonly string[]): Promise<readonly (Definition | null)[]> => {
    // Entity references reach this past the rules of the root fields, so the permission is asked for here.
    if (!caller.permissions.has("analytics:read"))
      throw refuse("FORBIDDEN", "Definitions need the permission analytics:read.", { permission: "analytics:read" });
    const known = [...new Set(ids.filter(isUuid).map((id) => id.toLowerCase()))];
    const found = known.length === 0 ? [] : await definitions.findMany(caller.tenantId, known);
    const byId = new Map(found.map((one) => [one.id, one]));
    return ids.map((id) => byId.get(id.toLowerCase()) ?? null);
  };

const encode = (name: string): string => Buffer.from(name, "utf8").toString("base64url");
const decode = (cursor: string | null | undefined): string | null =>
  cursor === null || cursor === undefined ? null : Buffer.from(cursor, "base64url").toString("utf8");

/** Definitions of a kind of the caller's tenant by name. */
export const listDefinitions =
  <Kind extends DefinitionKind>({ definitions }: Deps, kind: Kind) =>
  async (
    caller: Caller,
    page: { readonly first: number; readonly after?: string | null | undefined; readonly archived: boolean },
  ): Promise<DefinitionPage<Kind>> => {
    const first = parseCount(page.first, "first", MAX_DEFINITIONS_ON_PAGE);
    const after = decode(page.after);
    const found = await definitions.list(caller.tenantId, kind, { first, after, archived: page.archived });
    const edges = found.filter(isOf(kind)).map((node) => ({ cursor: encode(node.name), node }));
    return { edges: edges.slice(0, first), hasNextPage: found.length > first, hasPreviousPage: after !== null };
  };

/** Finds a saved query of the caller's tenant by id, in a version or as it is now; null when there is none. */
export const findSavedQuery =
  ({ definitions }: Deps) =>
  async (caller: Caller, id: string, version: number | null | undefined = null): Promise<SavedQuery | null> => {
    const found = isUuid(id) ? await definitions.byId(caller.tenantId, id.toLowerCase(), version) : null;
    return found?.kind === "SAVED_QUERY" ? found : null;
  };

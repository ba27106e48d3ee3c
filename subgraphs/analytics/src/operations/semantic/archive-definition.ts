import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { MAX_USERS_TOLD, type Definition } from "../../domain/semantic/definition.ts";
import type { DefinitionUser } from "../../domain/semantic/definition-user.ts";
import type { ArchiveOutcome, DefinitionStore } from "../../store/semantic/definition-store-types.ts";
import { usersOf, type UsersDeps } from "./users-of.ts";

/** What archiving needs. */
export interface ArchiveDeps extends UsersDeps {
  readonly definitions: Pick<DefinitionStore, "archive" | "byId" | "usedBy">;
}

/** How archiving a definition ended, with who would miss it, or who goes on without. */
export type ArchivedDefinition =
  | (Extract<ArchiveOutcome, { readonly kind: "ARCHIVED" }> & { readonly keptBy: readonly DefinitionUser[] })
  | (Extract<ArchiveOutcome, { readonly kind: "IN_USE" }> & { readonly users: readonly DefinitionUser[] })
  | Extract<ArchiveOutcome, { readonly kind: "NOT_FOUND" }>;

const NOBODY = { following: [], keeping: [] };

const inUse = (usedBy: readonly Definition[], following: readonly DefinitionUser[]): ArchivedDefinition => {
  const users = [...usedBy.map(({ kind, id, name }) => ({ kind, id, name })), ...following];
  return { kind: "IN_USE", usedBy, users: users.slice(0, MAX_USERS_TOLD) };
};

/** Archives a definition of the caller's tenant unless something names it that would miss it; its versions stay, and so does what is kept with them. */
export const archiveDefinition =
  (deps: ArchiveDeps) =>
  async (caller: Caller, asked: string): Promise<ArchivedDefinition> => {
    const { definitions } = deps;
    const [{ tenantId }, id] = [caller, asked.toLowerCase()];
    const one = isUuid(id) ? await definitions.byId(tenantId, id, null) : null;
    if (one === null) return { kind: "NOT_FOUND", id: asked };
    const { kind, name } = one;
    // Hierarchies are named by questions that are asked, and by nothing that is kept.
    const { following, keeping } = kind === "HIERARCHY" ? NOBODY : await usersOf(deps, caller, { kind, id, name });
    if (following.length > 0) return inUse(await definitions.usedBy(tenantId, id, MAX_USERS_TOLD), following);
    const outcome = await definitions.archive(tenantId, id, MAX_USERS_TOLD);
    if (outcome.kind === "IN_USE") return inUse(outcome.usedBy, []);
    return outcome.kind === "ARCHIVED" ? { ...outcome, keptBy: keeping } : outcome;
  };

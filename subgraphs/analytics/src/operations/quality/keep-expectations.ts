import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import {
  KEPT_EXPECTATIONS,
  parseKeptExpectation,
  type ExpectationVersion,
  type KeptExpectation,
  type SaveExpectationInput,
} from "../../domain/quality/kept-expectation.ts";
import { MAX_VERDICTS, type ExpectationVerdict } from "../../domain/quality/verdict.ts";
import { parseCount } from "../../domain/query.ts";
import type { DefinitionUser } from "../../domain/semantic/definition-user.ts";
import { usersOf, type UsersDeps } from "../semantic/users-of.ts";
import type { VerdictStore } from "../../store/quality/verdict-store-types.ts";
import type { ExpectationStore, SaveExpectationOutcome } from "../../store/quality/expectation-store-types.ts";

/** What keeping expectations needs. */
export interface KeepExpectationsDeps {
  readonly expectations: ExpectationStore;
  readonly verdicts: Pick<VerdictStore, "list">;
  readonly newId: () => string;
}

/** How keeping an expectation ended, where it was not refused. */
export type SavedExpectation = Exclude<SaveExpectationOutcome, { readonly kind: "OTHER_VERSION" }>;

/** How deleting an expectation ended. */
export type DeleteExpectationOutcome =
  | { readonly kind: "DELETED"; readonly id: string }
  | { readonly kind: "IN_USE"; readonly users: readonly DefinitionUser[] }
  | { readonly kind: "NOT_FOUND"; readonly id: string };

/** Keeps an expectation of the caller's tenant, or its next version; what stands already is no new version. */
export const saveExpectation =
  ({ expectations, newId }: KeepExpectationsDeps) =>
  async (caller: Caller, input: SaveExpectationInput): Promise<SavedExpectation> => {
    const { name, content } = parseKeptExpectation(input, accessOf(caller));
    const by = `${caller.subject.kind}:${caller.subject.id}`;
    const draft = { id: newId(), name, content, by, expectedVersion: input.expectedVersion ?? null };
    const outcome = await expectations.save(caller.tenantId, draft, KEPT_EXPECTATIONS);
    if (outcome.kind !== "OTHER_VERSION") return outcome;
    throw refuse("CONFLICT", `The expectation has version ${outcome.version} by now. Look at it and change that one.`, {
      field: "input.expectedVersion",
    });
  };

/** Deletes an expectation of the caller's tenant unless something names it. */
export const deleteExpectation =
  (deps: Pick<KeepExpectationsDeps, "expectations"> & UsersDeps) =>
  async (caller: Caller, id: string): Promise<DeleteExpectationOutcome> => {
    if (!isUuid(id)) return { kind: "NOT_FOUND", id };
    const { following: users } = await usersOf(deps, caller, { kind: "EXPECTATION", id: id.toLowerCase() });
    if (users.length > 0) return { kind: "IN_USE", users };
    const gone = await deps.expectations.remove(caller.tenantId, id.toLowerCase());
    return { kind: gone ? "DELETED" : "NOT_FOUND", id };
  };

/** Expectations of the caller's tenant by name. */
export const listExpectations =
  ({ expectations }: Pick<KeepExpectationsDeps, "expectations">) =>
  (caller: Caller, event: string | null): Promise<readonly KeptExpectation[]> =>
    expectations.list(caller.tenantId, event, KEPT_EXPECTATIONS.ofTenant);

/** Versions of an expectation, the newest first. */
export const expectationVersions =
  ({ expectations }: Pick<KeepExpectationsDeps, "expectations">) =>
  (caller: Caller, { id }: KeptExpectation): Promise<readonly ExpectationVersion[]> =>
    expectations.versions(caller.tenantId, id, KEPT_EXPECTATIONS.versionsTold);

/** What came of the tests of an expectation, the newest first. */
export const expectationVerdicts =
  ({ verdicts }: Pick<KeepExpectationsDeps, "verdicts">) =>
  async (caller: Caller, { id }: KeptExpectation, first: number): Promise<readonly ExpectationVerdict[]> =>
    verdicts.list(caller.tenantId, id, parseCount(first, "first", MAX_VERDICTS));

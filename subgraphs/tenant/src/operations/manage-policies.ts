import type { Caller } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import { parseApiKeyId, parseUserId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { MAX_PROPERTY_CONDITIONS } from "@tessera/contracts/data-policy";
import { encodePolicy, MAX_ENCODED_POLICY } from "@tessera/platform/store/data-policy";
import type { NowMs } from "@tessera/platform/time/clock";
import {
  combinePolicies,
  MAX_DATA_POLICIES,
  propertyConditions,
  type KeptPolicy,
  type PolicyRules,
} from "../domain/data-policy.ts";
import { requireWholeAccess } from "../domain/hand-on.ts";
import { descriptionText, displayName } from "../domain/input-text.ts";
import { columnMasks, rowConditions, type ConditionInput, type MaskInput } from "../domain/policy-input.ts";
import { customRoleName, isUserRole } from "../domain/role.ts";
import type { AccessStore } from "../store/access-store.ts";

/** Roles and subjects one policy may name. */
export const MAX_POLICY_HOLDERS = 100;

/** What a policy shall be, as the caller wrote it. */
export interface PolicyRequest {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly everyone: boolean;
  readonly roles: readonly string[];
  readonly subjects: readonly { readonly kind: "USER" | "API_KEY" | "CLIENT"; readonly id: string }[];
  readonly rowFilters: readonly ConditionInput[];
  readonly masks: readonly MaskInput[];
}

/** What came of saving a policy. */
export type SavePolicyOutcome =
  { readonly kind: "SAVED"; readonly policy: KeptPolicy } | { readonly kind: "FULL"; readonly limit: number };

const subjectName = ({ kind, id }: PolicyRequest["subjects"][number], index: number): string => {
  const known = kind === "USER" ? parseUserId(id) : kind === "API_KEY" ? parseApiKeyId(id) : id.slice(0, 100);
  if (known === null || known === "")
    throw refuse("BAD_INPUT", "This is no id of such a subject.", { field: `input.subjects.${index}.id` });
  return `${kind}:${known}`;
};

const readPolicy = (request: PolicyRequest, nowMs: number): KeptPolicy => {
  const rows = rowConditions(request.rowFilters, "input.rowFilters");
  const masks = columnMasks(request.masks, "input.masks");
  if (rows.length + masks.length === 0)
    throw refuse("BAD_INPUT", "A policy filters rows or masks columns.", { field: "input" });
  if (request.roles.length > MAX_POLICY_HOLDERS || request.subjects.length > MAX_POLICY_HOLDERS)
    throw refuse("BAD_INPUT", `A policy names at most ${MAX_POLICY_HOLDERS} roles and subjects each.`, {
      field: "input",
    });
  for (const [index, name] of request.roles.entries())
    if (!isUserRole(name)) customRoleName(name, `input.roles.${index}`);
  return {
    name: displayName(request.name, "input.name"),
    description: descriptionText(request.description, "input.description"),
    everyone: request.everyone,
    roles: [...new Set(request.roles)].toSorted(),
    subjects: [...new Set(request.subjects.map(subjectName))].toSorted(),
    ...{ rows, masks, createdAtMs: nowMs, updatedAtMs: nowMs },
  };
};

const SOME_SALT = "0".repeat(32);

/** All policies together must fit a query, whoever they come to apply to: one that would not could only be refused when it is needed. */
const requireRoom = (policies: readonly PolicyRules[]): void => {
  const lists = policies.flatMap(({ rows }) => rows.flatMap((row) => ("values" in row ? row.values : [])));
  if (propertyConditions(policies.flatMap(({ rows }) => rows)).length > MAX_PROPERTY_CONDITIONS)
    throw refuse(
      "BAD_INPUT",
      `All data policies of a tenant together have at most ${MAX_PROPERTY_CONDITIONS} conditions on properties.`,
      { field: "input.rowFilters" },
    );
  const all = combinePolicies(policies, SOME_SALT);
  // Lists that are added up can shrink; what is told to the store is never larger than all of their values one after another.
  const size = all === null ? 0 : encodePolicy(all).length + Math.ceil((JSON.stringify(lists).length * 4) / 3);
  if (size > MAX_ENCODED_POLICY)
    throw refuse("BAD_INPUT", "All data policies of a tenant together name too many or too long values.", {
      field: "input.rowFilters",
    });
};

/** Builds `saveDataPolicy`: makes or replaces the policy of that name. It takes away and never gives, so that it needs no permission on data. */
export const createSavePolicy =
  ({ access, nowMs }: { readonly access: AccessStore; readonly nowMs: NowMs }) =>
  async (caller: Caller, request: PolicyRequest): Promise<SavePolicyOutcome> => {
    requireWholeAccess(caller);
    const policy = readPolicy(request, nowMs());
    const others = (await access.policies(caller.tenantId)).filter(({ name }) => name !== policy.name);
    requireRoom([...others, policy]);
    const saved = await access.savePolicy(caller.tenantId, policy, MAX_DATA_POLICIES);
    if (saved === "FULL") return { kind: "FULL", limit: MAX_DATA_POLICIES };
    if (saved === "NO_TENANT") throw refuse("NOT_FOUND", "The caller's tenant does not exist.");
    const kept = (await access.policies(caller.tenantId)).find(({ name }) => name === policy.name);
    return { kind: "SAVED", policy: kept ?? policy };
  };

/** Builds `deleteDataPolicy`; false when there is none. */
export const createDeletePolicy =
  ({ access }: { readonly access: AccessStore }) =>
  async (caller: Caller, name: string): Promise<{ readonly name: string; readonly deleted: boolean }> => {
    requireWholeAccess(caller);
    return { name, deleted: await access.deletePolicy(caller.tenantId, name) };
  };

/** Builds the list of a tenant's policies, by name. */
export const createListPolicies =
  ({ access }: { readonly access: AccessStore }) =>
  (tenantId: TenantId): Promise<readonly KeptPolicy[]> =>
    access.policies(tenantId);

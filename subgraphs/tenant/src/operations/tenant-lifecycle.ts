import type { Caller } from "@tessera/contracts/caller";
import type { TenantChanged } from "@tessera/contracts/events/tenant-changed";
import { isUuid, parseTenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { displayName } from "../domain/input-text.ts";
import { eraseAt, LIFECYCLE, tenantSlug, type LifecycleStep } from "../domain/lifecycle.ts";
import { allSettings, checkedSetting, SETTING_KEYS, type Setting } from "../domain/settings.ts";
import type { Tenant } from "../domain/tenant.ts";
import type { Tier } from "@tessera/contracts/features";
import type { LifecycleStore } from "../store/lifecycle-store.ts";
import type { TenantStore } from "../store/tenant-store.ts";
import type { TargetTenant } from "./target-tenant.ts";

interface LifecycleDeps {
  readonly lifecycle: LifecycleStore;
  readonly tenants: TenantStore;
  readonly targetTenant: TargetTenant;
  readonly newId: () => string;
  readonly nowMs: NowMs;
}

/** What a new tenant shall be. */
export interface NewTenantRequest {
  readonly name: string;
  readonly slug: string;
  /** Default FREE. */
  readonly tier?: Tier;
  readonly organisationId?: string | null | undefined;
  readonly organisationName?: string | null | undefined;
}

/** What came of making a tenant. */
export type CreateTenantOutcome =
  { readonly kind: "CREATED"; readonly tenant: Tenant } | { readonly kind: "SLUG_TAKEN"; readonly slug: string };

/** Builds `createTenant`: a tenant without people and keys, of a tier, in an organisation or on its own. */
export const createCreateTenant =
  (deps: LifecycleDeps) =>
  async (caller: Caller, request: NewTenantRequest): Promise<CreateTenantOutcome> => {
    const id = parseTenantId(deps.newId());
    if (id === null) throw new Error("A new id is not a UUID.");
    const organisationId = request.organisationId?.toLowerCase() ?? null;
    if (organisationId !== null && !isUuid(organisationId))
      throw refuse("BAD_INPUT", "An organisation is named by a UUID.", { field: "input.organisationId" });
    const named = request.organisationName ?? null;
    const organisationName = named === null ? null : displayName(named, "input.organisationName");
    const [name, slug] = [displayName(request.name, "input.name"), tenantSlug(request.slug, "input.slug")];
    const [atMs, tier] = [deps.nowMs(), request.tier ?? "FREE"];
    const tenant: Tenant = {
      ...{ id, name, slug, organisationId, createdAtMs: atMs },
      ...{ state: "ACTIVE", tier, deleteAtMs: null },
    };
    const detail = `${slug}, tier ${tier}`;
    const made = await deps.lifecycle.create(tenant, organisationName, { by: caller.subject, atMs, detail });
    return made === null ? { kind: "SLUG_TAKEN", slug } : { kind: "CREATED", tenant: made };
  };

const CHANGES: Readonly<Record<LifecycleStep, TenantChanged["change"]>> = {
  SUSPEND: "SUSPENDED",
  RESUME: "RESUMED",
  DELETE: "DELETION_REQUESTED",
};

/** A step in a tenant's life, as an operator asks for it. */
export interface LifecycleRequest {
  readonly tenantId: string;
  readonly reason: string;
  readonly graceDays?: number | null | undefined;
}

/**
 * Builds `suspendTenant`, `resumeTenant` and `deleteTenant`. A step that was already taken answers the tenant as it is; one that does not lead from
 * its state is refused with CONFLICT.
 */
export const createTenantStep =
  (deps: LifecycleDeps, step: LifecycleStep) =>
  async (caller: Caller, request: LifecycleRequest): Promise<Tenant> => {
    const tenantId = await deps.targetTenant(caller, request.tenantId);
    const atMs = deps.nowMs();
    const { from, to } = LIFECYCLE[step];
    const deleteAtMs = step === "DELETE" ? eraseAt(atMs, request.graceDays) : null;
    const note = { by: caller.subject, atMs, detail: displayName(request.reason, "input.reason") };
    const moved = await deps.lifecycle.move(tenantId, { from, to, deleteAtMs, change: CHANGES[step] }, note);
    const tenant = moved ?? (await deps.tenants.find(tenantId));
    if (tenant === null) throw refuse("NOT_FOUND", "There is no such tenant.");
    if (tenant.state !== to)
      throw refuse("CONFLICT", `A tenant that is ${tenant.state} can't become ${to}.`, { state: tenant.state });
    return tenant;
  };

/** Builds `setTenantTier`: features and the limits nobody has set follow the tier at once. */
export const createSetTenantTier =
  (deps: LifecycleDeps) =>
  async (caller: Caller, request: { readonly tenantId: string; readonly tier: Tier }): Promise<Tenant> => {
    const tenantId = await deps.targetTenant(caller, request.tenantId);
    const note = { by: caller.subject, atMs: deps.nowMs(), detail: `tier ${request.tier}` };
    const changed = await deps.lifecycle.setTier(tenantId, request.tier, note);
    if (changed === null) throw refuse("NOT_FOUND", "There is no such tenant.");
    return changed;
  };

/** Builds the reading of a tenant's settings. */
export const createReadSettings =
  (deps: LifecycleDeps) =>
  async (caller: Caller, asked: string | null | undefined): Promise<readonly Setting[]> =>
    allSettings(await deps.lifecycle.settings(await deps.targetTenant(caller, asked)));

/** Builds `setTenantSettings`: several settings, together or not at all; answers all of them. */
export const createSetSettings =
  (deps: LifecycleDeps) =>
  async (
    caller: Caller,
    request: {
      readonly tenantId?: string | null | undefined;
      readonly settings: readonly { readonly key: string; readonly value: unknown }[];
    },
  ): Promise<readonly Setting[]> => {
    const tenantId = await deps.targetTenant(caller, request.tenantId);
    if (request.settings.length === 0 || request.settings.length > SETTING_KEYS.length)
      throw refuse("BAD_INPUT", `1 to ${SETTING_KEYS.length} settings are set at once.`, { field: "input.settings" });
    const settings = request.settings.map((one, index) => checkedSetting(one, `input.settings.${index}`));
    const detail = settings.map(({ key, value }) => `${key} = ${String(value)}`).join("; ");
    if ((await deps.tenants.find(tenantId)) === null) throw refuse("NOT_FOUND", "There is no such tenant.");
    await deps.lifecycle.setSettings(tenantId, settings, { by: caller.subject, atMs: deps.nowMs(), detail });
    return allSettings(await deps.lifecycle.settings(tenantId));
  };

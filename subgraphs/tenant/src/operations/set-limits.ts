import type { Caller } from "@tessera/contracts/caller";
import type { LimitMetric, LimitScope } from "@tessera/contracts/limits";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { checkedLimit, MAX_LIMITS_KEPT, MAX_LIMITS_SET } from "../domain/limits.ts";
import type { LimitChange, LimitStore } from "../store/limit-store.ts";
import type { TenantHistory } from "../store/tenant-history.ts";
import type { TargetTenant } from "./target-tenant.ts";
import type { createReadLimits, TenantLimits } from "./read-limits.ts";

/** A limit as a caller writes it; with neither soft nor hard it is unset, and unlimited when `unlimited` says so. */
export interface LimitRequest {
  readonly metric: LimitMetric;
  readonly scope: LimitScope;
  readonly scopeId?: string | null | undefined;
  readonly soft?: string | number | null | undefined;
  readonly hard?: string | number | null | undefined;
  readonly graceSeconds?: number | null | undefined;
  readonly unlimited?: boolean | null | undefined;
}

const bound = (value: string | number | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

const changeOf = (request: LimitRequest, organisationId: string | null, field: string): LimitChange => {
  const { metric, scope } = request;
  const scopeId = scope === "ORGANISATION" ? (organisationId ?? "") : (request.scopeId ?? "");
  const [soft, hard] = [bound(request.soft), bound(request.hard)];
  const graceSeconds = request.graceSeconds ?? 0;
  const unlimited = request.unlimited ?? false;
  if (unlimited && hard !== null)
    throw refuse("BAD_INPUT", "A limit is either unlimited or has a hard bound.", { field: `${field}.unlimited` });
  const unset = soft === null && hard === null && !unlimited;
  return { ...checkedLimit({ metric, scope, scopeId, soft, hard, graceSeconds }, field), unset };
};

/** Who may set what: keys and people are the tenant's own; the tenant itself and its organisation are an operator's. */
const requireScope = (caller: Caller, changes: readonly LimitChange[]): void => {
  const wide = changes.find(({ scope }) => scope === "TENANT" || scope === "ORGANISATION");
  if (wide !== undefined && !caller.permissions.has("platform:tenants"))
    throw refuse("FORBIDDEN", "Limits of the tenant itself and of its organisation are set by an operator.", {
      permission: "platform:tenants",
    });
};

/** Builds `setLimits`: several limits, together or not at all; answers what holds afterwards. */
export const createSetLimits =
  (deps: {
    readonly limits: LimitStore;
    readonly history: TenantHistory;
    readonly readLimits: ReturnType<typeof createReadLimits>;
    readonly targetTenant: TargetTenant;
    readonly nowMs: NowMs;
  }) =>
  async (
    caller: Caller,
    request: { readonly tenantId?: string | null | undefined; readonly limits: readonly LimitRequest[] },
  ): Promise<TenantLimits> => {
    const tenantId = await deps.targetTenant(caller, request.tenantId);
    if (request.limits.length === 0 || request.limits.length > MAX_LIMITS_SET)
      throw refuse("BAD_INPUT", `1 to ${MAX_LIMITS_SET} limits are set at once.`, { field: "input.limits" });
    const nowMs = deps.nowMs();
    const facts = await deps.limits.facts(tenantId, null, nowMs);
    if (facts === null) throw refuse("NOT_FOUND", "There is no such tenant.");
    const changes = request.limits.map((limit, index) =>
      changeOf(limit, facts.organisationId, `input.limits.${index}`),
    );
    requireScope(caller, changes);
    if (!(await deps.limits.change(tenantId, changes, nowMs, MAX_LIMITS_KEPT)))
      throw refuse("CONFLICT", `A tenant keeps at most ${MAX_LIMITS_KEPT} limits.`, { limit: MAX_LIMITS_KEPT });
    const detail = changes.map(
      ({ metric, scope, scopeId, soft, hard }) => `${scope} ${scopeId} ${metric} ${soft}/${hard}`,
    );
    await deps.history.note(tenantId, {
      change: "LIMITS_SET",
      detail: detail.join("; "),
      by: caller.subject,
      atMs: nowMs,
    });
    const after = await deps.readLimits(tenantId, null);
    if (after === null) throw refuse("NOT_FOUND", "There is no such tenant.");
    return after;
  };

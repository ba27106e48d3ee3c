import type { Caller } from "@tessera/contracts/caller";
import type { TenantCapacity } from "@tessera/contracts/events/tenant-scaled";
import type { EffectiveLimits } from "@tessera/contracts/limits";
import { isUuid, type TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { displayName } from "../domain/input-text.ts";
import { approvalFor, askedCapacity, predictScale, MAX_CAPACITY } from "../domain/scaling.ts";
import { mayApprove, type ScaleRequest } from "../domain/scale-request.ts";
import { TIERS } from "@tessera/contracts/features";
import type { ActivityStore } from "../store/activity-store.ts";
import type { ScaleStore } from "../store/scale-store.ts";
import type { createReadLimits } from "./read-limits.ts";
import type { TargetTenant } from "./target-tenant.ts";

const DAY_MS = 86_400_000;
/** Days among whose hours the busiest is looked for. */
const LOAD_DAYS = 7;
/** Requests one answer shows at most. */
export const MAX_SCALE_REQUESTS = 100;

interface ScaleDeps {
  readonly scales: ScaleStore;
  readonly activity: ActivityStore;
  readonly readLimits: ReturnType<typeof createReadLimits>;
  readonly targetTenant: TargetTenant;
  readonly newId: () => string;
  readonly nowMs: NowMs;
}

/** What a tenant may use at once, by its limits. */
export const capacityOf = ({ limits }: EffectiveLimits): TenantCapacity => {
  const hard = (metric: string): number | null => limits.find((limit) => limit.metric === metric)?.hard ?? null;
  return {
    concurrentQueries: hard("CONCURRENT_QUERIES") ?? MAX_CAPACITY.concurrentQueries,
    queryMemoryBytes: hard("QUERY_MEMORY_BYTES") ?? MAX_CAPACITY.queryMemoryBytes,
    workerWeight: hard("WORKER_WEIGHT") ?? MAX_CAPACITY.workerWeight,
  };
};

const limitsOf = async (deps: ScaleDeps, tenantId: TenantId) => {
  const limits = await deps.readLimits(tenantId, null);
  if (limits === null) throw refuse("NOT_FOUND", "There is no such tenant.");
  return limits;
};

/** What a tenant asks for; what is not named stays. */
export interface ScaleAsk {
  readonly tenantId?: string | null | undefined;
  readonly concurrentQueries?: number | null | undefined;
  readonly queryMemoryBytes?: string | number | null | undefined;
  readonly workerWeight?: number | null | undefined;
  readonly reason: string;
}

/** Builds `scaleTenant`: a request with its predicted cost and effect, applied at once where the policy lets it, else waiting for approval. */
export const createScaleTenant =
  (deps: ScaleDeps) =>
  async (caller: Caller, asked: ScaleAsk): Promise<ScaleRequest> => {
    const tenantId = await deps.targetTenant(caller, asked.tenantId);
    const limits = await limitsOf(deps, tenantId);
    const [before, nowMs] = [capacityOf(limits), deps.nowMs()];
    const after = askedCapacity(before, asked);
    const peakLoad = await deps.activity.peakLoad(tenantId, nowMs - LOAD_DAYS * DAY_MS);
    const prediction = predictScale(before, after, peakLoad);
    const tier = TIERS.find((one) => one === limits.tier) ?? "FREE";
    const approval = approvalFor(tier, prediction);
    const applied = approval === "NONE";
    const request: ScaleRequest = {
      ...{ id: deps.newId(), state: applied ? "APPLIED" : "PENDING", before, after, prediction, approval },
      ...{ reason: displayName(asked.reason, "input.reason"), requestedAtMs: nowMs, requestedBy: caller.subject },
      ...{ decidedAtMs: applied ? nowMs : null, decidedBy: applied ? caller.subject : null, note: null },
    };
    const kept = await deps.scales.add(tenantId, request);
    if (kept === null) throw refuse("CONFLICT", "Another request of the tenant waits for its approval.");
    return kept;
  };

/** A decision about a request. */
export interface ScaleVerdict {
  readonly id: string;
  readonly tenantId?: string | null | undefined;
  readonly approve: boolean;
  readonly note?: string | null | undefined;
}

const requireApprover = (request: ScaleRequest, caller: Caller): void => {
  const may = mayApprove(request, caller.subject, caller.permissions.has("platform:tenants"));
  if (may === "SAME_PERSON") throw refuse("CONFLICT", "A request is approved by somebody else than who made it.");
  if (may === "NOT_OPERATOR")
    throw refuse("FORBIDDEN", "This request is approved by an operator.", { permission: "platform:tenants" });
};

/** Builds `decideScaleRequest`: who asked can only withdraw; somebody else approves, which applies it at once, or rejects. */
export const createDecideScaleRequest =
  (deps: ScaleDeps) =>
  async (caller: Caller, verdict: ScaleVerdict): Promise<ScaleRequest> => {
    const tenantId = await deps.targetTenant(caller, verdict.tenantId);
    const id = isUuid(verdict.id) ? verdict.id.toLowerCase() : null;
    const request = id === null ? null : await deps.scales.find(tenantId, id);
    if (request === null) throw refuse("NOT_FOUND", "There is no such request.");
    if (verdict.approve) requireApprover(request, caller);
    const own = request.requestedBy.kind === caller.subject.kind && request.requestedBy.id === caller.subject.id;
    const noted = verdict.note ?? null;
    const decided = await deps.scales.decide(tenantId, request.id, {
      state: verdict.approve ? "APPLIED" : own ? "WITHDRAWN" : "REJECTED",
      ...{ by: caller.subject, atMs: deps.nowMs(), note: noted === null ? null : displayName(noted, "input.note") },
    });
    if (decided === null)
      throw refuse("CONFLICT", `The request is ${request.state} already.`, { state: request.state });
    return decided;
  };

/** Builds `scaleRequests`: the newest first. */
export const createListScaleRequests =
  (deps: ScaleDeps) =>
  async (caller: Caller, asked: { readonly first: number; readonly tenantId?: string | null | undefined }) => {
    if (asked.first < 1 || asked.first > MAX_SCALE_REQUESTS)
      throw refuse("BAD_INPUT", `\`first\` must be between 1 and ${MAX_SCALE_REQUESTS}.`, { field: "first" });
    return deps.scales.list(await deps.targetTenant(caller, asked.tenantId), asked.first);
  };

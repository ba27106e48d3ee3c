import type { AbuseKind, AbuseSource } from "@tessera/contracts/abuse";
import type { Caller } from "@tessera/contracts/caller";
import { INSTALLATION, type TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import type { SecurityEvent, Throttle } from "../domain/abuse/throttle.ts";
import { MAX_PAGE_SIZE, pageOf, pageRequest, type Page } from "../domain/page.ts";
import type { SecurityStore } from "../store/security-store.ts";
import type { TargetTenant } from "./target-tenant.ts";

/** Characters of the reason why a throttle is lifted. */
const MAX_REASON_LENGTH = 500;

type Optional<T> = T | null | undefined;

/** Whose events or throttles are meant. */
interface Whose {
  readonly tenantId?: Optional<string>;
  readonly installation?: Optional<boolean>;
}

interface AskedEvents extends Whose {
  readonly first: number;
  readonly after?: Optional<string>;
  readonly filter?: Optional<{
    readonly kinds?: Optional<readonly AbuseKind[]>;
    readonly sourceKind?: Optional<AbuseSource["kind"]>;
    readonly sourceId?: Optional<string>;
    readonly since?: Optional<string>;
  }>;
}

/** What came of lifting a throttle. */
export type LiftOutcome =
  | { readonly kind: "LIFTED"; readonly throttle: Throttle }
  | { readonly kind: "NOT_FOUND" | "OWN"; readonly id: string };

/** What can be done about abuse. */
export interface SecurityOperations {
  readonly securityEvents: (caller: Caller, asked: AskedEvents) => Promise<Page<SecurityEvent>>;
  readonly throttles: (
    caller: Caller,
    asked: Whose & { readonly activeOnly: boolean; readonly first: number },
  ) => Promise<readonly Throttle[]>;
  readonly liftThrottle: (
    caller: Caller,
    input: Whose & { readonly id: string; readonly reason: string },
  ) => Promise<LiftOutcome>;
}

/** Builds {@link SecurityOperations}. */
export const createSecurityOperations = (deps: {
  readonly security: SecurityStore;
  readonly targetTenant: TargetTenant;
  readonly nowMs: NowMs;
}): SecurityOperations => {
  const { security, nowMs } = deps;
  const whose = async (caller: Caller, { tenantId, installation }: Whose): Promise<TenantId> => {
    if (installation !== true) return deps.targetTenant(caller, tenantId);
    if (caller.permissions.has("platform:tenants")) return INSTALLATION;
    const permission = "platform:tenants";
    throw refuse("FORBIDDEN", `What concerns the installation needs the permission ${permission}.`, { permission });
  };
  return {
    securityEvents: async (caller, asked) => {
      const request = pageRequest(asked);
      const { kinds, sourceKind, sourceId, since } = asked.filter ?? {};
      const filter = {
        ...{ kinds: kinds ?? null, sourceKind: sourceKind ?? null, sourceId: sourceId ?? null },
        sinceMs: since === null || since === undefined ? null : Date.parse(since),
      };
      return pageOf(request, await security.events(await whose(caller, asked), filter, request));
    },
    throttles: async (caller, asked) => {
      if (asked.first < 1 || asked.first > MAX_PAGE_SIZE)
        throw refuse("BAD_INPUT", `\`first\` must be between 1 and ${MAX_PAGE_SIZE}.`, { field: "first" });
      return security.throttles(await whose(caller, asked), asked.activeOnly ? nowMs() : null, asked.first);
    },
    liftThrottle: async (caller, input) => {
      const { id } = input;
      const reason = input.reason.trim();
      if (reason === "" || reason.length > MAX_REASON_LENGTH)
        throw refuse("BAD_INPUT", `A reason has 1 to ${MAX_REASON_LENGTH} characters.`, { field: "input.reason" });
      const tenantId = await whose(caller, input);
      const { kind, id: callerId } = caller.subject;
      if (kind !== "SERVICE" && tenantId === caller.tenantId) {
        const own = await security.activeFor(tenantId, { kind, id: callerId }, nowMs());
        if (own?.id === id) return { kind: "OWN", id };
      }
      const throttle = await security.lift(tenantId, id, { by: caller.subject, reason, atMs: nowMs() });
      return throttle === null ? { kind: "NOT_FOUND", id } : { kind: "LIFTED", throttle };
    },
  };
};

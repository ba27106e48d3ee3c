import type { AbuseKind, AbuseSource, ThrottleLevel } from "../abuse.ts";
import type { TenantId } from "../ids.ts";

/** Topic on which {@link SecurityEventRaised} is told. */
export const SECURITY_EVENT_RAISED = "security.event-raised";
/** Topic on which {@link ThrottleLifted} is told. */
export const THROTTLE_LIFTED = "security.throttle-lifted";

/** Told once per kind, source and window, in the transaction that keeps the event. */
export interface SecurityEventRaised {
  readonly securityEventId: string;
  /** The tenant; the nil UUID for what concerns the installation. */
  readonly tenantId: TenantId;
  readonly kind: AbuseKind;
  readonly source: AbuseSource;
  readonly windowFromMs: number;
  readonly windowToMs: number;
  /** What was counted, and the bound it reached. */
  readonly measured: number;
  readonly bound: number;
  readonly raisedAtMs: number;
  /** The throttle that followed; null when none did. */
  readonly throttle: { readonly id: string; readonly level: ThrottleLevel; readonly untilMs: number } | null;
}

/** Told when somebody ends a throttle before its time. */
export interface ThrottleLifted {
  readonly tenantId: TenantId;
  readonly throttleId: string;
  readonly source: AbuseSource;
  readonly liftedBy: { readonly kind: string; readonly id: string };
  readonly reason: string;
  readonly liftedAtMs: number;
}

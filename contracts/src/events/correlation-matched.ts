import type { TenantId } from "../ids.ts";

/** Topic on which {@link CorrelationMatched} is told. */
export const CORRELATION_MATCHED = "correlation.matched";

/** Told once for each match a correlation rule finds, in the transaction that keeps it; equal events of an equal version have one id. */
export interface CorrelationMatched {
  readonly tenantId: TenantId;
  readonly ruleId: string;
  readonly version: number;
  readonly matchId: string;
  /** When the match was complete, in event time, milliseconds since the epoch. */
  readonly completedAtMs: number;
}

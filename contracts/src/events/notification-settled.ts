import type { TenantId } from "../ids.ts";

/** Topic on which {@link NotificationSettled} is told. */
export const NOTIFICATION_SETTLED = "notification.settled";

/** Told once for each delivery of a notification, in the transaction that ended it; what it said is read from its store. */
export interface NotificationSettled {
  readonly tenantId: TenantId;
  readonly deliveryId: string;
  readonly channelId: string;
  /** SENT: its receiver has it. FAILED: it was refused, or given up. */
  readonly state: "SENT" | "FAILED";
  readonly atMs: number;
}

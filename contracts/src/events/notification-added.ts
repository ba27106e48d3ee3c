import type { TenantId } from "../ids.ts";

/** Topic on which {@link NotificationAdded} is told. */
export const NOTIFICATION_ADDED = "notification.added";

/** Told when something is put into an inbox of the platform, in the transaction that puts it there. */
export interface NotificationAdded {
  readonly tenantId: TenantId;
  readonly notificationId: string;
  /** Whose inbox, `KIND:id` of a subject; null: everybody's. */
  readonly recipient: string | null;
}

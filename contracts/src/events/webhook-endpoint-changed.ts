import type { TenantId } from "../ids.ts";

/** Topic on which {@link WebhookEndpointChanged} is told. */
export const WEBHOOK_ENDPOINT_CHANGED = "webhook.endpoint-changed";

/** Told in the transaction that changed where an endpoint of webhooks stands: by somebody, or by itself when it disables what takes no messages. */
export interface WebhookEndpointChanged {
  readonly tenantId: TenantId;
  readonly endpointId: string;
  /** The endpoint's version by it. */
  readonly version: number;
  readonly change: "CREATED" | "UPDATED" | "SECRET_ROTATED" | "PAUSED" | "RESUMED" | "DISABLED" | "DELETED";
  /** Why it was disabled: its server said 410 Gone, or nothing but failures for days; null for other changes. */
  readonly reason: "GONE" | "ONLY_FAILURES" | null;
  readonly atMs: number;
}

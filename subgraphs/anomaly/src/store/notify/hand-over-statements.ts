import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";

/** Endpoints that messages are handed over to, held in one order until they are placed; no row for what was deleted. */
export const holdEndpointsStatement = (tenantId: TenantId, ids: readonly string[]): SqlStatement => ({
  name: "notify-hold-endpoints",
  text: `SELECT id FROM webhook_endpoint WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE`,
  params: [tenantId, ids],
});

/** Ends what channels handed over to an endpoint that is deleted and that waits there. */
export const endHandedOverStatement = (tenantId: TenantId, endpointId: string, nowMs: number): SqlStatement => ({
  name: "notify-end-handed-over",
  text: `UPDATE webhook_delivery SET state = 'SKIPPED', end_reason = 'ENDPOINT_DELETED', ended_at = $3, lease_token = NULL, leased_until = NULL
    WHERE tenant_id = $1 AND endpoint_id = $2 AND state IN ('WAITING', 'BEHIND') AND notify_delivery_id IS NOT NULL`,
  params: [tenantId, endpointId, new Date(nowMs)],
});

/** Lets channels be told again that were disabled because of the endpoint they name. */
export const resumeChannelsStatement = (tenantId: TenantId, endpointId: string, nowMs: number): SqlStatement => ({
  name: "notify-resume-channels-of-endpoint",
  text: `UPDATE notify_channel SET state = 'ACTIVE', disabled_because = NULL, changed_at = $3, version = version + 1
    WHERE tenant_id = $1 AND settings->>'endpointId' = $2 AND state = 'DISABLED' AND deleted_at IS NULL`,
  params: [tenantId, endpointId, new Date(nowMs)],
});

import type { TenantId } from "@tessera/contracts/ids";
import type { SqlStatement } from "@tessera/platform/db/sql";
import type { EndpointDefinition, EndpointOwner } from "../../domain/webhooks/endpoint.ts";
import { ENDPOINT_COLUMNS } from "./endpoint-rows.ts";

const at = (ms: number): Date => new Date(ms);

/** What is kept of an endpoint's definition; the headers' values are sealed. */
export interface KeptDefinition extends Omit<EndpointDefinition, "headers"> {
  readonly headerNames: readonly string[];
  /** Null for none. */
  readonly sealedHeaders: string | null;
}

/** A secret as it is kept. */
export interface KeptSecret {
  readonly id: string;
  readonly kind: "HMAC_SHA256" | "ED25519";
  readonly sealed: string;
  readonly publicKey: string | null;
}

const definitionParams = (definition: KeptDefinition, owner: EndpointOwner): readonly unknown[] => [
  ...[definition.url, definition.description, definition.eventTypes, JSON.stringify(definition.labels)],
  ...[definition.sealedHeaders, definition.headerNames, definition.ordering, definition.ratePerMinute],
  ...[owner.subject.kind, owner.subject.id, owner.permissions],
];

/** Lets one writer at a time make endpoints of a tenant, so that their number is counted without a race. */
export const lockEndpointsStatement = (tenantId: TenantId): SqlStatement => ({
  name: "webhook-lock-endpoints",
  text: "SELECT pg_advisory_xact_lock(hashtextextended('webhook_endpoint:' || $1::text, 0))",
  params: [tenantId],
});

/** How many endpoints the tenant has. */
export const countEndpointsStatement = (tenantId: TenantId): SqlStatement => ({
  name: "webhook-count-endpoints",
  text: "SELECT count(*)::integer AS found FROM webhook_endpoint WHERE tenant_id = $1 AND deleted_at IS NULL",
  params: [tenantId],
});

/** Inserts an endpoint that is sent to at once. */
export const insertEndpointStatement = (
  tenantId: TenantId,
  id: string,
  definition: KeptDefinition,
  owner: EndpointOwner,
  nowMs: number,
): SqlStatement => ({
  name: "webhook-insert-endpoint",
  text: `INSERT INTO webhook_endpoint (tenant_id, id, url, description, event_types, labels, sealed_headers, header_names, ordering, rate_per_minute,
      owner_kind, owner_id, owner_permissions, state_changed_at, next_slot_at, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11, $12, $13, $14, $14, $14, $14)`,
  params: [tenantId, id, ...definitionParams(definition, owner), at(nowMs)],
});

/** Saves a changed endpoint; its health is forgotten, for another server may answer. */
export const updateEndpointStatement = (
  tenantId: TenantId,
  id: string,
  definition: KeptDefinition,
  owner: EndpointOwner,
  nowMs: number,
): SqlStatement => ({
  name: "webhook-update-endpoint",
  text: `UPDATE webhook_endpoint SET url = $3, description = $4, event_types = $5, labels = $6::jsonb, sealed_headers = $7, header_names = $8,
      ordering = $9, rate_per_minute = $10, owner_kind = $11, owner_id = $12, owner_permissions = $13, updated_at = $14, next_slot_at = $14,
      version = version + 1, failures_in_row = 0, failing_since = NULL, blocked_until = NULL
    WHERE tenant_id = $1 AND id = $2`,
  params: [tenantId, id, ...definitionParams(definition, owner), at(nowMs)],
});

/** The endpoint, if it is not deleted; `hold` keeps others from changing it until the transaction ends. */
export const findEndpointStatement = (tenantId: TenantId, id: string, hold: boolean): SqlStatement => ({
  name: `webhook-find-endpoint${hold ? "-hold" : ""}`,
  text: `SELECT ${ENDPOINT_COLUMNS} FROM webhook_endpoint e WHERE e.tenant_id = $1 AND e.id = $2 AND e.deleted_at IS NULL${hold ? " FOR NO KEY UPDATE OF e" : ""}`,
  params: [tenantId, id],
});

/** The sealed headers of an endpoint. */
export const sealedHeadersStatement = (tenantId: TenantId, id: string): SqlStatement => ({
  name: "webhook-sealed-headers",
  text: "SELECT sealed_headers FROM webhook_endpoint WHERE tenant_id = $1 AND id = $2",
  params: [tenantId, id],
});

/** The tenant's endpoints, newest first. */
export const listEndpointsStatement = (tenantId: TenantId): SqlStatement => ({
  name: "webhook-list-endpoints",
  text: `SELECT ${ENDPOINT_COLUMNS} FROM webhook_endpoint e WHERE e.tenant_id = $1 AND e.deleted_at IS NULL ORDER BY e.id DESC`,
  params: [tenantId],
});

/** Puts an endpoint into a state; ACTIVE forgets how it has fared. */
export const setStateStatement = (
  tenantId: TenantId,
  id: string,
  to: { readonly state: "ACTIVE" | "PAUSED" | "DISABLED"; readonly because: "GONE" | "ONLY_FAILURES" | null },
  nowMs: number,
): SqlStatement => ({
  name: "webhook-set-state",
  text: `UPDATE webhook_endpoint SET state = $3::text, disabled_because = $4, state_changed_at = $5, updated_at = $5, version = version + 1,
      failures_in_row = CASE WHEN $3::text = 'ACTIVE' THEN 0 ELSE failures_in_row END,
      failing_since = CASE WHEN $3::text = 'ACTIVE' THEN NULL ELSE failing_since END,
      blocked_until = CASE WHEN $3::text = 'ACTIVE' THEN NULL ELSE blocked_until END
    WHERE tenant_id = $1 AND id = $2`,
  params: [tenantId, id, to.state, to.because, at(nowMs)],
});

/** Marks an endpoint deleted. */
export const deleteEndpointStatement = (tenantId: TenantId, id: string, nowMs: number): SqlStatement => ({
  name: "webhook-delete-endpoint",
  text: `UPDATE webhook_endpoint SET deleted_at = $3, updated_at = $3, version = version + 1, sealed_headers = NULL WHERE tenant_id = $1 AND id = $2`,
  params: [tenantId, id, at(nowMs)],
});

/** Forgets the secrets of an endpoint, or those alone that no longer sign. */
export const deleteSecretsStatement = (tenantId: TenantId, id: string, expiredMs: number | null): SqlStatement => ({
  name: "webhook-delete-secrets",
  text: "DELETE FROM webhook_secret WHERE tenant_id = $1 AND endpoint_id = $2 AND ($3::timestamptz IS NULL OR expires_at <= $3)",
  params: [tenantId, id, expiredMs === null ? null : at(expiredMs)],
});

/** Inserts a secret. */
export const insertSecretStatement = (
  tenantId: TenantId,
  endpointId: string,
  { id, kind, sealed, publicKey }: KeptSecret,
  nowMs: number,
): SqlStatement => ({
  name: "webhook-insert-secret",
  text: "INSERT INTO webhook_secret (tenant_id, endpoint_id, id, kind, sealed, public_key, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
  params: [tenantId, endpointId, id, kind, sealed, publicKey, at(nowMs)],
});

/** Lets the secrets of a kind that nothing ends yet sign until a time. */
export const expireSecretsStatement = (
  tenantId: TenantId,
  endpointId: string,
  kind: KeptSecret["kind"],
  atMs: number,
): SqlStatement => ({
  name: "webhook-expire-secrets",
  text: `UPDATE webhook_secret SET expires_at = $4 WHERE tenant_id = $1 AND endpoint_id = $2 AND kind = $3 AND (expires_at IS NULL OR expires_at > $4)`,
  params: [tenantId, endpointId, kind, at(atMs)],
});

/** Renews the version of an endpoint whose secrets changed. */
export const touchEndpointStatement = (tenantId: TenantId, id: string, nowMs: number): SqlStatement => ({
  name: "webhook-touch-endpoint",
  text: "UPDATE webhook_endpoint SET version = version + 1, updated_at = $3 WHERE tenant_id = $1 AND id = $2",
  params: [tenantId, id, at(nowMs)],
});

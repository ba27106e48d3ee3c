import { parseTenantId } from "@tessera/contracts/ids";
import { SUBJECT_KINDS } from "@tessera/contracts/caller";
import { z } from "zod";
import type { Endpoint } from "../../domain/webhooks/endpoint.ts";

const ms = (time: Date): number => time.getTime();
const msOrNull = (time: Date | null): number | null => time?.getTime() ?? null;

const secretRow = z
  .object({
    id: z.string(),
    kind: z.enum(["HMAC_SHA256", "ED25519"]),
    public_key: z.string().nullable(),
    created_at: z.coerce.date(),
    expires_at: z.coerce.date().nullable(),
  })
  .transform((row) => ({
    ...{ id: row.id, kind: row.kind, publicKey: row.public_key },
    ...{ createdAtMs: ms(row.created_at), expiresAtMs: msOrNull(row.expires_at) },
  }));

/** Columns of an endpoint `e`, its secrets without the secret among them, newest first. */
export const ENDPOINT_COLUMNS = `e.tenant_id, e.id, e.version, e.url, e.description, e.event_types, e.labels, e.header_names, e.ordering,
  e.rate_per_minute, e.owner_kind, e.owner_id, e.owner_permissions, e.state, e.disabled_because, e.state_changed_at, e.failures_in_row,
  e.failing_since, e.blocked_until, e.last_success_at, e.since_transaction::text, e.created_at, e.updated_at, (
    SELECT coalesce(json_agg(json_build_object('id', s.id, 'kind', s.kind, 'public_key', s.public_key, 'created_at', s.created_at,
      'expires_at', s.expires_at) ORDER BY s.created_at DESC, s.id DESC), '[]'::json)
    FROM webhook_secret s WHERE s.tenant_id = e.tenant_id AND s.endpoint_id = e.id
  ) AS secrets`;

const row = z
  .object({
    ...{
      tenant_id: z.string(),
      id: z.string(),
      version: z.number(),
      url: z.string(),
      description: z.string().nullable(),
    },
    event_types: z.array(z.string()),
    labels: z.array(z.object({ name: z.string(), value: z.string() })),
    header_names: z.array(z.string()),
    ordering: z.enum(["NONE", "SUBJECT", "ALL"]),
    rate_per_minute: z.number(),
    owner_kind: z.enum(SUBJECT_KINDS),
    owner_id: z.string(),
    owner_permissions: z.array(z.string()),
    state: z.enum(["ACTIVE", "PAUSED", "DISABLED"]),
    disabled_because: z.enum(["GONE", "ONLY_FAILURES"]).nullable(),
    state_changed_at: z.date(),
    failures_in_row: z.number(),
    failing_since: z.date().nullable(),
    blocked_until: z.date().nullable(),
    last_success_at: z.date().nullable(),
    since_transaction: z.string(),
    created_at: z.date(),
    updated_at: z.date(),
    secrets: z.array(secretRow),
  })
  .transform((one, context): Endpoint => {
    const tenantId = parseTenantId(one.tenant_id);
    if (tenantId === null) {
      context.addIssue("An endpoint names no tenant.");
      return z.NEVER;
    }
    return {
      ...{ id: one.id, tenantId, version: one.version, url: one.url, description: one.description },
      ...{ eventTypes: one.event_types, labels: one.labels, headerNames: one.header_names, ordering: one.ordering },
      ratePerMinute: one.rate_per_minute,
      owner: { subject: { kind: one.owner_kind, id: one.owner_id }, permissions: one.owner_permissions },
      ...{ state: one.state, disabledBecause: one.disabled_because, stateChangedAtMs: ms(one.state_changed_at) },
      health: {
        failuresInRow: one.failures_in_row,
        ...{ failingSinceMs: msOrNull(one.failing_since), blockedUntilMs: msOrNull(one.blocked_until) },
      },
      ...{ lastSuccessAtMs: msOrNull(one.last_success_at), createdAtMs: ms(one.created_at) },
      ...{ updatedAtMs: ms(one.updated_at), sinceTransaction: BigInt(one.since_transaction), secrets: one.secrets },
    };
  });

/** Parses a row of {@link ENDPOINT_COLUMNS}. */
export const endpointRow = (found: unknown): Endpoint => row.parse(found);

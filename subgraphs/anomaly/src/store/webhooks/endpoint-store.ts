import {
  WEBHOOK_ENDPOINT_CHANGED,
  type WebhookEndpointChanged,
} from "@tessera/contracts/events/webhook-endpoint-changed";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { Endpoint, EndpointOwner, WEBHOOK_LIMITS } from "../../domain/webhooks/endpoint.ts";
import { endpointRow } from "./endpoint-rows.ts";
import { endHandedOverStatement, resumeChannelsStatement } from "../notify/hand-over-statements.ts";
import * as statements from "./endpoint-statements.ts";
import type { KeptDefinition, KeptSecret } from "./endpoint-statements.ts";

/** What became of a change of an endpoint. */
export type ChangedEndpoint =
  | { readonly kind: "SAVED"; readonly endpoint: Endpoint }
  | { readonly kind: "NOT_FOUND" }
  | { readonly kind: "STALE"; readonly endpoint: Endpoint }
  | { readonly kind: "LIMIT_REACHED"; readonly limit: number };

/** A tenant's endpoints. Each change is told in the transaction that makes it. */
export interface EndpointStore {
  create(
    tenantId: TenantId,
    made: {
      readonly id: string;
      readonly definition: KeptDefinition;
      readonly owner: EndpointOwner;
      readonly secrets: readonly KeptSecret[];
    },
  ): Promise<ChangedEndpoint>;
  /** Saves what `decide` makes of an endpoint, unless it is of another version than was read. */
  update(
    tenantId: TenantId,
    id: string,
    change: { readonly definition: KeptDefinition; readonly owner: EndpointOwner; readonly expectedVersion: number },
  ): Promise<ChangedEndpoint>;
  pause(tenantId: TenantId, id: string): Promise<ChangedEndpoint>;
  /** Sends again, whatever kept it from it; how it has fared is forgotten. */
  resume(tenantId: TenantId, id: string): Promise<ChangedEndpoint>;
  /** Adds a secret; the former ones of its kind sign until a time. */
  rotate(tenantId: TenantId, id: string, secret: KeptSecret, formerUntilMs: number): Promise<ChangedEndpoint>;
  remove(tenantId: TenantId, id: string): Promise<boolean>;
  find(tenantId: TenantId, id: string): Promise<Endpoint | null>;
  /** All of them, newest first. */
  list(tenantId: TenantId): Promise<readonly Endpoint[]>;
  /** The sealed values of an endpoint's headers; null for none. */
  sealedHeaders(tenantId: TenantId, id: string): Promise<string | null>;
}

/** What the store needs. */
export interface EndpointStoreDeps {
  readonly sql: TenantSql;
  readonly eventLog: Pick<EventLog, "appendWith">;
  readonly nowMs: NowMs;
  readonly limits: typeof WEBHOOK_LIMITS;
}

const nothing = (): null => null;
const foundRow = (row: unknown): number => z.object({ found: z.number() }).parse(row).found;
const sealedRow = (row: unknown): string | null =>
  z.object({ sealed_headers: z.string().nullable() }).parse(row).sealed_headers;

type Change = WebhookEndpointChanged["change"];

/** Tells of a change of an endpoint, which has its new version. */
export const tellEndpoint = (
  eventLog: Pick<EventLog, "appendWith">,
  transaction: SqlTransaction,
  { tenantId, id: endpointId, version }: Pick<Endpoint, "tenantId" | "id" | "version">,
  told: { readonly change: Change; readonly reason: WebhookEndpointChanged["reason"]; readonly atMs: number },
): Promise<void> => {
  const payload: WebhookEndpointChanged = { tenantId, endpointId, version, ...told };
  const dedupeKey = `${endpointId}:${version}`;
  return eventLog.appendWith(transaction, { tenantId, topic: WEBHOOK_ENDPOINT_CHANGED, dedupeKey, payload });
};

const held = async (transaction: SqlTransaction, tenantId: TenantId, id: string): Promise<Endpoint | null> =>
  (await transaction.run(statements.findEndpointStatement(tenantId, id, true), endpointRow))[0] ?? null;

/** Changes an endpoint within a transaction that holds it, and tells. */
const changing =
  ({ sql, eventLog, nowMs }: EndpointStoreDeps) =>
  (
    tenantId: TenantId,
    id: string,
    change: Change,
    work: (transaction: SqlTransaction, endpoint: Endpoint, atMs: number) => Promise<ChangedEndpoint | null>,
  ): Promise<ChangedEndpoint> =>
    sql.transaction(tenantId, async (transaction): Promise<ChangedEndpoint> => {
      const endpoint = await held(transaction, tenantId, id);
      if (endpoint === null) return { kind: "NOT_FOUND" };
      const atMs = nowMs();
      const otherwise = await work(transaction, endpoint, atMs);
      if (otherwise !== null) return otherwise;
      const changed = await held(transaction, tenantId, id);
      if (changed === null) throw new Error("The endpoint was not stored.");
      await tellEndpoint(eventLog, transaction, changed, { change, reason: null, atMs });
      return { kind: "SAVED", endpoint: changed };
    });

const create =
  ({ sql, eventLog, nowMs, limits }: EndpointStoreDeps): EndpointStore["create"] =>
  (tenantId, { id, definition, owner, secrets }) =>
    sql.transaction(tenantId, async (transaction): Promise<ChangedEndpoint> => {
      await transaction.run(statements.lockEndpointsStatement(tenantId), nothing);
      const [found = 0] = await transaction.run(statements.countEndpointsStatement(tenantId), foundRow);
      if (found >= limits.endpoints) return { kind: "LIMIT_REACHED", limit: limits.endpoints };
      const atMs = nowMs();
      await transaction.run(statements.insertEndpointStatement(tenantId, id, definition, owner, atMs), nothing);
      for (const secret of secrets)
        await transaction.run(statements.insertSecretStatement(tenantId, id, secret, atMs), nothing);
      const endpoint = await held(transaction, tenantId, id);
      if (endpoint === null) throw new Error("The endpoint was not stored.");
      await tellEndpoint(eventLog, transaction, endpoint, { change: "CREATED", reason: null, atMs });
      return { kind: "SAVED", endpoint };
    });

const remove =
  ({ sql, eventLog, nowMs }: EndpointStoreDeps): EndpointStore["remove"] =>
  (tenantId, id) =>
    sql.transaction(tenantId, async (transaction) => {
      const endpoint = await held(transaction, tenantId, id);
      if (endpoint === null) return false;
      const atMs = nowMs();
      await transaction.run(statements.deleteEndpointStatement(tenantId, id, atMs), nothing);
      await transaction.run(statements.deleteSecretsStatement(tenantId, id, null), nothing);
      await transaction.run(endHandedOverStatement(tenantId, id, atMs), nothing);
      const version = endpoint.version + 1;
      await tellEndpoint(eventLog, transaction, { ...endpoint, version }, { change: "DELETED", reason: null, atMs });
      return true;
    });

/** Builds {@link EndpointStore}. */
export const createEndpointStore = (deps: EndpointStoreDeps): EndpointStore => {
  const { sql, limits } = deps;
  const change = changing(deps);
  return {
    create: create(deps),
    update: (tenantId, id, { definition, owner, expectedVersion }) =>
      change(tenantId, id, "UPDATED", async (transaction, endpoint, atMs) => {
        if (endpoint.version !== expectedVersion) return { kind: "STALE", endpoint };
        await transaction.run(statements.updateEndpointStatement(tenantId, id, definition, owner, atMs), nothing);
        return null;
      }),
    pause: (tenantId, id) =>
      change(tenantId, id, "PAUSED", async (transaction, endpoint, atMs) => {
        if (endpoint.state !== "ACTIVE") return { kind: "SAVED", endpoint };
        const paused = { state: "PAUSED", because: null } as const;
        await transaction.run(statements.setStateStatement(tenantId, id, paused, atMs), nothing);
        return null;
      }),
    resume: (tenantId, id) =>
      change(tenantId, id, "RESUMED", async (transaction, endpoint, atMs) => {
        if (endpoint.state === "ACTIVE" && endpoint.health.failuresInRow === 0) return { kind: "SAVED", endpoint };
        const active = { state: "ACTIVE", because: null } as const;
        await transaction.run(statements.setStateStatement(tenantId, id, active, atMs), nothing);
        await transaction.run(resumeChannelsStatement(tenantId, id, atMs), nothing);
        return null;
      }),
    rotate: (tenantId, id, secret, formerUntilMs) =>
      change(tenantId, id, "SECRET_ROTATED", async (transaction, endpoint, atMs) => {
        const signing = endpoint.secrets.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > atMs);
        const kept = signing.filter(({ kind }) => kind !== secret.kind || formerUntilMs > atMs);
        if (kept.length >= limits.secrets) return { kind: "LIMIT_REACHED", limit: limits.secrets };
        const expire = statements.expireSecretsStatement(tenantId, id, secret.kind, formerUntilMs);
        await transaction.run(expire, nothing);
        await transaction.run(statements.deleteSecretsStatement(tenantId, id, atMs), nothing);
        await transaction.run(statements.insertSecretStatement(tenantId, id, secret, atMs), nothing);
        await transaction.run(statements.touchEndpointStatement(tenantId, id, atMs), nothing);
        return null;
      }),
    remove: remove(deps),
    find: async (tenantId, id) =>
      (await sql.run(tenantId, statements.findEndpointStatement(tenantId, id, false), endpointRow))[0] ?? null,
    list: (tenantId) => sql.run(tenantId, statements.listEndpointsStatement(tenantId), endpointRow),
    sealedHeaders: async (tenantId, id) =>
      (await sql.run(tenantId, statements.sealedHeadersStatement(tenantId, id), sealedRow))[0] ?? null,
  };
};

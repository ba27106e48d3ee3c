import { SUBJECT_KINDS } from "@tessera/contracts/caller";
import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { AfterAttempt, DeliveryEndReason } from "../../domain/webhooks/after-attempt.ts";
import type { EndpointHealth } from "../../domain/webhooks/breaker.ts";
import type { Endpoint } from "../../domain/webhooks/endpoint.ts";
import { idColumn } from "../rule-row.ts";
import { endpointRow } from "./endpoint-rows.ts";
import { findEndpointStatement, setStateStatement } from "./endpoint-statements.ts";
import { tellEndpoint } from "./endpoint-store.ts";
import * as statements from "./sending-statements.ts";
import type { BreakerBounds, DeliveryStep, MadeAttempt } from "./sending-statements.ts";
import { claimRow, tokenRow, type LeasedClaim } from "../leased-claims.ts";

/** Everything an attempt needs; secrets and headers as they are sealed. */
export interface ClaimedDelivery {
  readonly messageId: string;
  readonly type: string;
  readonly body: string;
  readonly endpoint: Pick<Endpoint, "tenantId" | "id" | "version" | "url" | "owner">;
  readonly sealedHeaders: string | null;
  readonly sealedSecrets: readonly string[];
}

/** An attempt that has ended, with what follows from it given how its endpoint fared before. */
export interface EndedAttempt {
  readonly claim: LeasedClaim;
  readonly made: MadeAttempt;
  readonly decide: (attempts: number, health: EndpointHealth) => AfterAttempt;
}

/** Where deliveries are claimed and settled. */
export interface DeliveryStore {
  claimDueAcrossTenants(nowMs: number, leaseUntilMs: number, bounds: BreakerBounds): Promise<readonly LeasedClaim[]>;
  /** Lengthens leases; answers the tokens of those that were still held. */
  renewAcrossTenants(claims: readonly LeasedClaim[], leaseUntilMs: number): Promise<ReadonlySet<string>>;
  /** What claims are about, in their order; null where one is no longer good. */
  loadAcrossTenants(claims: readonly LeasedClaim[], nowMs: number): Promise<readonly (ClaimedDelivery | null)[]>;
  /** Keeps attempts that succeeded, and that their endpoints fare well; false where somebody else has the delivery now. */
  settleDeliveredAcrossTenants(
    delivered: readonly Pick<EndedAttempt, "claim" | "made">[],
    nowMs: number,
  ): Promise<readonly boolean[]>;
  /** Keeps attempts to an endpoint, as they ended one after the other, and what follows from each, all of it or nothing; false where somebody else has the delivery now. */
  settle(
    tenantId: TenantId,
    endpointId: string,
    ended: readonly EndedAttempt[],
    nowMs: number,
  ): Promise<readonly boolean[]>;
  /** Ends a delivery that is not to be sent. */
  skip(claim: LeasedClaim, endpointId: string, reason: DeliveryEndReason, nowMs: number): Promise<void>;
  /** Gives a claim back without an attempt. */
  giveBack(claim: LeasedClaim, dueAtMs: number): Promise<void>;
  /** Drops what was made before a time; answers how many messages. */
  pruneAcrossTenants(beforeMs: number, limit: number): Promise<number>;
}

const nothing = (): null => null;
const loadedColumns = z.object({
  ...{ tenant_id: idColumn(parseTenantId), delivery_id: z.string(), message_id: z.string(), type: z.string() },
  ...{
    body: z.string(),
    endpoint_id: z.string(),
    version: z.number(),
    url: z.string(),
    owner_kind: z.enum(SUBJECT_KINDS),
  },
  ...{ owner_id: z.string(), owner_permissions: z.array(z.string()), sealed_headers: z.string().nullable() },
  sealed_secrets: z.array(z.string()),
});
const loadedRow = (row: unknown): ClaimedDelivery & { readonly deliveryId: string } => {
  const found = loadedColumns.parse(row);
  const owner = { subject: { kind: found.owner_kind, id: found.owner_id }, permissions: found.owner_permissions };
  return {
    ...{ deliveryId: found.delivery_id, messageId: found.message_id, type: found.type, body: found.body },
    endpoint: { tenantId: found.tenant_id, id: found.endpoint_id, version: found.version, url: found.url, owner },
    ...{ sealedHeaders: found.sealed_headers, sealedSecrets: found.sealed_secrets },
  };
};
const heldColumns = z.object({ id: z.string(), attempts: z.number(), ordering_key: z.string().nullable() });
const heldRow = (row: unknown) => heldColumns.parse(row);
const countRow = (row: unknown): number => z.object({ dropped: z.number() }).parse(row).dropped;

/** The endpoint and the deliveries of some claims, held: the endpoint first, as everybody does who holds both. */
const holdAll = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  endpointId: string,
  claims: readonly LeasedClaim[],
): Promise<{ readonly endpoint: Endpoint; readonly held: ReadonlyMap<string, ReturnType<typeof heldRow>> } | null> => {
  const [endpoint] = await transaction.run(findEndpointStatement(tenantId, endpointId, true), endpointRow);
  if (endpoint === undefined) return null;
  const held = await transaction.run(statements.holdClaimedStatement(tenantId, claims), heldRow);
  return { endpoint, held: new Map(held.map((one) => [one.id, one])) };
};

const stepAll = async (
  transaction: SqlTransaction,
  { tenantId, id: endpointId }: Endpoint,
  steps: readonly (DeliveryStep & { readonly key: string | null })[],
  nowMs: number,
): Promise<void> => {
  await transaction.run(statements.stepStatement(tenantId, steps, nowMs), nothing);
  const keys = new Set(steps.flatMap(({ state, key }) => (state === "WAITING" || key === null ? [] : [key])));
  if (keys.size > 0)
    await transaction.run(statements.releaseStatement(tenantId, endpointId, [...keys], nowMs), nothing);
};

interface Settled {
  readonly step: DeliveryStep & { readonly key: string | null };
  readonly attempt: { readonly id: string; readonly number: number; readonly made: MadeAttempt };
}

/** What follows from attempts one after the other: each finds the endpoint as the one before left it. */
const followed = (
  endpoint: Endpoint,
  held: ReadonlyMap<string, ReturnType<typeof heldRow>>,
  ended: readonly EndedAttempt[],
  nowMs: number,
) => {
  let [health, disabled, succeeded]: [EndpointHealth | null, AfterAttempt["disabled"], boolean] = [null, null, false];
  const settled: Settled[] = [];
  for (const { claim, made, decide } of ended) {
    const delivery = held.get(claim.id);
    if (delivery === undefined) continue;
    const number = delivery.attempts + 1;
    const after = decide(number, health ?? endpoint.health);
    // What another address answered says nothing of this one.
    const isSame = endpoint.url === made.url;
    const fate =
      !isSame && after.delivery.kind !== "DELIVERED" ? ({ kind: "RETRY", dueAtMs: nowMs } as const) : after.delivery;
    const step = { id: claim.id, attempts: number, key: delivery.ordering_key };
    settled.push({
      step:
        fate.kind === "RETRY"
          ? { ...step, state: "WAITING", dueAtMs: fate.dueAtMs, reason: null }
          : { ...step, state: fate.kind, dueAtMs: null, reason: fate.kind === "DEAD" ? fate.reason : null },
      attempt: { id: claim.id, number, made },
    });
    if (!isSame) continue;
    ({ health } = after);
    disabled ??= after.disabled;
    succeeded ||= after.health.failuresInRow === 0;
  }
  return { settled, health, disabled, succeeded };
};

const settle =
  ({ sql, eventLog }: { sql: TenantSql; eventLog: Pick<EventLog, "appendWith"> }): DeliveryStore["settle"] =>
  (tenantId, endpointId, ended, nowMs) =>
    sql.transaction(tenantId, async (transaction) => {
      const claims = ended.map(({ claim }) => claim);
      const all = await holdAll(transaction, tenantId, endpointId, claims);
      if (all === null || all.held.size === 0) return claims.map(() => false);
      const { endpoint, held } = all;
      const { settled, health, disabled, succeeded } = followed(endpoint, held, ended, nowMs);
      const attempts = settled.map(({ attempt }) => attempt);
      await transaction.run(statements.attemptsStatement(tenantId, endpointId, attempts), nothing);
      const steps = settled.map(({ step }) => step);
      await stepAll(transaction, endpoint, steps, nowMs);
      if (health !== null)
        await transaction.run(
          statements.healthStatement(tenantId, endpointId, health, succeeded ? nowMs : null),
          nothing,
        );
      if (disabled !== null && endpoint.state !== "DISABLED") {
        await transaction.run(
          setStateStatement(tenantId, endpointId, { state: "DISABLED", because: disabled }, nowMs),
          nothing,
        );
        const told = { change: "DISABLED", reason: disabled, atMs: nowMs } as const;
        await tellEndpoint(eventLog, transaction, { ...endpoint, version: endpoint.version + 1 }, told);
      }
      return claims.map(({ id }) => held.has(id));
    });

/** Builds {@link DeliveryStore}. */
export const createDeliveryStore = (deps: {
  sql: TenantSql;
  eventLog: Pick<EventLog, "appendWith">;
}): DeliveryStore => {
  const { sql } = deps;
  return {
    claimDueAcrossTenants: (nowMs, leaseUntilMs, bounds) =>
      sql.runAcrossTenants(statements.claimStatement(nowMs, leaseUntilMs, bounds), claimRow),
    renewAcrossTenants: async (claims, leaseUntilMs) =>
      new Set(await sql.runAcrossTenants(statements.renewStatement(claims, leaseUntilMs), tokenRow)),
    loadAcrossTenants: async (claims, nowMs) => {
      const loaded = await sql.runAcrossTenants(statements.loadStatement(claims, nowMs), loadedRow);
      const byId = new Map(loaded.map((one) => [one.deliveryId, one]));
      return claims.map(({ id }) => byId.get(id) ?? null);
    },
    settleDeliveredAcrossTenants: async (delivered, nowMs) => {
      const settled = new Set(
        await sql.runAcrossTenants(statements.settleDeliveredStatement(delivered, nowMs), tokenRow),
      );
      return delivered.map(({ claim }) => settled.has(claim.leaseToken));
    },
    settle: settle(deps),
    skip: (claim, endpointId, reason, nowMs) =>
      sql.transaction(claim.tenantId, async (transaction) => {
        const all = await holdAll(transaction, claim.tenantId, endpointId, [claim]);
        const delivery = all?.held.get(claim.id);
        if (all === null || delivery === undefined) return;
        const { id, attempts, ordering_key: key } = delivery;
        await stepAll(
          transaction,
          all.endpoint,
          [{ id, attempts, key, state: "SKIPPED", dueAtMs: null, reason }],
          nowMs,
        );
      }),
    giveBack: async (claim, dueAtMs) =>
      void (await sql.run(claim.tenantId, statements.giveBackStatement(claim, dueAtMs), nothing)),
    pruneAcrossTenants: async (beforeMs, limit) =>
      (await sql.runAcrossTenants(statements.pruneStatement(beforeMs, limit), countRow))[0] ?? 0,
  };
};

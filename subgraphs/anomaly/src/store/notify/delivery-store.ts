import { NOTIFICATION_SETTLED, type NotificationSettled } from "@tessera/contracts/events/notification-settled";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import { z } from "zod";
import type { Delivery, NewNotification, Notice } from "../../domain/notify/delivery.ts";
import { beginDeliveries, type BeginDeps, type Begun } from "./begin-deliveries.ts";
import * as lists from "./delivery-statements.ts";
import * as groups from "./group-statements.ts";
import { addNotifications } from "./inbox-store.ts";
import { holdEndpointsStatement } from "./hand-over-statements.ts";
import { deliveryRow, noticeRow } from "./notify-rows.ts";
import * as statements from "./sending-statements.ts";
import type { SettledDelivery } from "./sending-statements.ts";
import { claimRow, tokenRow, type ClaimBounds, type LeasedClaim } from "../leased-claims.ts";
import type { MessageStore, NewMessage } from "../webhooks/message-store.ts";

/** How a delivery is settled, with all that is written in the same transaction. */
export interface Settling extends SettledDelivery {
  /** The message it becomes at an endpoint, with HANDED_OVER; left out: none. */
  readonly handed?: NewMessage;
  /** Whether its alerts belong to groups: what was told of them is kept. */
  readonly isGrouped: boolean;
  /** Transitions that it told beside its own: those of its group whose messages failed. */
  readonly found: readonly string[];
  /** The conversation that it began. */
  readonly thread: { readonly subject: string; readonly reference: string } | null;
  readonly notifications: readonly NewNotification[];
  /** What the receiver said when it refused for good: the channel is disabled, and what is told of that is made of its name. */
  readonly disables: { readonly because: string; readonly tell: (channelName: string) => NewNotification } | null;
}

/** A claim with how it is settled. */
export interface SettledClaim {
  readonly claim: LeasedClaim;
  readonly settling: Settling;
}

/** Where deliveries are claimed, begun and settled. */
export interface DeliveryStore {
  /** Leases due deliveries of any tenants, fair between tenants. */
  claimDueAcrossTenants(nowMs: number, leaseUntilMs: number, bounds: ClaimBounds): Promise<readonly LeasedClaim[]>;
  /** Lengthens leases; answers the tokens of those that were still held. */
  renewAcrossTenants(claims: readonly LeasedClaim[], leaseUntilMs: number): Promise<ReadonlySet<string>>;
  /** Begins claimed deliveries, unless a channel's rate cap keeps one back or an earlier one of a lane is under way again. */
  begin(tenantId: TenantId, claims: readonly LeasedClaim[]): Promise<readonly Begun[]>;
  /** Keeps that a recipient has the message; false when the lease was lost. */
  done(claim: LeasedClaim, recipient: string): Promise<boolean>;
  /** Settles claimed deliveries, all of them or none; false where the lease was lost. */
  settle(tenantId: TenantId, settled: readonly SettledClaim[]): Promise<readonly boolean[]>;
  thread(tenantId: TenantId, channelId: string, subject: string): Promise<string | null>;
  list(
    tenantId: TenantId,
    filter: lists.DeliveryFilter,
    page: { readonly first: number; readonly after: string | null },
  ): Promise<readonly Delivery[]>;
  noticesOf(tenantId: TenantId, ids: readonly string[]): Promise<readonly Notice[]>;
  /** Removes what was over before a moment; answers how many rows. */
  forgetAcrossTenants(beforeMs: number): Promise<number>;
}

/** What {@link createDeliveryStore} works with. */
export interface DeliveryStoreDeps extends BeginDeps {
  readonly eventLog: EventLog;
  /** Where messages are handed over to. */
  readonly endpoints: Pick<MessageStore, "writeWithin">;
  readonly limits: BeginDeps["limits"] & { readonly inbox: number; readonly onPage: number };
}

/** Rows removed at a time. */
const FORGET_AT_ONCE = 1_000;

const nothing = (): null => null;
const idRow = (row: unknown): string => z.object({ id: z.string() }).parse(row).id;
const nameRow = (row: unknown) => z.object({ id: z.string(), name: z.string() }).parse(row);
const channelOfRow = (row: unknown) => z.object({ id: z.string(), channel_id: z.string() }).parse(row);
const referenceRow = (row: unknown): string => z.object({ reference: z.string() }).parse(row).reference;
const rowsRow = (row: unknown): number => z.object({ rows: z.number() }).parse(row).rows;

/** Keeps what a channel was told of the groups that the alerts of a delivery belong to. */
const keepGroups = async (
  transaction: SqlTransaction,
  claim: LeasedClaim,
  { settling, channelId, nowMs }: { readonly settling: Settling; readonly channelId: string; readonly nowMs: number },
): Promise<void> => {
  // An endpoint tells it in the end, or keeps it to be replayed.
  const isSent = settling.state === "SENT" || settling.state === "HANDED_OVER";
  await transaction.run(groups.keepMembersStatement(claim, isSent, nowMs), nothing);
  if (!isSent) return;
  if (settling.found.length > 0)
    await transaction.run(groups.foundMembersStatement(claim, channelId, settling.found), nothing);
  await transaction.run(groups.dropOverStatement(claim, channelId), nothing);
};

/** What is written of a delivery that was settled by itself; answers what is put into inboxes. */
const followUp = async (
  transaction: SqlTransaction,
  { claim, settling }: SettledClaim,
  channelId: string,
  nowMs: number,
): Promise<readonly NewNotification[]> => {
  if (settling.dueMs === null && settling.isGrouped)
    await keepGroups(transaction, claim, { settling, channelId, nowMs });
  if (settling.thread !== null)
    await transaction.run(statements.keepThreadStatement(claim, settling.thread, nowMs), nothing);
  if (settling.disables === null) return settling.notifications;
  const { because, tell } = settling.disables;
  const disable = statements.disableStatement(claim.tenantId, channelId, because, nowMs);
  const [disabled] = await transaction.run(disable, nameRow);
  return disabled === undefined ? settling.notifications : [...settling.notifications, tell(disabled.name)];
};

/** What the log tells of deliveries that are over. */
const toldOfOver = (over: readonly SettledClaim[], channels: ReadonlyMap<string, string>) =>
  over.flatMap(({ claim: { tenantId, id }, settling: { state, attempt } }) => {
    // What was handed over is told of when it has ended there, by the transaction that ends it.
    if (state === "RETRYING" || state === "HANDED_OVER") return [];
    const channelId = channels.get(id) ?? "";
    const payload: NotificationSettled = { tenantId, deliveryId: id, channelId, state, atMs: attempt.atMs };
    return [{ tenantId, topic: NOTIFICATION_SETTLED, dedupeKey: id, payload }];
  });

/** Holds the endpoints that messages are handed over to; what was to go to one that was deleted meanwhile is tried again, and finds that out. */
const withEndpoints = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  all: readonly SettledClaim[],
): Promise<readonly SettledClaim[]> => {
  const named = all.flatMap(({ settling: { handed } }) => handed?.to.map(({ endpointId }) => endpointId) ?? []);
  if (named.length === 0) return all;
  const there = new Set(await transaction.run(holdEndpointsStatement(tenantId, [...new Set(named)]), idRow));
  return all.map((one) => {
    const { handed, ...settling } = one.settling;
    if (handed === undefined || handed.to.every(({ endpointId }) => there.has(endpointId))) return one;
    const attempt = { ...settling.attempt, outcome: "TRY_AGAIN", said: "The endpoint was deleted meanwhile." } as const;
    return { ...one, settling: { ...settling, state: "RETRYING", attempt, dueMs: attempt.atMs, group: null } as const };
  });
};

/** Makes what was handed over messages of the endpoints, in the order in which it was settled. */
const handOverWithin = async (
  { endpoints }: DeliveryStoreDeps,
  transaction: SqlTransaction,
  tenantId: TenantId,
  { own, nowMs }: { readonly own: readonly SettledClaim[]; readonly nowMs: number },
): Promise<void> => {
  const messages = own.flatMap(({ settling: { handed } }) => (handed === undefined ? [] : [handed]));
  if (messages.length > 0) await endpoints.writeWithin(transaction, tenantId, messages, nowMs);
};

const settle =
  (deps: DeliveryStoreDeps): DeliveryStore["settle"] =>
  (tenantId, asked) =>
    deps.sql.transaction(tenantId, async (transaction) => {
      // Whoever holds endpoints, channels and deliveries takes them in this order.
      const settled = await withEndpoints(transaction, tenantId, asked);
      const disabling = settled.filter(({ settling }) => settling.disables !== null).map(({ claim }) => claim);
      if (disabling.length > 0) await transaction.run(statements.holdChannelsStatement(tenantId, disabling), nothing);
      const own = await transaction.run(statements.settleStatement(tenantId, settled), channelOfRow);
      const channels = new Map(own.map((one) => [one.id, one.channel_id]));
      const nowMs = deps.nowMs();
      const mine = settled.filter(({ claim }) => channels.has(claim.id));
      await handOverWithin(deps, transaction, tenantId, { own: mine, nowMs });
      const over = mine.filter(({ settling }) => settling.dueMs === null);
      if (over.length > 0)
        await transaction.run(
          statements.closeNoticesStatement(
            tenantId,
            over.map(({ claim }) => claim.id),
          ),
          nothing,
        );
      const added: NewNotification[] = [];
      for (const one of settled) {
        const channelId = channels.get(one.claim.id);
        if (channelId !== undefined) added.push(...(await followUp(transaction, one, channelId, nowMs)));
      }
      await addNotifications({ ...deps, kept: deps.limits.inbox }, transaction, tenantId, added);
      const told = toldOfOver(over, channels);
      if (told.length > 0) await deps.eventLog.appendAllWith(transaction, told);
      return settled.map(({ claim }) => channels.has(claim.id));
    });

/** Builds {@link DeliveryStore}. */
export const createDeliveryStore = (deps: DeliveryStoreDeps): DeliveryStore => {
  const { sql } = deps;
  return {
    claimDueAcrossTenants: (nowMs, leaseUntilMs, bounds) =>
      sql.runAcrossTenants(statements.claimStatement(nowMs, leaseUntilMs, bounds), claimRow),
    renewAcrossTenants: async (claims, leaseUntilMs) =>
      new Set(await sql.runAcrossTenants(statements.renewStatement(claims, leaseUntilMs), tokenRow)),
    ...{ begin: beginDeliveries(deps), settle: settle(deps) },
    done: async (claim, recipient) =>
      (await sql.run(claim.tenantId, statements.doneStatement(claim, recipient), idRow)).length > 0,
    thread: async (tenantId, channelId, subject) =>
      (await sql.run(tenantId, lists.threadStatement(tenantId, channelId, subject), referenceRow))[0] ?? null,
    list: (tenantId, filter, page) => sql.run(tenantId, lists.listStatement(tenantId, filter, page), deliveryRow),
    noticesOf: (tenantId, ids) =>
      ids.length === 0
        ? Promise.resolve([])
        : sql.run(tenantId, lists.noticesOfStatement(tenantId, ids, deps.limits.onPage), noticeRow),
    forgetAcrossTenants: async (beforeMs) => {
      const [members = 0] = await sql.runAcrossTenants(lists.forgetMembersStatement(beforeMs, FORGET_AT_ONCE), rowsRow);
      const [rows = 0] = await sql.runAcrossTenants(lists.forgetStatement(beforeMs, FORGET_AT_ONCE), rowsRow);
      return members + rows;
    },
  };
};

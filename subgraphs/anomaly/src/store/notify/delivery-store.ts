import { parseTenantId, type TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { Channel } from "../../domain/notify/channel.ts";
import type { Attempt, Delivery, NewNotification, Notice } from "../../domain/notify/delivery.ts";
import type { GroupTold } from "../../domain/notify/group.ts";
import { idColumn, msColumn } from "../rule-row.ts";
import * as statements from "./delivery-statements.ts";
import type { DeliveryClaim, DeliveryFilter, SettledDelivery } from "./delivery-statements.ts";
import * as groups from "./group-statements.ts";
import { addNotifications } from "./inbox-store.ts";
import { deliveryRow, noticeRow, sealedChannelRow, type SealedChannel } from "./notify-rows.ts";

/** A delivery that was begun: what is sent by what. */
export interface BegunDelivery extends SealedChannel {
  /** As it was before this try. */
  readonly delivery: Delivery;
  /** In the order they were told, the newest of many. */
  readonly notices: readonly Notice[];
  /** Different alerts it is about. */
  readonly alerts: number;
  /** The group that it tells whole, as the channel was told of it; null when it is about none. */
  readonly group: GroupTold | null;
}

/** What became of a claim: something to send; or it was lost, is due again later, or went into a summary. */
export type Begun =
  { readonly kind: "BEGUN"; readonly work: BegunDelivery } | { readonly kind: "LEASE_LOST" | "POSTPONED" | "FOLDED" };

/** How a delivery is settled, with all that is written in the same transaction. */
export interface Settling extends SettledDelivery {
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

/** Where deliveries are claimed, begun and settled. */
export interface DeliveryStore {
  /** Leases due deliveries of any tenants, at most `limit`, fair between tenants. */
  claimDueAcrossTenants(nowMs: number, leaseUntilMs: number, limit: number): Promise<readonly DeliveryClaim[]>;
  /** Begins a claimed delivery unless the channel's rate cap keeps it back or an earlier one of a lane is under way again. */
  begin(claim: DeliveryClaim): Promise<Begun>;
  /** Keeps that a recipient has the message; false when the lease was lost. */
  done(claim: DeliveryClaim, recipient: string): Promise<boolean>;
  /** Settles a claimed delivery, all of it or nothing; false when the lease was lost. */
  settle(claim: DeliveryClaim, settling: Settling): Promise<boolean>;
  thread(tenantId: TenantId, channelId: string, subject: string): Promise<string | null>;
  list(
    tenantId: TenantId,
    filter: DeliveryFilter,
    page: { readonly first: number; readonly after: string | null },
  ): Promise<readonly Delivery[]>;
  noticesOf(tenantId: TenantId, ids: readonly string[]): Promise<readonly Notice[]>;
  /** Removes what was over before a moment; answers how many rows. */
  forgetAcrossTenants(beforeMs: number): Promise<number>;
}

/** What {@link createDeliveryStore} works with. */
export interface DeliveryStoreDeps {
  readonly sql: TenantSql;
  readonly eventLog: EventLog;
  readonly nowMs: NowMs;
  readonly newId: () => string;
  readonly limits: {
    readonly notices: number;
    readonly members: number;
    readonly inbox: number;
    readonly onPage: number;
  };
  readonly rateBundle: string;
  /** Whether a channel's receiver keeps incidents: nothing is put into summaries for it. */
  readonly keepsIncidents: (kind: Channel["settings"]["kind"]) => boolean;
}

/** Milliseconds after which a delivery is looked at again that waits for an earlier one. */
const WAITS_MS = 1_000;
/** Rows removed at a time. */
const FORGET_AT_ONCE = 1_000;

const nothing = (): null => null;
const idRow = (row: unknown): string => z.object({ id: z.string() }).parse(row).id;
const nameRow = (row: unknown) => z.object({ id: z.string(), name: z.string() }).parse(row);
const channelOfRow = (row: unknown) => z.object({ channel_id: z.string() }).parse(row).channel_id;
const referenceRow = (row: unknown): string => z.object({ reference: z.string() }).parse(row).reference;
const alertsRow = (row: unknown): number => z.object({ alerts: z.number() }).parse(row).alerts;
const rowsRow = (row: unknown): number => z.object({ rows: z.number() }).parse(row).rows;
const heldRow = (row: unknown) => ({
  ...z.object({ bundle: z.string(), waits: z.boolean(), group_tried_at: msColumn.nullable() }).parse(row),
  delivery: deliveryRow(row),
});
const windowRow = (row: unknown) =>
  z.object({ begun: z.number(), first: msColumn.nullable(), summary_at: msColumn.nullable() }).parse(row);
const claimRow = (row: unknown): DeliveryClaim => {
  const claim = z.object({ tenant_id: idColumn(parseTenantId), id: z.string(), lease_token: z.string() }).parse(row);
  return { tenantId: claim.tenant_id, id: claim.id, leaseToken: claim.lease_token };
};

type Held = ReturnType<typeof heldRow>;

/** Whether a delivery goes into no summary: its receiver keeps incidents, or it is for one person. */
const isByItself = (deps: DeliveryStoreDeps, channel: Channel, { delivery }: Held): boolean =>
  deps.keepsIncidents(channel.settings.kind) || delivery.recipient !== null;

/** When a channel has room for a delivery again; null when it has it now. Whatever was begun before goes on. */
const roomAt = async (
  deps: DeliveryStoreDeps,
  transaction: SqlTransaction,
  claim: DeliveryClaim,
  { channel, held }: { readonly channel: Channel; readonly held: Held },
): Promise<number | null> => {
  if (held.delivery.begunAtMs !== null) return null;
  const { messages, windowSeconds } = channel.rateCap;
  const nowMs = deps.nowMs();
  const asked = statements.windowStatement(claim, channel.id, nowMs - windowSeconds * 1_000, deps.rateBundle);
  const [window] = await transaction.run(asked, windowRow);
  if (window === undefined) return null;
  const isFull = window.begun >= messages;
  // While a summary gathers, everything goes into it.
  if (!isFull) return isByItself(deps, channel, held) ? null : window.summary_at;
  return (window.first ?? nowMs) + windowSeconds * 1_000;
};

const keepBack = async (
  deps: DeliveryStoreDeps,
  transaction: SqlTransaction,
  claim: DeliveryClaim,
  back: { readonly channel: Channel; readonly held: Held; readonly dueMs: number },
): Promise<Begun> => {
  const { channel, held, dueMs } = back;
  if (isByItself(deps, channel, held) || held.bundle === deps.rateBundle) {
    await transaction.run(statements.postponeStatement(claim, dueMs), nothing);
    return { kind: "POSTPONED" };
  }
  const made = { id: deps.newId(), channelId: channel.id, bundle: deps.rateBundle, dueMs };
  const [into] = await transaction.run(statements.summaryStatement(claim.tenantId, made, deps.nowMs()), idRow);
  if (into === undefined) throw new Error("A summary is made or found.");
  for (const statement of statements.foldStatements(claim, into)) await transaction.run(statement, nothing);
  return { kind: "FOLDED" };
};

/** A try whose end nobody told. */
const abandonedBy = ({ delivery }: Held, nowMs: number): readonly Attempt[] =>
  delivery.state === "SENDING" ? [{ atMs: nowMs, outcome: "ABANDONED", code: null, said: "" }] : [];

/** The group that a delivery tells whole, as its channel was told of it. */
const groupWithin = async (
  deps: DeliveryStoreDeps,
  transaction: SqlTransaction,
  claim: DeliveryClaim,
  {
    channel,
    notices,
    bundle,
  }: { readonly channel: Channel; readonly notices: readonly Notice[]; readonly bundle: string },
): Promise<GroupTold | null> => {
  // What was held of a series is told with it, whatever group it belonged to then.
  const group = notices.find((notice) => notice.group !== null && bundle === `group ${notice.group.id}`)?.group ?? null;
  if (group === null) return null;
  const asked = groups.membersStatement(claim, { channelId: channel.id, groupId: group.id }, deps.limits.members);
  const kept = await transaction.run(asked, groups.memberRow);
  const [first] = kept;
  const more = first === undefined ? 0 : first.total - kept.length;
  return { ...group, episode: first?.episode ?? claim.id, members: kept.map(({ member }) => member), more };
};

const begin =
  (deps: DeliveryStoreDeps): DeliveryStore["begin"] =>
  (claim) =>
    deps.sql.transaction(claim.tenantId, async (transaction): Promise<Begun> => {
      const [sealed] = await transaction.run(statements.holdChannelStatement(claim), sealedChannelRow);
      if (sealed === undefined) return { kind: "LEASE_LOST" };
      const [held] = await transaction.run(statements.holdClaimedStatement(claim), heldRow);
      if (held === undefined) return { kind: "LEASE_LOST" };
      const nowMs = deps.nowMs();
      if (held.waits || held.group_tried_at !== null || sealed.channel.state !== "ACTIVE") {
        const dueMs = Math.max(nowMs + WAITS_MS, held.group_tried_at ?? 0);
        await transaction.run(statements.postponeStatement(claim, dueMs), nothing);
        return { kind: "POSTPONED" };
      }
      const dueMs = await roomAt(deps, transaction, claim, { channel: sealed.channel, held });
      if (dueMs !== null) return keepBack(deps, transaction, claim, { channel: sealed.channel, held, dueMs });
      await transaction.run(statements.beginStatement(claim, nowMs, abandonedBy(held, nowMs)), nothing);
      const notices = await transaction.run(statements.noticesStatement(claim, deps.limits.notices), noticeRow);
      const [alerts = 1] = await transaction.run(statements.countAlertsStatement(claim), alertsRow);
      const group = await groupWithin(deps, transaction, claim, { ...sealed, notices, bundle: held.bundle });
      return { kind: "BEGUN", work: { ...sealed, delivery: held.delivery, notices, alerts, group } };
    });

/** Keeps what a channel was told of the groups that the alerts of a delivery belong to. */
const keepGroups = async (
  transaction: SqlTransaction,
  claim: DeliveryClaim,
  { settling, channelId, nowMs }: { readonly settling: Settling; readonly channelId: string; readonly nowMs: number },
): Promise<void> => {
  const isSent = settling.state === "SENT";
  await transaction.run(groups.keepMembersStatement(claim, isSent, nowMs), nothing);
  if (!isSent) return;
  if (settling.found.length > 0)
    await transaction.run(groups.foundMembersStatement(claim, channelId, settling.found), nothing);
  await transaction.run(groups.dropOverStatement(claim, channelId), nothing);
};

const settle =
  (deps: DeliveryStoreDeps): DeliveryStore["settle"] =>
  (claim, settling) =>
    deps.sql.transaction(claim.tenantId, async (transaction) => {
      const { tenantId } = claim;
      // Whoever holds the delivery and the channel takes the channel first.
      if (settling.disables !== null) await transaction.run(statements.holdChannelStatement(claim), nothing);
      const [channelId] = await transaction.run(statements.settleStatement(claim, settling), channelOfRow);
      if (channelId === undefined) return false;
      const nowMs = deps.nowMs();
      if (settling.dueMs === null) await transaction.run(statements.closeNoticesStatement(claim), nothing);
      if (settling.dueMs === null && settling.isGrouped)
        await keepGroups(transaction, claim, { settling, channelId, nowMs });
      if (settling.thread !== null)
        await transaction.run(statements.keepThreadStatement(claim, settling.thread, nowMs), nothing);
      const added = [...settling.notifications];
      if (settling.disables !== null) {
        const { because, tell } = settling.disables;
        const disable = statements.disableStatement(tenantId, channelId, because, nowMs);
        const [disabled] = await transaction.run(disable, nameRow);
        if (disabled !== undefined) added.push(tell(disabled.name));
      }
      await addNotifications({ ...deps, kept: deps.limits.inbox }, transaction, tenantId, added);
      return true;
    });

/** Builds {@link DeliveryStore}. */
export const createDeliveryStore = (deps: DeliveryStoreDeps): DeliveryStore => {
  const { sql } = deps;
  return {
    claimDueAcrossTenants: (nowMs, leaseUntilMs, limit) =>
      sql.runAcrossTenants(statements.claimStatement(nowMs, leaseUntilMs, limit), claimRow),
    ...{ begin: begin(deps), settle: settle(deps) },
    done: async (claim, recipient) =>
      (await sql.run(claim.tenantId, statements.doneStatement(claim, recipient), idRow)).length > 0,
    thread: async (tenantId, channelId, subject) =>
      (await sql.run(tenantId, statements.threadStatement(tenantId, channelId, subject), referenceRow))[0] ?? null,
    list: (tenantId, filter, page) => sql.run(tenantId, statements.listStatement(tenantId, filter, page), deliveryRow),
    noticesOf: (tenantId, ids) =>
      ids.length === 0
        ? Promise.resolve([])
        : sql.run(tenantId, statements.noticesOfStatement(tenantId, ids, deps.limits.onPage), noticeRow),
    forgetAcrossTenants: async (beforeMs) => {
      const [members = 0] = await sql.runAcrossTenants(
        statements.forgetMembersStatement(beforeMs, FORGET_AT_ONCE),
        rowsRow,
      );
      const [rows = 0] = await sql.runAcrossTenants(statements.forgetStatement(beforeMs, FORGET_AT_ONCE), rowsRow);
      return members + rows;
    },
  };
};

import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { Channel } from "../../domain/notify/channel.ts";
import type { Delivery, Notice } from "../../domain/notify/delivery.ts";
import type { GroupTold } from "../../domain/notify/group.ts";
import { msColumn } from "../rule-row.ts";
import { noticesOfStatement } from "./delivery-statements.ts";
import * as groups from "./group-statements.ts";
import { deliveryRow, noticeRow, sealedChannelRow, type SealedChannel } from "./notify-rows.ts";
import * as statements from "./sending-statements.ts";
import type { LeasedClaim } from "../leased-claims.ts";

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

/** What beginning deliveries works with. */
export interface BeginDeps {
  readonly sql: TenantSql;
  readonly nowMs: NowMs;
  readonly newId: () => string;
  readonly limits: { readonly notices: number; readonly members: number };
  readonly rateBundle: string;
  /** Whether a channel's receiver keeps incidents: nothing is put into summaries for it. */
  readonly keepsIncidents: (kind: Channel["settings"]["kind"]) => boolean;
}

/** Milliseconds after which a delivery is looked at again that waits for an earlier one. */
const WAITS_MS = 1_000;
/** The longest until a delivery is looked at again that waits for its group's: when that one is due may have been put down by a clock that was ahead. */
const GROUP_WAITS_MS = 60_000;

const nothing = (): null => null;
const idRow = (row: unknown): string => z.object({ id: z.string() }).parse(row).id;
const heldColumns = z.object({ bundle: z.string(), waits: z.boolean(), group_tried_at: msColumn.nullable() });
const heldRow = (row: unknown) => ({ ...heldColumns.parse(row), delivery: deliveryRow(row) });
const windowColumns = z.object({
  ...{ channel_id: z.string(), begun: z.number(), first: msColumn.nullable() },
  ...{ summary: z.string().nullable(), summary_at: msColumn.nullable() },
});
const windowRow = (row: unknown) => windowColumns.parse(row);
const countColumns = z.object({ delivery_id: z.string(), alerts: z.number() });
const countRow = (row: unknown) => countColumns.parse(row);

type Held = ReturnType<typeof heldRow> & SealedChannel;
type Window = ReturnType<typeof windowRow>;
type Fate = { readonly kind: "BEGIN" } | { readonly kind: "POSTPONE" | "FOLD"; readonly dueMs: number };

/** Whether a delivery goes into no summary: its receiver keeps incidents, it is for one person, or it sends a report. */
const isByItself = (deps: BeginDeps, { channel, delivery }: Held): boolean =>
  deps.keepsIncidents(channel.settings.kind) || delivery.recipient !== null || delivery.report !== null;

/** What becomes of a claim by what its channel's window holds, which counts what is begun. What was begun before goes on. */
const fateOf = (deps: BeginDeps, held: Held, window: Window, nowMs: number): Fate => {
  const { channel, delivery } = held;
  if (held.waits || held.group_tried_at !== null || channel.state !== "ACTIVE") {
    const triedMs = Math.min(held.group_tried_at ?? 0, nowMs + GROUP_WAITS_MS);
    return { kind: "POSTPONE", dueMs: Math.max(nowMs + WAITS_MS, triedMs) };
  }
  if (delivery.begunAtMs !== null) return { kind: "BEGIN" };
  const isSummary = window.summary === delivery.id;
  const alone = isByItself(deps, held);
  // While a summary gathers, everything goes into it.
  const roomMs =
    window.begun >= channel.rateCap.messages
      ? (window.first ?? nowMs) + channel.rateCap.windowSeconds * 1_000
      : alone || isSummary
        ? null
        : window.summary_at;
  if (roomMs !== null) return { kind: alone || held.bundle === deps.rateBundle ? "POSTPONE" : "FOLD", dueMs: roomMs };
  window.begun += 1;
  window.first ??= nowMs;
  if (isSummary) [window.summary, window.summary_at] = [null, null];
  return { kind: "BEGIN" };
};

/** Claimed deliveries that are still good with their channels, held: the channels first; those that are due longest first. */
const holdAll = async (
  transaction: SqlTransaction,
  tenantId: TenantId,
  claims: readonly LeasedClaim[],
): Promise<readonly Held[]> => {
  const sealed = await transaction.run(statements.holdChannelsStatement(tenantId, claims), sealedChannelRow);
  if (sealed.length === 0) return [];
  const channels = new Map(sealed.map((one) => [one.channel.id, one]));
  const held = await transaction.run(statements.holdClaimedStatement(tenantId, claims), heldRow);
  return held
    .flatMap((one) => {
      const channel = channels.get(one.delivery.channelId);
      return channel === undefined ? [] : [{ ...one, ...channel }];
    })
    .toSorted((a, b) => a.delivery.dueMs - b.delivery.dueMs || (a.delivery.id < b.delivery.id ? -1 : 1));
};

const decideAll = async (
  deps: BeginDeps,
  transaction: SqlTransaction,
  tenantId: TenantId,
  all: readonly Held[],
  nowMs: number,
): Promise<ReadonlyMap<string, Fate>> => {
  const channels = new Map(all.map(({ channel }) => [channel.id, channel]));
  const since = [...channels.values()].map(({ id, rateCap }) => ({
    ...{ id, sinceMs: nowMs - rateCap.windowSeconds * 1_000 },
  }));
  const windows = await transaction.run(
    statements.windowsStatement(tenantId, since, deps.rateBundle, nowMs),
    windowRow,
  );
  const byChannel = new Map(windows.map((one) => [one.channel_id, one]));
  return new Map(
    all.map((held): [string, Fate] => {
      const window = byChannel.get(held.channel.id);
      if (window === undefined) throw new Error("Each channel that was asked for has a window.");
      return [held.delivery.id, fateOf(deps, held, window, nowMs)];
    }),
  );
};

/** Puts what a channel keeps back into its summary, and gives the rest that is not begun back. */
const keepBack = async (
  deps: BeginDeps,
  transaction: SqlTransaction,
  tenantId: TenantId,
  all: readonly (Held & { readonly fate: Fate })[],
): Promise<void> => {
  const postponed = all.flatMap(({ fate, delivery: { id } }) =>
    fate.kind === "POSTPONE" ? [{ id, dueMs: fate.dueMs }] : [],
  );
  if (postponed.length > 0)
    await transaction.run(statements.postponeStatement(tenantId, postponed, deps.nowMs()), nothing);
  const folded = new Map<string, { readonly ids: string[]; dueMs: number }>();
  for (const { fate, delivery } of all) {
    if (fate.kind !== "FOLD") continue;
    const into = folded.get(delivery.channelId) ?? { ids: [], dueMs: fate.dueMs };
    into.ids.push(delivery.id);
    into.dueMs = Math.min(into.dueMs, fate.dueMs);
    folded.set(delivery.channelId, into);
  }
  for (const [channelId, { ids, dueMs }] of folded) {
    const made = { id: deps.newId(), channelId, bundle: deps.rateBundle, dueMs };
    const [into] = await transaction.run(statements.summaryStatement(tenantId, made, deps.nowMs()), idRow);
    if (into === undefined) throw new Error("A summary is made or found.");
    for (const statement of statements.foldStatements(tenantId, ids, into)) await transaction.run(statement, nothing);
  }
};

/** The group that a delivery tells whole, as its channel was told of it. */
const groupWithin = async (
  deps: BeginDeps,
  transaction: SqlTransaction,
  tenantId: TenantId,
  { channel, delivery: { id }, bundle }: Held,
  notices: readonly Notice[],
): Promise<GroupTold | null> => {
  // What was held of a series is told with it, whatever group it belonged to then.
  const group = notices.find((notice) => notice.group !== null && bundle === `group ${notice.group.id}`)?.group ?? null;
  if (group === null) return null;
  const of = { channelId: channel.id, groupId: group.id };
  const kept = await transaction.run(
    groups.membersStatement({ tenantId, id }, of, deps.limits.members),
    groups.memberRow,
  );
  const [first] = kept;
  const more = first === undefined ? 0 : first.total - kept.length;
  return { ...group, episode: first?.episode ?? id, members: kept.map(({ member }) => member), more };
};

const workOf = async (
  deps: BeginDeps,
  transaction: SqlTransaction,
  tenantId: TenantId,
  all: readonly Held[],
  nowMs: number,
): Promise<ReadonlyMap<string, BegunDelivery>> => {
  if (all.length === 0) return new Map();
  const ids = all.map(({ delivery }) => delivery.id);
  const abandoned = { atMs: nowMs, outcome: "ABANDONED", code: null, said: "" } as const;
  await transaction.run(statements.beginStatement(tenantId, ids, abandoned), nothing);
  const notices = await transaction.run(noticesOfStatement(tenantId, ids, deps.limits.notices), noticeRow);
  const ownOf = new Map(ids.map((id) => [id, notices.filter(({ deliveryId }) => deliveryId === id)]));
  // Of those whose notices are all read the alerts are counted here.
  const full = ids.filter((id) => (ownOf.get(id)?.length ?? 0) >= deps.limits.notices);
  const counted =
    full.length === 0 ? [] : await transaction.run(statements.countAlertsStatement(tenantId, full), countRow);
  const counts = new Map(counted.map((one) => [one.delivery_id, one.alerts]));
  const work = new Map<string, BegunDelivery>();
  for (const held of all) {
    const { channel, sealed, tenants, delivery } = held;
    const own = ownOf.get(delivery.id) ?? [];
    const alerts =
      counts.get(delivery.id) ?? new Set(own.map(({ alert }) => alert.anomalyId ?? alert.fingerprint)).size;
    const group = await groupWithin(deps, transaction, tenantId, held, own);
    work.set(delivery.id, { channel, sealed, tenants, delivery, notices: own, alerts, group });
  }
  return work;
};

/** Begins claimed deliveries of a tenant in one transaction; what became of each stands in their order. */
export const beginDeliveries =
  (deps: BeginDeps) =>
  (tenantId: TenantId, claims: readonly LeasedClaim[]): Promise<readonly Begun[]> =>
    deps.sql.transaction(tenantId, async (transaction) => {
      const held = await holdAll(transaction, tenantId, claims);
      const nowMs = deps.nowMs();
      const fates =
        held.length === 0 ? new Map<string, Fate>() : await decideAll(deps, transaction, tenantId, held, nowMs);
      const all = held.flatMap((one) => {
        const fate = fates.get(one.delivery.id);
        return fate === undefined ? [] : [{ ...one, fate }];
      });
      await keepBack(deps, transaction, tenantId, all);
      const begun = all.filter(({ fate }) => fate.kind === "BEGIN");
      const work = await workOf(deps, transaction, tenantId, begun, nowMs);
      return claims.map(({ id }): Begun => {
        const own = work.get(id);
        if (own !== undefined) return { kind: "BEGUN", work: own };
        const fate = fates.get(id);
        return { kind: fate === undefined ? "LEASE_LOST" : fate.kind === "FOLD" ? "FOLDED" : "POSTPONED" };
      });
    });

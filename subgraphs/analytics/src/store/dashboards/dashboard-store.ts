import { DASHBOARD_CHANGED, type DashboardChanged } from "@tessera/contracts/events/dashboard-changed";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import type { Dashboard } from "../../domain/dashboards/dashboard.ts";
import type { Outcome } from "../../domain/dashboards/operation.ts";
import type { Rebased } from "../../domain/dashboards/rebase.ts";
import { dashboardEditRow, dashboardRow, dashboardVersionRow, wholeVersionRow } from "./dashboard-rows.ts";
import * as statements from "./dashboard-statements.ts";
import type { CreateOutcome, DashboardStore, EditOutcome, NewEdit } from "./dashboard-store-types.ts";

interface Deps {
  readonly sql: TenantSql;
  readonly eventLog: Pick<EventLog, "appendWith">;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

const nothing = (): null => null;
const countRow = (row: unknown): number => z.object({ found: z.number() }).parse(row).found;

const stored = (rows: readonly Dashboard[]): Dashboard => {
  const [one] = rows;
  if (one === undefined) throw new Error("The dashboard was not stored.");
  return one;
};

const tell = (
  { eventLog, newId }: Deps,
  transaction: SqlTransaction,
  { tenantId, id, version }: Pick<Dashboard, "tenantId" | "id" | "version">,
  change: DashboardChanged["change"],
): Promise<void> => {
  const payload: DashboardChanged = { tenantId, dashboardId: id, change, version };
  const dedupeKey = change === "EDITED" ? `${id}:${version}` : newId();
  return eventLog.appendWith(transaction, { tenantId, topic: DASHBOARD_CHANGED, dedupeKey, payload });
};

const create =
  (deps: Deps): DashboardStore["create"] =>
  (tenantId, one) =>
    deps.sql.transaction(tenantId, async (transaction): Promise<CreateOutcome> => {
      const nowMs = deps.nowMs();
      await transaction.run(statements.lockDashboardsStatement(tenantId), nothing);
      const find = statements.findDashboardsStatement(tenantId, [one.id]);
      const [known] = await transaction.run(find, dashboardRow);
      if (known !== undefined) return { kind: "CREATED", dashboard: known, changed: false };
      const [found = 0] = await transaction.run(statements.countDashboardsStatement(tenantId), countRow);
      if (found >= one.limit) return { kind: "TOO_MANY", limit: one.limit };
      await transaction.run(statements.insertDashboardStatement(tenantId, one, nowMs), nothing);
      const { id, document, sharing } = one;
      const first = { id, version: 1, changes: [], document, restoredFrom: null, by: sharing.owner };
      await transaction.run(statements.insertDashboardVersionStatement(tenantId, first, nowMs), nothing);
      return { kind: "CREATED", dashboard: stored(await transaction.run(find, dashboardRow)), changed: true };
    });

const keep = async (
  deps: Deps,
  transaction: SqlTransaction,
  now: Dashboard,
  edit: NewEdit,
  { document, changes }: Rebased,
): Promise<Dashboard> => {
  if (changes.length === 0) return now;
  const { tenantId, id } = now;
  const [version, nowMs] = [now.version + 1, deps.nowMs()];
  const { by, restoredFrom } = edit;
  const whole = version % edit.snapshotEvery === 0 ? document : null;
  const made = { id, version, changes, document: whole, restoredFrom, by };
  await transaction.run(statements.insertDashboardVersionStatement(tenantId, made, nowMs), nothing);
  const set = statements.setDashboardStatement(tenantId, { id, version, document, by }, nowMs);
  const next = stored(await transaction.run(set, dashboardRow));
  await tell(deps, transaction, next, "EDITED");
  return next;
};

const remember = async (
  { nowMs }: Deps,
  transaction: SqlTransaction,
  { tenantId, id, version }: Dashboard,
  edit: NewEdit,
  outcomes: readonly Outcome[],
): Promise<void> => {
  if (edit.idempotency === null) return;
  await transaction.run(statements.forgetEditsStatement(tenantId, id, nowMs() - edit.keptMs), nothing);
  const one = { id, ...edit.idempotency, version, outcomes };
  await transaction.run(statements.insertEditStatement(tenantId, one, nowMs()), nothing);
};

/** What an edit of the same key came to; null when there was none. Refuses with CONFLICT when it was another edit. */
const madeBefore = async (
  transaction: SqlTransaction,
  { tenantId, id }: Dashboard,
  { idempotency }: NewEdit,
): Promise<{ readonly version: number; readonly outcomes: readonly Outcome[] } | null> => {
  if (idempotency === null) return null;
  const find = statements.findEditStatement(tenantId, id, idempotency.key);
  const [before] = await transaction.run(find, dashboardEditRow);
  if (before === undefined || before.fingerprint === idempotency.fingerprint) return before ?? null;
  const detail = "Another edit of the dashboard was made by this key: take a new key for each edit.";
  throw refuse("CONFLICT", detail, { field: "idempotencyKey" });
};

const edit =
  (deps: Deps): DashboardStore["edit"] =>
  (tenantId, id, one, allow, decide) =>
    deps.sql.transaction(tenantId, async (transaction): Promise<EditOutcome> => {
      const [now] = await transaction.run(statements.lockDashboardStatement(tenantId, id), dashboardRow);
      if (now === undefined || !allow(now)) return { kind: "NOT_FOUND", id };
      const before = await madeBefore(transaction, now, one);
      if (before !== null) return { kind: "EDITED", dashboard: now, ...before, replayed: true };
      const base = one.baseVersion ?? now.version;
      const behind = now.version - base;
      const since = statements.versionsSinceStatement(tenantId, id, base);
      const made = behind > 0 && behind <= one.maxBehind ? await transaction.run(since, dashboardVersionRow) : [];
      const decided = decide(now, made);
      const next = await keep(deps, transaction, now, one, decided);
      await remember(deps, transaction, next, one, decided.outcomes);
      return {
        ...{ kind: "EDITED", dashboard: next, version: next.version },
        ...{ outcomes: decided.outcomes, replayed: false },
      };
    });

const share =
  (deps: Deps): DashboardStore["share"] =>
  (tenantId, id, shares, allow) =>
    deps.sql.transaction(tenantId, async (transaction) => {
      const [now] = await transaction.run(statements.lockDashboardStatement(tenantId, id), dashboardRow);
      if (now === undefined || !allow(now)) return null;
      const set = statements.shareDashboardStatement(tenantId, id, shares);
      const next = stored(await transaction.run(set, dashboardRow));
      await tell(deps, transaction, next, "SHARED");
      return next;
    });

const remove =
  (deps: Deps): DashboardStore["remove"] =>
  (tenantId, id, allow) =>
    deps.sql.transaction(tenantId, async (transaction) => {
      const [now] = await transaction.run(statements.lockDashboardStatement(tenantId, id), dashboardRow);
      if (now === undefined || !allow(now)) return false;
      await transaction.run(statements.removeDashboardStatement(tenantId, id), nothing);
      await tell(deps, transaction, now, "DELETED");
      return true;
    });

/** Builds {@link DashboardStore}. */
export const createDashboardStore = (deps: Deps): DashboardStore => {
  const { sql } = deps;
  return {
    find: async (tenantId, ids) =>
      ids.length === 0 ? [] : sql.run(tenantId, statements.findDashboardsStatement(tenantId, ids), dashboardRow),
    list: (tenantId, viewer, page) =>
      sql.run(tenantId, statements.listDashboardsStatement(tenantId, viewer, page), dashboardRow),
    pathTo: async (tenantId, id, version) => {
      const rows = await sql.run(tenantId, statements.pathToVersionStatement(tenantId, id, version), wholeVersionRow);
      const [document, last] = [rows[0]?.document ?? null, rows.at(-1)?.made];
      if (document === null || last?.version !== version) return null;
      return { document, following: rows.slice(1).map(({ made }) => made), last };
    },
    versions: (tenantId, id, page) =>
      sql.run(tenantId, statements.dashboardVersionsStatement(tenantId, id, page), dashboardVersionRow),
    create: create(deps),
    edit: edit(deps),
    share: share(deps),
    remove: remove(deps),
  };
};

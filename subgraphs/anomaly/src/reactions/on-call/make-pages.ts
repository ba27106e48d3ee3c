import { ALERT_CHANGED, type AlertChanged } from "@tessera/contracts/events/alert-changed";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import type { LogEntry } from "@tessera/platform/events/event-log";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { escalationRouter } from "../../domain/notify/escalation-route.ts";
import type { Routes } from "../../domain/notify/route.ts";
import { escalationChooser, type SavedEscalation } from "../../domain/on-call/escalation.ts";
import { endPageOf, pagesOf } from "../../domain/on-call/page.ts";
import type { PagesWithin } from "../../store/on-call/page-store.ts";

/** Name of the consumer, under which its place is kept. */
const PAGE_CONSUMER = "anomaly-escalation-pages";

/** What making pages needs. */
export interface MakePagesDeps {
  readonly sql: TenantSql;
  readonly logger: Logger;
  readonly pagesWithin: (transaction: SqlTransaction, tenantId: TenantId) => PagesWithin;
  readonly escalationsWithin: (transaction: SqlTransaction, tenantId: TenantId) => Promise<readonly SavedEscalation[]>;
  readonly routesWithin: (transaction: SqlTransaction, tenantId: TenantId) => Promise<Routes | null>;
  readonly parseAlert: (payload: unknown) => AlertChanged;
  readonly nowMs: NowMs;
}

/** Puts down whom transitions are to be told to by escalations, as these stand now: one page for each transition and target, whatever comes again. */
export const makePages =
  (deps: MakePagesDeps) =>
  async (transaction: SqlTransaction, tenantId: TenantId, entries: readonly LogEntry[]): Promise<void> => {
    const alerts = entries.map(({ payload }) => deps.parseAlert(payload)).filter(({ notify }) => notify);
    if (alerts.length === 0) return;
    const nowMs = deps.nowMs();
    const routes = await deps.routesWithin(transaction, tenantId);
    const routed = routes === null ? undefined : escalationRouter(routes);
    const choose = escalationChooser(await deps.escalationsWithin(transaction, tenantId), routed);
    const pages = deps.pagesWithin(transaction, tenantId);
    for (const alert of alerts) {
      for (const page of pagesOf(alert, choose(alert.labels), nowMs)) await pages.add(page);
      const end = endPageOf(alert, nowMs);
      if (end !== null && (await pages.isPaged(end.anomalyId))) await pages.add(end);
    }
  };

/** Builds the consumer of transitions. */
export const createPageMaker = (deps: MakePagesDeps): LogConsumer =>
  createLogConsumer({
    ...{ sql: deps.sql, logger: deps.logger, name: PAGE_CONSUMER, topic: ALERT_CHANGED },
    handle: makePages(deps),
  });

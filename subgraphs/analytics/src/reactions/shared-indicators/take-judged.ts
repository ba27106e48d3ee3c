import { ANOMALY_JUDGED, type AnomalyJudged } from "@tessera/contracts/events/anomaly-judged";
import type { TenantId } from "@tessera/contracts/ids";
import type { SqlTransaction, TenantSql } from "@tessera/platform/db/sql";
import { createLogConsumer, type LogConsumer } from "@tessera/platform/events/log-consumer";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { NowMs } from "@tessera/platform/time/clock";
import { z } from "zod";
import { entityBehind } from "../../domain/shared-indicators/behind-anomaly.ts";
import { dayOf, INDICATOR_LIMITS, oldestPeriod, type IndicatorKind } from "../../domain/shared-indicators/indicator.ts";
import type { IndicatorStore, KeptIndicator } from "../../store/shared-indicators/indicator-store.ts";

/** Name of the consumer in the event log: its place tells which verdicts were taken. */
const CONSUMER = "analytics.shared-indicators";

const told = z.object({
  anomalyId: z.uuid(),
  verdict: z.enum(["TRUE", "FALSE", "EXPECTED", "KNOWN_ISSUE"]).nullable(),
  question: z.record(z.string(), z.unknown()).nullable(),
  group: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
  atMs: z.number(),
}) satisfies z.ZodType<Pick<AnomalyJudged, "verdict" | "question" | "group" | "atMs">>;

interface Deps {
  readonly sql: TenantSql;
  readonly logger: Logger;
  readonly indicators: Pick<IndicatorStore, "member" | "contributeWith" | "withdrawWith">;
  /** The one form of an identifier; null for what names nobody. */
  readonly plainForm: (kind: IndicatorKind, text: string) => string | null;
  /** Identifiers in their plain forms as they are contributed at a moment. */
  readonly keep: (kind: IndicatorKind, forms: readonly string[], atMs: number) => Promise<readonly KeptIndicator[]>;
  readonly nowMs: NowMs;
}

const take = async (
  deps: Deps,
  transaction: SqlTransaction,
  tenantId: TenantId,
  judged: z.infer<typeof told>,
): Promise<void> => {
  const { indicators, plainForm, keep, nowMs, logger } = deps;
  const atMs = nowMs();
  const source = judged.anomalyId;
  const behind = entityBehind(judged);
  if (behind === null) {
    await indicators.withdrawWith(transaction, tenantId, source, null);
    return;
  }
  const member = await indicators.member(tenantId, { oldest: oldestPeriod(atMs), dayMs: dayOf(atMs) });
  // What was said before the tenant joined was not said to others.
  if (member === null || judged.atMs < member.joinedAtMs) return;
  const kind = member.fields.find(({ field }) => field === behind.field)?.kind;
  const form = kind === undefined ? null : plainForm(kind, behind.value);
  if (kind === undefined || form === null) return;
  const kept = await keep(kind, [form], atMs);
  const given = { source, indicators: kept, atMs, oldest: oldestPeriod(atMs), most: INDICATOR_LIMITS.contributions };
  const outcome = await indicators.contributeWith(transaction, tenantId, given);
  if (outcome.kind === "FULL")
    logger.warn({ tenantId, anomalyId: source }, "A tenant contributes as many indicators as it may; one is left out.");
};

/**
 * Contributes what is behind anomalies that people say are true, for tenants that share indicators, and takes it back when they say otherwise: the last word counts, however often it is told.
 */
export const createJudgedConsumer = (deps: Deps): LogConsumer =>
  createLogConsumer({
    ...{ sql: deps.sql, logger: deps.logger, name: CONSUMER, topic: ANOMALY_JUDGED },
    handle: async (transaction, tenantId, entries) => {
      for (const { payload } of entries) await take(deps, transaction, tenantId, told.parse(payload));
    },
  });

import type { AskAnalytics } from "@tessera/contracts/watched-series";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { NowMs } from "@tessera/platform/time/clock";
import type { OnObjective } from "./operations/objectives/on-objective.ts";
import type { ReadCalendar } from "./operations/calendars/calendar-operations.ts";
import { acknowledgeAnomaly } from "./operations/acknowledge-anomaly.ts";
import { createRule, type TierOf } from "./operations/create-rule.ts";
import { deleteRule } from "./operations/delete-rule.ts";
import { findRule } from "./operations/find-rule.ts";
import { followAlerts, followAlertState } from "./operations/follow-alerts.ts";
import { followAnomalies } from "./operations/follow-anomalies.ts";
import type { Judge } from "./operations/judging.ts";
import { listAnomalies } from "./operations/list-anomalies.ts";
import { listRules } from "./operations/list-rules.ts";
import { previewRule } from "./operations/preview-rule.ts";
import { resolveAnomaly } from "./operations/resolve-anomaly.ts";
import { simulateRule } from "./operations/simulate-rule.ts";
import { snoozeAnomaly } from "./operations/snooze-anomaly.ts";
import { updateRule } from "./operations/update-rule.ts";
import type { AlertStore } from "./store/alert-store.ts";
import type { AnomalyStore } from "./store/anomaly-store.ts";
import type { FeedbackStore } from "./store/feedback/feedback-store.ts";
import type { MetricStore } from "./store/metric-store.ts";
import type { RuleStore } from "./store/rule-store.ts";

/** Everything the room does on request, ready to be called. */
export const createOperations = (deps: {
  rules: RuleStore;
  anomalies: AnomalyStore;
  alerts: AlertStore;
  metrics: MetricStore;
  feedback: Pick<FeedbackStore, "ofRule">;
  askAnalytics: AskAnalytics;
  tierOf: TierOf;
  readCalendar: ReadCalendar;
  onObjective: OnObjective;
  judge: Judge;
  eventLog: EventLog;
  nowMs: NowMs;
  newId: () => string;
}) => ({
  acknowledgeAnomaly: acknowledgeAnomaly(deps),
  createRule: createRule(deps),
  deleteRule: deleteRule(deps),
  findRule: findRule(deps),
  followAlerts: followAlerts(deps),
  followAlertState: followAlertState(deps),
  followAnomalies: followAnomalies(deps),
  listAnomalies: listAnomalies(deps),
  listRules: listRules(deps),
  previewRule: previewRule(deps),
  resolveAnomaly: resolveAnomaly(deps),
  simulateRule: simulateRule(deps),
  snoozeAnomaly: snoozeAnomaly(deps),
  updateRule: updateRule(deps),
});

/** See {@link createOperations}. */
export type Operations = ReturnType<typeof createOperations>;

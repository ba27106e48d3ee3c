import type { TenantId } from "@tessera/contracts/ids";
import type { AskAnalytics } from "@tessera/contracts/watched-series";
import type { AccessOfSubject } from "@tessera/platform/auth/access-of-subject";
import type { Background } from "@tessera/platform/graphql/subgraph";
import type { Resources } from "@tessera/platform/runtime/resources";
import { createThreadPool } from "@tessera/platform/runtime/thread-pool";
import { calendarCodec } from "./domain/calendars/check-calendar.ts";
import { objectiveCodec } from "./domain/objectives/check-objective.ts";
import { escalationCodec } from "./domain/on-call/check-escalation.ts";
import { ruleCodec } from "./domain/rules/rule-codec.ts";
import { createSettleSeries } from "./domain/rules/settle-series.ts";
import { createEvaluator } from "./jobs/evaluator.ts";
import { createLiveLooks } from "./jobs/live-looks.ts";
import { createLoaders, type Loaders } from "./loaders.ts";
import { createOperations, type Operations } from "./operations.ts";
import type { TierOf } from "./operations/create-rule.ts";
import { evaluateDueRules, MAX_CLAIMED_RULES } from "./operations/evaluate-due-rules.ts";
import {
  createFeedbackOperations,
  createReadLearned,
  type FeedbackOperations,
} from "./operations/feedback/feedback-operations.ts";
import { createJudging } from "./operations/judging.ts";
import { createOnObjective } from "./operations/objectives/on-objective.ts";
import { createReadImpacts } from "./operations/explain/read-impacts.ts";
import { createReadCalendar } from "./operations/calendars/calendar-operations.ts";
import { lookAtLiveRules } from "./operations/look-at-live-rules.ts";
import { createReadEscalations } from "./operations/on-call/escalation-operations.ts";
import { createReadSilences } from "./operations/silences/silence-operations.ts";
import { createAlertStore } from "./store/alert-store.ts";
import { createAnomalyStore } from "./store/anomaly-store.ts";
import { createCalendarStore } from "./store/calendars/calendar-store.ts";
import { createEvaluationStore } from "./store/evaluation-store.ts";
import { createFeedbackStore, MAX_FEEDBACK_OF_ANOMALY } from "./store/feedback/feedback-store.ts";
import { createLiveStore } from "./store/live-store.ts";
import { createMetricStore } from "./store/metric-store.ts";
import { createReadRoutes } from "./store/notify/channel-store.ts";
import { createEscalationStore } from "./store/on-call/escalation-store.ts";
import { createObjectiveStore } from "./store/objectives/objective-store.ts";
import { createRuleStore } from "./store/rule-store.ts";
import { createSilenceStore } from "./store/silences/silence-store.ts";
import { createTenantModels } from "./store/tenant-models.ts";

const JUDGING_THREAD = new URL("./threads/judging-thread.ts", import.meta.url);
/** Threads that fit series: the evaluator reads on while one does. */
const MAX_THREADS = 1;

/** What rules need of others. */
export interface RulesPorts {
  readonly askAnalytics: AskAnalytics;
  /** What the authors of rules may when these are evaluated. */
  readonly accessOfSubject: AccessOfSubject;
  /** What a tenant has subscribed to: how many of its rules may be live. */
  readonly tierOf: TierOf;
}

/** Everything there is about rules and anomalies. */
export interface OpenRules {
  readonly operations: Operations & FeedbackOperations;
  readonly loaders: (tenantId: TenantId) => Loaders;
  readonly background: readonly Background[];
}

/** Opens rules, their series, and the anomalies they raise, with the evaluator for the worker role. */
export const openRules = (resources: Resources, ports: RulesPorts): OpenRules => {
  const { sql, eventLog, eventStore, logger, nowMs, newId } = resources;
  const models = createTenantModels(resources.pool);
  const settleSeries = createSettleSeries(newId);
  const stores = { sql, eventLog, models, codec: ruleCodec, settleSeries };
  const [rules, anomalies] = [createRuleStore(stores), createAnomalyStore(stores)];
  const metrics = createMetricStore(eventStore);
  const evaluations = createEvaluationStore({ sql, eventLog, codec: ruleCodec });
  const live = createLiveStore({ sql, eventLog, codec: ruleCodec });
  const { askAnalytics, accessOfSubject, tierOf } = ports;
  const readCalendar = createReadCalendar(createCalendarStore({ sql, codec: calendarCodec }));
  const feedback = createFeedbackStore({ sql, eventLog });
  const readEscalations = createReadEscalations(
    createEscalationStore({ sql, codec: escalationCodec }),
    createReadRoutes(sql),
  );
  const [readSilences, readLearned] = [createReadSilences(createSilenceStore(sql)), createReadLearned(feedback)];
  const readImpacts = createReadImpacts({ askAnalytics, accessOfSubject, logger });
  const judge = createJudging(createThreadPool({ program: JUDGING_THREAD, threads: MAX_THREADS }));
  const evaluating = {
    ...{ evaluations, metrics, askAnalytics, accessOfSubject, settleSeries },
    ...{ readImpacts, readSilences, readLearned, readEscalations, readCalendar },
    ...{ judge, telemetry: resources.metrics, logger, nowMs },
  };
  return {
    operations: {
      ...createOperations({
        ...{ rules, anomalies, alerts: createAlertStore(sql), metrics, feedback },
        ...{ askAnalytics, tierOf, readCalendar, eventLog, judge, nowMs, newId },
        onObjective: createOnObjective(createObjectiveStore({ sql, codec: objectiveCodec, rules: stores }), rules),
      }),
      ...createFeedbackOperations({ feedback, rules, anomalies, limit: MAX_FEEDBACK_OF_ANOMALY, nowMs, newId }),
    },
    loaders: (tenantId) => createLoaders({ rules, anomalies, feedback }, tenantId),
    background: [
      createEvaluator({ evaluateDue: evaluateDueRules(evaluating), full: MAX_CLAIMED_RULES, logger }),
      createLiveLooks({ eventLog, looker: lookAtLiveRules({ ...evaluating, live }), logger }),
    ],
  };
};

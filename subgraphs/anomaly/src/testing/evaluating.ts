import type { TestResources } from "@tessera/platform/testing/test-resources";
import type { EventLog } from "@tessera/platform/events/event-log";
import { createThreadPool } from "@tessera/platform/runtime/thread-pool";
import { calendarCodec } from "../domain/calendars/check-calendar.ts";
import { escalationCodec } from "../domain/on-call/check-escalation.ts";
import { ruleCodec } from "../domain/rules/rule-codec.ts";
import { createSettleSeries } from "../domain/rules/settle-series.ts";
import type { RulesPorts } from "../open-rules.ts";
import { createReadCalendar } from "../operations/calendars/calendar-operations.ts";
import { createReadImpacts } from "../operations/explain/read-impacts.ts";
import { createReadLearned } from "../operations/feedback/feedback-operations.ts";
import { createJudging } from "../operations/judging.ts";
import type { LiveDeps } from "../operations/look-at-live-rules.ts";
import { createReadEscalations } from "../operations/on-call/escalation-operations.ts";
import { createReadSilences } from "../operations/silences/silence-operations.ts";
import { createCalendarStore } from "../store/calendars/calendar-store.ts";
import { createEvaluationStore } from "../store/evaluation-store.ts";
import { createFeedbackStore } from "../store/feedback/feedback-store.ts";
import { createLiveStore } from "../store/live-store.ts";
import { createMetricStore } from "../store/metric-store.ts";
import { createReadRoutes } from "../store/notify/channel-store.ts";
import { createEscalationStore } from "../store/on-call/escalation-store.ts";
import { createSilenceStore } from "../store/silences/silence-store.ts";

const JUDGING_THREAD = new URL("../threads/judging-thread.ts", import.meta.url);

/** Everything evaluating rules needs, over the engines of the test run; the event log may be another. */
export const evaluatingOver = (
  { resources }: TestResources,
  ports: Pick<RulesPorts, "askAnalytics" | "accessOfSubject">,
  eventLog: EventLog = resources.eventLog,
): LiveDeps => {
  const { sql, eventStore, logger, newId, nowMs, metrics: telemetry } = resources;
  const stores = { sql, eventLog, codec: ruleCodec };
  return {
    ...{ evaluations: createEvaluationStore(stores), live: createLiveStore(stores) },
    ...{ metrics: createMetricStore(eventStore), telemetry, logger, nowMs, settleSeries: createSettleSeries(newId) },
    ...{ askAnalytics: ports.askAnalytics, accessOfSubject: ports.accessOfSubject },
    judge: createJudging(createThreadPool({ program: JUDGING_THREAD, threads: 1 })),
    readSilences: createReadSilences(createSilenceStore(sql)),
    readImpacts: createReadImpacts({ ...ports, logger }),
    readCalendar: createReadCalendar(createCalendarStore({ sql, codec: calendarCodec })),
    readLearned: createReadLearned(createFeedbackStore({ sql, eventLog })),
    readEscalations: createReadEscalations(
      createEscalationStore({ sql, codec: escalationCodec }),
      createReadRoutes(sql),
    ),
  };
};

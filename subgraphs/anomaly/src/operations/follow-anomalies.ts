import { ANOMALY_RAISED } from "@tessera/contracts/events/anomaly-raised";
import type { Caller } from "@tessera/contracts/caller";
import { parseAnomalyId } from "@tessera/contracts/ids";
import type { EventLog } from "@tessera/platform/events/event-log";
import type { LiveIterator } from "@tessera/platform/runtime/live-iterator";
import { z } from "zod";
import { checkAlertFilter } from "../domain/alerts/alert-filter.ts";
import type { Anomaly } from "../domain/anomaly.ts";
import { alertLabels } from "../domain/silences/told-silences.ts";
import type { AnomalyStore } from "../store/anomaly-store.ts";
import type { RuleStore } from "../store/rule-store.ts";
import { followLog, placeOf } from "./follow-log.ts";
import { soundOf } from "./silences/silence-operations.ts";

/** An anomaly as it was raised, with its place in the event log. */
export interface RaisedAnomaly {
  readonly cursor: string;
  readonly anomaly: Anomaly;
}

/** What following anomalies needs. */
export interface FollowAnomaliesDeps {
  readonly anomalies: Pick<AnomalyStore, "findMany">;
  readonly rules: Pick<RuleStore, "findMany">;
  readonly eventLog: EventLog;
}

const payload = z.object({ anomalyId: z.string() });

/** Follows the anomalies of the caller's tenant that are as a filter asks, from after a cursor, or from now on. */
export const followAnomalies =
  ({ anomalies, rules, eventLog }: FollowAnomaliesDeps) =>
  async (
    { tenantId }: Caller,
    after: string | null | undefined,
    filter: unknown,
  ): Promise<LiveIterator<RaisedAnomaly>> => {
    const isWanted = filter === null || filter === undefined ? null : soundOf(checkAlertFilter(filter), "filter");
    const from = await placeOf(eventLog, after);
    const wanted = async (anomaly: Anomaly): Promise<boolean> => {
      if (isWanted === null) return true;
      const { ruleId, group, severity } = anomaly;
      const [rule] = await rules.findMany(tenantId, [ruleId]);
      const labels = alertLabels({ labels: rule?.labels ?? {}, group, rule: rule?.name ?? "" }, severity);
      return isWanted({ ruleId, severity, labels });
    };
    return followLog(eventLog, { tenantId, topic: ANOMALY_RAISED, from }, async (said) => {
      const id = parseAnomalyId(payload.parse(said).anomalyId);
      const [anomaly] = id === null ? [] : await anomalies.findMany(tenantId, [id]);
      if (anomaly === undefined) throw new Error("The event log tells of an anomaly that does not exist.");
      return (await wanted(anomaly)) ? { anomaly } : null;
    });
  };

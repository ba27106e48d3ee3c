import { ALERT_CHANGED } from "@tessera/contracts/events/alert-changed";
import type { Caller } from "@tessera/contracts/caller";
import { parseAnomalyId, parseRuleId, type RuleId, type TenantId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventLog } from "@tessera/platform/events/event-log";
import { formatLogCursor } from "@tessera/platform/events/log-cursor";
import { createLiveIterator, type LiveIterator } from "@tessera/platform/runtime/live-iterator";
import { z } from "zod";
import { ALERT_STATES, SEVERITIES } from "../domain/alerts/alert.ts";
import { checkAlertFilter } from "../domain/alerts/alert-filter.ts";
import type { AlertStanding } from "../domain/rules/alert-standing.ts";
import type { AlertStep } from "../domain/rules/alert-step.ts";
import type { AlertStore } from "../store/alert-store.ts";
import type { RuleStore } from "../store/rule-store.ts";
import { followLog, placeOf } from "./follow-log.ts";
import { soundOf } from "./silences/silence-operations.ts";

/** A step of an alert as it was taken, with its place in the event log. */
export interface ChangedAlert {
  readonly cursor: string;
  readonly ruleId: RuleId;
  readonly transition: AlertStep;
  readonly series: AlertStanding;
  readonly labels: Readonly<Record<string, string>>;
  readonly because: string;
}

/** Where some series of a rule stand: all of them at first, then the one whose alert took a step. */
export interface RuleAlerts {
  readonly cursor: string;
  readonly ruleId: RuleId;
  readonly series: readonly AlertStanding[];
  readonly transition: AlertStep | null;
}

/** What following alerts needs. */
export interface FollowAlertsDeps {
  readonly alerts: AlertStore;
  readonly rules: Pick<RuleStore, "find">;
  readonly eventLog: EventLog;
}

const idOf = <Id>(parse: (text: string) => Id | null) =>
  z.string().transform((text, context): Id => {
    const id = parse(text);
    if (id !== null) return id;
    context.addIssue("The event log tells of an alert without an id.");
    return z.NEVER;
  });
const payload = z.object({
  ...{ transitionId: z.string(), ruleId: idOf(parseRuleId), anomalyId: idOf(parseAnomalyId).nullable() },
  fingerprint: z.string(),
  group: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
  labels: z.record(z.string(), z.string()),
  ...{ from: z.enum(ALERT_STATES), to: z.enum(ALERT_STATES), severity: z.enum(SEVERITIES) },
  ...{ atMs: z.number(), because: z.string() },
});
type Said = z.infer<typeof payload>;

/** What is told of a step: the step itself, and where it led. */
const changedOf = async (
  alerts: AlertStore,
  tenantId: TenantId,
  said: Said,
): Promise<Omit<ChangedAlert, "cursor"> | null> => {
  const { transitionId, ruleId, fingerprint, group, anomalyId, from, to, severity, atMs, labels, because } = said;
  const transition = await alerts.step(tenantId, transitionId);
  if (transition === null) return null;
  // Where only the telling changed, the alert stands where it stood.
  const since = from === to ? await alerts.sinceMs(tenantId, ruleId, fingerprint) : atMs;
  const series = { fingerprint, group, state: to, severity, sinceMs: since ?? atMs, anomalyId };
  return { ruleId, transition, series, labels, because };
};

/** Follows every step of the alerts of the caller's tenant that are as a filter asks, from after a cursor, or from now on. */
export const followAlerts =
  ({ alerts, eventLog }: FollowAlertsDeps) =>
  async (
    { tenantId }: Caller,
    after: string | null | undefined,
    filter: unknown,
  ): Promise<LiveIterator<ChangedAlert>> => {
    const isWanted = soundOf(checkAlertFilter(filter), "filter");
    const from = await placeOf(eventLog, after);
    return followLog(eventLog, { tenantId, topic: ALERT_CHANGED, from }, async (entry) => {
      const said = payload.parse(entry);
      return isWanted(said) ? changedOf(alerts, tenantId, said) : null;
    });
  };

/** Everything of one iterator after a first item. */
const after = <Item>(first: Item, rest: LiveIterator<Item>): LiveIterator<Item> => {
  let begun = false;
  return createLiveIterator({
    next: async () => {
      if (begun) return rest.next();
      begun = true;
      return { done: false, value: first };
    },
    close: () => void rest.return(),
  });
};

/**
 * Follows the alerts of one rule: where every series stands, then each step with where it led. After a cursor the steps alone, without gap or repetition. Refuses with NOT_FOUND
 * where the tenant has no such rule.
 */
export const followAlertState =
  ({ alerts, rules, eventLog }: FollowAlertsDeps) =>
  async ({ tenantId }: Caller, rule: string, cursor: string | null | undefined): Promise<LiveIterator<RuleAlerts>> => {
    const ruleId = parseRuleId(rule);
    if (ruleId === null || (await rules.find(tenantId, ruleId)) === null)
      throw refuse("NOT_FOUND", "The tenant has no such rule.", { field: "rule" });
    const from = await placeOf(eventLog, cursor);
    const resumes = cursor !== null && cursor !== undefined;
    const standing = resumes ? null : await alerts.standing(tenantId, ruleId, from);
    const changes: LiveIterator<RuleAlerts> = followLog<Omit<RuleAlerts, "cursor">>(
      eventLog,
      { tenantId, topic: ALERT_CHANGED, from },
      async (entry) => {
        const said = payload.parse(entry);
        if (said.ruleId !== ruleId || standing?.taken.has(said.transitionId) === true) return null;
        const changed = await changedOf(alerts, tenantId, said);
        return changed === null ? null : { ruleId, series: [changed.series], transition: changed.transition };
      },
    );
    if (standing === null) return changes;
    return after({ cursor: formatLogCursor(from), ruleId, series: standing.series, transition: null }, changes);
  };

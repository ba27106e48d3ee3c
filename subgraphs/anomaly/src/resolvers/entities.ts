import type { Caller } from "@tessera/contracts/caller";
import { parseAnomalyId, parseRuleId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { requireWholeTenant } from "@tessera/platform/graphql/field-permissions";
import type { Anomaly } from "../domain/anomaly.ts";
import type { Window } from "../domain/evaluation.ts";
import type { Rule } from "../domain/rule.ts";
import { changeAsked } from "../domain/rules/change-asked.ts";
import type { Watch } from "../domain/rules/watch.ts";
import type { Loaders } from "../loaders.ts";

/** What is needed to reach an entity: who asks, and the loaders of their call. */
interface Reach {
  readonly caller: Caller;
  readonly loaders: Loaders;
}

// References are resolved before any rule of the permission table is asked.
/** Refuses without anomaly:read, and under a data policy. */
export const requireRead = ({ caller }: Reach, type: string): void => {
  if (!caller.permissions.has("anomaly:read"))
    throw refuse("FORBIDDEN", `\`${type}\` needs the permission anomaly:read.`, {
      field: type,
      permission: "anomaly:read",
    });
  requireWholeTenant(caller, type);
};

/** The rule a reference names, deleted or not; null when the caller's tenant has none. Refuses without anomaly:read. */
export const ruleOfReference = async (id: string, reach: Reach): Promise<Rule | null> => {
  requireRead(reach, "Rule");
  const ruleId = parseRuleId(id);
  return ruleId === null ? null : reach.loaders.rule.load(ruleId);
};

/** The anomaly a reference names; null when the caller's tenant has none. Refuses without anomaly:read. */
export const anomalyOfReference = async (id: string, reach: Reach): Promise<Anomaly | null> => {
  requireRead(reach, "Anomaly");
  const anomalyId = parseAnomalyId(id);
  return anomalyId === null ? null : reach.loaders.anomaly.load(anomalyId);
};

/** The rule of an anomaly; the store's foreign key promises that there is one. */
export const ruleOfAnomaly = async (anomaly: Anomaly, { loaders }: Reach): Promise<Rule> => {
  const rule = await loaders.rule.load(anomaly.ruleId);
  if (rule === null) throw new Error("An anomaly names a rule that does not exist.");
  return rule;
};

/** What the rule of an anomaly watched when it was raised; of one that was raised before that was kept, what it watches now. */
export const watchOfAnomaly = async (anomaly: Anomaly, reach: Reach): Promise<Watch> =>
  (await reach.loaders.watchOfAnomaly.load(anomaly.id)) ?? (await ruleOfAnomaly(anomaly, reach)).watch;

/** The change of an anomaly's series in a span of time, by which the analytics room explains it; null where it can't. */
export const changeOfAnomaly = async (
  anomaly: Anomaly,
  window: Window,
  reach: Reach,
): Promise<{ readonly asked: string } | null> => {
  const watch = await watchOfAnomaly(anomaly, reach);
  const asked = changeAsked({ watch }, { group: anomaly.group, window });
  return asked === null ? null : { asked };
};

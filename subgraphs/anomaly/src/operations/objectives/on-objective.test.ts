import { describe, expect, test } from "@jest/globals";
import { parseRuleId, parseTenantId } from "@tessera/contracts/ids";
import { checkObjective } from "../../domain/objectives/check-objective.ts";
import { partsOnObjective } from "../../domain/objectives/objective-rule.ts";
import type { SavedObjective } from "../../domain/objectives/objective.ts";
import { checkRuleDefinition } from "../../domain/rule-definition.ts";
import type { Rule } from "../../domain/rule.ts";
import type { RuleStore } from "../../store/rule-store.ts";
import { createOnObjective } from "./on-objective.ts";

const [ID, CHANGE] = [
  "0198c0de-0000-4000-8000-000000000003",
  { by: { kind: "USER", id: "a" }, note: null, atMs: 0 },
] as const;
const [tenantId, id] = [
  parseTenantId("0198c0de-0000-4000-8000-000000000001"),
  parseRuleId("0198c0de-0000-4000-8000-000000000002"),
];
if (tenantId === null || id === null) throw new Error("These are UUIDs.");

const objectiveOf = (percent: number): SavedObjective => {
  const indicator = { events: { good: { field: "properties.status", lt: 500 } } };
  const checked = checkObjective({ name: "checkout", indicator, percent, window: "DAYS_7" });
  if (!checked.valid) throw new Error(JSON.stringify(checked.problems));
  return { id: ID, definition: checked.value, version: 1, createdAtMs: 0, changedAtMs: 0 };
};
const ruleOn = (percent: number): Rule => {
  const parts = partsOnObjective(ID, objectiveOf(percent).definition, {}, {});
  const checked = checkRuleDefinition({ ...parts, name: "burn", evaluationIntervalSeconds: 60, enabled: true });
  if (!checked.valid) throw new Error(JSON.stringify(checked.problems));
  return {
    ...{ ...checked.value, tenantId, id, author: null, authorPermissions: [], version: 1, nextEvaluationAtMs: 0 },
    ...{ lastEvaluation: null, lastFailure: null, failureCode: null, judgedUntilMs: null, warmUntilMs: null },
    ...{ seriesSeen: 0, breachedSinceMs: null, createdAtMs: 0, updatedAtMs: 0, deletedAtMs: null },
  };
};

describe("a rule that was saved while its objective was changed", () => {
  const keptBeside = async (now: SavedObjective, held: Rule) => {
    const change: RuleStore["change"] = (_tenantId, _id, { decide }) => {
      const decision = decide(held);
      if (decision.kind !== "SAVE") return Promise.resolve({ kind: "STALE", rule: held });
      return Promise.resolve({ kind: "SAVED", rule: { ...held, ...decision.definition, version: held.version + 1 } });
    };
    const onObjective = createOnObjective({ findMany: () => Promise.resolve([now]) }, { change });
    return onObjective.kept(ruleOn(99.9), CHANGE);
  };

  test("follows it, once it is there", async () => {
    expect(await keptBeside(objectiveOf(99.5), ruleOn(99.9))).toMatchObject({ version: 2, detector: { target: 99.5 } });
  });

  test("stays as it is where nothing was changed, or where somebody has changed the rule since", async () => {
    expect(await keptBeside(objectiveOf(99.9), ruleOn(99.9))).toMatchObject({ version: 1, detector: { target: 99.9 } });
    const changed = { ...ruleOn(99.9), version: 2 };
    expect(await keptBeside(objectiveOf(99.5), changed)).toMatchObject({ version: 1, detector: { target: 99.9 } });
  });
});

import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import {
  changeOnObjective,
  followObjective,
  isBurnRate,
  keptOf,
  partsOnObjective,
} from "../../domain/objectives/objective-rule.ts";
import type { SavedObjective } from "../../domain/objectives/objective.ts";
import type { RuleChange } from "../../domain/rule-change.ts";
import type { Rule } from "../../domain/rule.ts";
import type { Change, RuleStore } from "../../store/rule-store.ts";
import type { ObjectiveStore } from "../../store/objectives/objective-store.ts";
import { keptId } from "../silences/silence-operations.ts";

/** Which objective a rule shall watch. */
export interface RuleObjective {
  readonly id: string;
  readonly delay?: string | null | undefined;
}

/** What of a rule's input has to do with objectives. */
interface AboutObjective {
  readonly objective?: RuleObjective | null | undefined;
  readonly metric?: unknown;
  readonly question?: unknown;
  readonly condition?: unknown;
  readonly detector?: unknown;
  readonly alerting?: unknown;
}

/** Puts what a rule watches of an objective in the place of its name, as a question that is asked like others. */
export interface OnObjective {
  /** Of a new rule; `place` is where its input stands. */
  made<Input extends AboutObjective>(caller: Caller, input: Input, place: string): Promise<Omit<Input, "objective">>;
  /** Of a change: also where the rule watches an objective already and shall judge by other windows. */
  changed<Input extends AboutObjective>(
    ...asked: readonly [caller: Caller, rule: Rule, input: Input, place: string]
  ): Promise<Omit<Input, "objective">>;
  /** A rule that was just saved, on its objective as that is now: whoever changed the objective before the rule was there did not know of it. */
  kept(rule: Rule, change: Change): Promise<Rule>;
}

const given = (value: unknown): boolean => value !== null && value !== undefined;

/** Builds {@link OnObjective}; an objective that is not there is refused at its place. */
export const createOnObjective = (
  objectives: Pick<ObjectiveStore, "findMany">,
  rules: Pick<RuleStore, "change">,
): OnObjective => {
  const find = async ({ tenantId }: Caller, text: string, place: string): Promise<SavedObjective> => {
    const id = keptId(text);
    const [found] = id === null ? [] : await objectives.findMany(tenantId, [id]);
    if (found === undefined)
      throw refuse("NOT_FOUND", "The tenant has no such objective.", { field: `${place}.objective.id` });
    return found;
  };
  const refuseOthers = ({ metric, question }: AboutObjective, place: string): void => {
    if (given(metric) || given(question))
      throw refuse(
        "BAD_INPUT",
        "A rule watches a `metric` of its own, a `question` or an `objective`, and one of them.",
        {
          field: `${place}.objective`,
        },
      );
  };
  const kept: OnObjective["kept"] = async (rule, change) => {
    const id = rule.watch.kind === "QUESTION" ? rule.watch.objective : null;
    const [found] = id === null ? [] : await objectives.findMany(rule.tenantId, [id]);
    if (found === undefined) return rule;
    const decide = (held: Rule): RuleChange => {
      if (held.version !== rule.version) return { kind: "STALE" };
      return followObjective(found.id, found.definition, held);
    };
    const now = decide(rule);
    if (now.kind !== "SAVE" || !now.restart) return rule;
    const changed = await rules.change(rule.tenantId, rule.id, { decide, ...keptOf(rule) }, change);
    return changed.kind === "SAVED" ? changed.rule : rule;
  };
  return {
    kept,
    made: async (caller, { objective, ...input }, place) => {
      if (objective === null || objective === undefined) return input;
      refuseOthers(input, place);
      const { id, definition } = await find(caller, objective.id, place);
      return { ...input, ...partsOnObjective(id, definition, objective, input) };
    },
    changed: async (caller, rule, { objective, ...input }, place) => {
      const asked = objective ?? null;
      const watched = rule.watch.kind === "QUESTION" && !given(input.question) ? rule.watch.objective : null;
      if (asked !== null) refuseOthers(input, place);
      const id = asked?.id ?? (isBurnRate(input.detector) ? watched : null);
      if (id === null) return input;
      const found = await find(caller, id, place);
      return { ...input, ...changeOnObjective(found.id, found.definition, rule, { ...input, asked }) };
    },
  };
};

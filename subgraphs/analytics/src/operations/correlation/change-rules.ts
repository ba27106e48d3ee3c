import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../../domain/access.ts";
import { keptMeanings } from "../../domain/semantic/kept-meanings.ts";
import { parsePattern } from "../../domain/correlation/parse-pattern.ts";
import {
  givenPattern,
  MAX_CORRELATION_RULES,
  MAX_RUNNING_RULES,
  type CorrelationPatternInput,
} from "../../domain/correlation/rule.ts";
import { definitionName, describe } from "../../domain/semantic/definition.ts";
import { resolveDimensions, type DimensionDeps } from "../semantic/own-dimensions.ts";
import type {
  ChangeRuleOutcome,
  CorrelationRuleStore,
  DefineRuleOutcome,
} from "../../store/correlation/rule-store-types.ts";

/** What changing rules needs. */
export interface ChangeRulesDeps {
  readonly correlationRules: CorrelationRuleStore;
  readonly definitions: DimensionDeps["definitions"];
  readonly newId: () => string;
}

/** A rule to be, as the graph delivers it. */
export interface DefineCorrelationRuleInput {
  readonly name: string;
  readonly title?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly owner?: string | null | undefined;
  readonly pattern: CorrelationPatternInput;
  readonly expectedVersion?: number | null | undefined;
}

/** How defining a rule ended, where it was not refused. */
export type DefinedRule = Exclude<DefineRuleOutcome, { readonly kind: "OTHER_VERSION" }>;

/** Makes a rule of the caller's tenant, or its next version, which keeps what the dimensions mean now that it names; what stands already is no new version. */
export const defineCorrelationRule =
  ({ correlationRules, definitions, newId }: ChangeRulesDeps) =>
  async (caller: Caller, input: DefineCorrelationRuleInput): Promise<DefinedRule> => {
    const name = definitionName(input.name);
    const asked = await resolveDimensions({ definitions }, caller, input.pattern);
    parsePattern(asked, "input.pattern", accessOf(caller));
    const pattern = { ...givenPattern(asked), ...keptMeanings(asked) };
    const outcome = await correlationRules.define(
      caller.tenantId,
      {
        ...{ id: newId(), name, by: `${caller.subject.kind}:${caller.subject.id}` },
        content: { ...describe(name, input), pattern },
        expectedVersion: input.expectedVersion ?? null,
      },
      { rules: MAX_CORRELATION_RULES, running: MAX_RUNNING_RULES },
    );
    if (outcome.kind !== "OTHER_VERSION") return outcome;
    throw refuse("CONFLICT", `The rule has version ${outcome.version} by now. Look at it and change that one.`, {
      field: "input.expectedVersion",
    });
  };

/** Ends the run of a rule of the caller's tenant; its versions and its matches stay. */
export const retireCorrelationRule =
  ({ correlationRules }: Pick<ChangeRulesDeps, "correlationRules">) =>
  async (caller: Caller, id: string): Promise<ChangeRuleOutcome> =>
    isUuid(id) ? correlationRules.retire(caller.tenantId, id.toLowerCase()) : { kind: "NOT_FOUND", id };

/** Lets a version of a rule run whatever comes after it, or again the latest. */
export const pinCorrelationRule =
  ({ correlationRules }: Pick<ChangeRulesDeps, "correlationRules">) =>
  async (caller: Caller, id: string, version: number | null | undefined): Promise<ChangeRuleOutcome> =>
    isUuid(id) ? correlationRules.pin(caller.tenantId, id.toLowerCase(), version ?? null) : { kind: "NOT_FOUND", id };

import type { Caller } from "@tessera/contracts/caller";
import type { AskedExecutions, ExecutionCondition, ToldExecutions } from "@tessera/contracts/execution-numbers";
import { eachOf } from "@tessera/platform/runtime/each-of";
import { refuse } from "@tessera/platform/errors/refusal";
import { parseApiExecutions, type ApiExecutionsInput } from "../../domain/api-executions.ts";
import { EXECUTION_DIMENSIONS, executionQuantity, executionReach } from "../../domain/change/execution-measure.ts";
import type { SliceCondition } from "../../domain/change/slice-filter.ts";
import { provenanceOf, type Provenance } from "../../domain/provenance.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { requireAudit, type ApiExecutionsDeps } from "../query-api-executions.ts";
import { rangeOf, typed, type BehaviourChange, type BehaviourToExplain } from "./behaviour-change.ts";

/** Values of a dimension that the room that keeps executions tells. */
const MOST_VALUES = 100;
/** Questions of one reading that are with that room at a time. */
const AT_ONCE = 2;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

const conditionsOf = (held: readonly SliceCondition[]): readonly ExecutionCondition[] =>
  held.flatMap(({ dimension, values }) => {
    const by = EXECUTION_DIMENSIONS.get(dimension);
    return by === undefined ? [] : [{ by, values }];
  });

/** Asks for executions of a span, as whoever asks why a number of them changed. */
const asker = ({ askExecutions }: ApiExecutionsDeps, caller: Caller, input: ApiExecutionsInput) => {
  const ask = (span: TimeRange, more: Partial<AskedExecutions>, signal?: AbortSignal): Promise<ToldExecutions> => {
    const { asked } = parseApiExecutions({ ...input, range: rangeOf(span), granularity: "NONE" });
    return askExecutions.executionNumbers(caller, { ...asked, by: "NONE", first: MOST_VALUES, ...more }, signal);
  };
  return ask;
};

/** A number of `apiExecutions`: executions are told apart by what the audit log says of them. It concerns those who called. */
export const executionsChange = (
  deps: ApiExecutionsDeps,
  { caller, input, value, timeZone, held }: BehaviourToExplain,
): Promise<BehaviourChange> => {
  requireAudit(caller);
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.API_EXECUTIONS, "serverErrorShare");
  if (name === "latencyMsP50" || name === "latencyMsP95" || name === "latencyMsP99")
    throw bad(
      "input.value.name",
      "Latencies are told by quantiles, which can't be taken apart: take a count or a share.",
    );
  const ask = asker(deps, caller, { ...typed<ApiExecutionsInput>(input), timeZone });
  const provenance = (span: TimeRange): Provenance =>
    provenanceOf(
      { parts: [{ table: "audit_record", ...span }], rejected: [], approximations: [] },
      ...([[], deps.nowMs(), timeZone, caller.dataPolicy] as const),
    );
  return Promise.resolve({
    ...{ kind: "BEHAVIOUR", name, way: null, held, dimensions: [...EXECUTION_DIMENSIONS.keys()] },
    behind: () => Promise.resolve(null),
    impact: async (span, signal) => {
      const { groups } = await ask(span, { where: conditionsOf(held) }, signal);
      return { ...executionReach(name, groups[0]), provenance: provenance(span) };
    },
    read: async ({ span, conditions, dimensions, signal }) => {
      const where = conditionsOf(conditions);
      const by = [...conditionsOf(dimensions.map((dimension) => ({ dimension, values: [] }))).map((one) => one.by)];
      const [whole, ...each] = await eachOf(["NONE", ...by] as const, AT_ONCE, (one) =>
        ask(span, { by: one, where }, signal),
      );
      return {
        ...{ whole: executionQuantity(name, whole?.groups[0]), reached: [], provenance: provenance(span) },
        values: each.map(({ groups, groupCount }) => ({
          cut: groupCount > groups.length,
          values: new Map(groups.map((one) => [one.group, executionQuantity(name, one)] as const)),
        })),
      };
    },
  });
};

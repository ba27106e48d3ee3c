import type { Caller } from "@tessera/contracts/caller";
import type { AskedExecutions, ExecutionCondition, ToldExecutions } from "@tessera/contracts/execution-numbers";
import { eachOf } from "@tessera/platform/runtime/each-of";
import { parseApiExecutions, type ApiExecutionsInput } from "../../domain/api-executions.ts";
import {
  EXECUTION_DIMENSIONS,
  executionQuantity,
  executionReach,
  type ExecutionNumber,
} from "../../domain/change/execution-measure.ts";
import type { SliceCondition } from "../../domain/change/slice-filter.ts";
import { provenanceOf, type Provenance } from "../../domain/provenance.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { requireAudit, type ApiExecutionsDeps } from "../query-api-executions.ts";
import { rangeOf, typed, type BehaviourChange, type BehaviourToExplain } from "./behaviour-change.ts";
import { findThreshold } from "./threshold.ts";

/** Values of a dimension that the room that keeps executions tells. */
const MOST_VALUES = 100;
/** Questions of one reading that are with that room at a time. */
const AT_ONCE = 2;

type Latency = "latencyMsP50" | "latencyMsP95" | "latencyMsP99";
const isLatency = (name: ExecutionNumber | Latency): name is Latency =>
  name === "latencyMsP50" || name === "latencyMsP95" || name === "latencyMsP99";

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

/** A number of `apiExecutions`: executions are told apart by what the audit log says of them. It concerns those who called. Of a latency it is the share of those that took longer than it was. */
export const executionsChange = async (
  deps: ApiExecutionsDeps,
  { caller, input, value, timeZone, span: now, held, choices }: BehaviourToExplain,
): Promise<BehaviourChange> => {
  requireAudit(caller);
  refuseUnusedParts(value, null);
  const name = chooseName(value, VALUE_NAMES.API_EXECUTIONS, "serverErrorShare");
  const ask = asker(deps, caller, { ...typed<ApiExecutionsInput>(input), timeZone });
  const provenance = (span: TimeRange): Provenance =>
    provenanceOf(
      { parts: [{ table: "audit_record", ...span }], rejected: [], approximations: [] },
      ...([[], deps.nowMs(), timeZone, caller.dataPolicy] as const),
    );
  const found = isLatency(name)
    ? await findThreshold(choices, now, async (one) => {
        const { groups } = await ask(one, { where: conditionsOf(held) });
        return { value: groups[0]?.[name][0] ?? null, provenance: provenance(one) };
      })
    : null;
  const number = isLatency(name) ? "slower" : name;
  const slowerThanMs = found?.beyond ?? null;
  return {
    ...(found === null ? {} : { quantile: found.quantile }),
    ...{ kind: "BEHAVIOUR", name, way: null, held, dimensions: [...EXECUTION_DIMENSIONS.keys()] },
    behind: () => Promise.resolve(null),
    impact: async (span, signal) => {
      const { groups } = await ask(span, { where: conditionsOf(held), slowerThanMs }, signal);
      return { ...executionReach(number, groups[0]), provenance: provenance(span) };
    },
    read: async ({ span, conditions, dimensions, signal }) => {
      const where = conditionsOf(conditions);
      const by = [...conditionsOf(dimensions.map((dimension) => ({ dimension, values: [] }))).map((one) => one.by)];
      const [whole, ...each] = await eachOf(["NONE", ...by] as const, AT_ONCE, (one) =>
        ask(span, { by: one, where, slowerThanMs }, signal),
      );
      return {
        ...{ whole: executionQuantity(number, whole?.groups[0]), reached: [], provenance: provenance(span) },
        values: each.map(({ groups, groupCount }) => ({
          cut: groupCount > groups.length,
          values: new Map(groups.map((one) => [one.group, executionQuantity(number, one)] as const)),
        })),
      };
    },
  };
};

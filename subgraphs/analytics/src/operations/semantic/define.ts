import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { accessIn } from "../../domain/access-in.ts";
import { accessOf } from "../../domain/access.ts";
import { plainFilter, type FilterInput } from "../../domain/filter-input.ts";
import { parseFilter } from "../../domain/filter.ts";
import { definitionName, describe, type Definition, type MetricContent } from "../../domain/semantic/definition.ts";
import { checkMetric, metricsIn, type MetricFormula } from "../../domain/semantic/expand-metrics.ts";
import { parseHierarchy, parseLevels, type DefineHierarchyInput } from "../../domain/semantic/hierarchy.ts";
import { parseDimension, type DefineDimensionInput } from "../../domain/semantic/parse-dimension.ts";
import { parseExpression } from "../../domain/semantic/parse-expression.ts";
import { parseMetric, type DefineMetricInput } from "../../domain/semantic/parse-metric.ts";
import type { DefineOutcome, DefinitionReader, Draft } from "../../store/semantic/definition-store-types.ts";
import { draftQuery } from "./draft-query.ts";
import { loadDefinitions } from "./load-definitions.ts";
import { newDefinition, requireVersion, type DefineDeps, type Described } from "./new-definition.ts";
import { accessNaming, meaningsIn } from "./own-dimensions.ts";
import { idOf } from "./resolve-question.ts";
import { cohortsNamed } from "./saved-cohorts.ts";
import { withExpectations } from "./saved-expectations.ts";

/** A segment to be, as the graph delivers it. */
export interface DefineSegmentInput extends Described {
  readonly filter: FilterInput;
}

const draftMetric = async (
  reader: DefinitionReader,
  caller: Caller,
  name: string,
  content: MetricContent,
): Promise<Draft> => {
  const [self, where]: [MetricFormula, string] = [{ name, content }, "input.formula"];
  const named = metricsIn(self, where).filter((one) => one !== name);
  const asked = named.map((one) => ({
    ...({ kind: "METRIC", name: one, version: null, where, evenArchived: false } as const),
  }));
  const { metrics } = await loadDefinitions(reader, asked);
  const place = content.measure === null ? where : "input.measure";
  const contents = [...metrics.values()].map((one) => one.content);
  const { meanings } = await meaningsIn(reader, [content.measure, contents]);
  const known = new Map<string, MetricFormula>([...metrics, [name, self]]);
  const atMeasure = (field: string): string => field.replace(/^input\.(?:measure|formula)\.\d+/, place);
  checkMetric(name, known, place, accessIn(accessOf(caller), { meanings }), atMeasure);
  const { ids } = await meaningsIn(reader, content.measure);
  return { content, refersTo: [...named.flatMap((one) => idOf(metrics.get(one)) ?? []), ...ids] };
};

/** Makes a metric of the caller's tenant, or its next version; what stands already is no new version. */
export const defineMetric =
  (deps: DefineDeps) =>
  async (caller: Caller, input: DefineMetricInput): Promise<DefineOutcome> => {
    const { definitions, newId } = deps;
    const { name, content } = parseMetric(input, await accessNaming(deps, caller, input.measure));
    const cohorts = await cohortsNamed(deps, caller, input.measure, "input.measure");
    const one = newDefinition(caller, newId(), "METRIC", name);
    return definitions.define(caller.tenantId, one, async (now, reader) => {
      requireVersion(input.expectedVersion, now);
      return { ...(await draftMetric(reader, caller, name, content)), cohorts };
    });
  };

/** Makes a segment of the caller's tenant, or its next version; what stands already is no new version. */
export const defineSegment =
  (deps: DefineDeps) =>
  async (caller: Caller, input: DefineSegmentInput): Promise<DefineOutcome> => {
    const { definitions, newId } = deps;
    const { filter } = input;
    const name = definitionName(input.name);
    parseFilter(filter, "input.filter", await accessNaming(deps, caller, filter));
    const cohorts = await cohortsNamed(deps, caller, filter, "input.filter");
    const content = { ...describe(name, input), filter: plainFilter(filter, "input.filter") };
    const one = newDefinition(caller, newId(), "SEGMENT", name);
    return definitions.define(caller.tenantId, one, async (now, reader) => {
      requireVersion(input.expectedVersion, now);
      return { content, refersTo: (await meaningsIn(reader, filter)).ids, cohorts };
    });
  };

/** Makes a hierarchy of the caller's tenant, or its next version; what stands already is no new version. */
export const defineHierarchy =
  ({ definitions, newId }: Pick<DefineDeps, "definitions" | "newId">) =>
  async (caller: Caller, input: DefineHierarchyInput): Promise<DefineOutcome> => {
    const { name, content } = parseHierarchy(input, await accessNaming({ definitions }, caller, input.levels));
    const one = newDefinition(caller, newId(), "HIERARCHY", name);
    return definitions.define(caller.tenantId, one, async (now, reader) => {
      requireVersion(input.expectedVersion, now);
      return { content, refersTo: (await meaningsIn(reader, content.levels)).ids };
    });
  };

/** Makes a dimension of the caller's tenant, or its next version; what stands already is no new version. */
export const defineDimension =
  ({ definitions, newId }: Pick<DefineDeps, "definitions" | "newId">) =>
  async (caller: Caller, input: DefineDimensionInput): Promise<DefineOutcome> => {
    const { name, content } = parseDimension(input, accessOf(caller));
    const one = newDefinition(caller, newId(), "DIMENSION", name);
    return definitions.define(caller.tenantId, one, async (now) => {
      requireVersion(input.expectedVersion, now);
      return { content, refersTo: [] };
    });
  };

/** What of a definition may name cohorts. */
const naming = (one: Definition): unknown => {
  if (one.kind === "METRIC") return one.content.measure;
  if (one.kind === "SEGMENT") return one.content.filter;
  return one.kind === "SAVED_QUERY" ? one.content.question.input : null;
};

/** How bringing a version back ended. */
export type RestoreOutcome = DefineOutcome | { readonly kind: "NOT_FOUND"; readonly id: string };

/** Makes the next version of a definition from one that it has had, validated as a new one is; pins stay as they were. */
export const restoreDefinition =
  (deps: DefineDeps) =>
  async (caller: Caller, id: string, version: number): Promise<RestoreOutcome> => {
    const { definitions, newId, nowMs } = deps;
    const then = isUuid(id) ? await definitions.byId(caller.tenantId, id.toLowerCase(), version) : null;
    if (then === null) return { kind: "NOT_FOUND", id };
    const { kind, name } = then;
    const one = newDefinition(caller, newId(), kind, name);
    const cohorts = await cohortsNamed(deps, caller, naming(then), "version");
    const asked = then.kind === "SAVED_QUERY" ? then.content.question : null;
    const found = asked === null ? null : await withExpectations(deps, caller, asked, "version");
    return definitions.define(caller.tenantId, one, async (_now, reader) => {
      if (then.kind === "METRIC") return { ...(await draftMetric(reader, caller, name, then.content)), cohorts };
      if (then.kind === "SEGMENT") {
        const { meanings, ids } = await meaningsIn(reader, then.content.filter);
        parseFilter(then.content.filter, "version", accessIn(accessOf(caller), { meanings }));
        return { content: then.content, refersTo: ids, cohorts };
      }
      if (then.kind === "HIERARCHY") {
        const { meanings, ids } = await meaningsIn(reader, then.content.levels);
        parseLevels(then.content.levels, "version", accessIn(accessOf(caller), { meanings }));
        return { content: then.content, refersTo: ids };
      }
      if (then.kind === "DIMENSION") {
        parseExpression(then.content.expression, name, "version", accessOf(caller));
        return { content: then.content, refersTo: [] };
      }
      const { content } = then;
      const { question, pins } = content;
      const draft = { question, found: found ?? question, pinned: pins !== null };
      const { refersTo } = await draftQuery(reader, caller, nowMs(), content, draft);
      return { content, refersTo, cohorts };
    });
  };

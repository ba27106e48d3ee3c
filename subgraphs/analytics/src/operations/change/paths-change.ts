import { accessIn } from "../../domain/access-in.ts";
import { accessOf } from "../../domain/access.ts";
import { partsOf } from "../../domain/change/parts-of-span.ts";
import type { SliceCondition } from "../../domain/change/slice-filter.ts";
import type { Quantity, Values } from "../../domain/change/slice-measure.ts";
import { parseRevealedField } from "../../domain/fields.ts";
import { listedEvents } from "../../domain/funnel/funnel-behind.ts";
import { parsePaths } from "../../domain/paths/parse-paths.ts";
import type { CountedSteps, PathNumber, PathsApart, PathsToldApart } from "../../domain/paths/told-apart.ts";
import type { PathsInput } from "../../domain/paths/paths-input.ts";
import { PATH_LIMITS, type PathsQuestion } from "../../domain/paths/paths.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { edgeOf, requireGoal } from "../../domain/watched/read-paths-bucket.ts";
import { chooseName, refuseUnusedParts, VALUE_NAMES } from "../../domain/watched/watched-value.ts";
import { resolveCohorts } from "../in-cohort.ts";
import { countPaths, type CountedPaths, type PathsDeps } from "../query-paths.ts";
import { NONE_NAMED, resolveDimensions } from "../semantic/own-dimensions.ts";
import {
  rangeOf,
  typed,
  type BehaviourChange,
  type BehaviourChangeDeps,
  type BehaviourToExplain,
} from "./behaviour-change.ts";
import { onlyEvents } from "./unit-change.ts";

/** What explaining numbers of paths needs. */
export type PathsChangeDeps = BehaviourChangeDeps & PathsDeps;

/** How the numbers of paths add up. */
const ADDS: Readonly<Record<PathNumber, "SUM" | "AMONG" | "RATIO">> = {
  ...{ paths: "SUM", units: "SUM", unreached: "AMONG", converted: "AMONG", conversionRate: "RATIO" },
  ...{ transitions: "AMONG", transitionShare: "RATIO", dropOffs: "AMONG", dropOffShare: "RATIO" },
};

const quantityOf = (name: PathNumber, { counted, among }: CountedSteps): Quantity => {
  const adds = ADDS[name];
  if (adds === "RATIO") return { value: counted, base: among, units: among };
  return { value: counted, base: null, units: counted, ...(adds === "AMONG" ? { seen: among } : {}) };
};

const valuesOf = (name: PathNumber, { values, cut }: PathsToldApart["fields"][number]): Values => ({
  cut,
  values: new Map(values.map(([text, steps]) => [text === "" ? null : text, quantityOf(name, steps)] as const)),
});

/** What of a span is counted, and which of its steps are listed. */
interface AskedPaths {
  readonly span: TimeRange;
  readonly conditions: readonly SliceCondition[];
  readonly dimensions?: readonly string[];
  readonly edgesMs?: readonly number[];
}

const toldOf = ({ parts }: CountedPaths): PathsToldApart => {
  if (parts.apart === null) throw new Error("Paths that are told apart are asked to be.");
  return parts.apart;
};

/** A number of `paths`: a path is told apart by the step it is anchored at, what comes to a label by its step there. It concerns the people of what it counts. */
export const pathsChange = async (
  deps: PathsChangeDeps,
  { caller, input, value, timeZone, span, held, beside }: BehaviourToExplain,
): Promise<BehaviourChange> => {
  const name = chooseName(value, VALUE_NAMES.PATHS, "paths");
  const { from, to } = edgeOf(name, value);
  refuseUnusedParts(value, from === null ? null : "from", to === null ? null : "to");
  // As many nodes are looked at as where the number is watched.
  const shown = { maxNodes: PATH_LIMITS.nodes, minLink: 1, topPaths: 0, sample: null, fast: null, timeZone };
  const asked = { ...typed<PathsInput>(input), ...shown };
  requireGoal(asked.goal, name, "input.goal");
  const named = await resolveDimensions(deps, caller, asked, beside);
  const bare = await resolveCohorts(deps, caller, named);
  const access = accessIn(accessOf(caller), { timeZone, meanings: named.meanings });
  const questionOf = ({ span: one, conditions, dimensions = [], edgesMs = [] }: AskedPaths): PathsQuestion => {
    const names = [...conditions.map(({ dimension }) => dimension), ...dimensions];
    const apart: PathsApart = {
      ...{ number: name, from, to, edgesMs },
      fields: names.map((field, at) => parseRevealedField(field, `input.dimensions.${at}`, access)),
      held: conditions.map(({ values }) => values.map((text) => text ?? "")),
    };
    return { ...parsePaths({ ...bare, range: rangeOf(one) }, accessOf(caller)), apart };
  };
  const { unit } = questionOf({ span, conditions: held });
  const count = (of: AskedPaths, signal?: AbortSignal): Promise<CountedPaths> =>
    countPaths(deps)(caller, questionOf(of), signal);
  return {
    ...{ kind: "BEHAVIOUR", name, way: null, held, meanings: named.meanings ?? NONE_NAMED },
    impact:
      unit.kind === "PERSON"
        ? async (one, signal) => {
            const counted = await count({ span: one, conditions: held }, signal);
            const { whole, units } = toldOf(counted);
            return { people: units, units: whole.among, revenue: new Map(), provenance: counted.provenance };
          }
        : null,
    read: async ({ span: one, conditions, dimensions, signal }) => {
      const counted = await count({ span: one, conditions, dimensions }, signal);
      const { whole, fields } = toldOf(counted);
      return {
        ...{ whole: quantityOf(name, whole), reached: [], provenance: counted.provenance },
        values: fields.slice(conditions.length).map((field) => valuesOf(name, field)),
      };
    },
    behind: async (conditions, first, signal) => {
      const edgesMs = partsOf(span, first).map(({ fromMs }) => fromMs);
      const counted = await count({ span, conditions, edgesMs }, signal);
      const { question, place, frequent } = counted;
      const { listed } = toldOf(counted);
      if (listed.length === 0) return { filter: onlyEvents([]), span };
      const { rows } = await deps.paths.stepsOf(caller, question, place, { frequent, listed }, signal);
      // What was erased since is not told.
      return { filter: onlyEvents(listedEvents(listed, rows).map(({ id }) => id)), span };
    },
  };
};

import type { TenantId } from "@tessera/contracts/ids";
import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { TimeRangeInput } from "../asked-range.ts";
import type { BehaviourKind, QuestionInput } from "../dashboards/question.ts";
import type { FilterInput } from "../filter-input.ts";
import type { MeasureInput } from "../measures.ts";
import type { AskedOlap, AskedTimeSeries } from "./asked-question.ts";
import type { DimensionExpression } from "./dimension-expression.ts";
import type { MetricFormat } from "./metric-format.ts";

/** What a tenant gives names to, as in the SDL. */
export type DefinitionKind = "METRIC" | "SEGMENT" | "SAVED_QUERY" | "HIERARCHY" | "DIMENSION";

/** What everything that has a name is described by. */
export interface Description {
  readonly title: string;
  readonly description: string;
  /** Id of the user who answers for it; null for nobody. */
  readonly owner: string | null;
}

/** What a version of a metric is: a measure, or a formula over other metrics. */
export interface MetricContent extends Description {
  readonly format: MetricFormat;
  readonly measure: Omit<MeasureInput, "name" | "formula" | "metric"> | null;
  readonly formula: string | null;
}

/** What a version of a segment is. */
export interface SegmentContent extends Description {
  readonly filter: FilterInput;
}

/** What a version of a hierarchy is: dimensions from coarse to fine. */
export interface HierarchyContent extends Description {
  readonly levels: readonly string[];
}

/** What a version of a dimension is. */
export interface DimensionContent extends Description {
  /** How its values are to be shown where they are numbers; null where nothing is said. */
  readonly format: MetricFormat | null;
  readonly expression: DimensionExpression;
}

/** A version of a metric, segment or dimension that an answer was computed by, as in the SDL. */
export interface DefinitionUse {
  readonly kind: "METRIC" | "SEGMENT" | "DIMENSION";
  readonly name: string;
  readonly version: number;
}

/** A question that keeps its range as it was said, relative or not. */
export type KeptRange<Question> = Omit<Question, "range"> & { readonly range: TimeRangeInput };

/** The question of a saved query. */
export type SavedQuestion =
  | { readonly kind: "OLAP"; readonly input: KeptRange<AskedOlap> }
  | { readonly kind: "TIME_SERIES"; readonly input: KeptRange<AskedTimeSeries> }
  | BehaviourQuestion;

/** The input of a question about behaviour, of the shape its type has in the SDL. */
export interface BehaviourInput extends QuestionInput {
  readonly range: TimeRangeInput;
  readonly timeZone?: string | null;
}

/** A question about behaviour as a saved query keeps it. */
export interface BehaviourQuestion {
  readonly kind: BehaviourKind;
  readonly input: BehaviourInput;
}

/** What a version of a saved query is; with pins it is answered by the metrics, segments and dimensions as they were. */
export interface SavedQueryContent extends Description {
  readonly question: SavedQuestion;
  readonly pins: readonly DefinitionUse[] | null;
}

/** One version of something with a name; times are milliseconds since the epoch. */
interface Defined {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly name: string;
  /** Number of this version, from 1. */
  readonly version: number;
  /** Number of the version now. */
  readonly latestVersion: number;
  readonly archived: boolean;
  readonly createdBy: string;
  readonly createdAtMs: number;
  /** `KIND:id` of who made this version. */
  readonly definedBy: string;
  readonly definedAtMs: number;
}

/** A metric in one of its versions. */
export type Metric = Defined & { readonly kind: "METRIC"; readonly content: MetricContent };
/** A segment in one of its versions. */
export type Segment = Defined & { readonly kind: "SEGMENT"; readonly content: SegmentContent };
/** A saved query in one of its versions. */
export type SavedQuery = Defined & { readonly kind: "SAVED_QUERY"; readonly content: SavedQueryContent };
/** A hierarchy in one of its versions. */
export type OwnHierarchy = Defined & { readonly kind: "HIERARCHY"; readonly content: HierarchyContent };
/** A dimension in one of its versions. */
export type Dimension = Defined & { readonly kind: "DIMENSION"; readonly content: DimensionContent };
/** Anything a tenant has given a name to, in one of its versions. */
export type Definition = Metric | Segment | SavedQuery | OwnHierarchy | Dimension;
/** What a version is, by its kind. */
export type DefinitionContent = Definition["content"];

/** Names a tenant may have of each kind, archived ones included: a menu of more is of no use to anybody. */
export const MAX_DEFINITIONS = {
  METRIC: 500,
  SEGMENT: 500,
  SAVED_QUERY: 1_000,
  HIERARCHY: 100,
  DIMENSION: 500,
} as const;
/** Definitions on a page. */
export const MAX_DEFINITIONS_ON_PAGE = 100;
/** Versions told of a definition, the newest. */
export const MAX_VERSIONS_TOLD = 100;
/** Users of a definition that are told. */
export const MAX_USERS_TOLD = 100;

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
/** Names that a formula or an answer's columns need for themselves. */
const RESERVED: ReadonlySet<string> = new Set(["time", "true", "false", "null", "this"]);
const MAX_TITLE = 120;
const MAX_DESCRIPTION = 2_000;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Reads a name; refuses with BAD_INPUT. */
export const definitionName = (name: string): string => {
  if (!NAME.test(name))
    throw bad("input.name", "A name is 1 to 64 letters, digits and _, and does not begin with a digit.");
  if (RESERVED.has(name)) throw bad("input.name", `\`${name}\` has a meaning of its own: take another name.`);
  return name;
};

/** Reads what describes a definition; refuses with BAD_INPUT. */
export const describe = (
  name: string,
  input: {
    readonly title?: string | null | undefined;
    readonly description?: string | null | undefined;
    readonly owner?: string | null | undefined;
  },
): Description => {
  const { description } = { description: input.description ?? "" };
  const title = (input.title ?? name).trim();
  if (title === "" || title.length > MAX_TITLE) throw bad("input.title", `A title has 1 to ${MAX_TITLE} characters.`);
  if (description.length > MAX_DESCRIPTION)
    throw bad("input.description", `A description has at most ${MAX_DESCRIPTION} characters.`);
  const owner = input.owner ?? null;
  if (owner !== null && !isUuid(owner)) throw bad("input.owner", "An owner is the id of a user, a UUID.");
  return { title, description, owner: owner?.toLowerCase() ?? null };
};

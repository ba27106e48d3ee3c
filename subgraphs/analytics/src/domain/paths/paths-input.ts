import type { AnalysisUnitInput } from "../analysis-unit.ts";
import type { EventMatcherInput } from "../event-matcher.ts";
import type { PathLoops, PathOccurrence, PathRepeats } from "./paths.ts";
import type { WithMeanings } from "../semantic/dimension-expression.ts";

type Maybe<T> = T | null | undefined;

/** Where paths begin or end, as the graph delivers it. */
export interface PathAnchorInput {
  readonly event?: Maybe<EventMatcherInput>;
  readonly label?: Maybe<string>;
}

/** A grouping rule as the graph delivers it. */
export interface PathGroupInput {
  readonly pattern?: Maybe<string>;
  readonly wildcard?: Maybe<string>;
  readonly label: string;
}

/** A question to `paths` as the graph delivers it. */
export interface PathsInput extends WithMeanings {
  readonly range: { readonly from: string; readonly to: string };
  readonly unit?: Maybe<AnalysisUnitInput>;
  readonly steps?: Maybe<readonly EventMatcherInput[]>;
  readonly exclude?: Maybe<readonly EventMatcherInput[]>;
  readonly label?: Maybe<readonly string[]>;
  readonly groups?: Maybe<readonly PathGroupInput[]>;
  readonly start?: Maybe<PathAnchorInput>;
  readonly end?: Maybe<PathAnchorInput>;
  readonly occurrence?: Maybe<PathOccurrence>;
  readonly repeats?: Maybe<PathRepeats>;
  readonly loops?: Maybe<PathLoops>;
  readonly maxDepth?: Maybe<number>;
  readonly maxNodes?: Maybe<number>;
  readonly minLink?: Maybe<number>;
  readonly gap?: Maybe<string>;
  readonly window?: Maybe<string>;
  readonly goal?: Maybe<{ readonly event: EventMatcherInput; readonly within?: Maybe<string> }>;
  readonly topPaths?: Maybe<number>;
  readonly timeZone?: Maybe<string>;
  readonly sample?: Maybe<number>;
  readonly fast?: Maybe<boolean>;
}

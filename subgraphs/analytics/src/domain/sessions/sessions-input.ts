import type { SampleInput } from "../asked-sample.ts";
import type { AnalysisUnitInput } from "../analysis-unit.ts";
import type { Granularity } from "../calendar.ts";
import type { EventMatcherInput } from "../event-matcher.ts";
import type { FilterInput } from "../filter-input.ts";
import type { SessionBounce, SessionKind } from "./sessions.ts";
import type { WithMeanings } from "../semantic/dimension-expression.ts";

type Maybe<T> = T | null | undefined;

/** How events are put together, as the graph delivers it. */
export interface SessionDefinitionInput {
  readonly by?: Maybe<SessionKind>;
  readonly gap?: Maybe<string>;
  readonly unit?: Maybe<AnalysisUnitInput>;
  readonly cutAtMidnight?: Maybe<boolean>;
  readonly cutAtCampaign?: Maybe<boolean>;
  readonly maxLength?: Maybe<string>;
  readonly bySource?: Maybe<boolean>;
}

/** What must hold of a session, as the graph delivers it. */
export interface SessionFilterInput {
  readonly entry?: Maybe<FilterInput>;
  readonly exit?: Maybe<FilterInput>;
  readonly has?: Maybe<readonly EventMatcherInput[]>;
  readonly hasNot?: Maybe<readonly EventMatcherInput[]>;
  readonly minDuration?: Maybe<string>;
  readonly maxDuration?: Maybe<string>;
  readonly minEvents?: Maybe<number>;
  readonly maxEvents?: Maybe<number>;
  readonly bounced?: Maybe<boolean>;
  readonly engaged?: Maybe<boolean>;
  readonly converted?: Maybe<boolean>;
}

/** A question about sessions as the graph delivers it. */
export interface SessionsInput extends WithMeanings {
  readonly range: { readonly from: string; readonly to: string };
  readonly timeZone?: Maybe<string>;
  readonly definition?: Maybe<SessionDefinitionInput>;
  readonly filter?: Maybe<FilterInput>;
  readonly where?: Maybe<SessionFilterInput>;
  readonly pageViews?: Maybe<EventMatcherInput>;
  readonly page?: Maybe<string>;
  readonly conversion?: Maybe<EventMatcherInput>;
  readonly currency?: Maybe<string>;
  readonly engagedAfter?: Maybe<string>;
  readonly engagedViews?: Maybe<number>;
  readonly idle?: Maybe<string>;
  readonly bounce?: Maybe<SessionBounce>;
}

/** A question to `sessionMetrics` as the graph delivers it. */
export interface SessionMetricsInput extends SessionsInput, SampleInput {
  readonly granularity?: Maybe<Granularity>;
  readonly breakdown?: Maybe<readonly string[]>;
  readonly first?: Maybe<number>;
  readonly levels?: Maybe<readonly number[]>;
  readonly pages?: Maybe<number>;
}

import type { TenantId } from "@tessera/contracts/ids";
import type { EventMatcher, EventMatcherInput } from "../event-matcher.ts";
import type { Field } from "../field.ts";
import type { WithMeanings } from "../semantic/dimension-expression.ts";

/** What a rule looks for among the events of one key, as in the SDL. */
export type CorrelationKind = "SEQUENCE" | "ABSENCE" | "COUNT" | "ALL" | "ANY";

/** Where the next match of a key may begin, as in the SDL. */
export type CorrelationSkip = "PAST_LAST_EVENT" | "TO_NEXT_EVENT";

/** How a field of one part is compared with one of another, as in the SDL. */
export type CorrelationComparison = "EQ" | "NE" | "GT" | "GTE" | "LT" | "LTE";

/** A part of a pattern as the graph delivers it. */
export interface CorrelationPartInput extends EventMatcherInput {
  readonly name: string;
  readonly key: readonly string[];
  readonly absent?: boolean | null | undefined;
}

/** A comparison between parts as the graph delivers it: `left` COMPARISON `times` x `right`. */
export interface CorrelationConditionInput {
  readonly left: { readonly part: string; readonly field: string };
  readonly comparison: CorrelationComparison;
  readonly right: { readonly part: string; readonly field: string };
  readonly times?: number | null | undefined;
}

/** A pattern as the graph delivers it, and as a version keeps it: with what the dimensions meant that it names. */
export interface CorrelationPatternInput extends WithMeanings {
  readonly kind: CorrelationKind;
  readonly parts: readonly CorrelationPartInput[];
  readonly conditions?: readonly CorrelationConditionInput[] | null | undefined;
  readonly atLeast?: number | null | undefined;
  readonly distinct?: string | null | undefined;
  readonly window: string;
  readonly lateness?: string | null | undefined;
  readonly skip?: CorrelationSkip | null | undefined;
}

/** A pattern as it was given: taken as it is, it is the same, but for dimensions that have another version by now. */
export const givenPattern = ({ meanings: _kept, ...pattern }: CorrelationPatternInput): CorrelationPatternInput =>
  pattern;

/** What an event's key is read from: a field, or who did it. */
export type KeyField = { readonly kind: "PERSON" } | { readonly kind: "FIELD"; readonly field: Field };

/** A validated part. */
export interface CorrelationPart {
  readonly name: string;
  readonly matcher: EventMatcher;
  readonly key: readonly KeyField[];
  /** True for a part no event of which may lie where it stands. */
  readonly absent: boolean;
}

/** Something of an event that conditions compare: a number, or the hash of a text. */
export interface Operand {
  readonly field: Field;
  readonly as: "NUMBER" | "TEXT";
}

/** A validated condition; parts and operands by their places. A missing value makes every comparison false. */
export interface CorrelationCondition {
  readonly left: { readonly part: number; readonly operand: number };
  readonly comparison: CorrelationComparison;
  readonly right: { readonly part: number; readonly operand: number };
  readonly times: number;
}

/** A validated pattern. */
export interface CorrelationPattern {
  readonly kind: CorrelationKind;
  readonly parts: readonly CorrelationPart[];
  readonly operands: readonly Operand[];
  readonly conditions: readonly CorrelationCondition[];
  /** Events of COUNT, parts of ALL and ANY that make a match; the number of parts that are not absent for the others. */
  readonly atLeast: number;
  /** Place of the operand whose different values COUNT counts; null when it counts events. */
  readonly distinct: number | null;
  readonly windowMs: number;
  readonly latenessMs: number;
  readonly skip: CorrelationSkip;
}

/** What a version of a rule is. */
export interface CorrelationContent {
  readonly title: string;
  readonly description: string;
  readonly owner: string | null;
  readonly pattern: CorrelationPatternInput;
}

/** A rule in one of its versions; times are milliseconds since the epoch. */
export interface CorrelationRule {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly version: number;
  readonly latestVersion: number;
  /** The version that runs whatever comes after; null when the latest runs. */
  readonly pinnedVersion: number | null;
  readonly retired: boolean;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly definedBy: string;
  readonly definedAtMs: number;
  readonly content: CorrelationContent;
}

/** Rules a tenant may have, retired ones included; each that runs looks at every batch. */
export const MAX_CORRELATION_RULES = 100;
/** Rules that run at the same time for a tenant: each costs a read of every stored batch. */
export const MAX_RUNNING_RULES = 20;
/** Rules, and versions of one, on a page. */
export const MAX_RULES_ON_PAGE = 100;

/** Bounds of a pattern: far beyond what a person writes, and small enough for a run to be a few hundred bytes. */
export const PATTERN_LIMITS = { parts: 8, keyFields: 4, conditions: 16, count: 200 } as const;

/** Bounds of the matcher's state. What is under way when one is reached goes on; what would be new is left out and counted. */
export interface StateLimits {
  /** Parts of the state that are kept and loaded apart. */
  readonly shards: number;
  readonly keysPerShard: number;
  /** Beginnings and branches under way for one key, the oldest beginnings first; the newest events that COUNT remembers of it. */
  readonly runsPerKey: number;
  /** Events of a shard that wait for the watermark. */
  readonly pendingPerShard: number;
  /** Matches of a rule that complete within one minute of event time. */
  readonly matchesPerMinute: number;
}

/** {@link StateLimits} that hold unless a test sets others: at most some tens of megabytes a rule. */
export const STATE_LIMITS: StateLimits = {
  shards: 16,
  keysPerShard: 2_000,
  runsPerKey: 256,
  pendingPerShard: 20_000,
  matchesPerMinute: 600,
};

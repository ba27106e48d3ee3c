import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import type { TimeRangeInput } from "../asked-range.ts";
import type { FilterInput } from "../filter-input.ts";
import type { VariableValueInput } from "./variable.ts";

/** A point of a widget's answer: the group, the bucket and the measure, as `rowsBehind` names cells, with the number that was seen there. */
export interface CommentPoint {
  readonly dimensions: readonly (string | null)[];
  readonly time: string | null;
  readonly measure: string;
  /** As its reader sent it; null when there was none to see. */
  readonly value: number | null;
}

/** What the comment that begins a thread is about: what was seen, so that the same can be asked again. */
export interface CommentAnchor {
  /** Version of the dashboard that was seen. */
  readonly version: number;
  readonly asOfMs: number;
  /** What its reader had chosen. */
  readonly variables: readonly (VariableValueInput & { readonly name: string })[];
  readonly range: TimeRangeInput | null;
  readonly filter: FilterInput | null;
  readonly point: CommentPoint | null;
}

/** A comment on a dashboard; times are milliseconds since the epoch. */
export interface Comment {
  readonly id: string;
  readonly dashboardId: string;
  /** The comment that began the thread; its own id for that one. */
  readonly threadId: string;
  /** Null: the dashboard as a whole. */
  readonly widgetId: string | null;
  /** Null for a reply, and for what was removed. */
  readonly anchor: CommentAnchor | null;
  /** Plain text; empty for what was removed. */
  readonly text: string;
  /** Ids of people of the tenant. */
  readonly mentions: readonly string[];
  /** `KIND:id` of who wrote it. */
  readonly by: string;
  readonly atMs: number;
  readonly revision: number;
  readonly editedAtMs: number | null;
  readonly removedAtMs: number | null;
  /** Of the comment that began a thread: who settled it, and when. */
  readonly resolvedBy: string | null;
  readonly resolvedAtMs: number | null;
}

/** A point as the graph delivers it. */
export interface PointInput {
  readonly dimensions?: readonly (string | null | undefined)[];
  readonly time?: string | null | undefined;
  readonly measure: string;
  readonly value?: number | null | undefined;
}

/** What comments are held to: a page of text; more people than a meeting has; a dashboard's worth of threads. */
export const COMMENT_LIMITS = {
  text: 4_000,
  mentions: 20,
  key: 200,
  /** Dimensions of a point: as many as a question may have. */
  dimensions: 32,
  name: 1_000,
  ofDashboard: 10_000,
  ofThread: 500,
  onPage: 100,
} as const;

/** Milliseconds that a reader's clock may be ahead of ours. */
const CLOCK_AHEAD_MS = 300_000;

const bad = (field: string, detail: string): Error => refuse("BAD_INPUT", detail, { field });

/** Reads the words of a comment: plain text that nothing renders; refuses with BAD_INPUT. */
export const parseCommentText = (text: string, where: string): string => {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.length > COMMENT_LIMITS.text)
    throw bad(where, `A comment has 1 to ${COMMENT_LIMITS.text} characters.`);
  // What no text column keeps, and what makes a line read other than it is written.
  if (/[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069]|\p{Cs}/u.test(trimmed))
    throw bad(where, "A comment is plain text, without control characters.");
  return trimmed;
};

/** Reads whom a comment mentions: ids of people, each once; refuses with BAD_INPUT. */
export const parseMentions = (ids: readonly string[], where: string): readonly string[] => {
  if (ids.length > COMMENT_LIMITS.mentions)
    throw bad(where, `A comment mentions at most ${COMMENT_LIMITS.mentions} people.`);
  const wrong = ids.findIndex((id) => !isUuid(id));
  if (wrong >= 0) throw bad(`${where}.${wrong}`, "A person is mentioned by id, a UUID.");
  return [...new Set(ids.map((id) => id.toLowerCase()))];
};

/** Reads a point of an answer; refuses with BAD_INPUT what no answer could have. */
export const parsePoint = (input: PointInput, where: string): CommentPoint => {
  const { dimensions = [], time = null, measure, value = null } = input;
  if (dimensions.length > COMMENT_LIMITS.dimensions)
    throw bad(`${where}.dimensions`, `A point has at most ${COMMENT_LIMITS.dimensions} dimensions.`);
  const long = dimensions.findIndex((one) => (one ?? "").length > COMMENT_LIMITS.name);
  if (long >= 0) throw bad(`${where}.dimensions.${long}`, `A value has at most ${COMMENT_LIMITS.name} characters.`);
  if (measure === "" || measure.length > COMMENT_LIMITS.name)
    throw bad(`${where}.measure`, `The name of a measure has 1 to ${COMMENT_LIMITS.name} characters.`);
  if (time !== null && Number.isNaN(Date.parse(time))) throw bad(`${where}.time`, "This is the start of a bucket.");
  return { dimensions: dimensions.map((one) => one ?? null), time, measure, value };
};

/** Reads when an answer was seen; refuses with BAD_INPUT a time to come. */
export const parseAsOf = (asOf: string | null, nowMs: number, where: string): number => {
  if (asOf === null) return nowMs;
  const atMs = Date.parse(asOf);
  if (Number.isNaN(atMs)) throw bad(where, "This is a moment, as `provenance.asOf` tells it.");
  if (atMs > nowMs + CLOCK_AHEAD_MS) throw bad(where, "Nobody has seen an answer of a time to come.");
  return atMs;
};

/** What a comment became by a change; null when nothing is different by it. */
export type CommentChange =
  | { readonly kind: "EDITED"; readonly text: string; readonly mentions: readonly string[] }
  | { readonly kind: "RESOLVED" | "REOPENED"; readonly by: string }
  | { readonly kind: "REMOVED" };

const sameText = (a: readonly string[], b: readonly string[]): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The comment after a change, in its next revision; null when it is so already. What was removed stays so. */
export const changedComment = (now: Comment, change: CommentChange, atMs: number): Comment | null => {
  if (now.removedAtMs !== null && change.kind !== "RESOLVED" && change.kind !== "REOPENED") return null;
  const next = { ...now, revision: now.revision + 1 };
  switch (change.kind) {
    case "EDITED": {
      const { text, mentions } = change;
      return text === now.text && sameText(mentions, now.mentions)
        ? null
        : { ...next, text, mentions, editedAtMs: atMs };
    }
    case "RESOLVED":
      return now.resolvedAtMs === null ? { ...next, resolvedBy: change.by, resolvedAtMs: atMs } : null;
    case "REOPENED":
      return now.resolvedAtMs === null ? null : { ...next, resolvedBy: null, resolvedAtMs: null };
    case "REMOVED":
      return { ...next, ...{ text: "", mentions: [], anchor: null }, removedAtMs: atMs };
  }
};

import type { CompiledPattern, Run } from "./conditions.ts";

/** An event of a match, and the part it stands for. */
export interface MatchedEvent {
  readonly part: string;
  readonly id: string;
  readonly timeMs: number;
}

/** Events that fit a rule; equal events of an equal version are one match, whoever finds it. */
export interface CorrelationMatch {
  /** Made of the rule, its version and the events. */
  readonly id: string;
  /** Hash of the key's values. */
  readonly key: string;
  /** In order of the parts; those of COUNT in order of time. */
  readonly events: readonly MatchedEvent[];
  /** Time of the first event. */
  readonly fromMs: number;
  /** When it was complete: the time of the last event, or the end of an ABSENCE's window. */
  readonly completedAtMs: number;
}

/** Which version of which rule finds a match; a draft is named by what it says. */
export interface RuleVersion {
  readonly ruleId: string;
  readonly version: number;
  /** Makes an id of a text, the same of the same text. */
  readonly idOf: (text: string) => string;
}

/** Makes a completed run the match it is. */
export const matchOf = (
  { ruleId, version, idOf }: RuleVersion,
  { pattern }: CompiledPattern,
  key: string,
  run: Run,
): CorrelationMatch => {
  const counted = pattern.kind === "COUNT";
  const events = run.bound.flatMap((event, index): readonly MatchedEvent[] => {
    const part = pattern.parts[counted ? 0 : index];
    return event === null || part === undefined ? [] : [{ part: part.name, id: event.id, timeMs: event.timeMs }];
  });
  const fromMs = run.start.timeMs;
  const named = events.map(({ part, id }) => `${part}=${id}`).join(" ");
  return {
    id: idOf(`${ruleId} ${version} ${named}`),
    key,
    events,
    fromMs,
    completedAtMs:
      pattern.kind === "ABSENCE" ? fromMs + pattern.windowMs : Math.max(...events.map(({ timeMs }) => timeMs)),
  };
};

/** Orders matches as they are told: by when they were complete, then by id. */
export const compareMatches = (one: CorrelationMatch, other: CorrelationMatch): number => {
  if (one.completedAtMs !== other.completedAtMs) return one.completedAtMs - other.completedAtMs;
  return one.id < other.id ? -1 : Number(one.id > other.id);
};

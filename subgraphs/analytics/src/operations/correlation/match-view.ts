import type { MatchedEvent } from "../../domain/correlation/match.ts";
import type { CorrelationPatternInput } from "../../domain/correlation/rule.ts";

/** A match as it is told: with the names of the fields that its key is of, under the part its first event stands for. */
export interface MatchView {
  readonly id: string;
  readonly version: number | null;
  readonly fromMs: number;
  readonly completedAtMs: number;
  /** When it was found; null in a backtest. */
  readonly toldAtMs: number | null;
  readonly events: readonly MatchedEvent[];
  readonly keyFields: readonly string[];
}

/** The fields a match's key is read from, off its first event. */
export const keyFieldsOf = ({ parts }: CorrelationPatternInput, events: readonly MatchedEvent[]): readonly string[] =>
  parts.find(({ name }) => name === events[0]?.part)?.key ?? [];

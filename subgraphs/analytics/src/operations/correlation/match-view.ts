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

/** The fields a match's key is read from, off its first event; a dimension of the tenant's own that is a field by another name is that field. */
export const keyFieldsOf = (
  { parts, meanings }: CorrelationPatternInput,
  events: readonly MatchedEvent[],
): readonly string[] => {
  const key = parts.find(({ name }) => name === events[0]?.part)?.key ?? [];
  const meant = (name: string) => meanings?.found.find(({ written }) => written === name)?.expression.field;
  return key.map((name) => meant(name) ?? name);
};

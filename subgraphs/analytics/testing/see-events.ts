import { createHash } from "node:crypto";
import type { CorrelationPattern, CorrelationPatternInput } from "../src/domain/correlation/rule.ts";
import type { Seen } from "../src/domain/correlation/sighting.ts";
import { keyOfEvent, isOfPart, type PlacedEvent } from "./reference-correlation.ts";
import { numberOf, textOf } from "./reference-filter.ts";

/** Events of a pattern's parts as the store answers them, by the plain meaning of keys and filters. */
export const seeEvents = (
  input: CorrelationPatternInput,
  pattern: CorrelationPattern,
  events: readonly PlacedEvent[],
): readonly Seen[] =>
  events.flatMap((event): readonly Seen[] => {
    const keys = input.parts.map((part) => {
      const key = isOfPart(event, part) ? keyOfEvent(event, part) : null;
      return key === null ? null : createHash("sha256").update(key).digest("hex").slice(0, 32);
    });
    if (keys.every((key) => key === null)) return [];
    const { id, timeMs, sequence } = event;
    const values = pattern.operands.map(({ field, as }) =>
      as === "NUMBER" ? numberOf(event, field.name) : textOf(event, field.name),
    );
    return [{ id, timeMs, sequence, receivedAtMs: event.receivedAtMs ?? timeMs, keys, values }];
  });

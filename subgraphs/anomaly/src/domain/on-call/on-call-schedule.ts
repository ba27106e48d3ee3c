import { isQuiet } from "../notify/quiet-hours.ts";
import { momentOf, readingIn } from "../zone-clock.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Hours of the week in which a layer is on call, by the clock of the schedule's zone; a window that ends before it begins goes on after midnight. */
export interface DutyHours {
  /** Days of the week on which the window begins, 0 is Sunday. */
  readonly weekdays: readonly number[];
  /** Minutes since midnight; the first is on duty, the last is not. */
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** People who take turns. */
export interface OnCallLayer {
  readonly name: string;
  /** Ids of persons, in the order of their turns; one who stands there twice has two turns. */
  readonly members: readonly string[];
  /** The date of the first turn, and after that of the last (null: it goes on), as midnight of that date in UTC. */
  readonly firstDateMs: number;
  readonly lastDateMs: number | null;
  /** Minutes since midnight at which turns begin, by the clock of the zone; a time that the clock skips is the moment at which it does, one that it shows twice the first. */
  readonly handoverMinute: number;
  /** Days a turn lasts. */
  readonly everyDays: number;
  /** When the layer is on call at all; always when there are none. */
  readonly hours: readonly DutyHours[];
}

/** Layers, of which a later one stands above those before it. */
export interface OnCallSchedule {
  readonly timeZone: string;
  readonly layers: readonly OnCallLayer[];
}

/** Somebody who stands in for whoever would be on call, above all layers. */
export interface OnCallOverride {
  readonly id: string;
  readonly personId: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Who is on call, and why; nobody is a gap. */
export type OnCall =
  | { readonly kind: "OVERRIDE"; readonly personId: string; readonly overrideId: string }
  | { readonly kind: "LAYER"; readonly personId: string; readonly layer: string }
  | { readonly kind: "NOBODY" };

/** What the clock shows when a turn of a layer begins, the first is 0. */
export const handoverReading = ({ firstDateMs, handoverMinute, everyDays }: OnCallLayer, turn: number): number =>
  firstDateMs + turn * everyDays * DAY_MS + handoverMinute * MINUTE_MS;

/** The turn of a layer at a moment, the first is 0; negative before it. */
export const turnAt = (layer: OnCallLayer, timeZone: string, atMs: number): number => {
  const begins = (turn: number): number => momentOf(timeZone, handoverReading(layer, turn), -Infinity);
  const passed = readingIn(timeZone, atMs) - handoverReading(layer, 0);
  let turn = Math.floor(passed / (layer.everyDays * DAY_MS));
  // The clock may have been set back over the handover, which was at its first showing.
  while (begins(turn + 1) <= atMs) turn += 1;
  while (begins(turn) > atMs) turn -= 1;
  return turn;
};

const isOnDuty = ({ hours }: OnCallLayer, timeZone: string, atMs: number): boolean =>
  hours.length === 0 || hours.some((window) => isQuiet({ ...window, timeZone, except: null }, atMs));

const memberAt = (layer: OnCallLayer, timeZone: string, atMs: number): string | null => {
  const { members, lastDateMs, handoverMinute } = layer;
  const turn = turnAt(layer, timeZone, atMs);
  const ended = lastDateMs !== null && momentOf(timeZone, lastDateMs + handoverMinute * MINUTE_MS, -Infinity) <= atMs;
  if (turn < 0 || ended || !isOnDuty(layer, timeZone, atMs)) return null;
  return members[turn % members.length] ?? null;
};

/** Who is on call at a moment: the override that was made last, else the uppermost layer that has somebody. */
export const whoIsOnCall = (
  { timeZone, layers }: OnCallSchedule,
  overrides: readonly OnCallOverride[],
  atMs: number,
): OnCall => {
  const override = overrides.findLast(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs);
  if (override !== undefined) return { kind: "OVERRIDE", personId: override.personId, overrideId: override.id };
  for (const layer of layers.toReversed()) {
    const personId = memberAt(layer, timeZone, atMs);
    if (personId !== null) return { kind: "LAYER", personId, layer: layer.name };
  }
  return { kind: "NOBODY" };
};

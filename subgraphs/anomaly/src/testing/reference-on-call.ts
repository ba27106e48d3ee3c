import type { OnCallLayer, OnCallOverride, OnCallSchedule } from "../domain/on-call/on-call-schedule.ts";
import { newReadings, QUARTER_MS } from "./reference-silences.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** A quarter of an hour and who is on call in it; null: nobody. */
export interface Quarter {
  readonly ms: number;
  readonly personId: string | null;
}

const onDuty = ({ hours }: OnCallLayer, reading: Date): boolean => {
  const minute = reading.getUTCHours() * 60 + reading.getUTCMinutes();
  const day = reading.getUTCDay();
  return (
    hours.length === 0 ||
    hours.some(({ weekdays, fromMinute, toMinute }) => {
      const on = (weekday: number): boolean => weekdays.length === 0 || weekdays.includes((weekday + 7) % 7);
      const today = on(day) && minute >= fromMinute && (minute < toMinute || toMinute < fromMinute);
      return today || (toMinute < fromMinute && minute < toMinute && on(day - 1));
    })
  );
};

/** Who is on call in each quarter of an hour, by walking from one to the next: handovers are counted as the clock first shows them or passes over them. */
export const referenceOnCall = (
  { timeZone, layers }: OnCallSchedule,
  overrides: readonly OnCallOverride[],
  { fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number },
): readonly Quarter[] => {
  const format = new Intl.DateTimeFormat("en-US", {
    ...{
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    },
  });
  const fresh = newReadings({ timeZone, fromMs, untilMs });
  const handed = layers.map(() => 0);
  const over = layers.map(() => false);
  const quarters: Quarter[] = [];
  for (let ms = fromMs - 191 * QUARTER_MS; ms < untilMs; ms += QUARTER_MS) {
    for (const reading of fresh.get(ms) ?? [])
      layers.forEach(({ firstDateMs, lastDateMs, handoverMinute, everyDays }, place) => {
        const since = reading.getTime() - firstDateMs - handoverMinute * MINUTE_MS;
        if (since >= 0 && since % (everyDays * DAY_MS) === 0) handed[place] = (handed[place] ?? 0) + 1;
        if (lastDateMs !== null && reading.getTime() === lastDateMs + handoverMinute * MINUTE_MS) over[place] = true;
      });
    if (ms < fromMs) continue;
    const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const now = new Date(
      Date.UTC(part["year"] ?? 0, (part["month"] ?? 1) - 1, part["day"] ?? 1, part["hour"] ?? 0, part["minute"] ?? 0),
    );
    const persons = layers.map((layer, place) => {
      const turns = handed[place] ?? 0;
      if (turns === 0 || over[place] === true || !onDuty(layer, now)) return null;
      return layer.members[(turns - 1) % layer.members.length] ?? null;
    });
    const standsIn = overrides.findLast((one) => one.fromMs <= ms && ms < one.untilMs)?.personId;
    quarters.push({ ms, personId: standsIn ?? persons.findLast((one) => one !== null) ?? null });
  }
  return quarters;
};

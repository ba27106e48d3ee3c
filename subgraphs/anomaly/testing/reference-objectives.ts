/** Something that came at a moment, good or bad. */
export interface JudgedEvent {
  readonly atMs: number;
  readonly bad: boolean;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

const within = (events: readonly JudgedEvent[], fromMs: number, toMs: number) => {
  const counted = events.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  return { total: counted.length, bad: counted.filter(({ bad }) => bad).length };
};

/** What the days of a window in UTC of `days` days hold, and how fast the budget was burnt, each counted anew from single events. The budget is given in thousandths of the whole. */
export const referenceObjective = (
  events: readonly JudgedEvent[],
  {
    days,
    budgetThousandths,
    nowMs,
  }: { readonly days: number; readonly budgetThousandths: number; readonly nowMs: number },
) => {
  const untilMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const fromMs = Math.ceil(untilMs / HOUR_MS) * HOUR_MS - days * DAY_MS;
  const { total, bad } = within(events, fromMs, untilMs);
  const allowed = (total * budgetThousandths) / 1_000;
  const rate = (hours: number) => {
    const back = untilMs - hours * HOUR_MS;
    const counted = within(events, hours > 6 ? Math.ceil(back / HOUR_MS) * HOUR_MS : back, untilMs);
    return counted.total === 0 ? null : counted.bad / ((counted.total * budgetThousandths) / 1_000);
  };
  const dates = Array.from({ length: days + 1 }, (_, place) => Math.floor(fromMs / DAY_MS) * DAY_MS + place * DAY_MS)
    .filter((dayMs) => dayMs < untilMs)
    .map((dayMs) => ({
      date: new Date(dayMs).toISOString().slice(0, 10),
      ...within(events, Math.max(fromMs, dayMs), Math.min(untilMs, dayMs + DAY_MS)),
    }));
  return { fromMs, untilMs, total, bad, allowed, rate, days: dates };
};

/**
 * When a budget is spent that goes on as in the last day, by trying every hour to come: what is left of the window then, and what came by then at the rate of the last day. In whole numbers, as many times as the
 * last day had minutes. Null: it lasts.
 */
export const referenceExhaustion = (
  events: readonly JudgedEvent[],
  {
    days,
    budgetThousandths,
    nowMs,
  }: { readonly days: number; readonly budgetThousandths: number; readonly nowMs: number },
): "EXHAUSTED" | "UNKNOWN" | number | null => {
  const { fromMs, untilMs, total, bad } = referenceObjective(events, { days, budgetThousandths, nowMs });
  if (bad * 1_000 > total * budgetThousandths) return "EXHAUSTED";
  const dayFromMs = Math.ceil((untilMs - DAY_MS) / HOUR_MS) * HOUR_MS;
  const lately = within(events, dayFromMs, untilMs);
  if (lately.total === 0) return "UNKNOWN";
  const minutes = (untilMs - dayFromMs) / MINUTE_MS;
  for (let hours = 1; hours <= days * 24; hours += 1) {
    const still = within(events, fromMs + hours * HOUR_MS, untilMs);
    const then = {
      total: still.total * minutes + lately.total * 60 * hours,
      bad: still.bad * minutes + lately.bad * 60 * hours,
    };
    if (then.bad * 1_000 > then.total * budgetThousandths) return untilMs + hours * HOUR_MS;
  }
  return null;
};

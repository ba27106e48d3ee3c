import { momentOf, readingIn } from "../zone-clock.ts";
import {
  attainmentOf,
  budgetUnitsOf,
  burnRateOf,
  burnsBeyond,
  errorBudgetOf,
  NO_COUNTS,
  together,
  type Counts,
  type ErrorBudget,
} from "./error-budget.ts";
import type { Objective, ObjectiveWindow } from "./objective.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** A factor of 1 in thousandths: what is spent beyond it is more than there is. */
const ONE = 1_000;

/** Days of windows that slide. */
const DAYS: Readonly<Record<Exclude<ObjectiveWindow, "CALENDAR_MONTH">, number>> = {
  ...{ DAYS_7: 7, DAYS_28: 28, DAYS_30: 30, DAYS_90: 90 },
};

/** Windows whose burn rates are told, in hours: those of the workbook's alerts and of Sloth's. */
export const BURN_HOURS: readonly number[] = [1 / 12, 0.5, 1, 2, 6, 24, 72];
/** The longest window that is counted by minutes, so that it begins with one. */
const LONGEST_OF_MINUTES = 6;
/** Over which time the rate is taken that a forecast goes by. */
const FORECAST_MS = DAY_MS;

/** What one bucket of time counted. */
export interface CountedBucket extends Counts {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Which times are to be counted, and by what. */
export interface ReportSpan {
  /** Up to where everything is counted: the end of the last whole minute, or hour. */
  readonly untilMs: number;
  /** Where the objective's window begins: a whole hour on the clock of its zone. */
  readonly fromMs: number;
  /** Where the objective's window ends, in the future of a month that is not over. */
  readonly endsMs: number;
  /** Hours are counted from here, to the hour that is not over. */
  readonly hoursFromMs: number;
  /** Where the hour begins that is not over; hours are counted to here, minutes from here. */
  readonly openMs: number;
  /** Minutes are counted from here too, for short windows; null where buckets are hours. */
  readonly minutesFromMs: number | null;
}

/** Where the hour begins that a zone's clock shows. */
const hourOf = (timeZone: string, ms: number): number => {
  const past = readingIn(timeZone, ms) % HOUR_MS;
  return ms - (past < 0 ? past + HOUR_MS : past);
};

const hourAfter = (timeZone: string, ms: number): number => {
  const hour = hourOf(timeZone, ms);
  return hour === ms ? ms : hour + HOUR_MS;
};

/** The month that a zone's clock shows, from its first moment to that of the next. */
const monthOf = (timeZone: string, ms: number): { readonly fromMs: number; readonly endsMs: number } => {
  const reading = new Date(readingIn(timeZone, ms));
  const [year, month] = [reading.getUTCFullYear(), reading.getUTCMonth()];
  const first = Date.UTC(year, month, 1);
  const fromMs = momentOf(timeZone, first, first - DAY_MS);
  return { fromMs, endsMs: momentOf(timeZone, Date.UTC(year, month + 1, 1), fromMs) };
};

/** Which times are to be counted to say how an objective stands now. */
export const spanOf = ({ indicator, window, timeZone }: Objective, nowMs: number): ReportSpan => {
  const openMs = hourOf(timeZone, nowMs);
  const byHours = indicator.kind === "SLICES";
  const untilMs = byHours ? openMs : nowMs - (nowMs % MINUTE_MS);
  const rolling = window === "CALENDAR_MONTH" ? null : hourAfter(timeZone, untilMs) - DAYS[window] * DAY_MS;
  const { fromMs, endsMs } = rolling === null ? monthOf(timeZone, untilMs) : { fromMs: rolling, endsMs: untilMs };
  return {
    ...{ untilMs, fromMs, endsMs, openMs },
    hoursFromMs: Math.min(fromMs, openMs - Math.max(...BURN_HOURS) * HOUR_MS),
    minutesFromMs: byHours ? null : openMs - LONGEST_OF_MINUTES * HOUR_MS,
  };
};

/** How fast the budget was burnt over one window. */
export interface BurnRate extends Counts {
  readonly hours: number;
  readonly fromMs: number;
  /** Null of nothing. */
  readonly rate: number | null;
}

/** A day of the window on the clock of the objective's zone. */
export interface ObjectiveDay extends Counts {
  readonly date: string;
  readonly attainment: number | null;
  /** Share of the window's whole budget that this day spent, in percent; null where there is no budget. */
  readonly spentPercent: number | null;
}

/** When the budget will be spent. EXHAUSTED: it is. AT: then. LASTS: not within the window to come. UNKNOWN: nothing came in the last day. */
export interface Forecast {
  readonly outcome: "EXHAUSTED" | "AT" | "LASTS" | "UNKNOWN";
  readonly atMs: number | null;
}

/** How an objective stands. */
export interface ObjectiveReport extends Counts {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly attainment: number | null;
  readonly budget: ErrorBudget;
  readonly burnRates: readonly BurnRate[];
  readonly days: readonly ObjectiveDay[];
  readonly forecast: Forecast;
}

/** What was counted of one series: hours that are over, and minutes. */
export interface Counted {
  readonly hours: readonly CountedBucket[];
  readonly minutes: readonly CountedBucket[];
}

const sumFrom = (buckets: readonly CountedBucket[], fromMs: number): Counts =>
  buckets.filter((one) => one.fromMs >= fromMs).reduce(together, NO_COUNTS);

/** Hours that are over and the minutes since, which do not overlap. */
const withoutOverlap = ({ hours, minutes }: Counted, { openMs }: ReportSpan): readonly CountedBucket[] => [
  ...hours.filter(({ toMs }) => toMs <= openMs),
  ...minutes.filter(({ fromMs }) => fromMs >= openMs),
];

const burnRatesOf = (
  counted: Counted,
  all: readonly CountedBucket[],
  { untilMs, minutesFromMs }: ReportSpan,
  { timeZone, budget }: { readonly timeZone: string; readonly budget: number },
): readonly BurnRate[] =>
  BURN_HOURS.filter((hours) => minutesFromMs !== null || hours >= LONGEST_OF_MINUTES).map((hours) => {
    const byMinutes = hours <= LONGEST_OF_MINUTES && minutesFromMs !== null;
    const back = untilMs - hours * HOUR_MS;
    const fromMs = byMinutes ? back : hourAfter(timeZone, back);
    const counts = sumFrom(byMinutes ? counted.minutes : all, fromMs);
    return { ...counts, hours, fromMs, rate: burnRateOf(counts, budget) };
  });

const daysOf = (
  within: readonly CountedBucket[],
  timeZone: string,
  { allowed }: ErrorBudget,
): readonly ObjectiveDay[] => {
  const days = new Map<string, Counts>();
  for (const bucket of within) {
    const date = new Date(readingIn(timeZone, bucket.fromMs)).toISOString().slice(0, 10);
    days.set(date, together(days.get(date) ?? NO_COUNTS, bucket));
  }
  return [...days].map(([date, counts]) => ({
    ...{ date, ...counts, attainment: attainmentOf(counts) },
    spentPercent: allowed === 0 ? null : (100 * counts.bad) / allowed,
  }));
};

/**
 * When the budget will be spent if what comes in each hour from now on is what came, on average, in the last day: hour by hour, while hours of a window that slides leave it. Compared in whole numbers, as
 * many times as the last day had minutes.
 */
const forecastOf = (
  { window, timeZone }: Objective,
  all: readonly CountedBucket[],
  { fromMs, untilMs, endsMs }: ReportSpan,
  budget: number,
): Forecast => {
  const within = all.filter((one) => one.fromMs >= fromMs);
  const now = within.reduce(together, NO_COUNTS);
  if (burnsBeyond(now, budget, ONE)) return { outcome: "EXHAUSTED", atMs: null };
  const dayFromMs = hourAfter(timeZone, untilMs - FORECAST_MS);
  const lately = sumFrom(all, dayFromMs);
  const minutes = (untilMs - dayFromMs) / MINUTE_MS;
  if (lately.total === 0) return { outcome: "UNKNOWN", atMs: null };
  const slides = window !== "CALENDAR_MONTH";
  const horizonMs = slides ? untilMs + DAYS[window] * DAY_MS : endsMs;
  let [left, place] = [now, 0];
  for (let hours = 1; untilMs + hours * HOUR_MS <= horizonMs; hours += 1) {
    for (let next = within[place]; slides && next !== undefined; next = within[place]) {
      if (next.fromMs >= fromMs + hours * HOUR_MS) break;
      left = { total: left.total - next.total, bad: left.bad - next.bad };
      place += 1;
    }
    const then = {
      total: left.total * minutes + lately.total * 60 * hours,
      bad: left.bad * minutes + lately.bad * 60 * hours,
    };
    if (burnsBeyond(then, budget, ONE)) return { outcome: "AT", atMs: untilMs + hours * HOUR_MS };
  }
  return { outcome: "LASTS", atMs: null };
};

/** How an objective stands, of what was counted: everything is added up from buckets, so that each time weighs by its traffic. */
export const reportOf = (objective: Objective, span: ReportSpan, counted: Counted): ObjectiveReport => {
  const { timeZone, percent } = objective;
  const { fromMs, untilMs } = span;
  const units = budgetUnitsOf(percent) ?? 0;
  const all = withoutOverlap(counted, span);
  const within = all.filter((one) => one.fromMs >= fromMs);
  const counts = within.reduce(together, NO_COUNTS);
  const budget = errorBudgetOf(counts, units);
  return {
    ...{ ...counts, fromMs, untilMs, attainment: attainmentOf(counts), budget },
    burnRates: burnRatesOf(counted, all, span, { timeZone, budget: units }),
    days: daysOf(within, timeZone, budget),
    forecast: forecastOf(objective, all, span, units),
  };
};

/** Days of history a forecast looks at: eight weeks. */
export const HISTORY_DAYS = 56;
/** Days a forecast looks ahead. */
export const HORIZON_DAYS = 365;
/** Days of history from which weekdays are told apart: two of each. */
const SEASONAL_FROM_DAYS = 14;
/** Days of history below which nothing is forecast. */
const MIN_DAYS = 3;
/** Standard errors on each side of an interval that holds 95 % of a normal distribution. */
const Z95 = 1.96;

const DAY_MS = 86_400_000;

/** How use meets a limit: each day by itself, summed up in the calendar month, or as a level that stays. */
export type LimitKind = "DAILY" | "MONTHLY" | "LEVEL";

/** A straight line with an offset per weekday, and how far days lie from it. */
export interface UseModel {
  /** Use of the day before the first day of history, and what each day adds. */
  readonly intercept: number;
  readonly slopePerDay: number;
  /** Offset by weekday, Sunday first; all zero when the history is too short to tell them apart. */
  readonly weekday: readonly number[];
  /** Standard deviation of what the model leaves unexplained, with n - 2 (or n - 8) degrees of freedom. */
  readonly sigma: number;
  readonly days: number;
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((total, value) => total + value, 0) / values.length;

const weekdayOf = (firstDayMs: number, index: number): number => new Date(firstDayMs + index * DAY_MS).getUTCDay();

/**
 * Fits `use(day) = intercept + slope * day + weekday offset`: least squares for the line, then the mean residual of each weekday. Null when there are fewer
 * than three days.
 */
export const fitUse = (daily: readonly number[], firstDayMs: number): UseModel | null => {
  const days = daily.length;
  if (days < MIN_DAYS) return null;
  const [meanX, meanY] = [(days + 1) / 2, mean(daily)];
  const spread = daily.reduce((total, _value, index) => total + (index + 1 - meanX) ** 2, 0);
  const joint = daily.reduce((total, value, index) => total + (index + 1 - meanX) * (value - meanY), 0);
  const slopePerDay = joint / spread;
  const intercept = meanY - slopePerDay * meanX;
  const residuals = daily.map((value, index) => value - intercept - slopePerDay * (index + 1));
  const seasonal = days >= SEASONAL_FROM_DAYS;
  const weekday = Array.from({ length: 7 }, (_, day) =>
    seasonal ? mean(residuals.filter((_value, index) => weekdayOf(firstDayMs, index) === day)) : 0,
  );
  const rest = residuals.map((value, index) => value - (weekday[weekdayOf(firstDayMs, index)] ?? 0));
  const freedom = Math.max(1, days - (seasonal ? 8 : 2));
  const sigma = Math.sqrt(rest.reduce((total, value) => total + value ** 2, 0) / freedom);
  return { intercept, slopePerDay, weekday, sigma, days };
};

/** When a limit is passed: as expected, and the ends of the 95 % interval; null where it is not within the horizon. */
export interface LimitForecast {
  readonly expectedAtMs: number | null;
  readonly earliestAtMs: number | null;
  readonly latestAtMs: number | null;
  readonly model: UseModel;
}

/** The first day on which one path of use passes a limit; `bias` shifts it by so many standard errors. */
const passes = (
  model: UseModel,
  question: {
    readonly kind: LimitKind;
    readonly limit: number;
    readonly used: number;
    readonly firstDayMs: number;
    readonly todayMs: number;
  },
  bias: number,
): number | null => {
  const offset = Math.round((question.todayMs - question.firstDayMs) / DAY_MS);
  let sum = question.used;
  let summed = 0;
  for (let ahead = 1; ahead <= HORIZON_DAYS; ahead += 1) {
    const dayMs = question.todayMs + ahead * DAY_MS;
    const day = new Date(dayMs);
    const line = model.intercept + model.slopePerDay * (offset + ahead + 1) + (model.weekday[day.getUTCDay()] ?? 0);
    const use = Math.max(0, line);
    if (question.kind === "MONTHLY" && day.getUTCDate() === 1) [sum, summed] = [0, 0];
    [sum, summed] = [sum + use, summed + 1];
    // Errors of days are taken as independent: those of a sum grow with the root of the number of days.
    const error = bias * model.sigma * (question.kind === "MONTHLY" ? Math.sqrt(summed) : 1);
    if ((question.kind === "MONTHLY" ? sum : use) + error > question.limit) return dayMs;
  }
  return null;
};

/**
 * When use will pass a limit. `daily` is the use of each whole day before today, oldest first, the first of them at `firstDayMs`; `used` is what the present
 * period has used until today, today included. Null with too little history.
 */
export const forecastLimit = (question: {
  readonly kind: LimitKind;
  readonly limit: number;
  readonly used: number;
  readonly daily: readonly number[];
  readonly firstDayMs: number;
  readonly todayMs: number;
}): LimitForecast | null => {
  const model = fitUse(question.daily, question.firstDayMs);
  if (model === null) return null;
  if (question.used > question.limit)
    return {
      ...{ expectedAtMs: question.todayMs, earliestAtMs: question.todayMs, latestAtMs: question.todayMs },
      model,
    };
  return {
    expectedAtMs: passes(model, question, 0),
    earliestAtMs: passes(model, question, Z95),
    latestAtMs: passes(model, question, -Z95),
    model,
  };
};

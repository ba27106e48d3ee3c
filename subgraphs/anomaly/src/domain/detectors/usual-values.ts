import { packNumbers, packedNumbers, unpackNumbers } from "./packed.ts";

/** Hours of a week. */
const HOURS = 168;
/** Numbers that are kept of an hour: how many values it held, their mean and their variance. */
const OF_HOUR = 3;

/** Reads what is kept of values by hours of the week. */
export const usualValuesSchema = packedNumbers(HOURS * OF_HOUR);

/** What an hour usually holds. */
interface UsualValue {
  readonly mean: number;
  readonly deviation: number;
}

/** Means and variances of values by hours of the week, the later values weighing at least as much as the earlier. */
export interface UsualValues {
  /** What an hour of the week usually holds; of one that never held anything what the others do on average, null before the first value. */
  readonly at: (hour: number) => UsualValue | null;
  readonly learn: (hour: number, value: number) => void;
  readonly save: () => string;
}

/** Values by hours of the week, averaged over so many of each: a value weighs 1 / n of the first n, and 1 / `over` from then on (West, Communications of the ACM 22 (1979)). */
export const createUsualValues = (over: number, saved: string | null): UsualValues => {
  const kept = new Float64Array(HOURS * OF_HOUR);
  kept.set(unpackNumbers(saved ?? "").slice(0, kept.length));
  const of = (hour: number): readonly [known: number, mean: number, variance: number] => [
    kept[OF_HOUR * hour] ?? 0,
    kept[OF_HOUR * hour + 1] ?? 0,
    kept[OF_HOUR * hour + 2] ?? 0,
  ];
  /** The mean of what hours hold that are known, and how far values lie from it. */
  const ofAll = (): UsualValue | null => {
    let [hours, sum, squares] = [0, 0, 0];
    for (let hour = 0; hour < HOURS; hour += 1) {
      const [known, mean, variance] = of(hour);
      if (known === 0) continue;
      hours += 1;
      sum += mean;
      squares += variance + mean * mean;
    }
    if (hours === 0) return null;
    const mean = sum / hours;
    return { mean, deviation: Math.sqrt(Math.max(0, squares / hours - mean * mean)) };
  };
  return {
    at: (hour) => {
      const [known, mean, variance] = of(hour);
      return known === 0 ? ofAll() : { mean, deviation: Math.sqrt(variance) };
    },
    learn: (hour, value) => {
      const [known, mean, variance] = of(hour);
      const count = Math.min(over, known + 1);
      const error = value - mean;
      const weight = 1 / count;
      kept.set([count, mean + weight * error, (1 - weight) * (variance + weight * error * error)], OF_HOUR * hour);
    },
    save: () => packNumbers([...kept]),
  };
};

import { z } from "zod";

const column = z.object({
  name: z.string(),
  role: z.string().optional(),
  integers: z.array(z.union([z.number(), z.string()]).nullable()).optional(),
  numbers: z.array(z.number().nullable()).optional(),
  decimals: z.array(z.string().nullable()).optional(),
  texts: z.array(z.string().nullable()).optional(),
  times: z.array(z.string().nullable()).optional(),
});
type Column = z.infer<typeof column>;
const provenance = z.object({
  relativeError: z.number().nullable(),
  approximations: z.array(z.object({ column: z.string(), relativeError: z.number() })),
  sampling: z.object({ reason: z.string(), fraction: z.number() }).nullable(),
});
const grouped = z.object({
  columns: z.array(column),
  totals: z.array(column),
  standardErrors: z.array(column),
  totalStandardErrors: z.array(column),
  provenance,
});

/** Standard errors that an estimate may lie away from the exact number. */
const MOST_ERRORS = 5;
/** Relative error above which so few persons are behind a number that its error is itself no more than a guess: it is not compared. */
const LARGEST_ERROR = 1 / 8;

/** How an estimated answer compares with the exact one: the part of the persons, how many numbers were compared, and the most standard errors one lies away. */
interface Compared {
  readonly fraction: number | null;
  readonly numbers: number;
  readonly worst: number;
}

const rootOf = (data: unknown): unknown => Object.values(z.record(z.string(), z.unknown()).parse(data))[0];
const valuesOf = ({ integers, numbers, decimals, texts, times }: Column): readonly (string | number | null)[] =>
  integers ?? numbers ?? decimals ?? texts ?? times ?? [];

/** Where an answer says it was read from: a part of the persons, or everything. */
const fractionOf = (data: unknown): number | null =>
  z.object({ provenance }).loose().parse(rootOf(data)).provenance.sampling?.fraction ?? null;

interface Uncertain {
  readonly value: number;
  readonly error: number;
}

/** The numbers of a grouped answer by their keys and measures, each with its standard error; an exact answer's are those of its sketches. */
const numbersOf = (data: unknown): ReadonlyMap<string, Uncertain> => {
  const answer = grouped.parse(rootOf(data));
  const found = new Map<string, Uncertain>();
  const ownError = new Map(answer.provenance.approximations.map((one) => [one.column, one.relativeError]));
  const sampled = answer.provenance.sampling !== null;
  const put = (key: string, name: string, cell: string | number | null, error: number | null): void => {
    if (cell === null) return;
    const value = Number(cell);
    found.set(`${key} ${name}`, {
      value,
      error: sampled ? (error ?? NaN) : (ownError.get(name) ?? 0) * Math.abs(value),
    });
  };
  const keys = answer.columns.filter(({ role }) => role !== "MEASURE").map(valuesOf);
  for (const measure of answer.columns.filter(({ role }) => role === "MEASURE")) {
    const errors = answer.standardErrors.find(({ name }) => name === measure.name)?.numbers ?? [];
    valuesOf(measure).forEach((cell, row) =>
      put(JSON.stringify(keys.map((values) => values[row])), measure.name, cell, errors[row] ?? null),
    );
  }
  for (const total of answer.totals) {
    const error = answer.totalStandardErrors.find(({ name }) => name === total.name)?.numbers?.[0] ?? null;
    put("total", total.name, valuesOf(total)[0] ?? null, error);
  }
  return found;
};

/** The one number of another answer that is compared, with the largest error that it says any of its numbers has. */
const single = (data: unknown, read: (data: unknown) => number): ReadonlyMap<string, Uncertain> => {
  const { relativeError } = z.object({ provenance }).loose().parse(rootOf(data)).provenance;
  const value = read(data);
  return new Map([["", { value, error: (relativeError ?? 0) * Math.abs(value) }]]);
};

/** Compares an answer that was to be fast with the exact one, number by number; throws where one lies more than five standard errors away. Groups that are in one alone are let be. */
export const compareFast = (
  title: string,
  exact: unknown,
  fast: unknown,
  read: ((data: unknown) => number) | null,
): Compared => {
  const [truths, estimates] = [exact, fast].map((data) => (read === null ? numbersOf(data) : single(data, read)));
  let [numbers, worst] = [0, 0];
  for (const [key, { value, error }] of estimates ?? []) {
    const truth = truths?.get(key);
    if (truth === undefined || error > LARGEST_ERROR * Math.abs(value)) continue;
    numbers += 1;
    const allowed = Math.hypot(error, truth.error);
    const away = value === truth.value ? 0 : Math.abs(value - truth.value) / allowed;
    if (!(away <= MOST_ERRORS))
      throw new Error(
        `${title}: ${key} is ${value} when fast, with a standard error of ${allowed}, and ${truth.value} exactly.`,
      );
    worst = Math.max(worst, away);
  }
  return { fraction: fractionOf(fast), numbers, worst };
};

// What detectors that look across series are defined to say, from whole tables of values: a row is a bucket, a column a series.
import { medianOf } from "./reference-detectors.ts";

/** How many robust deviations a value lies from the median of the others in its row; null while there are too few. */
export const againstPeers = (row: readonly (number | null)[], place: number, minimum: number): number | null => {
  const value = row[place] ?? null;
  const others = row.filter((one, at) => at !== place && one !== null).map((one) => one ?? 0);
  if (value === null || others.length < minimum) return null;
  const centre = medianOf(others);
  const distances = others.map((one) => Math.abs(one - centre));
  const mean = distances.reduce((sum, one) => sum + one, 0) / distances.length;
  const spread = medianOf(distances) > 0 ? medianOf(distances) / 0.6745 : mean;
  return value === centre ? 0 : Math.abs(value - centre) / spread;
};

/** The median of all values but one, and how far they lie from it as if of a normal distribution. */
const othersOf = (row: readonly number[], out: number): readonly [centre: number, spread: number] => {
  const others = row.filter((_, at) => at !== out);
  const centre = medianOf(others);
  return [centre, medianOf(others.map((one) => Math.abs(one - centre))) / 0.6745];
};

/** Which other values of a row make the median or the deviation that one is judged by: those by whose least change they change. */
export const makersOf = (row: readonly number[], place: number): readonly number[] => {
  const before = othersOf(row, place);
  return row.flatMap((_, at) => {
    if (at === place) return [];
    const moved = [-1e-6, 1e-6].map((by) =>
      othersOf(
        row.map((one, here) => (here === at ? one + by : one)),
        place,
      ),
    );
    return moved.some(([centre, spread]) => Math.abs(centre - before[0]) > 1e-9 || Math.abs(spread - before[1]) > 1e-9)
      ? [at]
      : [];
  });
};

/** Solves linear equations whose matrix is positive definite, so that no pivot is 0. */
const solve = (matrix: readonly (readonly number[])[], right: readonly number[]): readonly number[] => {
  const rows = matrix.map((row, at) => [...row, right[at] ?? 0]);
  for (let pivot = 0; pivot < rows.length; pivot += 1) {
    const head = rows[pivot] ?? [];
    for (let below = pivot + 1; below < rows.length; below += 1) {
      const row = rows[below] ?? [];
      const times = (row[pivot] ?? 0) / (head[pivot] ?? 1);
      rows[below] = row.map((one, at) => (at === pivot ? 0 : one - times * (head[at] ?? 0)));
    }
  }
  const solution = rows.map(() => 0);
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    const row = rows[at] ?? [];
    const known = solution.reduce((sum, one, place) => sum + (place > at ? one * (row[place] ?? 0) : 0), 0);
    solution[at] = ((row.at(-1) ?? 0) - known) / (row[at] ?? 1);
  }
  return solution;
};

/** The moments of rows but the last, whose weight falls with age, with correlations drawn to 0 by the oracle approximating shrinkage; and the last row in their units. */
const momentsOf = (rows: readonly (readonly number[])[], over: number) => {
  const size = rows[0]?.length ?? 0;
  const places = Array.from({ length: size }, (_, place) => place);
  const mean = [...(rows[0] ?? [])];
  const covariance = places.map(() => places.map(() => 0));
  rows.slice(0, -1).forEach((row, at) => {
    const weight = 1 / Math.min(over, at + 1);
    const error = row.map((value, place) => value - (mean[place] ?? 0));
    for (const one of places)
      for (const other of places) {
        const line = covariance[one] ?? [];
        line[other] = (1 - weight) * ((line[other] ?? 0) + weight * (error[one] ?? 0) * (error[other] ?? 0));
      }
    for (const one of places) mean[one] = (mean[one] ?? 0) + weight * (error[one] ?? 0);
  });
  const spread = places.map((one) =>
    Math.max(Math.sqrt(covariance[one]?.[one] ?? 0), 1e-9 * Math.abs(mean[one] ?? 0), 1e-100),
  );
  const plain = places.map((one) =>
    places.map((other) =>
      one === other ? 1 : (covariance[one]?.[other] ?? 0) / (spread[one] ?? 1) / (spread[other] ?? 1),
    ),
  );
  const squares = plain.flat().reduce((sum, one) => sum + one * one, 0);
  const known = Math.min(over, rows.length - 1);
  const below = (known + 1 - 2 / size) * (squares - size);
  const share = below <= 0 ? 1 : Math.min(1, ((1 - 2 / size) * squares + size * size) / below);
  const shrunk = plain.map((line, one) => line.map((value, other) => (one === other ? 1 : (1 - share) * value)));
  const standard = (rows.at(-1) ?? []).map((value, place) => (value - (mean[place] ?? 0)) / (spread[place] ?? 1));
  return { places, mean, spread, shrunk, standard };
};

/** What all other series of the last row let expect of each: the regression by those moments; and what its own distance from its mean, and each other's part in what is expected, add to the difference. */
export const givenAllOthers = (
  rows: readonly (readonly number[])[],
  over: number,
): readonly { readonly expected: number; readonly parts: readonly number[] }[] => {
  const { places, mean, spread, shrunk, standard } = momentsOf(rows, over);
  return places.map((one) => {
    const others = places.filter((other) => other !== one);
    const among = others.map((row) => others.map((column) => shrunk[row]?.[column] ?? 0));
    const weights = solve(
      among,
      others.map((other) => shrunk[one]?.[other] ?? 0),
    );
    const parts = weights.map((weight, at) => weight * (standard[others[at] ?? 0] ?? 0));
    const expected = parts.reduce((sum, part) => sum + part, 0);
    return {
      expected: (mean[one] ?? 0) + (spread[one] ?? 1) * expected,
      parts: [...parts.slice(0, one), standard[one] ?? 0, ...parts.slice(one)],
    };
  });
};

/** Eigenvalues with their vectors, the largest first, by rotations that make one pair of elements 0 after the other (Jacobi 1846). */
const eigenOf = (matrix: readonly (readonly number[])[]) => {
  const size = matrix.length;
  const values = matrix.map((row) => [...row]);
  const vectors = values.map((row, at) => row.map((_, column): number => (at === column ? 1 : 0)));
  const turn = (table: number[][], at: number, p: number, q: number, cos: number, sin: number): void => {
    const row = table[at] ?? [];
    const [x, y] = [row[p] ?? 0, row[q] ?? 0];
    [row[p], row[q]] = [cos * x - sin * y, sin * x + cos * y];
  };
  for (let sweep = 0; sweep < 60; sweep += 1)
    for (let p = 0; p < size; p += 1)
      for (let q = p + 1; q < size; q += 1) {
        const off = values[p]?.[q] ?? 0;
        if (Math.abs(off) < 1e-300) continue;
        const angle = 0.5 * Math.atan2(2 * off, (values[q]?.[q] ?? 0) - (values[p]?.[p] ?? 0));
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        for (let at = 0; at < size; at += 1) turn(values, at, p, q, cos, sin);
        const [up, down] = [[...(values[p] ?? [])], [...(values[q] ?? [])]];
        values[p] = up.map((one, at) => cos * one - sin * (down[at] ?? 0));
        values[q] = up.map((one, at) => sin * one + cos * (down[at] ?? 0));
        for (let at = 0; at < size; at += 1) turn(vectors, at, p, q, cos, sin);
      }
  return values
    .map((row, at) => ({ value: row[at] ?? 0, vector: vectors.map((line) => line[at] ?? 0) }))
    .toSorted((one, other) => other.value - one.value);
};

/** What principal components that tell so much of the variance leave of the last row, series by series in its own units, their variances, and whether where they are cut is clear. */
export const leftByComponents = (rows: readonly (readonly number[])[], over: number, explains: number) => {
  const { places, spread, shrunk, standard } = momentsOf(rows, over);
  const eigen = eigenOf(shrunk);
  let [count, told] = [0, 0];
  while (count < places.length - 1 && told < explains * places.length) {
    told += eigen[count]?.value ?? 0;
    count += 1;
  }
  const said = places.map((place) =>
    eigen.slice(0, count).reduce((sum, { vector }) => {
      const along = vector.reduce((all, one, at) => all + one * (standard[at] ?? 0), 0);
      return sum + along * (vector[place] ?? 0);
    }, 0),
  );
  const residuals = places.map((place) => (standard[place] ?? 0) - (said[place] ?? 0));
  /** What each series adds to what is left of one. */
  const parts = places.map((place) =>
    places.map((from) => {
      const along = eigen
        .slice(0, count)
        .reduce((sum, { vector }) => sum + (vector[place] ?? 0) * (vector[from] ?? 0), 0);
      return ((place === from ? 1 : 0) - along) * (standard[from] ?? 0);
    }),
  );
  const clear =
    Math.abs((eigen[count - 1]?.value ?? 0) - (eigen[count]?.value ?? 0)) > 1e-3 &&
    Math.abs(told - explains * places.length) > 1e-6;
  return { residuals, parts, spread, left: eigen.slice(count).map(({ value }) => value), clear };
};

/** A square matrix, row by row. */
export type Square = Float64Array;

/** How strongly a correlation matrix is drawn to the unit matrix, 0 to 1: the oracle approximating shrinkage of Chen, Wiesel, Eldar and Hero (IEEE Transactions on Signal Processing 58 (2010)), of as many observations as weigh in it. */
const shrinkageOf = (correlation: Square, size: number, observations: number): number => {
  let [trace, squares] = [0, 0];
  // It is symmetric: the trace of its square is the sum of the squares in it.
  for (const value of correlation) squares += value * value;
  for (let at = 0; at < size; at += 1) trace += correlation[at * (size + 1)] ?? 0;
  const above = (1 - 2 / size) * squares + trace * trace;
  const below = (observations + 1 - 2 / size) * (squares - (trace * trace) / size);
  return below <= 0 ? 1 : Math.max(0, Math.min(1, above / below));
};

const drawn = (correlation: Square, size: number, share: number): Square => {
  const shrunk = correlation.map((value) => value * (1 - share));
  for (let at = 0; at < size; at += 1) shrunk[at * (size + 1)] = (shrunk[at * (size + 1)] ?? 0) + share;
  return shrunk;
};

/** A correlation matrix that is drawn to the unit matrix as strongly as so few observations ask. */
export const shrunkCorrelation = (correlation: Square, size: number, observations: number): Square =>
  drawn(correlation, size, shrinkageOf(correlation, size, observations));

/** Puts the lower triangle whose product with its transpose a matrix is in its place (Cholesky); false where there is none. */
const decompose = (matrix: Square, size: number): boolean => {
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column <= row; column += 1) {
      let sum = matrix[row * size + column] ?? 0;
      for (let at = 0; at < column; at += 1) sum -= (matrix[row * size + at] ?? 0) * (matrix[column * size + at] ?? 0);
      if (row === column && !(sum > 0)) return false;
      matrix[row * size + column] = row === column ? Math.sqrt(sum) : sum / (matrix[column * (size + 1)] ?? 1);
    }
  return true;
};

/** The inverse of a positive definite matrix; null of another. What is given is overwritten. */
export const inverted = (matrix: Square, size: number): Square | null => {
  if (!decompose(matrix, size)) return null;
  // The triangle's own inverse takes its place, column by column from below.
  for (let column = 0; column < size; column += 1) {
    matrix[column * (size + 1)] = 1 / (matrix[column * (size + 1)] ?? 1);
    for (let row = column + 1; row < size; row += 1) {
      let sum = 0;
      for (let at = column; at < row; at += 1)
        sum -= (matrix[row * size + at] ?? 0) * (matrix[at * size + column] ?? 0);
      matrix[row * size + column] = sum / (matrix[row * (size + 1)] ?? 1);
    }
  }
  const inverse = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column <= row; column += 1) {
      let sum = 0;
      for (let at = row; at < size; at += 1) sum += (matrix[at * size + row] ?? 0) * (matrix[at * size + column] ?? 0);
      inverse[row * size + column] = sum;
      inverse[column * size + row] = sum;
    }
  return inverse;
};

/** The inverse of a correlation matrix that is shrunk to the unit matrix; further where it has no inverse yet. */
export const shrunkInverse = (correlation: Square, size: number, observations: number): Square => {
  for (let share = shrinkageOf(correlation, size, observations); share < 1; share = (1 + share) / 2 + 0.01) {
    const inverse = inverted(drawn(correlation, size, share), size);
    if (inverse !== null) return inverse;
  }
  return drawn(correlation, size, 1);
};

import { Matrix, CholeskyDecomposition } from "ml-matrix";

/** How strongly a covariance is drawn to its diagonal, 0 to 1: the oracle approximating shrinkage of Chen, Wiesel, Eldar and Hero (IEEE Transactions on Signal Processing 58 (2010)), of as many observations as weigh in it. */
export const shrinkageOf = (correlation: Matrix, observations: number): number => {
  const size = correlation.rows;
  const trace = correlation.trace();
  // It is symmetric: the trace of its square is the sum of the squares in it.
  const squares = Matrix.pow(correlation, 2).sum();
  const above = (1 - 2 / size) * squares + trace * trace;
  const below = (observations + 1 - 2 / size) * (squares - (trace * trace) / size);
  return below <= 0 ? 1 : Math.max(0, Math.min(1, above / below));
};

/** A correlation matrix that is drawn to the unit matrix as strongly as so few observations ask. */
export const shrunkCorrelation = (correlation: Matrix, observations: number): Matrix => {
  const share = shrinkageOf(correlation, observations);
  return Matrix.add(Matrix.mul(correlation, 1 - share), Matrix.mul(Matrix.eye(correlation.rows), share));
};

/** The inverse of a correlation matrix that is shrunk to the unit matrix; further where it has no inverse yet. */
export const shrunkInverse = (correlation: Matrix, observations: number): Matrix => {
  const unit = Matrix.eye(correlation.rows);
  for (let share = shrinkageOf(correlation, observations); share < 1; share = (1 + share) / 2 + 0.01) {
    const shrunk = Matrix.add(Matrix.mul(correlation, 1 - share), Matrix.mul(unit, share));
    const cholesky = new CholeskyDecomposition(shrunk);
    if (cholesky.isPositiveDefinite()) return cholesky.solve(unit);
  }
  return unit;
};

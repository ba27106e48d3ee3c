const inOrder = (values: readonly number[]): readonly number[] =>
  values.map((_value, index) => index).toSorted((a, b) => (values[a] ?? 0) - (values[b] ?? 0));

/** Holm's step-down correction (1979): the chance of any false finding stays below the level it is compared with. */
export const holm = (ps: readonly number[]): readonly number[] => {
  const adjusted = ps.map(() => 1);
  let greatest = 0;
  inOrder(ps).forEach((place, rank) => {
    greatest = Math.max(greatest, Math.min(1, (ps[place] ?? 1) * (ps.length - rank)));
    adjusted[place] = greatest;
  });
  return adjusted;
};

/** Benjamini and Hochberg's correction (1995): the share of false findings stays below the level it is compared with. */
export const benjaminiHochberg = (ps: readonly number[]): readonly number[] => {
  const adjusted = ps.map(() => 1);
  let least = 1;
  inOrder(ps)
    .map((place, rank) => [place, rank] as const)
    .toReversed()
    .forEach(([place, rank]) => {
      least = Math.min(least, ((ps[place] ?? 1) * ps.length) / (rank + 1));
      adjusted[place] = least;
    });
  return adjusted;
};

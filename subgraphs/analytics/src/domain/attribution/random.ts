/** Numbers from 0 up to 1, as if by chance: the same seed gives the same numbers everywhere. */
export type Random = () => number;

/** Makes a seeded source of numbers: SplitMix32, 32 bits a number, far longer in its period than any answer draws. */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4_294_967_296;
  };
};

/** Mean up to which Poisson numbers are drawn by multiplying uniform ones; beyond, a normal number is close and costs the same for all. */
const POISSON_BY_PRODUCT = 30;

/** A number of the standard normal distribution (Box and Muller 1958). */
export const drawNormal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A number of the Poisson distribution: Knuth's product of uniforms up to a mean of 30, beyond it a rounded normal number, never below 0. */
export const drawPoisson = (mean: number, random: Random): number => {
  if (mean <= 0) return 0;
  if (mean > POISSON_BY_PRODUCT) return Math.max(0, Math.round(mean + Math.sqrt(mean) * drawNormal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
};

/** Puts numbers in a random order, in place (Fisher and Yates). */
export const shuffle = (numbers: number[], random: Random): void => {
  for (let last = numbers.length - 1; last > 0; last -= 1) {
    const place = Math.floor(random() * (last + 1));
    [numbers[last], numbers[place]] = [numbers[place] ?? 0, numbers[last] ?? 0];
  }
};

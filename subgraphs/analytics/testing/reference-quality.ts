/** Of some events those that an expectation was tested of, and those of them that are as expected. */
export interface ReferenceTested<Event> {
  readonly tested: readonly Event[];
  readonly passed: readonly Event[];
}

/** What an expectation comes to of events, one after the other, by what each has and what holds of it. */
export const referenceEach = <Event>(
  events: readonly Event[],
  tested: (event: Event) => boolean,
  passes: (event: Event) => boolean,
): ReferenceTested<Event> => {
  const own = events.filter(tested);
  return { tested: own, passed: own.filter(passes) };
};

/** Which of events in their order have all parts of a key, and which of them come before all others with the same. */
export const referenceUnique = <Event>(
  events: readonly Event[],
  keyOf: (event: Event) => readonly string[],
): ReferenceTested<Event> => {
  const whole = events.filter((event) => !keyOf(event).includes(""));
  const passed = whole.filter(
    (event, place) =>
      !whole.slice(0, place).some((before) => keyOf(before).every((part, at) => part === keyOf(event)[at])),
  );
  return { tested: whole, passed };
};

/** The number in order at a level, between two of them in proportion (Hyndman and Fan 1996, type 7). */
export const referenceQuantile = (numbers: readonly number[], level: number): number => {
  const sorted = numbers.toSorted((one, other) => one - other);
  const at = level * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return below + (above - below) * (at - Math.floor(at));
};

/** A bin of the reference by what belongs in it. */
interface Bin<Value> {
  readonly holds: (value: Value) => boolean;
}

const distributionsOf = <Value>(bins: readonly Bin<Value>[], reference: readonly Value[], now: readonly Value[]) =>
  bins.map(({ holds }) => ({ reference: reference.filter(holds).length, now: now.filter(holds).length }));

/** Bins of numbers: each by itself where there are few, else where at most an i-th of the reference lies below, found by counting. */
export const referenceNumberBins = (reference: readonly number[], bins: number): readonly Bin<number>[] => {
  const different = [...new Set(reference)].toSorted((one, other) => one - other);
  if (different.length <= bins) {
    const own = different.map((value) => ({ holds: (one: number) => one === value }));
    return [...own, { holds: (one) => !different.includes(one) }];
  }
  const upTo = (value: number): number => reference.filter((one) => one <= value).length;
  // The least value up to which at least i / bins of the reference lie, in whole numbers so that no rounding decides.
  const cuts = Array.from({ length: bins - 1 }, (_, at) =>
    different.find((value) => upTo(value) * bins >= (at + 1) * reference.length),
  );
  const edges = [-Infinity, ...new Set(cuts.map((cut) => cut ?? Infinity)), Infinity];
  return edges.slice(1).map((edge, at) => ({ holds: (one) => one > (edges[at] ?? 0) && one <= edge }));
};

/** Bins of texts: the most frequent ones by themselves, all others together. */
export const referenceTextBins = (reference: readonly string[], bins: number): readonly Bin<string>[] => {
  const often = (text: string): number => reference.filter((one) => one === text).length;
  const kept = [...new Set(reference)]
    .toSorted((one, other) => often(other) - often(one) || (one < other ? -1 : 1))
    .slice(0, bins);
  return [...kept.map((text) => ({ holds: (one: string) => one === text })), { holds: (one) => !kept.includes(one) }];
};

/** The counts of both sides by bins. */
export const referenceCounts = distributionsOf;

/** Both measures term by term as they are defined; the distance by entropies instead of divergences. */
export const referenceDrift = (counts: readonly { readonly reference: number; readonly now: number }[]) => {
  const held = counts.filter(({ reference, now }) => reference > 0 || now > 0);
  const [m, n] = [held.reduce((sum, one) => sum + one.reference, 0), held.reduce((sum, one) => sum + one.now, 0)];
  const terms = held.map(({ reference, now }) => {
    const [p, q] = [(reference + 0.5) / (m + held.length / 2), (now + 0.5) / (n + held.length / 2)];
    return q * Math.log(q / p) + p * Math.log(p / q);
  });
  const entropy = (shares: readonly number[]): number =>
    -shares.filter((share) => share > 0).reduce((sum, share) => sum + share * Math.log2(share), 0);
  const [before, after] = [held.map((one) => one.reference / m), held.map((one) => one.now / n)];
  const middle = before.map((share, at) => (share + (after[at] ?? 0)) / 2);
  const divergence = entropy(middle) - (entropy(before) + entropy(after)) / 2;
  return { psi: terms.reduce((sum, term) => sum + term, 0), jensenShannon: Math.sqrt(Math.max(0, divergence)) };
};

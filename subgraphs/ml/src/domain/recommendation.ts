/** How many of the user's items are told as reasons of one recommendation. */
export const MAX_REASONS = 5;

/** One item beside the user's own: how many people touched it, and how many of them also touched each own item. */
export interface CoOccurrence {
  readonly itemId: string;
  /** |U(j)|: people who touched the item. */
  readonly users: number;
  /** People who touched the item and at least one of the user's. */
  readonly support: number;
  /** |U(i) ∩ U(j)| for each of the user's items i, in their order. */
  readonly shared: readonly number[];
}

/** One of the user's own items: how many people touched it. */
export interface OwnItem {
  readonly itemId: string;
  /** |U(i)|. */
  readonly users: number;
}

/** One of the user's items that led to a recommendation. */
export interface Reason {
  readonly itemId: string;
  readonly similarity: number;
  readonly sharedUsers: number;
}

/** One recommended item. */
export interface Recommendation {
  readonly itemId: string;
  readonly score: number;
  readonly support: number;
  readonly reasons: readonly Reason[];
}

/** Cosine of two sets of people: |U(i) ∩ U(j)| / sqrt(|U(i)| · |U(j)|), 0 when either is empty. */
export const cosine = (shared: number, usersOfOne: number, usersOfOther: number): number =>
  usersOfOne === 0 || usersOfOther === 0 ? 0 : shared / Math.sqrt(usersOfOne * usersOfOther);

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const reasonsOf = (candidate: CoOccurrence, own: readonly OwnItem[]): readonly Reason[] =>
  own
    .map(({ itemId, users }, place): Reason => {
      const sharedUsers = candidate.shared[place] ?? 0;
      return { itemId, similarity: cosine(sharedUsers, users, candidate.users), sharedUsers };
    })
    .filter(({ similarity }) => similarity > 0)
    .toSorted((a, b) => b.similarity - a.similarity || compareText(a.itemId, b.itemId));

/**
 * Item-based collaborative filtering (Sarwar, Karypis, Konstan, Riedl 2001; Linden, Smith, York 2003) on sets of people: the score of an item
 * is the sum of its cosine similarities to the user's items. Best first; ties by support, then by id.
 */
export const recommend = (
  own: readonly OwnItem[],
  candidates: readonly CoOccurrence[],
  first: number,
): readonly Recommendation[] =>
  candidates
    .map((candidate): Recommendation => {
      const reasons = reasonsOf(candidate, own);
      // Summed from the smallest up, so that the order of the user's items does not show in the last digits.
      const score = reasons.reduceRight((sum, { similarity }) => sum + similarity, 0);
      return { itemId: candidate.itemId, score, support: candidate.support, reasons: reasons.slice(0, MAX_REASONS) };
    })
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || b.support - a.support || compareText(a.itemId, b.itemId))
    .slice(0, first);

/** Bounds on what one answer looks at. */
export interface FeedbackBounds {
  /** The user's most recent items that lead to others: older ones say little of what is wanted now. */
  readonly ownItems: number;
  /** The user's most recent items that are left out of the answer; they travel in the query's address, which is bounded. */
  readonly seenItems: number;
  /** Items that are scored: those with the most support. */
  readonly candidates: number;
  /** People with more different items than this are passed over: programs, not tastes. */
  readonly itemsPerPerson: number;
  /** Characters an item's id may have; events with longer ones are passed over. */
  readonly itemCharacters: number;
  /** People looked at; above it a fixed sample is. */
  readonly people: number;
}

/** The bounds of the running product. */
export const FEEDBACK_BOUNDS: FeedbackBounds = {
  ownItems: 50,
  seenItems: 1_000,
  candidates: 500,
  itemsPerPerson: 500,
  itemCharacters: 256,
  people: 200_000,
};

/** One person of how many is looked at, so that about `people` remain; 1 means everybody. */
export const samplingRate = (population: number, people: number): number => Math.max(1, Math.ceil(population / people));

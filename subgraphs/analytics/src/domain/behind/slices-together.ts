import type { BehindPlace } from "./behind-page.ts";

/** Somebody behind a number by the store's own number, with how many of the events are theirs, and the first and the last of them; null where there are none. */
export interface CountedPerson {
  readonly key: string;
  readonly events: number;
  readonly first: BehindPlace | null;
  readonly last: BehindPlace | null;
}

/** An id as texts are compared in the store's order: by its second half, then by its first. */
const inStore = (id: string): string => {
  const digits = id.replaceAll("-", "");
  return digits.slice(16) + digits.slice(0, 16);
};

/** The order of events in the store: by time, those of one moment by id. */
const earlierFirst = (one: BehindPlace, other: BehindPlace): number => {
  if (one.timeMs !== other.timeMs) return one.timeMs - other.timeMs;
  const [own, its] = [inStore(one.key), inStore(other.key)];
  return own < its ? -1 : own > its ? 1 : 0;
};

/** Of the newest events of slices the newest, so many, in the order of a list. */
export const newestPlaces = (
  one: readonly BehindPlace[],
  other: readonly BehindPlace[],
  most: number,
): readonly BehindPlace[] => [...one, ...other].toSorted((a, b) => earlierFirst(b, a)).slice(0, most);

const chosen = (
  one: BehindPlace | null,
  other: BehindPlace | null,
  isBetter: (order: number) => boolean,
): BehindPlace | null => {
  if (one === null || other === null) return one ?? other;
  return isBetter(earlierFirst(other, one)) ? other : one;
};

const together = (one: CountedPerson, other: CountedPerson): CountedPerson => ({
  ...{ key: one.key, events: one.events + other.events },
  first: chosen(one.first, other.first, (order) => order < 0),
  last: chosen(one.last, other.last, (order) => order > 0),
});

/**
 * Of the people of slices, each slice's first so many by number, the first so many of all: whoever is among these is among the first of each slice that tells of
 * them, so that all their events are counted.
 */
export const firstPersons = (
  one: readonly CountedPerson[],
  other: readonly CountedPerson[],
  most: number,
): readonly CountedPerson[] => {
  const found = new Map(one.map((person) => [person.key, person]));
  for (const person of other) {
    const known = found.get(person.key);
    found.set(person.key, known === undefined ? person : together(known, person));
  }
  const byNumber = (a: CountedPerson, b: CountedPerson): number =>
    a.key.length - b.key.length || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
  return [...found.values()].toSorted(byNumber).slice(0, most);
};

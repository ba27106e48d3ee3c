import type { OpenBook } from "../../domain/incidents/incident-book.ts";
import { tellTimelines, timelineTellings, type Telling } from "../../domain/incidents/tell-timeline.ts";
import type { TellingStore } from "../../store/incidents/telling-store.ts";

/** Writes tellings into the timelines of a book, but into those that have them. */
export const writeTellings = async (
  book: OpenBook,
  store: TellingStore,
  tellings: readonly Telling[],
): Promise<void> => {
  const told = timelineTellings(book, tellings);
  tellTimelines(book, told, await store.written(told));
};

import { refuse } from "@tessera/platform/errors/refusal";

/** Items one page may hold. */
export const MAX_PAGE_SIZE = 1_000;

/** A place in a list that runs from the newest to the oldest; the id decides between items of the same millisecond. */
export interface Place {
  readonly createdAtMs: number;
  readonly id: string;
}

/** Which page is asked for. */
export interface PageRequest {
  readonly first: number;
  readonly after: Place | null;
}

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

const PLACE = /^(\d{1,16})\.([0-9a-z-]{1,36})$/;

/** Writes a place as the cursor clients hold on to. */
export const formatPlace = (place: Place): string => `${place.createdAtMs}.${place.id}`;

const parsePlace = (text: string): Place => {
  const [, createdAtMs, id] = PLACE.exec(text) ?? [];
  const place = { createdAtMs: Number(createdAtMs), id: id ?? "" };
  if (id === undefined || Number.isNaN(new Date(place.createdAtMs).getTime()))
    throw refuse("BAD_INPUT", "The cursor is not one this service gave out.", { field: "after" });
  return place;
};

/** Reads the arguments of a list; refuses with BAD_INPUT a size out of bounds and a foreign cursor. */
export const pageRequest = (args: {
  readonly first: number;
  readonly after?: string | null | undefined;
}): PageRequest => {
  if (args.first < 1 || args.first > MAX_PAGE_SIZE)
    throw refuse("BAD_INPUT", `\`first\` must be between 1 and ${MAX_PAGE_SIZE}.`, { field: "first" });
  return { first: args.first, after: args.after === null || args.after === undefined ? null : parsePlace(args.after) };
};

/** Makes the page from what was read, which is one item more than asked for when there is a next page. */
export const pageOf = <Item>(request: PageRequest, read: readonly Item[]): Page<Item> => ({
  items: read.slice(0, request.first),
  hasNextPage: read.length > request.first,
  hasPreviousPage: request.after !== null,
});

import { refuse } from "@tessera/platform/errors/refusal";

/** Items one page may hold: more are read by going on from the last one. */
const MAX_PAGE_SIZE = 1_000;

/** A page of a list that is longer or not. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
}

/** What a caller asks of a list; the cursor is the id of the last item seen. */
export interface PageArguments {
  readonly first: number;
  readonly after?: string | null | undefined;
}

/** A page asked of a list, checked: `first` items after `after`. */
export interface CheckedPage<Id extends string> {
  readonly first: number;
  readonly after: Id | null;
}

/** Checks what a caller asks of a list; refuses with BAD_INPUT. */
export const checkPage = <Id extends string>(
  { first, after }: PageArguments,
  parseId: (text: string) => Id | null,
): CheckedPage<Id> => {
  if (first < 1 || first > MAX_PAGE_SIZE)
    throw refuse("BAD_INPUT", `\`first\` must be between 1 and ${MAX_PAGE_SIZE.toLocaleString("en")}.`, {
      field: "first",
    });
  if (after === null || after === undefined) return { first, after: null };
  const place = parseId(after);
  if (place === null) throw refuse("BAD_INPUT", "The cursor is not one this service gave out.", { field: "after" });
  return { first, after: place };
};

/** Makes a page of one item more than was asked for, which only tells that there is more. */
export const pageOf = <Item>(oneMore: readonly Item[], asked: CheckedPage<string>): Page<Item> => ({
  items: oneMore.slice(0, asked.first),
  hasNext: oneMore.length > asked.first,
  hasPrevious: asked.after !== null,
});

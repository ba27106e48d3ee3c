import { formatPlace, type Page, type Place } from "../domain/page.ts";

const placeOf = (item: Place): string => formatPlace({ createdAtMs: item.createdAtMs, id: item.id });
const placeOrNull = (item: Place | undefined): string | null => (item === undefined ? null : placeOf(item));

/** Fields of a connection type: nodes, edges and the page's own place (Relay cursor connections). */
export const connectionFields = <Item extends Place>() => ({
  nodes: (page: Page<Item>) => page.items,
  edges: (page: Page<Item>) => page.items.map((node) => ({ node, cursor: placeOf(node) })),
  pageInfo: ({ items, hasNextPage, hasPreviousPage }: Page<Item>) => ({
    hasNextPage,
    hasPreviousPage,
    startCursor: placeOrNull(items[0]),
    endCursor: placeOrNull(items.at(-1)),
  }),
});

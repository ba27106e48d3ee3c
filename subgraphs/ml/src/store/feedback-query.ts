import type { StoreStatement } from "@tessera/platform/store/event-store";
import { propertyText } from "@tessera/platform/store/property-path";
import type { FeedbackBounds } from "../domain/bounds.ts";
import type { RecommendationRequest } from "../domain/request.ts";

/** SQL of the events that count as touching an item, with the item's id. */
const touches = (request: RecommendationRequest, bounds: FeedbackBounds): string => {
  const conditions = [
    // The table's key holds hours: said in hours too, the range reads only its own part of the table.
    "toStartOfHour(time) >= toStartOfHour(fromUnixTimestamp64Milli({from:Int64}, 'UTC'))",
    "toStartOfHour(time) <= toStartOfHour(fromUnixTimestamp64Milli({to:Int64}, 'UTC'))",
    "time >= fromUnixTimestamp64Milli({from:Int64})",
    "time < fromUnixTimestamp64Milli({to:Int64})",
    "NOT synthetic",
    "person != 0",
    ...(request.eventNames.length === 0 ? [] : ["name IN {names:Array(String)}"]),
    `lengthUTF8(item) BETWEEN 1 AND ${bounds.itemCharacters}`,
  ];
  const item = propertyText(request.itemProperty);
  return `SELECT person, user_id, time, ${item} AS item FROM events WHERE ${conditions.join(" AND ")}`;
};

const touchParams = (request: RecommendationRequest): Record<string, unknown> => ({
  from: request.fromMs,
  to: request.toMs,
  ...(request.eventNames.length === 0 ? {} : { names: request.eventNames }),
});

/** SQL of one row per person looked at: the set of their items. Needs the parameter `rate`. */
const baskets = (request: RecommendationRequest, bounds: FeedbackBounds): string =>
  `SELECT groupUniqArray(${bounds.itemsPerPerson + 1})(item) AS items FROM (${touches(request, bounds)}) WHERE person % {rate:UInt64} = 0
  GROUP BY person HAVING length(items) <= ${bounds.itemsPerPerson}`;

/** The user's items, latest first, and how many people touched any item; one row {population, own}. */
export const ownItemsStatement = (request: RecommendationRequest, bounds: FeedbackBounds): StoreStatement => ({
  name: "ml-own-items",
  text: `SELECT uniqCombined64(14)(person) AS population, maxMapIf([item], [time], user_id = {userId:String}) AS latest,
    arraySlice(arrayMap(pair -> pair.2, arrayReverseSort(arrayZip(latest.2, latest.1))), 1, ${bounds.seenItems}) AS own
  FROM (${touches(request, bounds)})`,
  params: { ...touchParams(request), userId: request.userId },
});

/**
 * For the user's own items and for the items with the most support beside them: how many people touched each, how many of those share an own
 * item, and how many share each own item. `seen` begins with the own items that lead to others, `ownCount` of them.
 */
export const coOccurrenceStatement = (
  request: RecommendationRequest,
  bounds: FeedbackBounds,
  known: { readonly seen: readonly string[]; readonly ownCount: number; readonly rate: number },
): StoreStatement => ({
  name: "ml-co-occurrence",
  text: `WITH arraySlice({seen:Array(String)}, 1, {ownCount:UInt32}) AS own
  SELECT item, count() AS users, countIf(shares) AS support, sumForEachIf(flags, shares) AS shared, has(own, item) AS isOwn
  FROM (
    SELECT items, arrayMap(one -> toUInt64(has(items, one)), own) AS flags, has(flags, 1) AS shares
    FROM (${baskets(request, bounds)})
  ) ARRAY JOIN items AS item
  GROUP BY item HAVING isOwn OR (support > 0 AND NOT has({seen:Array(String)}, item))
  ORDER BY isOwn DESC, support DESC, users ASC, item ASC LIMIT {ownCount:UInt32} + ${bounds.candidates}`,
  params: { ...touchParams(request), seen: known.seen, ownCount: known.ownCount, rate: known.rate },
});

/** The items most people touched, but not those of `seen`, after one row with the empty item: how many people were looked at. */
export const popularStatement = (
  request: RecommendationRequest,
  bounds: FeedbackBounds,
  known: { readonly seen: readonly string[]; readonly rate: number },
): StoreStatement => ({
  name: "ml-popular",
  text: `SELECT item, count() AS users FROM (${baskets(request, bounds)}) ARRAY JOIN arrayPushFront(items, '') AS item
  GROUP BY item HAVING NOT has({seen:Array(String)}, item)
  ORDER BY item = '' DESC, users DESC, item ASC LIMIT ${request.first + 1}`,
  params: { ...touchParams(request), seen: known.seen, rate: known.rate },
});

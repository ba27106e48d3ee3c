import type { DataReader } from "@tessera/platform/store/data-policy";
import type { EventStore, QueryAnswer, StoreStatement } from "@tessera/platform/store/event-store";
import { z } from "zod";
import type { FeedbackBounds } from "../domain/bounds.ts";
import type { CoOccurrence, OwnItem } from "../domain/recommendation.ts";
import type { RecommendationRequest } from "../domain/request.ts";
import { coOccurrenceStatement, ownItemsStatement, popularStatement } from "./feedback-query.ts";

/** Seconds one query may take: a recommendation is read while a page loads. */
export const MAX_FEEDBACK_SECONDS = 10;

/** What a query cost. */
export interface Cost {
  readonly rowsRead: number;
  readonly elapsedMs: number;
}

/** What the user touched, latest first, and how many people touched anything (an estimate). */
export interface UserFeedback extends Cost {
  readonly population: number;
  readonly seen: readonly string[];
}

/** What is known when the second query is asked. */
export interface Known {
  readonly seen: readonly string[];
  /** How many of the first of `seen` lead to others. */
  readonly ownCount: number;
  /** One person of how many is looked at. */
  readonly rate: number;
}

/** What people touched, read from the event store. */
export interface FeedbackStore {
  readUser(reader: DataReader, request: RecommendationRequest, signal?: AbortSignal): Promise<UserFeedback>;
  /** The own items that anybody looked at touched, and the other items with the most support; `shared` follows the order of `own`. */
  readCoOccurrence(
    reader: DataReader,
    request: RecommendationRequest,
    known: Known,
    signal?: AbortSignal,
  ): Promise<Cost & { readonly own: readonly OwnItem[]; readonly candidates: readonly CoOccurrence[] }>;
  readPopular(
    reader: DataReader,
    request: RecommendationRequest,
    known: Known,
    signal?: AbortSignal,
  ): Promise<Cost & { readonly people: number; readonly items: readonly OwnItem[] }>;
}

// 64-bit counts come as text.
const count = z.coerce.number();
const userRow = z.object({ population: count, own: z.array(z.string()) });
const itemRow = z.object({ item: z.string(), users: count });
const coOccurrenceRow = itemRow.extend({ support: count, shared: z.array(count), isOwn: z.coerce.boolean() });

const costOf = (answer: QueryAnswer<unknown>): Cost => ({
  rowsRead: answer.statistics.rowsRead,
  elapsedMs: answer.statistics.elapsedMs,
});

/** Builds {@link FeedbackStore} over the tenant-bound event store. */
export const createFeedbackStore = (eventStore: EventStore, bounds: FeedbackBounds): FeedbackStore => {
  const ask = <Row>(
    reader: DataReader,
    statement: StoreStatement,
    row: z.ZodType<Row>,
    signal: AbortSignal | undefined,
  ): Promise<QueryAnswer<Row>> =>
    eventStore.query(reader, statement, (raw) => row.parse(raw), {
      maxSeconds: MAX_FEEDBACK_SECONDS,
      ...(signal === undefined ? {} : { signal }),
    });
  return {
    readUser: async (reader, request, signal) => {
      const answer = await ask(reader, ownItemsStatement(request, bounds), userRow, signal);
      const [row] = answer.rows;
      return { population: row?.population ?? 0, seen: row?.own ?? [], ...costOf(answer) };
    },
    readCoOccurrence: async (reader, request, known, signal) => {
      const answer = await ask(reader, coOccurrenceStatement(request, bounds, known), coOccurrenceRow, signal);
      const users = new Map(answer.rows.filter(({ isOwn }) => isOwn).map((row) => [row.item, row.users]));
      return {
        own: known.seen.slice(0, known.ownCount).map((itemId) => ({ itemId, users: users.get(itemId) ?? 0 })),
        candidates: answer.rows
          .filter(({ isOwn }) => !isOwn)
          .map((row) => ({ itemId: row.item, users: row.users, support: row.support, shared: row.shared })),
        ...costOf(answer),
      };
    },
    readPopular: async (reader, request, known, signal) => {
      const answer = await ask(reader, popularStatement(request, bounds, known), itemRow, signal);
      const everybody = answer.rows.find(({ item }) => item === "");
      const items = answer.rows.filter(({ item }) => item !== "").slice(0, request.first);
      return {
        people: everybody?.users ?? 0,
        items: items.map(({ item, users }) => ({ itemId: item, users })),
        ...costOf(answer),
      };
    },
  };
};

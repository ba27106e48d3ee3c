import { isUuid } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";
import { accessIn } from "./access-in.ts";
import type { StoredEvent } from "./event.ts";
import type { FieldAccess } from "./fields.ts";
import type { FilterInput } from "./filter-input.ts";
import { parseFilter } from "./filter.ts";
import type { Condition } from "./field.ts";
import { parseCount } from "./query.ts";
import { parseTimeRange, type TimeRange } from "./time-range.ts";
import type { WithMeanings } from "./semantic/dimension-expression.ts";

/** Place of an event in the list of all, newest first. */
export interface EventPlace {
  readonly timeMs: number;
  readonly id: string;
}

/** A validated question for a page of events. */
export interface EventPageQuery {
  readonly filter: Condition | null;
  readonly range: TimeRange | null;
  readonly first: number;
  readonly after: EventPlace | null;
}

/** Events of one page. */
export const MAX_PAGE = 1_000;

/** Events of a page when nothing is said, as in the SDL. */
const DEFAULT_PAGE = 50;

/** A question for a page as the graph delivers it. */
export interface EventPageInput extends WithMeanings {
  readonly filter?: FilterInput | null | undefined;
  readonly range?: { readonly from: string; readonly to: string } | null | undefined;
  readonly first?: number;
  readonly after?: string | null | undefined;
}

const CURSOR = /^(\d{1,15})\.([0-9a-f-]{36})$/;

/** Writes the place of an event as `<milliseconds>.<event id>`. */
export const formatEventPlace = (event: Pick<StoredEvent, "timeMs" | "id">): string => `${event.timeMs}.${event.id}`;

const parseEventPlace = (text: string): EventPlace => {
  const [, time, id] = CURSOR.exec(text) ?? [];
  if (time === undefined || id === undefined || !isUuid(id))
    throw refuse("BAD_INPUT", "The cursor is not one this list gave out.", { field: "after" });
  return { timeMs: Number(time), id };
};

/** Validates how many events a page holds, and after which place; refuses with BAD_INPUT. */
export const parsePageSize = ({
  first = DEFAULT_PAGE,
  after = null,
}: Pick<EventPageInput, "first" | "after">): Pick<EventPageQuery, "first" | "after"> => ({
  first: parseCount(first, "first", MAX_PAGE),
  after: after === null ? null : parseEventPlace(after),
});

/** Validates a question for a page; refuses with BAD_INPUT or FORBIDDEN. */
export const parseEventPage = (input: EventPageInput, access: FieldAccess): EventPageQuery => ({
  filter: parseFilter(input.filter, "filter", accessIn(access, { meanings: input.meanings })),
  range: input.range === null || input.range === undefined ? null : parseTimeRange(input.range, "range"),
  ...parsePageSize(input),
});

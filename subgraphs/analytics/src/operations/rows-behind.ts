import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { accessOf } from "../domain/access.ts";
import { parseCell, type CellInput } from "../domain/cell.ts";
import { parsePageSize, type EventPageInput } from "../domain/event-page.ts";
import type { OlapInput } from "../domain/query.ts";
import { readEventPage, type EventPage, type EventPageDeps } from "./query-events.ts";

/** A cell of an answer, and which page of its events. */
export interface RowsBehindInput extends Pick<EventPageInput, "first" | "after"> {
  readonly input: OlapInput;
  readonly cell: CellInput;
}

/** Answers `rowsBehind`: the events a cell of an `olap` answer was computed from, newest first, in pages. */
export const rowsBehind =
  (deps: EventPageDeps) =>
  async (caller: Caller, { input, cell, ...page }: RowsBehindInput, signal?: AbortSignal): Promise<EventPage> => {
    const { range, filter, beside } = parseCell(input, cell, accessOf(caller));
    if (beside !== null)
      throw refuse("BAD_INPUT", "Ask `behind(of: { olap })` for the events of what the limit left out.", {
        field: "cell.others",
      });
    return readEventPage(deps)(caller, { range, filter, ...parsePageSize(page) }, signal);
  };

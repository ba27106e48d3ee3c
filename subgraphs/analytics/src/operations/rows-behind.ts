import type { Caller } from "@tessera/contracts/caller";
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
  async (caller: Caller, { input, cell, ...page }: RowsBehindInput, signal?: AbortSignal): Promise<EventPage> =>
    readEventPage(deps)(caller, { ...parseCell(input, cell, accessOf(caller)), ...parsePageSize(page) }, signal);

import type { Caller } from "@tessera/contracts/caller";
import { formatBehindPlace, parseJourneysPage, type BehindPageInput } from "../../domain/behind/behind-page.ts";
import { eventsOnly, provenanceOf } from "../../domain/provenance.ts";
import { isoTime } from "../../domain/zone.ts";
import { journeysOf, type OfAttribution } from "./attribution-lines.ts";
import type { BehindJourneys, ReadBehindDeps } from "./behind-answer.ts";
import { within, type BehindInput } from "./behind-question.ts";

const optionsOf = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

/** What a model gives to a number of attribution; nulls where none is named. */
export const creditsBehind = async (
  deps: ReadBehindDeps,
  caller: Caller,
  of: OfAttribution,
  signal: AbortSignal | undefined,
): Promise<{ readonly credit: number | null; readonly creditedValue: number | null }> => {
  const { behind, reader } = await within("attribution", () => journeysOf(deps, caller, of));
  if (behind.cell.model === null) return { credit: null, creditedValue: null };
  const { creditsBehindStatement, creditsBehindOf } = deps.statements;
  const statement = creditsBehindStatement(behind, reader);
  const { rows } = await deps.eventStore.query(caller, statement, creditsBehindOf, optionsOf(signal));
  return rows[0] ?? { credit: 0, creditedValue: 0 };
};

/** Answers `Behind.journeys`: those that a number of attribution counts, the latest end first, in pages; null of other questions, whose numbers count none. */
export const behindJourneys =
  (deps: ReadBehindDeps) =>
  async (
    caller: Caller,
    of: BehindInput,
    asked: BehindPageInput,
    signal?: AbortSignal,
  ): Promise<BehindJourneys | null> => {
    const { attribution } = of;
    if (attribution === null || attribution === undefined) return null;
    const page = parseJourneysPage(asked);
    const asOfMs = deps.nowMs();
    const { behind, reader, range } = await within("attribution", () => journeysOf(deps, caller, attribution));
    const { journeysBehindStatement, journeyBehindOf } = deps.statements;
    const statement = journeysBehindStatement(behind, reader, page);
    const { rows, statistics } = await deps.eventStore.query(caller, statement, journeyBehindOf, optionsOf(signal));
    const shown = rows.slice(0, page.first);
    const last = shown.at(-1);
    const { outcome, model } = behind.cell;
    return {
      nodes: shown.map(({ key, endMs, worth, credit, touchpoints }) => ({
        ...{ endMs, touchpoints, conversionId: outcome === "CONVERTED" ? key : null },
        value: outcome === "CONVERTED" && behind.question.value !== null ? worth : null,
        credit: model === null ? null : credit,
        creditedValue: model === null || behind.question.value === null ? null : credit * worth,
      })),
      hasNextPage: rows.length > page.first,
      endCursor: last === undefined ? null : formatBehindPlace({ timeMs: last.endMs, key: last.key }),
      range: { from: isoTime(range.fromMs), to: isoTime(range.toMs) },
      provenance: provenanceOf(eventsOnly(range), [statistics], asOfMs, "UTC", caller.dataPolicy),
    };
  };

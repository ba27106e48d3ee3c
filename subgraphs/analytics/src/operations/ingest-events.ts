import type { Caller } from "@tessera/contracts/caller";
import type { IngestPort, IngestReceipt } from "@tessera/contracts/ingest";
import { refuse } from "@tessera/platform/errors/refusal";

/** Events of one mutation; larger loads go to `POST /api/v2/events`, which streams. */
export const MAX_INGEST_EVENTS = 1_000;

/** Answers `ingestEvents`: hands the events to the write path, which validates each and answers after they are durable. */
export const ingestEvents =
  (deps: { ingest: IngestPort }) =>
  async (caller: Caller, events: readonly object[]): Promise<IngestReceipt> => {
    if (events.length === 0 || events.length > MAX_INGEST_EVENTS)
      throw refuse("BAD_INPUT", `\`input\` takes 1 to ${MAX_INGEST_EVENTS.toLocaleString("en-US")} events.`, {
        field: "input",
      });
    return deps.ingest.ingest(caller, events);
  };

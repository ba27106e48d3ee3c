import { parseEventId, type EventId } from "@tessera/contracts/ids";
import { refuse } from "@tessera/platform/errors/refusal";

/** Reads an event id a caller wrote; refuses with BAD_INPUT what is not a UUID. */
export const eventIdArgument = (text: string): EventId => {
  const eventId = parseEventId(text);
  if (eventId === null) throw refuse("BAD_INPUT", "An event id is a UUID.", { field: "eventId" });
  return eventId;
};

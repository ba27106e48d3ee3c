import { refuse } from "@tessera/platform/errors/refusal";

/** Refuses with QUERY_TOO_COSTLY a question about more events than it may look at, and says how to ask about fewer. */
export const refuseTooManyEvents = (events: number, limit: number, narrower: string): void => {
  if (events <= limit) return;
  throw refuse(
    "QUERY_TOO_COSTLY",
    `There are ${events.toLocaleString("en-US")} events to look at, more than ${limit.toLocaleString("en-US")}: take ${narrower}.`,
    { field: "input.range", events, limit },
  );
};

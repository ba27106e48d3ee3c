import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { TesseraClient } from "../testing/tessera-client.ts";

/** The event calendar a tenant has. */
export interface OwnCalendars {
  readonly mark: string;
  readonly eventCalendarId: string;
}

const calendar = (mark: string) => ({
  ...{ name: `${mark} ${randomUUID()}`, timeZone: "Europe/Berlin" },
  entries: [{ label: "fair", title: mark, days: { from: "2026-12-24", to: "2026-12-26" } }],
});

/** Variables of the root fields about event calendars. */
export const calendarExamples = {
  "Query.eventCalendars": () => ({}),
  "Query.eventCalendar": ({ eventCalendarId }: OwnCalendars) => ({ id: eventCalendarId }),
  "Query.previewEventCalendar": ({ mark }: OwnCalendars) => ({ input: calendar(mark), first: 1 }),
  "Mutation.saveEventCalendar": ({ mark }: OwnCalendars) => ({ input: calendar(mark) }),
  "Mutation.deleteEventCalendar": ({ eventCalendarId }: OwnCalendars) => ({ id: eventCalendarId }),
};

/** Makes an event calendar; answers its id. */
export const makeEventCalendar = async (
  client: TesseraClient,
  { mark }: Pick<OwnCalendars, "mark">,
): Promise<string> => {
  const shape = z.object({ saveEventCalendar: z.object({ calendar: z.object({ id: z.string() }) }) });
  const text = `mutation ($input: EventCalendarInput!) { saveEventCalendar(input: $input) {
    ... on EventCalendarSaved { calendar { id } } } }`;
  return (await client.ask(shape, text, { input: calendar(mark) })).saveEventCalendar.calendar.id;
};

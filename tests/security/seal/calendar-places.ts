import { randomUUID } from "node:crypto";
import type { TesseraClient } from "../../testing/tessera-client.ts";
import { calendarExamples, makeEventCalendar } from "../calendar-examples.ts";
import type { OwnThings } from "../examples.ts";
import { makeRule } from "../own-things.ts";

const question = (calendar: string) => ({
  question: { olap: { range: { sliding: "P1D" }, measures: [{ function: "COUNT" }] } },
  ...{ granularity: "HOUR", calendar },
});
const detector = { static: { side: "ABOVE", high: 1e6 } };
const rule = (calendar: string) => ({
  ...{ name: `sealed ${randomUUID()}`, evaluationIntervalSeconds: 86_400 },
  ...{ question: question(calendar), detector },
});
const span = { from: "2026-01-01T00:00:00Z", to: "2026-01-01T03:00:00Z" };

/** Places that take the id of an event calendar, by a fresh one of alpha where asking changes it. */
export const calendarPlaces = (client: () => TesseraClient) => {
  const selection = "{ __typename }";
  let ruleId = "";
  const kept = (own: OwnThings): string => {
    ({ ruleId } = own);
    return own.eventCalendarId;
  };
  const fresh = (own: OwnThings): Promise<string> => makeEventCalendar(client(), own);
  return {
    "Query.eventCalendar(id)": { own: kept, variables: (id: string) => ({ id }), selection: "{ name }" },
    "Mutation.saveEventCalendar(id)": {
      own: fresh,
      variables: (id: string) => ({
        ...{ id, version: 1 },
        ...calendarExamples["Mutation.saveEventCalendar"]({ mark: "sealed", eventCalendarId: id }),
      }),
      selection,
    },
    "Mutation.deleteEventCalendar(id)": { own: fresh, variables: (id: string) => ({ id }), selection },
    "Mutation.createRule(input.question.calendar)": {
      own: fresh,
      variables: (id: string) => ({ input: rule(id) }),
      selection,
    },
    "Mutation.updateRule(input.question.calendar)": {
      own: async (own: OwnThings) => {
        ruleId = await makeRule(client(), own);
        return fresh(own);
      },
      variables: (id: string) => ({ id: ruleId, input: { question: question(id), detector } }),
      selection,
    },
    "Query.simulateRule(draft.question.calendar)": {
      own: kept,
      variables: (id: string) => ({ draft: rule(id), ...span }),
      selection: "{ buckets }",
    },
    "Query.simulateRule(change.question.calendar)": {
      own: kept,
      variables: (id: string) => ({ rule: ruleId, change: { question: question(id), detector }, ...span }),
      selection: "{ buckets }",
    },
  };
};
